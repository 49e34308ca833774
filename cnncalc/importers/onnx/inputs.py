"""The inputs of a model: their shapes, which sizes are free, where their axes stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import SpecError, UsageError, finding
from cnncalc.importers.onnx.constants import constant_of, integers
from cnncalc.importers.onnx.sight import channel_axis, readers
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.trace import SAMPLES
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.importers.layers import Shape
    from cnncalc.importers.onnx.records import Dims, Graph, Node

MAX_AXES = 3
CALLED = "input"
"""A single input is called as in a spec, whatever the file calls it."""


@value
class Input:
    """An input as the language has it."""

    name: str
    """In the spec."""
    shape: Shape
    """Channels and sizes; a vector stands on a map of one position."""
    dims: axes.Dims
    """Where its axes stand in the file's tensor, for a batch that is given."""


@value
class Inputs:
    """All inputs that are read."""

    found: Mapping[str, Input]
    batch: int | None
    """None where it is free."""

    @property
    def samples(self) -> int:
        """The batch that is traced: where it is free, one that can be told from axes of size 1."""
        return self.batch or SAMPLES


def inputs(graph: Graph, given: Mapping[str, Shape]) -> Inputs:
    """Shapes of all inputs that some node reads; `given` has shapes by input and sizes by the name of a free one.

    UsageError where a size is missing or does not fit; SpecError where an input is none that the language can have.
    """
    reading = readers(graph)
    known = frozenset(graph.constants).union(*(node.outputs for node in graph.nodes if node.op == "Constant"))
    wanted = {
        name: dims
        for name, dims in graph.inputs.items()
        if name in reading or name in graph.outputs or len(graph.inputs) == 1
    }
    if not wanted:
        raise SpecError([finding("CNN906", "the model has no input")])
    if list(given) == [CALLED] and CALLED not in wanted and len(wanted) == 1:
        given = {next(iter(wanted)): given[CALLED]}
    sizes = _sizes(wanted, given)
    alone_ = {name for name in wanted if _is_one_sample(graph, reading.get(name, ()))}
    firsts = {name: 1 if name in alone_ else dims[0] for name, dims in wanted.items() if dims}
    batches = {size for size in firsts.values() if isinstance(size, int)}
    if len(batches) > 1:
        raise SpecError([finding("CNN905", "the inputs have batches of different sizes")])
    batch = batches.pop() if batches else None
    found = {}
    for name, dims in wanted.items():
        single = name in alone_
        order: Dims = (1, *dims) if single else dims
        at = 1 if single or len(dims) < 3 else channel_axis(name, len(dims), reading, known) or 1  # noqa: PLR2004
        order = (*order[:1], *order[at : at + 1], *order[1:at], *order[at + 1 :])
        shape = _shape(name, order, given.get(name), sizes)
        batched, channels, *rest = axes.whole((batch or SAMPLES, *shape))
        placed = (batched, *rest[: at - 1], channels, *rest[at - 1 :])
        found[name] = Input(
            name=CALLED if len(wanted) == 1 else name,
            shape=shape if shape[1:] else (*shape, 1, 1),
            dims=placed[1:] if single else placed,
        )
    return Inputs(found=found, batch=batch)


def alone(found: Inputs) -> Inputs:
    """The same for a batch of one."""
    made = {
        name: replace(each, dims=tuple(axes.without(dim, axes.BATCH) for dim in each.dims))
        for name, each in found.found.items()
    }
    return replace(found, found=made, batch=1)


def _sizes(wanted: Mapping[str, Dims], given: Mapping[str, Shape]) -> dict[str, int]:
    """Free sizes by their names: given so, or as part of the shape of an input."""
    free = {size for dims in wanted.values() for size in dims[1:] if isinstance(size, str)}
    sizes: dict[str, int] = {}
    for name, shape in given.items():
        if name in wanted:
            rest = wanted[name][1:]
            for size, found in zip(rest, shape, strict=False):
                if isinstance(size, str) and len(rest) == len(shape):
                    sizes.setdefault(size, found)
        elif name in free and len(shape) == 1:
            sizes[name] = shape[0]
        else:
            named = ", ".join(f"`{size}`" for size in sorted(free))
            known = ", ".join(wanted) + (f", and the free size{'s' * (len(free) > 1)} {named}" if free else "")
            raise UsageError(f"the model has no input `{name}`; it has {known}")
    return sizes


def _is_one_sample(graph: Graph, nodes: Sequence[Node]) -> bool:
    """Whether the first thing that happens to an input is that it is made a batch of one."""
    return bool(nodes) and all(node.op == "Unsqueeze" and _adds_first(graph, node) for node in nodes)


def _adds_first(graph: Graph, node: Node) -> bool:
    found = node.attributes.get("axes")
    if found is None and len(node.inputs) > 1:
        name = node.inputs[1]
        makers = (each for each in graph.nodes if name in each.outputs and each.op == "Constant")
        held = graph.constants.get(name) or next((constant_of(each.attributes) for each in makers), None)
        found = integers(held)
    return found == (0,)


def _shape(name: str, dims: Dims, given: Shape | None, sizes: Mapping[str, int]) -> Shape:
    free = dims[1:]
    shown = "x".join(str(size or "?") for size in free)
    if given is not None:
        channels = free[0] if free else None
        if dims and (len(given) != len(free) or (isinstance(channels, int) and channels != given[0])):
            raise UsageError(f"input {'x'.join(map(str, given))} for `{name}`, which takes {shown}")
        return given
    if not dims:
        raise UsageError(f"the file does not say the shape of input `{name}`: give it, as in -i {name}=3x224x224")
    if not 1 <= len(free) <= 1 + MAX_AXES:
        raise SpecError([finding("CNN905", f"input `{name}` has {len(dims)} dimensions; 2 to 5 can be read")])
    fixed = tuple(sizes.get(size) if isinstance(size, str) else size for size in free)
    known = tuple(size for size in fixed if size is not None)
    if len(known) < len(free):
        sample = "x".join(str(224 if size is None else size) for size in fixed)
        unknown = sorted({size for size in free if isinstance(size, str) and size not in sizes})
        ways = f"-i {name}={sample}" + (f" or -i {unknown[0]}=224" if unknown and unknown[0].isidentifier() else "")
        raise UsageError(f"the sizes of input `{name}` are free ({shown}): give them, as in {ways}")
    return known
