"""Which axis of a layer's output stands where in a tensor that was viewed, permuted or flattened since.

A dimension is a product of atoms, slowest first. An atom is a stretch of an axis: `(axis, size, stride)`, where axis 0
is the batch, 1 the channels, 2 and up are spatial. Splitting and merging atoms says exactly what a chain of `view`,
`permute` and `reshape` does: a channel shuffle, a pixel shuffle, channels last, or nothing.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

BATCH, CHANNELS, SPACE = 0, 1, 2


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


def size_of(dim: Dim) -> int:
    """How many indices a dimension has."""
    return prod(atom.size for atom in dim)


def joined(atoms: list[Atom]) -> Dim:
    """Neighbouring parts of one axis put together again."""
    merged: list[Atom] = []
    for atom in atoms:
        if merged and merged[-1].axis == atom.axis and merged[-1].stride == atom.stride * atom.size:
            merged[-1] = Atom(atom.axis, merged[-1].size * atom.size, atom.stride)
        else:
            merged.append(atom)
    return tuple(merged)


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
                rest = atom.size // left
                taken.append(Atom(atom.axis, left, atom.stride * rest))
                atoms.insert(0, Atom(atom.axis, rest, atom.stride))
                left = 1
            else:
                return None
        made.append(joined(taken))
    return None if atoms else tuple(made)


def only(dim: Dim, axis: int, size: int) -> bool:
    """Whether a dimension is a whole axis of that size."""
    return dim == ((Atom(axis, size),) if size > 1 else ())
