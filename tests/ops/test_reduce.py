from __future__ import annotations

from itertools import product

import pytest
from pydantic import ValidationError

import cnncalc
from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisWindow
from cnncalc.ops.adaptive import GlobalPool
from cnncalc.ops.base import FlopClass, Inference, Mix
from cnncalc.ops.reduce import Reduce
from tests.graph.building import graph_of, problems

X = TensorShape(6, (4, 5))
KINDS = ("mean", "max", "min", "sum", "norm")


def reduce(kind: str, over: str, x: TensorShape = X) -> Inference:
    return Reduce.model_validate({"op": "reduce", "kind": kind, "over": over}).infer(x)


def kept(over: str, place: tuple[int, ...]) -> tuple[int, ...]:
    """What tells the output element that a place belongs to."""
    if over in ("channels", "positions"):
        return place[1:] if over == "channels" else place[:1]
    axis = {2: "l", 3: "hw", 4: "dhw"}[len(place)].index(over) + 1
    return (*place[:axis], *place[axis + 1 :])


def counted(kind: str, over: str, x: TensorShape) -> dict[str, int]:
    """Operations one by one: how many numbers become one, for every output element."""
    counts = dict.fromkeys(("add", "mul", "compare", "divide", "exp"), 0)
    seen: set[tuple[int, ...]] = set()
    for place in product(*map(range, x)):
        if kept(over, place) in seen:
            counts["compare" if kind in ("max", "min") else "add"] += 1
        seen.add(kept(over, place))
        counts["mul"] += kind == "norm"
    counts["divide"] += len(seen) * (kind == "mean")
    counts["exp"] += len(seen) * (kind == "norm")
    return {name: count for name, count in counts.items() if count}


class TestRefusals:
    @pytest.mark.parametrize(
        ("over", "x"), [("l", X), ("d", X), ("h", TensorShape(6, (4,))), ("w", TensorShape(6, (4,)))]
    )
    def test_an_axis_that_is_not_there_is_refused_with_those_that_are(self, over: str, x: TensorShape) -> None:
        with pytest.raises(LayerError) as caught:
            reduce("mean", over, x)
        assert (caught.value.code, caught.value.option) == ("CNN905", "over")
        assert caught.value.help == ("use `h` or `w`, or `positions`" if x.ndim == 2 else "use `l`, or `positions`")

    @pytest.mark.parametrize("over", ["positions", "h"])
    def test_a_vector_has_no_positions(self, over: str) -> None:
        with pytest.raises(LayerError) as caught:
            reduce("mean", over, TensorShape(6))
        assert (caught.value.code, caught.value.option) == ("CNN905", "over")

    @pytest.mark.parametrize(("kind", "over"), [("median", "h"), ("mean", "x"), ("mean", "all")])
    def test_an_unknown_word_is_refused(self, kind: str, over: str) -> None:
        with pytest.raises(ValidationError) as caught:
            Reduce.model_validate({"op": "reduce", "kind": kind, "over": over})
        assert "should be one of" in caught.value.errors()[0]["msg"]

    def test_a_line_without_over_says_so(self) -> None:
        assert problems(graph_of("- reduce mean", input="4x2x2")) == ["5:5 CNN906 reduce needs `over`"]

    def test_a_word_that_is_no_kind_is_refused_at_its_place(self) -> None:
        (found,) = problems(graph_of("- reduce median over=h", input="4x2x2"))
        assert found == "5:12 CNN904 unknown name `median`"


class TestReduce:
    @pytest.mark.parametrize(
        ("over", "x", "expected"),
        [
            ("channels", X, (1, 4, 5)),
            ("positions", X, (6, 1, 1)),
            ("h", X, (6, 1, 5)),
            ("w", X, (6, 4, 1)),
            ("l", TensorShape(6, (4,)), (6, 1)),
            ("d", TensorShape(6, (3, 4, 5)), (6, 1, 4, 5)),
            ("h", TensorShape(6, (3, 4, 5)), (6, 3, 1, 5)),
            ("channels", TensorShape(6), (1,)),
            ("l", TensorShape(6, (4,), tokens=True), (6, 1)),
            ("positions", TensorShape(6, (4,), tokens=True), (6, 1)),
        ],
    )
    def test_what_is_reduced_stays_with_size_one(self, over: str, x: TensorShape, expected: tuple[int, ...]) -> None:
        found = reduce("mean", over, x).output
        assert tuple(found) == expected
        assert found.tokens is x.tokens

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("over", ["channels", "positions", "h", "w"])
    def test_operations_are_enumerated(self, kind: str, over: str) -> None:
        found = reduce(kind, over).arithmetic
        assert {name.value: count for name, count in found.items()} == counted(kind, over, X)

    @pytest.mark.parametrize(("kind", "op"), [("mean", "gap"), ("max", "gmp")])
    def test_over_positions_it_counts_as_the_global_pool(self, kind: str, op: str) -> None:
        pool = GlobalPool.model_validate({"op": op}).infer(X)
        found = reduce(kind, "positions")
        assert (found.output, found.mix, found.arithmetic) == (pool.output, pool.mix, pool.arithmetic)

    @pytest.mark.parametrize("kind", KINDS)
    def test_only_what_the_gradient_needs_is_saved(self, kind: str) -> None:
        assert [saved.what for saved in reduce(kind, "h").saved] == (
            [] if kind in ("mean", "sum") else ["input", "output"]
        )

    def test_an_axis_is_read_by_one_window(self) -> None:
        assert reduce("max", "h").reads == ((AxisWindow(kernel_size=4, stride=4), AxisWindow(kernel_size=1)),)
        assert reduce("max", "h").mix is Mix.NONE

    def test_over_channels_each_position_reads_itself(self) -> None:
        assert (reduce("max", "channels").reads, reduce("max", "channels").mix) == ((), Mix.NONE)

    @pytest.mark.parametrize(("over", "x"), [("w", TensorShape(6, (1, 5))), ("l", TensorShape(6, (5,)))])
    def test_where_one_position_is_left_the_map_is_gone(self, over: str, x: TensorShape) -> None:
        assert reduce("mean", over, x).mix is Mix.REDUCE

    def test_an_axis_of_one_position_is_read_as_it_is(self) -> None:
        assert reduce("mean", "h", TensorShape(6, (1, 5))).reads == ()

    def test_mean_is_a_word_of_the_line_and_a_value_of_the_long_form(self) -> None:
        rows = [
            cnncalc.analyze(f"cnncalc: 1\ninput: 3x4x5\nlayers:\n  - {text}\n").layers[0]
            for text in ("reduce norm over=channels", "{op: reduce, kind: norm, over: channels}")
        ]
        assert rows[0].config == rows[1].config
        assert rows[0].flops_by_class[FlopClass.EXP] == 20
