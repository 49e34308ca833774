from __future__ import annotations

from itertools import product
from typing import Any

import pytest

import cnncalc
from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import ledger
from cnncalc.ops.base import Mix
from cnncalc.ops.matmul import MatMul
from tests.graph.building import graph_of, problems


def matmul(out: object, inner: int, **options: Any) -> MatMul:
    return MatMul.model_validate({"op": "matmul", "out": out, "inner": inner, **options})


def refusal(op: MatMul, *inputs: TensorShape) -> LayerError:
    with pytest.raises(LayerError) as caught:
        op.infer(*inputs)
    return caught.value


class TestRefusals:
    @pytest.mark.parametrize("count", [1, 3])
    def test_a_product_has_two_sides(self, count: int) -> None:
        found = refusal(matmul("4", 2), *[TensorShape(4)] * count)
        assert found.code == "CNN906"
        assert f"found {count}" in found.message

    def test_a_line_without_a_name_says_what_is_missing(self) -> None:
        assert problems(graph_of("- matmul out=4 inner=2", input="4x1x1")) == [
            "5:5 CNN906 matmul: multiplies two maps, found 1"
        ]

    @pytest.mark.parametrize(("one", "other"), [(9, 8), (8, 9)])
    def test_the_inner_length_divides_both_inputs(self, one: int, other: int) -> None:
        found = refusal(matmul("4", 4), TensorShape(one), TensorShape(other))
        assert (found.code, found.option) == ("CNN003", "inner")
        assert "(9) cannot be divided by inner (4): 1 left over" in found.message

    @pytest.mark.parametrize("out", ["5", "17", "3x3", "2x16"])
    def test_an_output_that_no_such_product_has_is_refused(self, out: str) -> None:
        found = refusal(matmul(out, 4), TensorShape(16), TensorShape(16))
        assert (found.code, found.option) == ("CNN001", "out")
        assert found.help == "a single product has 16 elements, one of `batch` matrices 16 / batch"

    def test_matrices_come_in_whole_numbers(self) -> None:
        # batch = 6 * 4 / (1 * 12) = 2 matrices of 3 and 2 rows: whole; 6 * 6 / (1 * 9) = 4 would divide neither.
        assert matmul("12", 1).batch(TensorShape(12), TensorShape(6), TensorShape(4)) == 2
        assert refusal(matmul("9", 1), TensorShape(6), TensorShape(6)).code == "CNN001"

    def test_tokens_have_one_axis(self) -> None:
        found = refusal(matmul("4x2x2", 4, tokens=True), TensorShape(16), TensorShape(16))
        assert (found.code, found.option) == ("CNN905", "tokens")


class TestProduct:
    @pytest.mark.parametrize(
        ("batch", "rows", "inner", "columns"),
        list(product((1, 2, 3), (1, 2, 5), (1, 3, 4), (1, 2, 6))),
    )
    def test_multiplications_are_enumerated_and_the_number_of_matrices_is_found(
        self, batch: int, rows: int, inner: int, columns: int
    ) -> None:
        one, other = TensorShape(batch * rows * inner), TensorShape(batch * inner * columns)
        op = matmul((batch * rows, columns), inner)
        macs = 0
        for _matrix in range(batch):
            for _row in range(rows):
                for _column in range(columns):
                    for _place in range(inner):
                        macs += 1
        found = op.infer(one, other)
        assert found.macs == found.macs_valid == found.ledger[ledger.ATTENTION_MATMUL] == macs
        assert op.batch(found.output, one, other) == batch
        assert [(saved.what, saved.index) for saved in found.saved] == [("input", 0), ("input", 1)]

    def test_a_question_mark_is_the_number_of_the_stream(self) -> None:
        x = TensorShape(8, (6,), tokens=True)
        assert matmul(("?", "?"), 6).infer(x, TensorShape(6, (6,), tokens=True)).output == x

    @pytest.mark.parametrize(("option", "expected"), [(None, True), (True, True), (False, False)])
    def test_the_output_is_tokens_where_the_stream_is_or_as_it_is_said(
        self, *, option: bool | None, expected: bool
    ) -> None:
        x = TensorShape(8, (6,), tokens=True)
        given = {} if option is None else {"tokens": option}
        assert matmul((6, 6), 8, **given).infer(x, x).output.tokens is expected

    def test_every_position_sees_all_of_both_inputs(self) -> None:
        assert matmul("4x4", 4).infer(TensorShape(4, (2, 2)), TensorShape(4, (2, 2))).mix is Mix.REDUCE
        report = cnncalc.analyze("c1: conv 4 k3 | m: matmul c1 out=4x2x2 inner=4", input="3x4x4")
        (axis, _) = report["m"].reach
        assert (axis.rf, axis.jump) == (4, None)
        assert report["m"].is_global
