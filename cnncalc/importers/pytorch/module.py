"""PyTorch modules: exported with `torch.export` on the meta device or on fake tensors, read as a graph of ATen ops.

No weights are loaded and nothing is computed. The names are those of the modules (`layer1.0.conv1`).
"""

from __future__ import annotations

import operator
from itertools import islice
from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.errors import SpecError, finding
from cnncalc.importers.layers import Imported
from cnncalc.importers.pytorch.call import Call, arguments, flat, tensors
from cnncalc.importers.pytorch.constants import derived
from cnncalc.importers.pytorch.exporting import call, exported, unwrapped
from cnncalc.importers.pytorch.nodes import CREATED, named, op_set
from cnncalc.importers.pytorch.pruning import pruned
from cnncalc.importers.pytorch.remarks import remarks
from cnncalc.importers.pytorch.table import MAPPERS, no_complex, unmapped
from cnncalc.importers.pytorch.weights import leftovers
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import laid, plan, spread, text
from cnncalc.importers.tensors.infer import infer
from cnncalc.importers.tensors.trace import Held, Trace, UnmappedError, Weights
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.importers.layers import Option, Shape

INLINED = frozenset({"wrap_with_set_grad_enabled", "wrap_with_autocast", "tag_activation_checkpoint"})
"""Functions that call a part of the graph."""

__all__ = ["call", "from_module"]


def from_module(
    module: Any, shapes: Mapping[str, Shape], *, name: str | None = None, allow_unknown: bool = False
) -> Imported:
    """The layers of a module for inputs of these shapes (of one sample).

    SpecError with one finding per op that has no counterpart; with `allow_unknown` those become `custom`.
    """
    module = unwrapped(module)
    program = exported(module, shapes)
    return from_program(program, shapes, name=name or type(module).__name__, allow_unknown=allow_unknown)


def from_program(
    program: Any, shapes: Mapping[str, Shape], *, name: str = "network", allow_unknown: bool = False
) -> Imported:
    """The layers of an exported program, as `from_module` has them."""
    nodes = list(program.graph.nodes)
    found = named(nodes, program.graph_signature.user_inputs)
    trace = Trace(names=found.names, named=found.modules, groups=found.groups, names_of_weights=True)
    _inputs(trace, program, nodes, shapes)
    _walk(trace, program.graph_module, nodes)
    leftovers(trace)
    _check_counted(trace, nodes)
    if trace.problems and not allow_unknown:
        raise SpecError(
            [
                finding("CNN904", f"{where}: {what}", help="`--allow-unknown` keeps it as `custom`", layer=where)
                for where, what in trace.problems.items()
            ]
        )
    outputs = _outputs(trace, nodes[-1])
    if not trace.layers:  # a network has a layer
        first = next(iter(shapes))
        outputs = (trace.emit(nodes[-1], "identity", (first,), shapes[first]).layer,)
    layers = pruned(trace, outputs)
    return Imported(
        name=name,
        inputs=dict(shapes),
        layers=layers,
        outputs=outputs,
        kinds=found.kinds,
        remarks=remarks(layers, trace.bounds),
    )


def _inputs(trace: Trace, program: Any, nodes: list[Any], shapes: Mapping[str, Shape]) -> None:
    """The placeholders: parameters, buffers, constants, and what the user gives."""
    signature = program.graph_signature
    parameters, buffers = signature.inputs_to_parameters, signature.inputs_to_buffers
    users = dict(zip(signature.user_inputs, shapes.items(), strict=False))
    users = {name: (name, shapes[name]) if name in shapes else user for name, user in users.items()}
    owners: dict[int, str] = {}
    for node in nodes:
        if node.op != "placeholder":
            continue
        if node.name in users:
            name, shape = users[node.name]
            trace.values[node.name] = trace.fresh(name, shape)
            continue
        value = node.meta.get("val")
        shape = tuple(int(size) for size in value.shape) if hasattr(value, "shape") else ()
        trained = node.name in parameters
        path = parameters.get(node.name) or buffers.get(node.name) or node.name
        frozen = False
        if trained:
            parameter = program.state_dict[path]
            frozen = not parameter.requires_grad
            path = owners.setdefault(id(parameter), path)
            trace.counts[path] = prod(shape)
        trace.values[node.name] = Weights(path=path, shape=shape, trained=trained, frozen=frozen)


def _walk(trace: Trace, graph_module: Any, nodes: list[Any]) -> None:
    for node in nodes:
        if node.op == "call_function":
            if op_set(node) in INLINED:
                _inlined(trace, graph_module, node)
            else:
                trace.values[node.name] = _mapped(trace, node)


def _inlined(trace: Trace, graph_module: Any, node: Any) -> None:
    """A part of the graph that runs in another mode, such as without gradients."""
    at = next(at for at, each in enumerate(node.args) if getattr(each, "op", "") == "get_attr")
    inner, *given = node.args[at:]
    part = getattr(graph_module, inner.target)
    inside = list(part.graph.nodes)
    for each in inside:
        each._rename(f"{node.name}_{each.name}")  # noqa: SLF001 - names are those of one graph
        trace.names.setdefault(each.name, trace.names[node.name])
    for each, outer in zip((each for each in inside if each.op == "placeholder"), given, strict=True):
        trace.values[each.name] = trace.value(outer)
    _walk(trace, part, inside)
    trace.values[node.name] = tuple(trace.value(each) for each in flat([inside[-1].args[0]]))


def _mapped(trace: Trace, node: Any) -> Any:
    if node.target is operator.getitem:
        held = trace.value(node.args[0])
        return held[node.args[1]] if isinstance(held, tuple) else held
    given = Call(trace=trace, node=node, args=arguments(node, lambda each: _resolved(trace, each)))
    if given.op in CREATED or not any(isinstance(each, Held) for each in tensors(given)):
        return derived(given)
    mapper = MAPPERS.get(given.op, unmapped) if op_set(node) == "aten" else unmapped
    before = len(trace.layers)
    try:
        no_complex(given)
        made = mapper(given)
        _check_shapes(trace, before)
    except UnmappedError as error:
        trace.problems[trace.names[node.name]] = str(error)
        made = _unknown(given)
    _note_change(trace, node, made)
    return made


def _check_shapes(trace: Trace, first: int) -> None:
    """The new layers give what PyTorch says."""
    for layer in islice(trace.layers.values(), first, None):
        found = infer(layer.op, [trace.tensor(name) for name in layer.inputs], layer.options)
        if tuple(found) != layer.shape:
            raise UnmappedError(f"as `{layer.op}` it would be {found}, not {text(layer.shape)}")


def _note_change(trace: Trace, node: Any, made: Any) -> None:
    """In place: whoever reads the first argument from here on reads the result."""
    first = node.args[0] if node.args else None
    if first is not None and isinstance(made, Held) and str(node.target).split(".")[1].endswith("_"):
        trace.values[first.name] = made


def _check_counted(trace: Trace, nodes: list[Any]) -> None:
    """Every parameter that the graph reads belongs to a layer, or its place is a problem."""
    unmapped = len(trace.problems) > 0  # which has left them over
    for node in nodes:
        weights = trace.values.get(node.name) if node.op == "placeholder" and node.users else None
        if isinstance(weights, Weights) and weights.trained and weights.path not in trace.taken and not unmapped:
            trace.problems.setdefault(weights.path, "a parameter that no layer counts")


def _unknown(given: Call) -> Any:
    """A `custom` layer of the shape that PyTorch knows; it sees everything."""
    trace = given.trace
    held = tuple(dict.fromkeys(each.layer for each in tensors(given) if isinstance(each, Held)))
    made: list[Held | None] = []
    for number in range(len(given.results)):
        if not hasattr(given.results[number], "shape"):
            made.append(None)
            continue
        sizes = given.sizes(number) or (trace.samples, 1)
        try:
            shape, dims = laid(trace, sizes, 1 if len(sizes) > 1 else 0)
        except UnmappedError:
            shape, dims = (prod(sizes),), None
        options: dict[str, Option] = {"out": text(shape), "sees_all": True}
        suffix = f"_{number}" if number else ""
        layer = trace.emit(given.node, "custom", held, shape, options, suffix=suffix)
        made.append(layer if dims is None else replace(layer, dims=dims))
    return tuple(made) if isinstance(given.node.meta["val"], (tuple, list)) else made[0]


def _resolved(trace: Trace, argument: Any) -> Any:
    if isinstance(argument, (list, tuple)):
        return [_resolved(trace, each) for each in argument]
    return trace.value(argument)


def _outputs(trace: Trace, node: Any) -> tuple[str, ...]:
    """The layers that the outputs are."""
    trace.names.setdefault(node.name, "output")
    found = [trace.value(each) for each in flat([node.args[0]])]
    return tuple(dict.fromkeys(_settled(trace, node, held) for held in found if isinstance(held, Held)))


def _settled(trace: Trace, node: Any, held: Held) -> str:
    """The layer of an output: copies are made; axes that stand elsewhere are moved only where nothing is lost."""
    if axes.has(held.dims, axes.REPEAT):
        held = spread(trace, node, held)
    name, target = held.layer, held.dims[1:]
    fits = sum(map(len, held.dims[:1])) <= 1 and target and trace.whole(name) != held.dims
    needed = plan(trace, name, target) if fits else None
    try:
        return trace.plain(node, held) if needed is not None and needed.cost <= 1 else name
    except UnmappedError:
        return name  # the figures are the same
