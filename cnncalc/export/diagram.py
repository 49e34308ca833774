"""What diagrams show of a network: boxes inside groups, repeats folded, and who reads whom.

A box is a layer with the norms, activations and dropouts that follow it. A group is a block call or a named sequence.
Copies that follow each other and are alike are drawn once, with their number.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Union

from cnncalc.export.op_text import op_text
from cnncalc.ops.activation import FACTS
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from cnncalc.report import LayerReport, Report

FOLLOWERS = frozenset({*FACTS, "softmax", "prelu", "bn", "ln", "rms", "gn", "in", "lrn", "dropout", "scale", "shift"})
"""Ops that are drawn in the box of the layer before."""


@value
class Box:
    """A layer, or an input of the network."""

    name: str
    """Full name of its first layer."""
    title: str
    ops: tuple[str, ...]
    """What it does, in order; () for an input."""
    shape: str
    is_output: bool = False


@value
class Group:
    """A name that covers several boxes."""

    name: str
    title: str
    parts: tuple[Part, ...]


Part = Union[Box, Group]


@value
class Diagram:
    """A network to draw."""

    title: str
    inputs: tuple[Box, ...]
    parts: tuple[Part, ...]
    edges: tuple[tuple[str, str], ...]
    """Names of boxes, each pair once."""


def diagram(report: Report) -> Diagram:
    """The diagram of a network."""
    heads = _heads(report)
    blocks = {_scope(report, frame.layer, frame.copy): frame.block for row in report for frame in row.stack}
    edges = [
        (heads.get(source, source), heads[row.name])
        for row in report
        for source in row.inputs
        if heads.get(source) != heads[row.name]
    ]
    folded: dict[str, str] = {}
    read: dict[str, list[str]] = {}
    for source, target in edges:
        read.setdefault(target, []).append(source)
    parts = tuple(
        _folded(part, read, folded) if isinstance(part, Group) else part
        for part in _tree(_boxes(report, heads), blocks).parts
    )
    order = {box.name: place for place, box in enumerate(boxes_of(parts))}
    ends = ((_shown(source, folded), _shown(target, folded)) for source, target in edges)
    # Layers read what is before them. From one copy to the next, drawn once, that would be a loop.
    drawn = dict.fromkeys((source, target) for source, target in ends if order.get(source, -1) < order[target])
    return Diagram(
        title=report.name,
        inputs=tuple(Box(name=name, title=name, ops=(), shape=_shape(shape)) for name, shape in report.inputs.items()),
        parts=parts,
        edges=tuple(drawn),
    )


def boxes_of(parts: Iterable[Part]) -> Iterator[Box]:
    """All boxes, at any depth."""
    for part in parts:
        if isinstance(part, Box):
            yield part
        else:
            yield from boxes_of(part.parts)


def _heads(report: Report) -> dict[str, str]:
    """Layer -> the first layer of its box."""
    readers = Counter(source for row in report for source in row.inputs)
    kept = {report.layers[report.scopes[name].output_layer].name for name in report.outputs if report.layers}
    heads: dict[str, str] = {}
    for row in report:
        source = row.inputs[0]
        head = heads.get(source)
        follows = row.op in FOLLOWERS and len(row.inputs) == 1 and readers[source] == 1 and source not in kept
        near = head is not None and (row.name.startswith(f"{head}.") or _parent(row.name) == _parent(head))
        heads[row.name] = head if head is not None and follows and near else row.name
    return heads


def _boxes(report: Report, heads: Mapping[str, str]) -> list[Box]:
    rows: dict[str, list[LayerReport]] = {}
    for row in report:
        rows.setdefault(heads[row.name], []).append(row)
    outputs = {report.scopes[name].output_layer for name in report.outputs}
    ends = {report.layers[index].name for index in outputs if index >= 0}
    return [
        Box(
            name=name,
            title=name,
            ops=tuple(op_text(row) for row in own),
            shape=_shape(own[-1].output_shape),
            is_output=own[-1].name in ends,
        )
        for name, own in rows.items()
    ]


def _tree(boxes: Sequence[Box], blocks: Mapping[str, str], name: str = "") -> Group:
    """Boxes in the groups that their names say."""
    depth = name.count(".") + 1 if name else 0
    children: dict[str, list[Box]] = {}
    for box in boxes:
        children.setdefault(".".join(box.name.split(".")[: depth + 1]), []).append(box)
    parts = tuple(
        own[0] if len(own) == 1 and own[0].name == child else _tree(own, blocks, child)
        for child, own in children.items()
    )
    title = f"{name} ({blocks[name]})" if name in blocks else name
    return Group(name=name, title=title, parts=parts)


def _folded(group: Group, read: Mapping[str, Sequence[str]], folded: dict[str, str]) -> Part:
    """The group with copies that are alike drawn once; `folded` takes the boxes that are left out."""
    parts: list[Part] = []
    runs: list[list[Part]] = []
    for part in group.parts:
        last = runs[-1] if runs else []
        if last and _is_copy(part) and _is_copy(last[0]) and _signature(part, read) == _signature(last[0], read):
            last.append(part)
        else:
            runs.append([part])
    for first, *others in runs:
        ends: set[str] = set()
        for other in others:
            folded.update({theirs.name: ours.name for theirs, ours in _pairs(other, first)})
            ends |= {ours.name for theirs, ours in _pairs(other, first) if theirs.is_output}
        marked = _marked(first, ends) if ends else first
        shown = _folded(marked, read, folded) if isinstance(marked, Group) else marked
        if others:
            last_name = others[-1].name.rpartition(".")[2]
            kind = shown.title.removeprefix(shown.name)
            shown = replace(shown, title=f"{shown.name} .. {last_name}{kind}, {len(others) + 1} times")
        parts.append(shown)
    return _plain(replace(group, parts=tuple(parts)))


def _marked(part: Part, ends: Collection[str]) -> Part:
    """These boxes are outputs of the network, some copy of them is."""
    if isinstance(part, Box):
        return replace(part, is_output=part.is_output or part.name in ends)
    return replace(part, parts=tuple(_marked(inner, ends) for inner in part.parts))


def _plain(group: Group) -> Part:
    """A group around a single part is that part."""
    return group.parts[0] if group.name and len(group.parts) == 1 else group


def _is_copy(part: Part) -> bool:
    return part.name.rpartition(".")[2].isdigit()


def _shown(name: str, folded: Mapping[str, str]) -> str:
    """The box that is drawn for a box; copies inside of copies take several steps."""
    while name in folded:
        name = folded[name]
    return name


def _signature(part: Part, read: Mapping[str, Sequence[str]]) -> object:
    """What two copies share that are drawn once: names, ops, shapes, and what reads what inside."""
    start = len(part.name)
    boxes = list(boxes_of((part,)))
    names = {box.name for box in boxes}
    inside = [
        (source[start:] if source in names else "", box.name[start:])
        for box in boxes
        for source in read.get(box.name, ())
    ]
    return tuple((box.name[start:], box.ops, box.shape) for box in boxes), tuple(inside)


def _pairs(other: Part, first: Part) -> Iterator[tuple[Box, Box]]:
    return zip(boxes_of((other,)), boxes_of((first,)), strict=True)


def _scope(report: Report, name: str, copy: int | None) -> str:
    counted = f"{name}.{copy}"
    return counted if copy is not None and counted in report.scopes else name


def _parent(name: str) -> str:
    return name.rpartition(".")[0]


def _shape(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
