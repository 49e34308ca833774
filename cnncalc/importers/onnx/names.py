"""What layers are called: after their weight, else as the scopes in the name of their node say."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from cnncalc.importers.onnx.records import Graph

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cnncalc.importers.onnx.records import Node

_WORD = re.compile(r"[^0-9A-Za-z_]+")
_WEIGHTS = (".weight", ".kernel", "/kernel", ".weight_quantized")
LONGEST = 200
"""Letters of a name; what is longer is no name that somebody gave."""


def names(graph: Graph) -> tuple[dict[str, str], frozenset[str]]:
    """A layer name for every node, also of branches, and those that the file itself has."""
    nodes = list(_nodes(graph))
    uses = Counter(given for node in nodes for given in {*node.inputs[1:]})
    paths = [_path(node, graph, uses) for node in nodes]
    counts = Counter(path for path, _ in paths)
    inner = {path[: found.start()] for path in counts for found in re.finditer(r"\.", path)}
    made: dict[str, str] = {}
    named, taken = set(), {*graph.inputs, "input"}
    for node, (path, given) in zip(nodes, paths, strict=True):
        leaf = given and path and path not in inner and counts[path] == 1
        kind = word(node.op.rpartition(".")[2]).lower() or "op"
        name = path if leaf else f"{path}.{kind}".lstrip(".") if given else kind
        stem, more = name, 1
        while name in taken:
            more += 1
            name = f"{stem}_{more}"
        taken.add(name)
        if leaf:
            named.add(name)
        made[node.name] = name
    return made, frozenset(named)


def _nodes(graph: Graph) -> Iterator[Node]:
    for node in graph.nodes:
        yield from node.parts[:-1]  # what it may have to be taken apart into
        yield node
        for found in node.attributes.values():
            if isinstance(found, Graph):
                yield from _nodes(found)


def _path(node: Node, graph: Graph, uses: Mapping[str, int]) -> tuple[str, bool]:
    """The path of the module that a node belongs to: that of a weight of its own, or as its name says."""
    named = node.name.partition("/")[2]
    for given in node.inputs[1:]:
        if given in graph.constants and given.endswith(_WEIGHTS):
            path = _dotted(re.split(r"[./][^./]*$", given)[0])
            shared = uses[given] > 1 and re.search(r"[./]", named.strip("/"))
            if path and not shared:
                return path, True
    scopes = named.strip("/").split("/")
    path_: list[str] = []
    for scope in scopes[:-1]:
        if path_ and scope.startswith(f"{path_[-1]}."):
            path_[-1] = scope
        else:
            path_.append(scope)
    if len(scopes) > 1:
        return _dotted(".".join(path_)), True
    own = scopes[0] if scopes else ""
    generic = re.fullmatch(rf"(?:node_)?(?:{re.escape(node.op)})?_?\d*|n\d+", own, re.IGNORECASE)
    return (_dotted(own), True) if own and not generic else ("", False)


def _dotted(path: str) -> str:
    return ".".join(part for part in map(word, path[:LONGEST].split(".")) if part)


def word(text: str) -> str:
    """A text as a word.

    >>> word("conv 1|2"), word("/")
    ('conv_1_2', '')
    """
    return _WORD.sub("_", text[:LONGEST]).strip("_")
