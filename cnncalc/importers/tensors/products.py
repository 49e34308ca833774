"""Products of two tensors: `matmul`, and where the axes of its result come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import fitted, spread, text
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, SPACE, Atom, Dim
from cnncalc.importers.tensors.infer import infer
from cnncalc.importers.tensors.reducing import reduced
from cnncalc.importers.tensors.trace import Held, Trace, UnmappedError
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.layers import Option, Shape

Labels = tuple[str, ...]
"""A letter per dimension, as einsum has them."""


@value
class Side:
    """One factor: a tensor and what its dimensions are called."""

    held: Held
    labels: Labels

    def dim(self, label: str) -> Dim | None:
        """The dimension of that name; None where there is none or it is repeated."""
        dim = self.held.dims[self.labels.index(label)] if label in self.labels else None
        return None if dim is None or axes.has([dim], REPEAT) else dim


@value
class Laid:
    """Shape of the product, its dimensions over that, and for scores what its axes were."""

    shape: Shape
    dims: tuple[Dim, ...]
    roots: tuple[Held | None, ...] | None = None
    tokens: bool = True
    windows: bool = False
    """Positions are multiplied within windows alone."""


def contracted(trace: Trace, node: Any, a: Side, b: Side, out: Labels) -> Held:
    """Sum over the labels that `out` does not have."""
    a, b = _summed(trace, node, a, b, out), _summed(trace, node, b, a, out)
    a, b = _made_copies(trace, node, a, b), _made_copies(trace, node, b, a)
    inner = 1
    for label in set(a.labels) - set(out):
        inner *= axes.size_of(a.held.dims[a.labels.index(label)])
    for copies in (False, True):
        first, second = (replace(side, held=_spread(trace, node, side.held)) if copies else side for side in (a, b))
        found = (
            _kept(trace, first, second, out) or _kept(trace, second, first, out) or _fresh(trace, first, second, out)
        )
        options: dict[str, Option] = {"out": text(found.shape), "inner": inner}
        names = (first.held.layer, second.held.layer)
        if len(found.shape) == 2 and found.tokens is not (names[0] in trace.tokens):  # noqa: PLR2004 - one axis
            options["tokens"] = found.tokens
        try:
            infer("matmul", [trace.tensor(name) for name in names], options)
        except UnmappedError:
            continue
        made = trace.emit(node, "matmul", names, found.shape, options)
        if found.windows:
            trace.bounds.add(made.layer)
        if found.roots is not None:
            trace.roots[made.layer] = found.roots
        return replace(made, dims=found.dims)
    raise UnmappedError("a product whose factors are repeated in part")


def _made_copies(trace: Trace, node: Any, side: Side, other: Side) -> Side:
    """With its copies made along dimensions that the other factor has not got in full."""
    for label, dim in zip(side.labels, side.held.dims, strict=True):
        if axes.has([dim], REPEAT) and not other.dim(label):
            return replace(side, held=spread(trace, node, side.held))
    return side


def _spread(trace: Trace, node: Any, held: Held) -> Held:
    return spread(trace, node, held) if axes.has(held.dims, REPEAT) else held


def _summed(trace: Trace, node: Any, side: Side, other: Side, out: Labels) -> Side:
    """Without the dimensions that the other factor and the result do not have."""
    gone = [at for at, label in enumerate(side.labels) if label not in other.labels and label not in out]
    if not gone:
        return side
    held = reduced(trace, node, side.held, "sum", gone, keep=False)
    return Side(held=held, labels=tuple(label for at, label in enumerate(side.labels) if at not in gone))


def _source(a: Side, b: Side, label: str) -> tuple[Held, Dim]:
    """Where a dimension of the result comes from: the first factor, unless it repeats there."""
    for side in (a, b):
        dim = side.dim(label)
        if dim:
            return side.held, dim
    return a.held, ()


def _kept(trace: Trace, a: Side, b: Side, out: Labels) -> Laid | None:
    """The positions of the layer that `a` stems from, where all are there and the rest are channels: attention."""
    sources = [_source(a, b, label) for label in out]
    layers = {
        root.layer
        for held, dim in sources
        if held is a.held and (root := trace.root(held, axes.without(dim, BATCH))) is not None
    }
    for layer in layers:
        atoms = [_traced(trace, held, dim, layer) for held, dim in sources]
        if any(each is None for each in atoms):
            continue
        dims = [each for each in atoms if each is not None]
        shape = trace.shapes[layer]
        seen = [1] * (len(shape) + 1)
        for atom in (atom for dim in dims for atom in dim):
            seen[atom.axis] *= atom.size
        if len(shape) < 2 or tuple(seen[SPACE:]) != shape[1:]:  # noqa: PLR2004 - positions
            continue
        return Laid(shape=(seen[CHANNELS], *shape[1:]), dims=_numbered(dims), tokens=layer in trace.tokens)
    return None


def _traced(trace: Trace, held: Held, dim: Dim, layer: str) -> list[Atom] | None:
    """A dimension in parts of the positions of a layer and channels of any; None where it has other positions."""
    found: list[Atom] = []
    for atom in dim:
        if atom.axis == BATCH:
            found.append(atom)
            continue
        root = trace.root(held, (atom,))
        if root is None or (root.layer != layer and any(each.axis != CHANNELS for each in root.dims[0])):
            return None
        found += root.dims[0]
    return found


def _numbered(dims: Sequence[Sequence[Atom]]) -> tuple[Dim, ...]:
    """With the channels numbered anew, in the order in which they stand."""
    stride = axes.size_of(atom for dim in dims for atom in dim if atom.axis == CHANNELS)
    made = []
    for dim in dims:
        atoms = []
        for atom in dim:
            if atom.axis == CHANNELS:
                stride //= atom.size
                atoms.append(Atom(CHANNELS, atom.size, stride))
            else:
                atoms.append(atom)
        made.append(axes.joined(atoms))
    return tuple(made)


def _fresh(trace: Trace, a: Side, b: Side, out: Labels) -> Laid:
    """Scores: the last dimension is the channels, the others are axes."""
    sources = [_source(a, b, label) for label in out]
    pieces = [(held, axes.without(dim, BATCH)) for held, dim in sources]
    some = [at for at, (_, dim) in enumerate(pieces) if dim]
    if not some:
        return Laid(shape=(1,), dims=tuple(dim for _, dim in sources))
    *others, last = some
    tagged = [tuple(Atom(at, 1) for at in (each,)) for each in others]  # which dimensions an axis is made of
    groups = [[last], *([atom.axis for atom in dim] for dim in fitted(tagged))]
    shape = tuple(axes.size_of(atom for at in group for atom in pieces[at][1]) for group in groups)
    dims: list[Dim] = [tuple(atom for atom in dim if atom.axis == BATCH) for _, dim in sources]
    for axis, group in enumerate(groups, CHANNELS):
        stride = shape[axis - CHANNELS]
        for at in group:
            size = axes.size_of(pieces[at][1])
            stride //= size
            dims[at] = (*dims[at], Atom(axis, size, stride))
    return Laid(
        windows=_has_windows(trace, pieces[:-2]),
        shape=shape,
        dims=tuple(dims),
        roots=tuple(_root(trace, [pieces[at] for at in group]) for group in groups),
    )


def _has_windows(trace: Trace, pieces: Sequence[tuple[Held, Dim]]) -> bool:
    """Whether positions stand beside those that are multiplied."""
    roots = [trace.root(held, dim) for held, dim in pieces if dim]
    return any(root is None or any(atom.axis != CHANNELS for atom in root.dims[0]) for root in roots)


def _root(trace: Trace, pieces: Sequence[tuple[Held, Dim]]) -> Held | None:
    found = [trace.root(held, dim) for held, dim in pieces]
    if any(each is None for each in found) or len({each.layer for each in found if each}) != 1:
        return None
    some = [each for each in found if each is not None]
    return replace(some[0], dims=(axes.joined(atom for each in some for atom in each.dims[0]),))
