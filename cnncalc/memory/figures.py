"""All memory figures of a report in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.memory.inference import peaks_of
from cnncalc.memory.tensors import has_masks, tensors
from cnncalc.memory.training import Moment, Optimizer, moments_of, worst
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.graph import Graph
    from cnncalc.report import Peak


@value
class Memory:
    """What inference and a training step need."""

    peaks: Mapping[str, Peak]
    """By variant, see `peaks`."""
    saved_bytes: int
    """See `saved_bytes`."""
    training: Moment
    """The largest moment of a training step, see `training`."""


def memory(graph: Graph, *, batch: int, element_bytes: int, optimizer: Optimizer) -> Memory:
    """`peaks`, `saved_bytes` and `training`, with what they share worked out once."""
    facts = tensors(graph, unit=batch * element_bytes)
    in_training = tensors(graph, unit=batch * element_bytes, training=True) if has_masks(graph) else facts
    moments = list(moments_of(graph, in_training, batch=batch, element_bytes=element_bytes, optimizer=optimizer))
    return Memory(peaks=peaks_of(graph, facts), saved_bytes=moments[0].saved, training=worst(moments))
