from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import pytest

import cnncalc
from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops.prepend import Prepend
from cnncalc.queries.unit import unit
from tests.graph.building import graph_of, problems

if TYPE_CHECKING:
    from cnncalc.report import LayerReport, Report

TOKENS = TensorShape(768, (196,), tokens=True)


def row(report: Report, name: str) -> LayerReport:
    return report[name].layers[0]


class TestRefusals:
    @pytest.mark.parametrize("x", [TensorShape(768, (14, 14)), TensorShape(768, (196,)), TensorShape(768)])
    def test_only_tokens_have_a_place_before_the_first(self, x: TensorShape) -> None:
        with pytest.raises(LayerError) as caught:
            Prepend().infer(x)
        assert caught.value.code == "CNN905"
        assert ("`tokens` before it" in (caught.value.help or "")) is bool(x.sizes)

    def test_no_tokens_are_none(self) -> None:
        assert problems(graph_of("- tokens\n- prepend 0", input="4x2x2")) == [
            "6:13 CNN905 `count` of prepend is 0: should be at least 1"
        ]


class TestPrepend:
    def test_vit_base_has_a_class_token_of_768_parameters(self) -> None:
        found = Prepend().infer(TOKENS)
        assert found.output == TensorShape(768, (197,), tokens=True)
        assert sum(prod(weight.shape) for weight in found.weights) == 768
        assert (found.macs, found.saved, dict(found.arithmetic)) == (0, (), {})

    @pytest.mark.parametrize("count", [1, 4, 5])
    def test_registers_are_tokens_too(self, count: int) -> None:
        found = Prepend(count=count).infer(TOKENS)
        assert found.output.positions == 196 + count
        assert [weight.shape for weight in found.weights] == [(count, 768)]

    def test_frozen_tokens_train_nothing(self) -> None:
        report = cnncalc.analyze("tokens | prepend 2 frozen | linear 4 frozen", input="4x2x2")
        assert row(report, "prepend1").frozen
        assert report.totals.saved_bytes == 0

    def test_the_new_tokens_see_nothing_and_the_others_what_they_saw(self) -> None:
        graph = cnncalc.build(cnncalc.parse("conv 4 k3 p1 | tokens | prepend 2", input="3x4x5"))
        for token in range(22):
            found = unit(graph, "prepend1", (token,))
            if token < 2:
                assert [axis.touched for axis in found.axes] == [0, 0]
            else:
                place = divmod(token - 2, 5)
                assert found.axes == unit(graph, "conv1", place).axes

    def test_in_the_report_each_token_has_the_pixels_of_the_walk(self) -> None:
        report = cnncalc.analyze("conv 4 k2 s2 | tokens | prepend 2", input="3x4x6")
        axes = row(report, "prepend1").fields["input"].axes
        for token in range(2, 8):
            top, left = divmod(token - 2, 3)
            assert axes[0].pixels(token) == (2 * top, 2 * top + 1)
            assert axes[1].pixels(token) == (2 * left, 2 * left + 1)
        assert [axis.pixels(1) for axis in axes] == [(), ()]

    def test_crop_takes_them_off_again(self) -> None:
        report = cnncalc.analyze("conv 4 k2 s2 | a: tokens | prepend 3 | b: crop 3/0", input="3x4x6")
        one, other = (row(report, name).fields["input"] for name in "ab")
        assert report["b"].output_shape == report["a"].output_shape
        for token in range(6):
            assert [axis.pixels(token) for axis in other.axes] == [
                axis.pixels(place) for axis, place in zip(one.axes, divmod(token, 3), strict=True)
            ]
