"""What one position sees, against a walk over single positions in the plane."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc.errors import Location, UsageError
from cnncalc.geometry.resize import ResizeMode, adaptive_read, resize_read
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisRead, AxisWhole, AxisWindow, Boundary
from cnncalc.graph.model import Graph, GraphLayer, Node, Scope
from cnncalc.ops.base import Inference, Mix
from cnncalc.ops.layout import Plain
from cnncalc.queries.unit import UnitAxis, unit
from cnncalc.spec.models import DType
from cnncalc.spec.network import NetworkSpec

Place = tuple[int, ...]
SIZE_LIMIT = 12


class Net:
    """Builds a graph node by node; node `n` is called `layer<n>`."""

    def __init__(self, **inputs: tuple[int, ...]) -> None:
        self.nodes: list[Node] = []
        self.inputs = {
            name: self.add((), Inference(output=TensorShape(1, sizes)), op=None) for name, sizes in inputs.items()
        }

    def add(self, sources: tuple[int, ...], inference: Inference, *, op: str | None = "identity") -> int:
        index = len(self.nodes)
        made = None if op is None else Plain(op="identity")
        self.nodes.append(
            Node(index=index, name=f"layer{index}", layer=index, op=made, inputs=sources, inference=inference)
        )
        return index

    def sizes(self, node: int) -> tuple[int, ...]:
        return self.nodes[node].inference.output.sizes

    def read(
        self, source: int, *reads: AxisRead, sizes: tuple[int, ...] | None = None, boundary: Boundary = Boundary.ZEROS
    ) -> int:
        """A layer with these reads; sizes need to be given where a read is no window."""
        made = tuple(
            read.output_size(n) if isinstance(read, AxisWindow) else n
            for read, n in zip(reads, self.sizes(source), strict=True)
        )
        tokens = self.nodes[source].inference.output.tokens
        return self.add(
            (source,), Inference(output=TensorShape(1, sizes or made, tokens), reads=(reads,), boundary=boundary)
        )

    def plain(self, source: int, *, mix: Mix) -> int:
        sizes = (1,) * len(self.sizes(source)) if mix is Mix.REDUCE else self.sizes(source)
        return self.add((source,), Inference(output=TensorShape(1, sizes), mix=mix))

    def tokens(self, source: int) -> int:
        shape = self.nodes[source].inference.output
        return self.add((source,), Inference(output=TensorShape(1, (shape.positions,), tokens=True)))

    def merge(self, *sources: int) -> int:
        """A sum; what differs in size is cropped or padded to the first, a map of one position broadcast."""
        target = self.sizes(sources[0])
        reads: list[tuple[AxisRead, ...] | None] = []
        for source in sources:
            sizes = self.sizes(source)
            if sizes == target:
                reads.append(None)
            elif set(sizes) == {1}:
                reads.append((AxisWhole(),) * len(sizes))
            else:
                reads.append(
                    tuple(AxisWindow(kernel_size=1, padding=(0, m - n)) for n, m in zip(sizes, target, strict=True))
                )
        shape = self.nodes[sources[0]].inference.output
        return self.add(sources, Inference(output=shape, reads=tuple(reads)))

    def graph(self) -> Graph:
        at = Location(file="net.yaml", line=1, column=1)
        layers = tuple(
            GraphLayer(name=node.name, op=Plain(op="identity"), nodes=(node.index,), inputs=(), at=at)
            for node in self.nodes
        )
        scopes = {
            node.name: Scope(name=node.name, first=node.index, last=node.index, output=node.index)
            for node in self.nodes
        }
        shapes = {name: self.nodes[node].inference.output for name, node in self.inputs.items()}
        spec = NetworkSpec(name="net", source="net.yaml", inputs=shapes, dtype=DType.FLOAT32, layers=())
        return Graph(spec=spec, nodes=tuple(self.nodes), layers=layers, scopes=scopes, inputs=self.inputs, outputs={})

    # ------------------------------------------------------------ the definition, one position at a time

    def gone(self, node: int) -> bool:
        """All positions see the same."""
        made = self.nodes[node]
        if not made.inputs:
            return False
        return all(self.branch_gone(node, place) for place in range(len(made.inputs)))

    def branch_gone(self, node: int, place: int) -> bool:
        made = self.nodes[node]
        reads = made.inference.reads[place] if made.inference.reads else None
        whole = bool(reads) and isinstance((reads or ())[0], AxisWhole)
        return made.inference.mix is Mix.REDUCE or whole or self.gone(made.inputs[place])

    def sees(self, node: int, places: set[Place]) -> set[Place]:
        """The pixels of the input that these positions see."""
        made = self.nodes[node]
        if not made.inputs or not places:
            return places
        local = [place for place in range(len(made.inputs)) if not self.branch_gone(node, place)]
        seen: set[Place] = set()
        for branch in local or range(len(made.inputs)):
            source = made.inputs[branch]
            before = set().union(*(self.reads_of(node, branch, place) for place in places))
            seen |= self.sees(source, before)
        return seen

    def reads_of(self, node: int, branch: int, place: Place) -> set[Place]:
        inference = self.nodes[node].inference
        shape = self.nodes[self.nodes[node].inputs[branch]].inference.output
        if inference.mix is Mix.REDUCE:
            return set(product(*map(range, shape.sizes)))
        if inference.output.tokens and not shape.tokens:
            return {list(product(*map(range, shape.sizes)))[place[0]]}
        reads = inference.reads[branch] if inference.reads else None
        if not reads:
            return {place}
        return set(
            product(
                *(read.reads(o, n, inference.boundary) for read, o, n in zip(reads, place, shape.sizes, strict=True))
            )
        )


def check(net: Net, node: int, places: list[Place]) -> None:
    graph = net.graph()
    for place in places:
        expected = net.sees(node, {place})
        answer = unit(graph, f"layer{node}", place)
        assert [set(axis.pixels) for axis in answer.axes] == [
            {pixel[axis] for pixel in expected} for axis in range(len(net.sizes(0)))
        ]


@st.composite
def any_window(draw: st.DrawFn, n: int) -> AxisWindow:
    k, s, d, a = (
        draw(st.integers(1, 4)),
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
        draw(st.sampled_from([1, 1, 2, 3])),
    )
    before, after = draw(st.integers(-2, 4)), draw(st.integers(-2, 4))
    window = AxisWindow(kernel_size=k, stride=s, dilation=d, input_dilation=a, padding=(before, after))
    return window if 1 <= window.output_size(n) <= SIZE_LIMIT else AxisWindow(kernel_size=1)


def moved(data: st.DataObject, net: Net, source: int) -> int:
    sizes = net.sizes(source)
    kind = data.draw(st.sampled_from(["window", "window", "window", "padded", "table", "gate"]))
    if kind == "gate":
        return net.plain(source, mix=Mix.GATE) if not net.nodes[source].inference.output.tokens else source
    if kind == "padded":
        boundary = data.draw(st.sampled_from(list(Boundary)))
        reads = [AxisWindow(kernel_size=3, padding=(data.draw(st.integers(1, 4)), 1)) for _ in sizes]
        return net.read(source, *reads, boundary=boundary)
    if kind == "table":
        wanted = tuple(data.draw(st.integers(1, SIZE_LIMIT)) for _ in sizes)
        tables: list[AxisRead] = [
            adaptive_read(n, m) if data.draw(st.booleans()) else resize_read(n, m, None, ResizeMode.CUBIC)
            for n, m in zip(sizes, wanted, strict=True)
        ]
        return net.read(source, *tables, sizes=wanted)
    return net.read(source, *(data.draw(any_window(n)) for n in sizes))


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_a_position_sees_what_a_walk_over_single_positions_finds(data: st.DataObject) -> None:
    ndim = data.draw(st.integers(1, 2))
    net = Net(input=tuple(data.draw(st.integers(1, 9)) for _ in range(ndim)))
    node = 0
    for _ in range(data.draw(st.integers(1, 4))):
        kind = data.draw(st.sampled_from(["move", "move", "merge", "merge", "gate", "pooled", "tokens"]))
        one = moved(data, net, node)
        if kind == "move":
            node = one
        elif kind == "merge":
            node = net.merge(one, *(moved(data, net, node) for _ in range(data.draw(st.integers(1, 2)))))
        elif kind == "gate" and not net.nodes[node].inference.output.tokens:
            node = net.merge(one, moved(data, net, net.plain(node, mix=Mix.REDUCE)))
        elif kind == "pooled" and not net.nodes[node].inference.output.tokens:
            node = net.plain(node, mix=Mix.REDUCE)
        elif kind == "tokens" and len(net.sizes(node)) > 1:
            node = net.tokens(node)
    places = list(product(*map(range, net.sizes(node))))
    check(net, node, data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=4)))


# ---------------------------------------------------------------- by name


def test_a_pixel_that_a_pooling_floor_dropped_never_reaches_the_output() -> None:
    net = Net(input=(7,))
    pooled = net.read(0, AxisWindow(kernel_size=2, stride=2))
    node = net.read(pooled, AxisWindow(kernel_size=3, padding=(1, 1)))
    (axis,) = unit(net.graph(), f"layer{node}", (2,)).axes
    assert axis == UnitAxis(pixels=(2, 3, 4, 5), lo=2, hi=5, extent=4, touched=4, centre=Fraction(4))


def test_holes_count_in_the_extent_and_not_in_what_is_touched() -> None:
    net = Net(input=(40, 40))
    node = net.read(0, *[AxisWindow(kernel_size=3, dilation=2)] * 2)
    first, second = unit(net.graph(), f"layer{node}", (20, 0)).axes
    assert first == UnitAxis(pixels=(20, 22, 24), lo=20, hi=24, extent=5, touched=3, centre=Fraction(45, 2))
    assert second.pixels == (0, 2, 4)


def test_a_position_that_sees_nothing_on_one_axis_sees_nothing_at_all() -> None:
    net = Net(input=(5, 5))
    sparse = AxisWindow.transposed(kernel_size=1, stride=2)
    node = net.read(0, sparse, sparse)
    nothing = UnitAxis(pixels=(), lo=None, hi=None, extent=0, touched=0, centre=None)
    assert unit(net.graph(), f"layer{node}", (1, 2)).axes == (nothing, nothing)


def test_a_branch_that_sees_nothing_on_one_axis_adds_nothing_on_the_other() -> None:
    net = Net(input=(5, 5))
    sparse = net.read(0, AxisWindow.transposed(kernel_size=1, stride=2), AxisWindow(kernel_size=3, padding=(1, 1)))
    plain = net.read(0, AxisWindow.repeated(2), AxisWindow(kernel_size=1))
    node = net.merge(plain, sparse)
    assert [axis.pixels for axis in unit(net.graph(), f"layer{node}", (3, 2)).axes] == [(1,), (2,)]
    assert [axis.pixels for axis in unit(net.graph(), f"layer{node}", (2, 2)).axes] == [(1,), (1, 2, 3)]


def test_a_gated_position_keeps_its_local_field_and_is_global() -> None:
    net = Net(input=(8, 8))
    local = net.read(0, *[AxisWindow(kernel_size=3, padding=(1, 1))] * 2)
    node = net.merge(local, net.plain(local, mix=Mix.REDUCE))
    answer = unit(net.graph(), f"layer{node}", (4, 0))
    assert answer.is_global
    assert [axis.pixels for axis in answer.axes] == [(3, 4, 5), (0, 1)]
    assert not unit(net.graph(), f"layer{local}", (4, 0)).is_global


def test_a_reduced_map_sees_all_that_its_map_reads() -> None:
    net = Net(input=(7,))
    node = net.plain(net.read(0, AxisWindow(kernel_size=2, stride=2)), mix=Mix.REDUCE)
    answer = unit(net.graph(), f"layer{node}", (0,))
    assert answer.is_global
    assert answer.axes[0].pixels == (0, 1, 2, 3, 4, 5)


def test_a_token_sees_what_its_place_on_the_grid_sees() -> None:
    net = Net(input=(6, 8))
    node = net.tokens(net.read(0, *[AxisWindow(kernel_size=2, stride=2)] * 2))
    assert [axis.pixels for axis in unit(net.graph(), f"layer{node}", (5,)).axes] == [(2, 3), (2, 3)]


def test_the_input_sees_itself() -> None:
    assert unit(Net(input=(4, 4)).graph(), "layer0", (1, 3)).axes[1].pixels == (3,)


def test_each_input_has_an_answer_of_its_own() -> None:
    net = Net(left=(8,), right=(8,))
    node = net.merge(net.read(1, AxisWindow(kernel_size=3, padding=(1, 1))), 0)
    graph = net.graph()
    assert unit(graph, f"layer{node}", (4,)).axes[0].pixels == (3, 4, 5)
    assert unit(graph, f"layer{node}", (4,), input="left").axes[0].pixels == (4,)


@pytest.mark.parametrize(
    ("at", "index", "source", "message"),
    [
        ("layer9", (0, 0), None, "no layer `layer9` in net.yaml: did you mean `layer"),
        ("layer1", (0,), None, "`layer1` is 4x4 positions large: an index has 2 numbers, found 1"),
        ("layer1", (0, 0, 0), None, "an index has 2 numbers, found 3"),
        ("layer1", (0, 4), None, "index 4 of axis 1 is outside `layer1`: 0 to 3 are there"),
        ("layer1", (-1, 0), None, "index -1 of axis 0 is outside `layer1`: 0 to 3 are there"),
        ("layer2", (0,), None, "`layer2` is a vector without positions: an index has 0 numbers, found 1"),
        ("layer1", (0, 0), "imput", "no input `imput` in net.yaml: did you mean `input`?"),
        ("layer1", (0, 0), "other", "`layer1` does not depend on input `other`"),
    ],
)
def test_a_wrong_question_is_refused(at: str, index: Place, source: str | None, message: str) -> None:
    net = Net(input=(4, 4))
    net.plain(0, mix=Mix.GATE)
    net.add((1,), Inference(output=TensorShape(16), mix=Mix.REDUCE))
    net.inputs["other"] = net.add((), Inference(output=TensorShape(1, (4, 4))), op=None)
    with pytest.raises(UsageError, match=re.escape(message)):
        unit(net.graph(), at, index, input=source)


def test_a_vector_of_a_reduced_map_is_asked_for_without_an_index() -> None:
    net = Net(input=(4, 4))
    node = net.add((0,), Inference(output=TensorShape(16), mix=Mix.REDUCE))
    assert [axis.extent for axis in unit(net.graph(), f"layer{node}", ()).axes] == [4, 4]


def test_more_pixels_than_can_be_listed_are_refused() -> None:
    net = Net(input=(2**30,))
    node = net.plain(0, mix=Mix.REDUCE)
    with pytest.raises(UsageError, match="sees 1,073,741,824 pixels on one axis"):
        unit(net.graph(), f"layer{node}", (0,))
