"""PyTorch modules: exported with `torch.export` on the meta device or on fake tensors, read as a graph of ATen ops.

No weights are loaded and nothing is computed. The names are those of the modules (`layer1.0.conv1`).
"""

from __future__ import annotations

import operator
import sys
import warnings
from collections import Counter
from contextlib import contextmanager
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.errors import SpecError, UsageError, finding
from cnncalc.importers.layers import Imported
from cnncalc.importers.pytorch.nodes import module_path, op_name
from cnncalc.importers.pytorch.table import MAPPERS, NOTHING, unmapped
from cnncalc.importers.tensors.trace import SAMPLES, Held, Trace, UnmappedError, Weights
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cnncalc.importers.layers import Shape

INSTALL = "reading PyTorch models needs PyTorch: pip install 'cnncalc[torch]'"


def call(target: str, args: Sequence[object] = (), kwargs: Mapping[str, object] | None = None) -> Any:
    """The module that `package.module:callable` makes. This runs the user's code. UsageError where it fails."""
    torch = _torch()
    module, _, path = target.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")  # the folder at hand, as `python -m` has it
    try:
        found: Any = import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except Exception as error:
        raise UsageError(f"{target}: cannot be imported: {type(error).__name__}: {error}") from error
    if isinstance(found, torch.nn.Module):
        return found
    try:
        try:
            with torch.device("meta"):
                return _module(target, found(*args, **(kwargs or {})))
        except (NotImplementedError, RuntimeError):  # code that reads numbers from tensors while it builds
            return _module(target, found(*args, **(kwargs or {})))
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"{target}: calling it failed: {type(error).__name__}: {error}") from error


def from_module(
    module: Any, shapes: Mapping[str, Shape], *, name: str | None = None, allow_unknown: bool = False
) -> Imported:
    """The layers of a module for inputs of these shapes (of one sample).

    SpecError with one finding per op that has no counterpart; with `allow_unknown` those become `custom`.
    """
    program = _exported(module, shapes)
    nodes = list(program.graph.nodes)
    names, named, kinds = _names(nodes)
    trace = Trace(names=names, named=named)
    _inputs(trace, program, nodes, shapes)
    for node in nodes:
        if node.op == "call_function":
            trace.values[node.name] = _mapped(trace, node)
    _check_counted(trace, nodes)
    if trace.problems and not allow_unknown:
        raise SpecError(
            [
                finding("CNN904", f"{where}: {what}", help="`--allow-unknown` keeps it as `custom`", layer=where)
                for where, what in trace.problems.items()
            ]
        )
    outputs = _outputs(trace, nodes[-1])
    return Imported(
        name=name or type(module).__name__,
        inputs=dict(shapes),
        layers=tuple(trace.layers.values()),
        outputs=outputs,
        kinds=kinds,
    )


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise UsageError(INSTALL) from error
    return torch


def _module(target: str, found: Any) -> Any:
    if not isinstance(found, _torch().nn.Module):
        message = f"{target} gave {type(found).__name__}, not a torch.nn.Module"
        raise UsageError(message)
    return found


def _exported(module: Any, shapes: Mapping[str, Shape]) -> Any:
    torch = _torch()
    device = next((tensor.device for tensor in (*module.parameters(), *module.buffers())), torch.device("meta"))
    dtype = next((tensor.dtype for tensor in module.parameters() if tensor.is_floating_point()), torch.float32)
    tensors = tuple(torch.empty((SAMPLES, *shape), device=device, dtype=dtype) for shape in shapes.values())
    with _evaluating(module), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return torch.export.export(module, tensors, strict=False)
        except Exception as error:
            reason = str(error).strip().split("\n", 1)[0]
            message = f"torch.export cannot read {type(module).__name__}: {type(error).__name__}: {reason}"
            raise UsageError(message) from error


@contextmanager
def _evaluating(module: Any) -> Iterator[None]:
    """Inference mode for a while; each part gets its own mode back."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode


def _names(nodes: list[Any]) -> tuple[dict[str, str], frozenset[str], dict[str, str]]:
    """A name for every node, those that are names of modules, and the kinds of modules."""
    places = {node.name: module_path(node) for node in nodes if node.op == "call_function"}
    counts = Counter(places[node.name][::2] for node in nodes if node.name in places and _counts(node))
    parents = {path[:at] for path, _, _ in places.values() for at, letter in enumerate(path) if letter == "."}
    names: dict[str, str] = {}
    named, taken = set(), set()
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
        if _counts(node):
            taken.add(name)
            if leaf:
                named.add(name)
        names[node.name] = name
    return names, frozenset(named), kinds


def _counts(node: Any) -> bool:
    return node.target is not operator.getitem and op_name(node) not in NOTHING and op_name(node) not in _PASSED


_PASSED = frozenset({"view", "reshape", "flatten", "permute", "transpose", "unsqueeze", "squeeze", "unflatten"})


def _inputs(trace: Trace, program: Any, nodes: list[Any], shapes: Mapping[str, Shape]) -> None:
    """The placeholders: parameters, buffers, constants, and what the user gives."""
    signature = program.graph_signature
    parameters, buffers = signature.inputs_to_parameters, signature.inputs_to_buffers
    users = dict(zip(signature.user_inputs, shapes.items(), strict=False))
    for node in nodes:
        if node.op != "placeholder":
            continue
        if node.name in users:
            name, shape = users[node.name]
            trace.values[node.name] = trace.fresh(name, shape)
        elif node.name in parameters or node.name in buffers:
            path = parameters.get(node.name) or buffers[node.name]
            value = node.meta["val"]
            trained = node.name in parameters
            frozen = trained and not program.state_dict[path].requires_grad
            trace.values[node.name] = Weights(path=path, shape=tuple(value.shape), trained=trained, frozen=frozen)


def _mapped(trace: Trace, node: Any) -> Any:
    if node.target is operator.getitem:
        held = trace.value(node.args[0])
        return held[node.args[1]] if isinstance(held, tuple) else held
    name = op_name(node)
    args = [_resolved(trace, each) for each in (*node.args, *node.kwargs.values())]
    tensors = [each for each in _flat(args) if isinstance(each, Held)]
    if name in NOTHING:
        return args[0]
    if not tensors:
        return _derived(node, [each for each in _flat(args) if isinstance(each, Weights)])
    try:
        return MAPPERS.get(name, unmapped)(trace, node, args)
    except UnmappedError as error:
        trace.problems[trace.names[node.name]] = str(error)
        return _unknown(trace, node, tensors[0])


def _derived(node: Any, weights: list[Weights]) -> Weights | None:
    """What is made of parameters alone (a standardized kernel) stands for the one of as many elements."""
    made = node.meta["val"][0] if isinstance(node.meta["val"], (tuple, list)) else node.meta["val"]
    shape = tuple(int(size) for size in made.shape) if hasattr(made, "shape") else ()
    alike = [each for each in weights if prod(each.shape) == prod(shape)]
    return replace(alike[0], shape=shape) if alike else None


def _check_counted(trace: Trace, nodes: list[Any]) -> None:
    """Every parameter that the graph reads belongs to a layer, or its place is a problem."""
    for node in nodes:
        weights = trace.values.get(node.name) if node.op == "placeholder" and node.users else None
        if isinstance(weights, Weights) and weights.trained and weights.path not in trace.counted:
            trace.problems.setdefault(weights.path, "a parameter that no layer counts")


def _unknown(trace: Trace, node: Any, x: Held) -> Any:
    """A `custom` layer of the shape that PyTorch knows; where sizes change it sees the whole map."""
    results = node.meta["val"] if isinstance(node.meta["val"], (tuple, list)) else (node.meta["val"],)
    made = []
    for number, result in enumerate(results):
        shape = tuple(int(size) for size in result.shape[1:]) or (1,)
        before = trace.shapes[x.layer]
        options: dict[str, Any] = {"out": "x".join(map(str, shape))}
        if len(shape) > 1 and len(before) == len(shape) and shape[1:] != before[1:]:
            options["kernel_size"] = tuple(n + m - 1 for n, m in zip(before[1:], shape[1:], strict=True))
        made.append(trace.emit(node, "custom", (x.layer,), shape, options, suffix=f"_{number}" if number else ""))
    return tuple(made) if isinstance(node.meta["val"], (tuple, list)) else made[0]


def _resolved(trace: Trace, argument: Any) -> Any:
    if isinstance(argument, (list, tuple)):
        return [_resolved(trace, each) for each in argument]
    return trace.value(argument)


def _flat(arguments: list[Any]) -> Iterator[Any]:
    for each in arguments:
        if isinstance(each, (list, tuple)):
            yield from _flat(list(each))
        else:
            yield each


def _outputs(trace: Trace, node: Any) -> tuple[str, ...]:
    found = [trace.value(each) for each in _flat([node.args[0]])]
    names = []
    for held in found:
        if isinstance(held, Held):
            try:
                trace.names.setdefault(node.name, "output")
                names.append(trace.plain(node, held))
            except UnmappedError:
                names.append(held.layer)  # its axes stand elsewhere; the figures are the same
    return tuple(dict.fromkeys(names))
