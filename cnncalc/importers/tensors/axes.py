"""Which axis of a layer's output stands where in a tensor that was viewed, permuted or flattened since.

A dimension is a product of atoms, slowest first. An atom is a stretch of an axis: `(axis, size, stride)`, where axis 0
is the batch, 1 the channels, 2 and up are spatial; REPEAT is no axis but copies of what is there. Splitting and merging
atoms says exactly what a chain of `view`, `permute` and `reshape` does: a channel shuffle, a pixel shuffle, channels
last, or nothing.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

REPEAT, BATCH, CHANNELS, SPACE = -1, 0, 1, 2


class Atom(NamedTuple):
    """Part of an axis: of index i it holds `i // stride % size`."""

    axis: int
    size: int
    stride: int = 1


Dim = tuple[Atom, ...]
"""A dimension of a tensor; () has size 1."""
Dims = tuple[Dim, ...]


def whole(shape: tuple[int, ...]) -> Dims:
    """The dimensions of a fresh tensor, N x C x sizes.

    >>> whole((2, 8, 1))
    ((Atom(axis=0, size=2, stride=1),), (Atom(axis=1, size=8, stride=1),), ())
    """
    return tuple((Atom(axis, size),) if size > 1 else () for axis, size in enumerate(shape))


def size_of(dim: Iterable[Atom]) -> int:
    """How many indices a dimension has."""
    return prod(atom.size for atom in dim)


def joined(atoms: Iterable[Atom]) -> Dim:
    """Neighbouring parts of one axis put together again."""
    merged: list[Atom] = []
    for atom in atoms:
        last = merged[-1] if merged else None
        if last and last.axis == atom.axis and (atom.axis == REPEAT or last.stride == atom.stride * atom.size):
            merged[-1] = Atom(atom.axis, last.size * atom.size, atom.stride)
        else:
            merged.append(atom)
    return tuple(merged)


def divided(atom: Atom, size: int) -> tuple[Atom, Atom]:
    """The slow part of that size, and the rest.

    >>> divided(Atom(2, 12), 3)
    (Atom(axis=2, size=3, stride=4), Atom(axis=2, size=4, stride=1))
    """
    rest = atom.size // size
    stride = 1 if atom.axis == REPEAT else atom.stride
    return Atom(atom.axis, size, 1 if atom.axis == REPEAT else stride * rest), Atom(atom.axis, rest, stride)


def viewed(dims: Dims, sizes: tuple[int, ...]) -> Dims | None:
    """The dimensions after `view(sizes)`; None where a size cuts across an axis.

    >>> [len(dim) for dim in viewed(whole((2, 8, 4, 4)), (2, 128)) or ()]
    [1, 3]
    >>> viewed(whole((2, 6)), (2, 4, 3)) is None
    True
    """
    atoms = [atom for dim in dims for atom in dim]
    made = []
    for size in sizes:
        taken: list[Atom] = []
        left = size
        while left > 1:
            if not atoms:
                return None
            atom = atoms.pop(0)
            if left % atom.size == 0:
                taken.append(atom)
                left //= atom.size
            elif atom.size % left == 0:
                slow, rest = divided(atom, left)
                taken.append(slow)
                atoms.insert(0, rest)
                left = 1
            else:
                return None
        made.append(joined(taken))
    return None if atoms else tuple(made)


def paired(a: Dim, b: Dim) -> list[tuple[Atom, Atom]] | None:
    """Two dimensions of one size in parts of equal size, slowest first; None where they cannot be cut alike.

    >>> [(x.size, y.size) for x, y in paired((Atom(2, 196),), (Atom(2, 14), Atom(3, 14)))]
    [(14, 14), (14, 14)]
    """
    first, second = list(a), list(b)
    pairs = []
    while first and second:
        x, y = first.pop(0), second.pop(0)
        if x.size % y.size == 0:
            if x.size > y.size:
                x, rest = divided(x, y.size)
                first.insert(0, rest)
        elif y.size % x.size == 0:
            y, rest = divided(y, x.size)
            second.insert(0, rest)
        else:
            return None
        pairs.append((x, y))
    return None if first or second else pairs


def part(dim: Dim, size: int, stride: int) -> Dim | None:
    """What an atom (size, stride) of a dimension as a whole consists of; None where it cuts through an atom's factors.

    >>> part((Atom(2, 14), Atom(3, 14)), 14, 1)
    (Atom(axis=3, size=14, stride=1),)
    """
    total = size_of(dim)
    if stride * size > total:
        return None
    slow = total // (stride * size)
    cut = viewed((dim,), (slow, size, stride))
    return None if cut is None else cut[1]


def relocated(dims: Dims, target: Sequence[Dim]) -> Dims | None:
    """The same tensor over a layer whose channels and positions are made of these parts of the old axes.

    >>> relocated(whole((2, 8, 4, 5)), (((Atom(1, 8),)), (Atom(2, 4), Atom(3, 5))))[2:]
    ((Atom(axis=2, size=4, stride=5),), (Atom(axis=2, size=5, stride=1),))
    """
    bounds: dict[int, set[int]] = {}
    for atom in (atom for dim in (*dims, *target) for atom in dim):
        bounds.setdefault(atom.axis, set()).update((atom.stride, atom.stride * atom.size))
    places: dict[tuple[int, int], Atom] = {}
    for axis, dim in enumerate(target, CHANNELS):
        stride = size_of(dim)
        for atom in dim:
            for piece in _cut(atom, bounds[atom.axis]):
                stride //= piece.size
                places[piece.axis, piece.stride] = Atom(axis, piece.size, stride)
    made = []
    for dim in dims:
        atoms: list[Atom] = []
        for atom in dim:
            if atom.axis in (BATCH, REPEAT):
                atoms.append(atom)
                continue
            for piece in _cut(atom, bounds[atom.axis]):
                place = places.get((piece.axis, piece.stride))
                if place is None or place.size != piece.size:
                    return None
                atoms.append(place)
        made.append(joined(atoms))
    return tuple(made)


def _cut(atom: Atom, bounds: set[int]) -> list[Atom]:
    """An atom in the parts between these strides, slowest first."""
    inside = sorted({atom.stride, *(b for b in bounds if atom.stride < b < atom.stride * atom.size)})
    ends = [*inside[1:], atom.stride * atom.size]
    return [Atom(atom.axis, end // start, start) for start, end in zip(inside, ends, strict=True)][::-1]


def only(dim: Dim, axis: int, size: int) -> bool:
    """Whether a dimension is a whole axis of that size."""
    return dim == ((Atom(axis, size),) if size > 1 else ())


def without(dim: Dim, *gone: int) -> Dim:
    """A dimension without the parts of some axes."""
    return tuple(atom for atom in dim if atom.axis not in gone)


def has(dims: Iterable[Dim], axis: int) -> bool:
    """Whether any dimension has a part of an axis."""
    return any(atom.axis == axis for dim in dims for atom in dim)
