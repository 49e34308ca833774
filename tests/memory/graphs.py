"""Graphs made by hand: just what the memory functions read."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from cnncalc.errors import Location
from cnncalc.geometry.shape import TensorShape
from cnncalc.graph import Graph, GraphLayer, Node
from cnncalc.ops.base import Inference, Merge, Op, Saved, Storage, Weight

AT = Location(file="net", line=1, column=1)


class Plain(Op):
    op: str = "plain"
    frozen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One node: its name, what it reads, how many elements it gives, and what its inference says."""

    name: str
    reads: tuple[str, ...] = ()
    elements: int = 1
    storage: Storage = Storage.NEW
    fusable: bool = False
    merge: Merge | None = None
    saved: tuple[Saved, ...] = ()
    weights: int = 0
    buffers: int = 0
    frozen: bool = False
    shares: str | None = None


def graph(*drafts: Draft, outputs: tuple[str, ...] = ()) -> Graph:
    """A network of these nodes, those that read nothing being its inputs; the last one is the output by default."""
    index = {draft.name: number for number, draft in enumerate(drafts)}
    nodes: list[Node] = []
    layers: list[GraphLayer] = []
    for number, draft in enumerate(drafts):
        is_input = not draft.reads
        op = None if is_input else Plain(frozen=draft.frozen)
        nodes.append(
            Node(
                index=number,
                name=draft.name,
                layer=-1 if is_input else len(layers),
                op=op,
                inputs=tuple(index[name] for name in draft.reads),
                inference=Inference(
                    output=TensorShape(draft.elements),
                    storage=draft.storage,
                    fusable=draft.fusable,
                    merge=draft.merge,
                    saved=draft.saved,
                    weights=(Weight(name="weight", shape=(draft.weights,)),) if draft.weights else (),
                    buffers=draft.buffers,
                ),
                shares=None if draft.shares is None else index[draft.shares],
            )
        )
        if op is not None:
            layers.append(GraphLayer(name=draft.name, op=op, nodes=(number,), inputs=draft.reads, at=AT))
    spec: Any = SimpleNamespace()
    return Graph(
        spec=spec,
        nodes=tuple(nodes),
        layers=tuple(layers),
        scopes={},
        inputs={draft.name: index[draft.name] for draft in drafts if not draft.reads},
        outputs={name: index[name] for name in outputs or (drafts[-1].name,)},
    )
