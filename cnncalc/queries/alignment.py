"""Which layer of one network is which of another: by names that somebody gave, then by structure.

A counted name (`conv2`) says little: a layer put in front makes it `conv3`. So layers that share their given names
(`layer1.0`) are lined up in order: all of them where the ops are the same one after the other; else what is equal in
op, options and shapes first, between those what is equal in op and options, then in op alone. What is still alone is
lined up once more over the whole network, which finds what was renamed or wrapped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from cnncalc.report import LayerReport, Report

    Key = Callable[[LayerReport], Hashable]

Pair = tuple[int, int]
"""Indices of a layer in the one and in the other network."""
_COUNTED = re.compile(r"([a-z_]+)[0-9]+")
_OPENED = frozenset({"repeat", "each", "shortcut", "branches", "residual"})
"""Words that unnamed scopes are called by, besides ops and blocks."""
_MOST_WORK = 4_000_000
"""Two runs of layers whose lengths multiply to more are paired in order: the alignment could take minutes."""


def pairs(before: Report, after: Report) -> list[Pair]:
    """Every layer that is in both, by its place in the second network."""
    left, right = before.layers, after.layers
    found: list[Pair] = []
    groups_left, groups_right = _groups(before), _groups(after)
    for name, here in groups_left.items():
        there = groups_right.get(name, [])
        if len(here) == len(there) == 1 and left[here[0]].name == right[there[0]].name:
            found.append((here[0], there[0]))  # by its given name, whatever has become of it
        else:
            found += _aligned(left, right, here, there, (_exact, _options, _op))
    used = {at for at, _ in found}, {at for _, at in found}
    rest = (
        [at for at in range(len(left)) if at not in used[0]],
        [at for at in range(len(right)) if at not in used[1]],
    )
    found += _aligned(left, right, *rest, (_exact, _options))
    return sorted(found, key=lambda pair: (pair[1], pair[0]))


def _groups(report: Report) -> dict[tuple[str, ...], list[int]]:
    """Layers by the given parts of their names, without those that are counted and what is behind them."""
    counted = _OPENED | frozenset(report.spec.blocks) | {layer.op for layer in report.layers}
    groups: dict[tuple[str, ...], list[int]] = {}
    for at, layer in enumerate(report.layers):
        parts = layer.name.split(".")
        given: list[str] = []
        for part in parts:
            found = _COUNTED.fullmatch(part)
            if found and found[1] in counted:
                break
            given.append(part)
        groups.setdefault(tuple(given), []).append(at)
    return groups


def _aligned(
    left: Sequence[LayerReport],
    right: Sequence[LayerReport],
    here: Sequence[int],
    there: Sequence[int],
    keys: Sequence[Key],
) -> list[Pair]:
    """Pairs in order: by the first key, and between those by the next ones."""
    if not here or not there or not keys:
        return []
    if len(here) == len(there) and all(left[a].op == right[b].op for a, b in zip(here, there, strict=True)):
        return list(zip(here, there, strict=True))
    key, *others = keys
    marks = [key(left[at]) for at in here], [key(right[at]) for at in there]
    found: list[Pair] = []
    ends = 0, 0
    for start_left, start_right, length in (*_runs(*marks), (len(here), len(there), 0)):
        gap = here[ends[0] : start_left], there[ends[1] : start_right]
        found += _aligned(left, right, *gap, others)
        found += zip(here[start_left : start_left + length], there[start_right : start_right + length], strict=True)
        ends = start_left + length, start_right + length
    return found


def _runs(left: Sequence[Hashable], right: Sequence[Hashable]) -> Iterable[tuple[int, int, int]]:
    """Equal stretches of two sequences, in order: where they begin, and how long they are."""
    most = min(len(left), len(right))
    head = next((at for at in range(most) if left[at] != right[at]), most)
    tail = next((at for at in range(most - head) if left[-1 - at] != right[-1 - at]), most - head)
    if head:
        yield 0, 0, head
    middle = left[head : len(left) - tail], right[head : len(right) - tail]
    if middle[0] and middle[1]:
        if len(middle[0]) * len(middle[1]) > _MOST_WORK:
            yield from (
                (head + at, head + at, 1) for at, pair in enumerate(zip(*middle, strict=False)) if pair[0] == pair[1]
            )
        else:
            from difflib import SequenceMatcher  # costs 6 ms, and equal networks need none

            matcher = SequenceMatcher(None, *middle, autojunk=False)
            for block in matcher.get_matching_blocks():
                if block.size:
                    yield head + block.a, head + block.b, block.size
    if tail:
        yield len(left) - tail, len(right) - tail, tail


def _exact(layer: LayerReport) -> Hashable:
    return layer.config, layer.input_shapes, layer.output_shape


def _options(layer: LayerReport) -> Hashable:
    return layer.config


def _op(layer: LayerReport) -> Hashable:
    return layer.op
