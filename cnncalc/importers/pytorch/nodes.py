"""What a node of an exported graph says of itself: the name of its op, the module that it belongs to."""

from __future__ import annotations

import operator
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_CALL = re.compile(r"@\d+")
_PARAMETRIZED = ".parametrizations."


CREATED = frozenset({
    "new_zeros", "new_ones", "new_full", "new_empty", "new_tensor", "zeros_like", "ones_like", "full_like",
    "empty_like", "rand_like", "randn_like",
})  # fmt: skip
"""Ops that read no more of a tensor than its shape."""


def op_name(node: Any) -> str:
    """`aten.relu_.default` -> `relu`."""
    parts = str(node.target).split(".")
    name = parts[1] if len(parts) > 1 else parts[0]
    return name if name.startswith("_") else name.rstrip("_")


def module_path(node: Any) -> tuple[str, str, int]:
    """Path, class and call number of the innermost module that a node belongs to."""
    stack = list((node.meta.get("nn_module_stack") or {}).items())
    if not stack:
        return "", "", 0
    key, (path, kind) = stack[-1]
    call = _CALL.search(key) or _CALL.search(path)
    kind = kind if isinstance(kind, str) else kind.__name__
    path = _CALL.sub("", path).partition(_PARAMETRIZED)[0]  # what makes a weight belongs to the layer that has it
    return path, kind.rpartition(".")[2], int(call[0][1:]) if call else 0


def depending(nodes: Iterable[Any], given: Collection[str]) -> frozenset[str]:
    """The nodes whose results depend on these; the others make constants."""
    found = set(given)
    for node in nodes:
        if op_name(node) not in CREATED and any(each.name in found for each in node.all_input_nodes):
            found.add(node.name)
    return frozenset(found)


def op_set(node: Any) -> str:
    """Where the op is from: `aten`, `quantized`, `torchvision`; for other functions their name."""
    return str(node.target).split(".", 1)[0]


@value
class Names:
    """What layers are called."""

    names: dict[str, str]
    """By node."""
    modules: frozenset[str]
    """Those that are names of modules."""
    kinds: Mapping[str, str]
    """Path of a module -> its class."""
    groups: frozenset[str]
    """Paths of modules that have others inside."""


def named(nodes: list[Any], given: Collection[str]) -> Names:
    """A name for every node, those that are names of modules, and the kinds of modules; `given`: the inputs."""
    depends = depending(nodes, given)
    places = {node.name: module_path(node) for node in nodes if node.op == "call_function"}
    counted = {node.name for node in nodes if node.name in places and node.name in depends and _counts(node)}
    counts = Counter(places[name][::2] for name in counted)
    parents = {path[:at] for path, _, _ in places.values() for at, letter in enumerate(path) if letter == "."}
    names: dict[str, str] = {}
    own, taken = set(), set()
    kinds: dict[str, str] = {}
    for node in nodes:
        if node.name not in places:
            continue
        for path, kind in (node.meta.get("nn_module_stack") or {}).values():
            kinds[path] = (kind if isinstance(kind, str) else kind.__name__).rpartition(".")[2]
        path, _, number = places[node.name]
        leaf = path and counts[path, number] <= 1 and path not in parents
        name = path if leaf else f"{path}.{op_name(node)}".lstrip(".")
        stem, more = name, 1
        while name in taken:
            more += 1
            name = f"{stem}_{more}"
        if node.name in counted:
            taken.add(name)
            if leaf:
                own.add(name)
        names[node.name] = name
    return Names(names=names, modules=frozenset(own), kinds=kinds, groups=frozenset(parents))


def _counts(node: Any) -> bool:
    return node.target is not operator.getitem and op_name(node) not in UNCOUNTED


UNCOUNTED = frozenset({
    "view", "reshape", "flatten", "permute", "transpose", "unsqueeze", "squeeze", "unflatten", "clone", "contiguous",
    "to", "_to_copy", "alias", "detach", "lift_fresh_copy", "lift_fresh", "feature_dropout", "alpha_dropout",
    "feature_alpha_dropout", "positive", "type_as", "_assert_tensor_metadata", "reshape_as", "view_as", "expand",
    "expand_as",
})  # fmt: skip
"""Ops that are no layers: a module with one other op is that layer."""
