from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import pytest
from pydantic import ValidationError

import cnncalc
from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops.base import Mix, Storage
from cnncalc.ops.rearrange import Rearrange
from tests.graph.building import graph_of, problems


def rearrange(out: object, **options: Any) -> Rearrange:
    return Rearrange.model_validate({"op": "rearrange", "out": out, **options})


class TestRefusals:
    def test_another_number_of_elements_is_refused_with_both_and_what_would_fit(self) -> None:
        with pytest.raises(LayerError) as caught:
            rearrange("8x8x8").infer(TensorShape(16, (16, 16)))
        assert (caught.value.code, caught.value.option) == ("CNN905", "out")
        assert caught.value.message == "8x8x8 has 512 elements, the input 16x16x16 has 4,096"
        assert caught.value.help == "`rearrange 64x8x8` has as many; a `conv 8 k1` changes channels"

    def test_positions_that_divide_nothing_are_told(self) -> None:
        with pytest.raises(LayerError) as caught:
            rearrange("8x7x7").infer(TensorShape(16, (16, 16)))
        assert caught.value.help == "4,096 is no multiple of 49 positions; `adaptive` and `upsample` change sizes"

    @pytest.mark.parametrize("out", ["8", "4x2x1"])
    def test_only_one_axis_can_be_tokens(self, out: str) -> None:
        with pytest.raises(LayerError) as caught:
            rearrange(out, tokens=True).infer(TensorShape(8))
        assert (caught.value.code, caught.value.option) == ("CNN905", "tokens")

    def test_a_question_mark_needs_a_number_of_the_input(self) -> None:
        with pytest.raises(LayerError) as caught:
            rearrange("2x?").infer(TensorShape(8))
        assert (caught.value.code, caught.value.option) == ("CNN905", "out")

    @pytest.mark.parametrize("out", ["", "8x", "8x0", 0, True, "1x2x3x4x5"])
    def test_out_is_channels_and_sizes(self, out: object) -> None:
        with pytest.raises(ValidationError):
            rearrange(out)

    def test_a_line_without_a_shape_says_so(self) -> None:
        assert problems(graph_of("- rearrange", input="4x2x2")) == ["5:5 CNN906 rearrange needs `out`"]


SHAPES = [TensorShape(*shape) for shape in ((24,), (4, (6,)), (6, (2, 2)), (1, (2, 3, 4)), (24, (1, 1)))]


class TestRearrange:
    @pytest.mark.parametrize(("x", "output"), list(product(SHAPES, SHAPES)))
    def test_it_gives_the_shape_that_is_said_and_costs_nothing(self, x: TensorShape, output: TensorShape) -> None:
        found = rearrange(tuple(output)).infer(x)
        assert found.output == output
        assert prod(found.output) == prod(x)
        assert (found.macs, found.weights, found.saved, dict(found.arithmetic)) == (0, (), (), {})
        assert found.storage is Storage.NEW
        stays = Mix.GATE if x.positions > 1 else Mix.NONE
        assert found.mix is (stays if x.sizes == output.sizes else Mix.REDUCE)

    @pytest.mark.parametrize(
        ("tokens", "option", "expected"),
        [(False, None, False), (True, None, True), (False, True, True), (True, False, False)],
    )
    def test_the_output_is_tokens_where_the_input_is_or_as_it_is_said(
        self, *, tokens: bool, option: bool | None, expected: bool
    ) -> None:
        given = {} if option is None else {"tokens": option}
        assert rearrange("8x3", **given).infer(TensorShape(4, (6,), tokens)).output.tokens is expected

    def test_more_than_one_axis_is_no_tokens(self) -> None:
        assert not rearrange("2x3x4").infer(TensorShape(4, (6,), tokens=True)).output.tokens

    def test_the_flag_and_its_negation_can_be_written(self) -> None:
        report = cnncalc.analyze(
            "rearrange 4x16 tokens | linear 4 | rearrange ?x? tokens=false | conv 4 k3", input="4x4x4"
        )
        assert [row.output_shape for row in report.layers] == [(4, 16), (4, 16), (4, 16), (4, 14)]


class TestFields:
    def test_from_a_map_to_tokens_and_back_the_field_is_that_of_the_whole_map(self) -> None:
        line = "conv 8 k3 s2 p1 | rearrange 16x32 tokens | linear 16 | rearrange 8x8x8 | conv 8 k3 p1 | conv 8 k3 s2 p1"
        report = cnncalc.analyze(line, input="3x16x16")
        for row in report.layers[1:]:
            assert row.is_global
            assert [axis.rf for axis in row.reach] == [16, 16]
            assert {axis.start for axis in row.reach} == {Fraction(8)}
            assert {axis.jump for axis in row.reach} == {None}

    def test_a_sum_with_a_local_map_is_local_again(self) -> None:
        line = "a: conv 8 k3 s2 p1 | rearrange 16x32 tokens | rearrange 8x8x8 | add a"
        report = cnncalc.analyze(line, input="3x16x16")
        assert report["add1"].is_global
        assert report["add1"].reach == report["a"].reach

    def test_where_sizes_stay_the_grid_stays(self) -> None:
        report = cnncalc.analyze("a: conv 8 k3 s2 p1 | b: rearrange 8x8x8", input="3x16x16")
        assert report["b"].is_global
        assert report["b"].reach == report["a"].reach

    @pytest.mark.parametrize(
        ("input_", "line"),
        [
            ("3x24", "conv 4 k3 p1 | rearrange 4x4x6 | conv 4 k3 p1 | maxpool 2 | rearrange 4x1x2x3 | conv 4 k3 p1"),
            ("3x4x6", "conv 4 k3 p1 | rearrange 4x2x3x4 | conv 4 k3 p1 | rearrange 2x48 | conv 4 k3 p1"),
        ],
    )
    def test_maps_may_have_more_or_fewer_axes_than_the_input(self, input_: str, line: str) -> None:
        report = cnncalc.analyze(line, input=input_)
        sizes = tuple(map(int, input_.split("x")[1:]))
        assert tuple(axis.rf for axis in report.layers[-1].reach) == sizes
