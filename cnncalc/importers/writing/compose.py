"""From the tree of steps, groups and forks to the nodes of the spec, with the names that each place needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.importers.writing import references
from cnncalc.importers.writing.nodes import Call, Line, Nest, Split
from cnncalc.importers.writing.repeats import counted
from cnncalc.importers.writing.tree import Fork, Group, Step
from cnncalc.importers.writing.words import NORMS, Word, words
from cnncalc.spec.words import NONE
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cnncalc.importers.layers import Shape
    from cnncalc.importers.writing.nodes import Node
    from cnncalc.importers.writing.references import Place
    from cnncalc.importers.writing.tree import Item


@value
class Spot:
    """Where nodes stand."""

    around: tuple[Group, ...]
    """The groups around, outermost first."""
    x: str | None = None
    """The layer that `x` means inside a block."""
    start: int = 0
    """Where in `around` the block begins."""


@value
class Composer:
    """What is needed to write any part of the tree."""

    where: Mapping[str, Place]
    shapes: Mapping[str, Shape]
    """Of layers and inputs, by their names in the source."""
    inputs: Mapping[str, str]
    """Of the network: name in the source -> name in the spec."""

    @property
    def first(self) -> str:
        """The input that the network starts from."""
        return next(iter(self.inputs))

    def nodes(self, items: Iterable[Item], spot: Spot, stream: str) -> tuple[Node, ...]:
        """A list of the tree behind `stream`. Raises NoNameError where something cannot be referred to."""
        made: list[Node] = []
        for item in items:
            if isinstance(item, Step):
                made.append(self._step(item, spot, stream))
            elif isinstance(item, Fork):
                made.append(self._fork(item, spot, stream))
            else:
                made.append(self._group(item, spot, stream))
            stream = item.end
        return tuple(made)

    def body(self, group: Group, around: tuple[Group, ...], source: str) -> tuple[Node, ...]:
        """A group as the body of a block that reads `source`."""
        return self.nodes(group.items, Spot(around=around, x=source, start=len(around) - 1), source)

    def name(self, target: str, spot: Spot) -> str:
        """What a layer or input is called from a spot."""
        if target == (self.first if spot.x is None else spot.x):
            return "x"
        if target in self.inputs:
            return self.inputs[target]
        return references.reference(target, spot.around, self.where, spot.start)

    def _step(self, step: Step, spot: Spot, stream: str) -> Line:
        layer = step.layer
        named = references.others(step, stream)
        source = named[0] if len(named) == len(layer.inputs) else stream
        op, *rest = words(layer.op, layer.options, step.trail[0] if step.trail else None)
        merged = named if source == stream else named[1:]
        share: tuple[str, ...] = ()
        if layer.shares:  # the layer itself, not what a group around it stands for
            share = (f"share={references.reference(layer.shares, spot.around, self.where, spot.start, itself=True)}",)
        return Line(
            name=step.name,
            parts=(op, *(self.name(other, spot) for other in merged), *rest),
            trail=tuple(map(_trailing, step.trail)),
            tail=(*share, *self._from(source, stream, spot)),
            shapes=(step.shape,),
        )

    def _fork(self, fork: Fork, spot: Spot, stream: str) -> Split:
        after = [
            Line(name=step.name, parts=(step.layer.op,), shapes=(step.shape,))
            for step in fork.after
            if isinstance(step, Step)
        ]
        return Split(
            paths=tuple(self.nodes(path, spot, fork.source) for path in fork.paths),
            merge=fork.merge.layer.op,
            is_residual=fork.is_residual,
            after=tuple(after),
            tail=self._from(fork.source, stream, spot),
            starts=(self.shapes[fork.source],),
            shapes=(fork.merge.shape,),
        )

    def _group(self, group: Group, spot: Spot, stream: str) -> Line | Nest:
        shapes = (self.shapes[group.end],)
        if isinstance(group.call, Call):
            tail = self._from(group.call.input, stream, spot)
            return Line(name=group.name, parts=group.call.parts, tail=tail, shapes=shapes, is_call=True)
        inner = Spot(around=(*spot.around, group), x=spot.x, start=spot.start)
        items = self.nodes(group.items, inner, stream)
        return counted(group.name, items) or Nest(name=group.name, items=items, shapes=shapes)

    def _from(self, source: str, stream: str, spot: Spot) -> tuple[str, ...]:
        return () if source == stream else (f"from={self.name(source, spot)}",)


def _trailing(word: str) -> Word:
    key = "norm" if word in NORMS else "act"
    return Word(keys=(key,), literal="{}", pattern="{}", rows=((word,),), default=(NONE,))
