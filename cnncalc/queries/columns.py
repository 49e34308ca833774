"""Sizes followed through a network, many at once: for every node one column with what each input size becomes.

One axis at a time, the others as the graph has them. The graph is not built again: where an op is steady
(`Op.is_steady`) its window is a formula for a whole column; any other op is asked once per distinct shape; where the
expansion itself looked at a size (`Graph.sizes_read`, `Graph.compared`) that differs now, the input size is set aside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisWindow
from cnncalc.ops.merge import Align, Joint
from cnncalc.ops.options import MAX_SIZE
from cnncalc.queries.followed import Cell, Column, Followed, Refusal
from cnncalc.queries.unread import window_unread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from cnncalc.graph import Graph, Node
    from cnncalc.ops.base import Inference, Op, Weight


def follow(
    graph: Graph, axis: int, inputs: Collection[str], sizes: Sequence[int], cropped: Iterable[int] = ()
) -> Followed:
    """Follow these sizes of one axis of these inputs through every node.

    `cropped` are merges that are to cut what is larger (`align=crop`), whatever they say themselves.
    """
    walk = _Walk(graph=graph, axis=axis, sizes=list(sizes), cropped=frozenset(cropped))
    moving = {graph.inputs[name] for name in inputs}
    for node in graph.nodes:
        walk.enter(node, moving=node.index in moving)
    outputs = {node: column for node in graph.outputs.values() if (column := walk.columns[node]) is not None}
    return Followed(
        sizes=walk.sizes,
        outputs=outputs,
        refused=walk.refused,
        unread={size: walk.unread[size] for size in walk.sizes if size in walk.unread},
        aside=walk.aside,
        resized=walk.resized,
    )


@dataclass(slots=True, kw_only=True)
class _Walk:
    graph: Graph
    axis: int
    sizes: list[int]
    cropped: frozenset[int]
    columns: list[Column | None] = field(default_factory=list)
    refused: dict[int, Refusal] = field(default_factory=dict)
    unread: dict[int, int] = field(default_factory=dict)
    aside: list[int] = field(default_factory=list)
    resized: dict[int, None] = field(default_factory=dict)
    _asked: dict[object, Inference | LayerError] = field(default_factory=dict)
    _last: list[int] = field(default_factory=list)
    _plain: dict[int, bool] = field(default_factory=dict)
    _guards: dict[int, list[Callable[[], list[int]]]] = field(default_factory=dict)
    _crops: dict[int, Op] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """When each column is needed last."""
        graph = self.graph
        self._last = [node.index for node in graph.nodes]
        for node in graph.nodes:
            for source in node.inputs:
                self._last[source] = node.index
        for layer in graph.layers:
            for source in layer.sizes_from.values():
                self._last[source] = max(self._last[source], layer.nodes[-1])
        for one, other in graph.compared:
            later = max(one, other)
            self._last[min(one, other)] = max(self._last[min(one, other)], later)
            self._guards.setdefault(later, []).append(lambda one=one, other=other: self._differing(one, other))  # type: ignore[misc]
        for read in graph.sizes_read:
            self._guards.setdefault(read, []).append(lambda read=read: self._changed(read))  # type: ignore[misc]
        for kept in graph.outputs.values():
            self._last[kept] = len(graph.nodes)

    # ---------------------------------------------------------------- one node after the other

    def enter(self, node: Node, *, moving: bool) -> None:
        """Make the column of a node, drop the sizes that it refuses, and the columns that nobody needs any more."""
        if node.op is None:
            size = node.inference.output.sizes[self.axis] if self.axis < node.inference.output.ndim else 0
            self.columns.append([*self.sizes] if moving else [size] * len(self.sizes))
            self._plain[node.index] = self.axis < node.inference.output.ndim
            if not self._plain[node.index]:
                self.columns[-1] = [node.inference.output] * len(self.sizes)
        else:
            column, refused = self._column(node)
            self.columns.append(column)
            self._drop(refused)
        for guard in self._guards.get(node.index, ()):
            places = guard()
            self.aside += [self.sizes[place] for place in places]
            self._drop(dict.fromkeys(places))
        for source in {*node.inputs, node.index}:
            if self._last[source] <= node.index:
                self.columns[source] = None

    def _column(self, node: Node) -> tuple[Column, dict[int, Refusal]]:
        columns = [self._of(source) for source in node.inputs]
        plain = all(self._plain[source] for source in node.inputs)
        if plain and isinstance(node.op, Joint):
            joined = self._joined(node, columns)
            if joined is not None:
                return joined, {}
        elif plain and len(columns) == 1 and node.op is not None and node.op.is_steady():
            reads = node.inference.reads
            read = reads[0][self.axis] if reads and reads[0] else None
            self._plain[node.index] = True
            if read is None or (isinstance(read, AxisWindow) and read.is_identity):
                return columns[0], {}
            if isinstance(read, AxisWindow):
                return self._slid(node, read, columns[0])
        return self._inferred(node, columns)

    def _slid(self, node: Node, window: AxisWindow, column: Column) -> tuple[Column, dict[int, Refusal]]:
        """A window laid over every size of the column."""
        a, s, (before, after) = window.input_dilation, window.stride, window.padding
        sizes = cast(list[int], column)
        if window.ceil_mode:
            made = [window.output_size(n) for n in sizes]
        else:
            c = before + after - window.effective_kernel_size + 1 - a
            made = [(n * a + c) // s + 1 for n in sizes]
        refused: dict[int, Refusal] = {}
        kept = 1 if a > 1 else 1 - min(before, 0) - min(after, 0)
        if made and (min(made) < 1 or max(made) > MAX_SIZE or min(sizes) < kept):
            for place, (n, out) in enumerate(zip(sizes, made, strict=True)):
                if not 1 <= out <= MAX_SIZE or n < kept:
                    found = self._ask(node, (self._shape(node.inputs[0], n),), None)
                    if isinstance(found, LayerError):
                        refused[place] = _refusal(node, found)
        if s > 1 and a == 1:
            c = max(s - window.effective_kernel_size, 0) + window.effective_kernel_size - s - before
            left = [place for place, n in enumerate(sizes) if n > made[place] * s + c]
            self._note_unread(node, [place for place in left if place not in refused])
        return cast(Column, made), refused

    def _joined(self, node: Node, columns: list[Column]) -> Column | None:
        """The sizes of a merge whose inputs agree, or are cut or padded until they do; None: each has to be asked."""
        self._plain[node.index] = True
        first = columns[0]
        if all(column is first or column == first for column in columns):
            return first
        op = self._op(node)
        align = op.align if isinstance(op, Joint) else Align.ERROR
        gated = any(self.graph.nodes[source].inference.output.positions == 1 for source in node.inputs)
        ones = any(1 in column for column in columns)
        tokens = node.inference.output.tokens
        if align in (Align.ERROR, Align.BROADCAST) or gated or ones or tokens:
            return None
        pick = min if align is Align.CROP else max
        return [pick(sizes) for sizes in zip(*cast(list[list[int]], columns), strict=True)]

    def _inferred(self, node: Node, columns: list[Column]) -> tuple[Column, dict[int, Refusal]]:
        """Ask the op at every distinct shape."""
        sizes_from = self._sizes_from(node)
        known: dict[tuple[Cell, ...], Cell | Refusal] = {}
        unread: dict[tuple[Cell, ...], bool] = {}
        weights: dict[tuple[Weight, ...], None] = {}
        made: Column = []
        refused: dict[int, Refusal] = {}
        for place, cells in enumerate(zip(*columns, *sizes_from.values(), strict=True)):
            if cells not in known:
                shapes = tuple(map(self._shape, node.inputs, cells))
                named = dict(zip(sizes_from, cells[len(columns) :], strict=True))
                found = self._ask(node, shapes, named)
                known[cells] = _refusal(node, found) if isinstance(found, LayerError) else self._cell(node, found)
                unread[cells] = not isinstance(found, LayerError) and self._leaves_rows(found, shapes)
                if not isinstance(found, LayerError):
                    weights[found.weights] = None
            cell = known[cells]
            if isinstance(cell, Refusal):
                refused[place] = cell
                cell = 0
            made.append(cell)
        self._plain[node.index] = all(isinstance(cell, int) for cell in known.values() if not isinstance(cell, Refusal))
        if any(unread.values()):
            cells_of = zip(*columns, *sizes_from.values(), strict=True)
            self._note_unread(node, [place for place, cells in enumerate(cells_of) if unread[cells]])
        if len(weights) > 1:
            self.resized[node.index] = None
        return made, refused

    # ---------------------------------------------------------------- what ops say

    def _ask(
        self, node: Node, shapes: tuple[TensorShape, ...], named: Mapping[str, Cell] | None
    ) -> Inference | LayerError:
        op = self._op(node)
        sizes = tuple(
            (option, self._shape(self._named(node)[option], cell).sizes) for option, cell in (named or {}).items()
        )
        key = (id(op), shapes, sizes)
        known = self._asked.get(key)
        if known is None:
            asked = op.model_copy(update=dict(sizes)) if sizes else op
            try:
                known = asked.infer(*shapes)
            except LayerError as error:
                known = error
            self._asked[key] = known
        return known

    def _op(self, node: Node) -> Op:
        if node.op is None:
            raise AssertionError
        if node.index not in self.cropped:
            return node.op
        return self._crops.setdefault(node.index, node.op.model_copy(update={"align": Align.CROP}))

    def _cell(self, node: Node, found: Inference) -> Cell:
        """The size on the axis where nothing else of the shape has changed."""
        shape, known = found.output, node.inference.output
        if self.axis >= shape.ndim:
            return shape
        size = shape.sizes[self.axis]
        return size if shape == _resized(known, self.axis, size) else shape

    def _leaves_rows(self, found: Inference, shapes: tuple[TensorShape, ...]) -> bool:
        reads = found.reads[0] if found.reads else None
        if not reads or self.axis >= min(len(reads), found.output.ndim, shapes[0].ndim):
            return False
        return window_unread(reads[self.axis], shapes[0].sizes[self.axis], found.output.sizes[self.axis])

    def _shape(self, node: int, cell: Cell) -> TensorShape:
        if isinstance(cell, TensorShape):
            return cell
        return _resized(self.graph.nodes[node].inference.output, self.axis, cell)

    def _named(self, node: Node) -> Mapping[str, int]:
        return self.graph.layers[node.layer].sizes_from

    def _sizes_from(self, node: Node) -> dict[str, Column]:
        """Per option that takes the sizes of another layer, the column of that layer."""
        return {option: self._of(source) for option, source in self._named(node).items()}

    # ---------------------------------------------------------------- keeping columns in step

    def _of(self, node: int) -> Column:
        column = self.columns[node]
        if column is None:
            raise AssertionError
        return column

    def _differing(self, one: int, other: int) -> list[int]:
        """Where two shapes agree that differ in the graph, or the other way round: a shortcut would be another."""
        first, second = (self.graph.nodes[node].inference.output for node in (one, other))
        pairs = zip(self._of(one), self._of(other), strict=True)
        equal = first == second
        return [
            place
            for place, (mine, theirs) in enumerate(pairs)
            if (self._shape(one, mine) == self._shape(other, theirs)) != equal
        ]

    def _changed(self, node: int) -> list[int]:
        """Where a size that an expression has read is another."""
        shape = self.graph.nodes[node].inference.output
        return [place for place, cell in enumerate(self._of(node)) if self._shape(node, cell) != shape]

    def _note_unread(self, node: Node, places: list[int]) -> None:
        for place in places:
            self.unread.setdefault(self.sizes[place], node.index)

    def _drop(self, refused: Mapping[int, Refusal | None]) -> None:
        if not refused:
            return
        for place, why in refused.items():
            if why is not None:
                self.refused[self.sizes[place]] = why
        keep = [place for place in range(len(self.sizes)) if place not in refused]
        self.sizes = [self.sizes[place] for place in keep]
        made: dict[int, Column] = {}
        for node, column in enumerate(self.columns):
            if column is not None:
                if id(column) not in made:
                    made[id(column)] = [column[place] for place in keep]
                self.columns[node] = made[id(column)]


def _resized(shape: TensorShape, axis: int, size: int) -> TensorShape:
    sizes = shape.sizes
    return TensorShape(shape.channels, (*sizes[:axis], size, *sizes[axis + 1 :]), shape.tokens)


def _refusal(node: Node, error: LayerError) -> Refusal:
    return Refusal(node=node.index, code=error.code, message=error.message, help=error.help)
