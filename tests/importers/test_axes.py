"""Which axis stands where, against tensors whose elements are numbered."""

from __future__ import annotations

import random
from itertools import product
from math import prod

import pytest

from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, SPACE, Atom, Dim, Dims

Place = tuple[int, ...]


class Numbered:
    """A tensor of places in a layer's output: sizes, and the place of every element in order."""

    def __init__(self, sizes: tuple[int, ...], places: list[Place]) -> None:
        self.sizes, self.places = sizes, places

    @classmethod
    def fresh(cls, sizes: tuple[int, ...]) -> Numbered:
        return cls(sizes, list(product(*map(range, sizes))))

    def viewed(self, sizes: tuple[int, ...]) -> Numbered:
        return Numbered(sizes, self.places)

    def permuted(self, order: list[int]) -> Numbered:
        sizes = tuple(self.sizes[at] for at in order)
        at = {index: number for number, index in enumerate(product(*map(range, self.sizes)))}
        places = []
        for index in product(*map(range, sizes)):
            old = [0] * len(order)
            for new, place in enumerate(order):
                old[place] = index[new]
            places.append(self.places[at[tuple(old)]])
        return Numbered(sizes, places)


def places(dims: Dims, ndim: int) -> list[Place]:
    """What the dimensions say: the place of every element in order."""
    found = []
    for index in product(*(range(axes.size_of(dim)) for dim in dims)):
        place = [0] * ndim
        for number, dim in zip(index, dims, strict=True):
            left = number
            for atom in reversed(dim):
                left, digit = divmod(left, atom.size)
                place[atom.axis] += digit * atom.stride
        found.append(tuple(place))
    return found


def split(draw: random.Random, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Other sizes of as many elements: one is cut in two, or two are put together."""
    at = draw.randrange(1, len(sizes))
    factors = [factor for factor in (2, 3, 4) if sizes[at] % factor == 0]
    if factors and draw.random() < 0.6:
        factor = draw.choice(factors)
        return (*sizes[:at], factor, sizes[at] // factor, *sizes[at + 1 :])
    if at + 1 < len(sizes):
        return (*sizes[:at], sizes[at] * sizes[at + 1], *sizes[at + 2 :])
    return sizes


@pytest.mark.parametrize("seed", range(60))
def test_views_and_permutations_are_followed_element_by_element(seed: int) -> None:
    draw = random.Random(seed)
    sizes = (2, *(draw.choice([1, 2, 3, 4, 6]) for _ in range(draw.randrange(2, 4))))
    tensor, dims = Numbered.fresh(sizes), axes.whole(sizes)
    for _ in range(draw.randrange(1, 7)):
        if draw.random() < 0.5:
            order = list(range(len(tensor.sizes)))
            draw.shuffle(order)
            tensor, dims = tensor.permuted(order), tuple(dims[at] for at in order)
        else:
            after = split(draw, tensor.sizes)
            found = axes.viewed(dims, after)
            if found is None:  # it cuts across axes
                continue
            tensor, dims = tensor.viewed(after), found
        assert places(dims, len(sizes)) == tensor.places


@pytest.mark.parametrize("seed", range(60))
def test_a_tensor_over_a_rearranged_layer_has_the_same_elements(seed: int) -> None:
    draw = random.Random(seed)
    sizes = (2, 4, 6, draw.choice([1, 3, 4]))
    dims = axes.whole(sizes)
    for _ in range(3):
        order = [0, *draw.sample(range(1, len(dims)), len(dims) - 1)]
        dims = tuple(dims[at] for at in order)
        dims = axes.viewed(dims, split(draw, tuple(map(axes.size_of, dims)))) or dims
    pieces = [atom for dim in dims[1:] for atom in dim]
    draw.shuffle(pieces)
    ends = sorted(draw.sample(range(len(pieces) + 1), 2))
    target: tuple[Dim, ...] = tuple(
        tuple(pieces[start:end]) for start, end in zip([0, *ends], [*ends, len(pieces)], strict=True)
    )
    moved = axes.relocated(dims, target)
    assert moved is not None
    # the new layer: for every place of it the place in the old one
    old = dict(
        zip(
            product(range(2), *(range(axes.size_of(dim)) for dim in target)),
            places((((Atom(BATCH, 2)),), *target), len(sizes)),
            strict=True,
        )
    )
    assert [old[place] for place in places(moved, 1 + len(target))] == places(dims, len(sizes))


def test_a_view_that_cuts_across_an_axis_is_none() -> None:
    assert axes.viewed(axes.whole((2, 6)), (2, 4, 3)) is None
    assert axes.viewed(axes.whole((2, 6, 4)), (2, 8, 3)) is None


def test_dimensions_that_cannot_be_cut_alike_have_no_pairs() -> None:
    assert axes.paired((Atom(SPACE, 6), Atom(CHANNELS, 4)), (Atom(SPACE, 8), Atom(CHANNELS, 3))) is None


def test_pairs_have_equal_sizes_and_put_together_are_both_dimensions() -> None:
    a, b = (Atom(SPACE, 24),), (Atom(SPACE, 2), Atom(CHANNELS, 3), Atom(SPACE + 1, 4))
    pairs = axes.paired(a, b)
    assert pairs is not None
    assert all(x.size == y.size for x, y in pairs)
    assert axes.joined(x for x, _ in pairs) == a
    assert axes.joined(y for _, y in pairs) == b


def test_copies_beside_copies_are_more_copies() -> None:
    assert axes.joined([Atom(REPEAT, 2), Atom(REPEAT, 3)]) == (Atom(REPEAT, 6),)


@pytest.mark.parametrize(("size", "stride"), [(2, 12), (4, 6), (2, 6), (3, 2), (12, 2), (6, 1)])
def test_a_part_of_a_dimension_is_what_an_axis_of_its_own_would_have_there(size: int, stride: int) -> None:
    dim = (Atom(SPACE, 4, 6), Atom(SPACE + 1, 3), Atom(SPACE, 2))
    found = axes.part(dim, size, stride)
    assert found is not None
    assert axes.size_of(found) == size
    every = places((dim,), 4)
    step = [every[number * stride] for number in range(size)]
    assert places((found,), 4) == step


def test_a_part_that_cuts_through_an_axis_is_none() -> None:
    assert axes.part((Atom(SPACE, 6), Atom(SPACE + 1, 5)), 3, 1) is None
    assert axes.part((Atom(SPACE, 6),), 4, 3) is None


def test_a_fresh_tensor_has_its_axes_in_order() -> None:
    dims = axes.whole((2, 8, 1, 5))
    assert [axes.size_of(dim) for dim in dims] == [2, 8, 1, 5]
    assert prod(axes.size_of(dim) for dim in dims) == 80
