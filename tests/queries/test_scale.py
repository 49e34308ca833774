"""Every point against an analysis of its own; sweeps against Python's own ranges."""

from __future__ import annotations

import sys
import time
from itertools import product

import pytest

import cnncalc
from cnncalc.errors import UsageError
from cnncalc.queries.figures import figures
from cnncalc.queries.scale import scale
from cnncalc.queries.sweeps import sweep
from tests.cli.program import CONFIGS, config

WIDE = """\
cnncalc: 1
input: 3x32x32
vars: {width: 1, depth: 1}
layers:
  - conv 16*width k3 p1 bn relu *depth
  - maxpool 2
  - fc 10
"""


def values(text: str, spec: str = WIDE) -> tuple[str, ...]:
    return sweep(text, cnncalc.parse(spec)).values


class TestSweeps:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("batch=1,8", ["1", "8"]),
            ("batch=8..32/8", ["8", "16", "24", "32"]),
            ("batch=1:3", ["1", "2", "3"]),
            ("dtype=float32,int8", ["float32", "int8"]),
            ("width=0.25,0.5,1", ["0.25", "0.5", "1"]),
            ("width=0.25..1/0.25", ["0.25", "0.5", "0.75", "1"]),
            ("width=0.1..0.5/0.1", ["0.1", "0.2", "0.3", "0.4", "0.5"]),
            ("input=3x32x32:3x96x96/32", ["3x32x32", "3x64x64", "3x96x96"]),
            ("input=3x32x64:3x64x64/16", ["3x32x64", "3x48x64", "3x64x64"]),
            ("input=3x32x32,1x8x8", ["3x32x32", "1x8x8"]),
            ("input=16..32/8", ["3x16x16", "3x24x24", "3x32x32"]),
            ("batch=1,1,2", ["1", "2"]),
        ],
    )
    def test_lists_and_ranges_give_their_values(self, text: str, expected: list[str]) -> None:
        assert list(values(text)) == expected

    def test_a_range_of_decimals_is_exact(self) -> None:
        assert values("width=0..1/0.01") == tuple(f"{n / 100:.2f}".rstrip("0").rstrip(".") for n in range(101))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("width", "expected NAME=VALUES"),
            ("widht=1", "did you mean `width`"),
            ("zzzz=1", "what can be varied here: input, batch, dtype, width, depth"),
            ("batch=0", "`0` is no batch"),
            ("batch=1.5", "is no batch"),
            ("batch=0.5..2/0.5", "whole numbers"),
            ("dtype=fp8", "`fp8` is no dtype; there are float64, float32"),
            ("width=a..b", "should be numbers"),
            ("width=2..1", "from the smaller to the larger"),
            ("width=1..2/0", "step above 0"),
            ("input=3x64x64:3x32x32/8", "write `3x32x32:3x64x64/8`"),
            ("input=3x32x32:3x64x128/32", "do not grow by the same number of steps"),
            ("input=3x32x32:3x64/8", "not the same number of axes"),
            ("input=3x32x32:3x64x64/a", "should be a whole number"),
            ("input=3xx3", "input shape"),
            ("batch=1..999999999", "write a larger step"),
        ],
    )
    def test_a_sweep_that_cannot_be_read_says_what_would_be_right(self, text: str, message: str) -> None:
        with pytest.raises(UsageError, match=message):
            values(text)

    def test_nothing_to_vary_is_refused(self) -> None:
        with pytest.raises(UsageError, match="name what to vary"):
            scale(cnncalc.parse(WIDE), [])

    def test_the_same_thing_is_varied_once(self) -> None:
        with pytest.raises(UsageError, match="given twice; list all values in one"):
            scale(cnncalc.parse(WIDE), ["batch=1", "batch=2"])

    def test_too_many_points_are_refused(self) -> None:
        with pytest.raises(UsageError, match="points are more than 1,000,000"):
            scale(cnncalc.parse(WIDE), ["batch=1..2000", "width=1..1000"])


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_figures_of_a_graph_are_those_of_its_report(path: object) -> None:
    spec = cnncalc.load(str(path))
    found, totals = figures(cnncalc.build(spec)), cnncalc.analyze(spec, batch=1).totals
    assert (found.params, found.buffers, found.macs, found.flops, found.activations) == (
        totals.params,
        totals.buffers,
        totals.macs,
        totals.flops,
        totals.activations,
    )


def test_every_point_is_what_an_analysis_of_it_says() -> None:
    spec = cnncalc.parse(WIDE)
    found = scale(spec, ["input=3x16x16,3x32x32", "width=0.5,2", "batch=1,4", "dtype=float32,float16"])
    wanted = list(product(("3x16x16", "3x32x32"), ("0.5", "2"), ("1", "4"), ("float32", "float16")))
    assert [point.values for point in found.points] == wanted
    for point in found.points:
        shape, width, batch, dtype = point.values
        report = cnncalc.analyze(spec, shape, batch=int(batch), dtype=dtype, variables={"width": width})
        assert point.figures == {key: getattr(report.totals, key) for key in point.figures}
        assert point.output == "10"


def test_macs_grow_with_the_square_of_the_width_and_the_size() -> None:
    found = scale(cnncalc.parse("conv 8 k3 p1 | conv 8 k3 p1", "8x16x16"), ["input=16,32,64"])
    macs = [point.figures["macs"] for point in found.points]
    assert macs == [2 * 8 * 8 * 9 * side**2 for side in (16, 32, 64)]


def test_a_point_that_cannot_be_built_says_why_and_the_others_go_on() -> None:
    found = scale(cnncalc.parse("conv 8 k5 | conv 8 k5", "3x32x32"), ["input=6,9,12"])
    assert [point.error is None for point in found.points] == [False, True, True]
    assert found.points[0].error == "CNN002 at conv2: conv: empty output: kernel 5 is larger than the height 2"
    assert not found.points[0].figures


def test_a_value_that_a_layer_refuses_is_an_error_of_its_point() -> None:
    found = scale(cnncalc.parse(WIDE), ["width=0.5,0.7,1"])
    assert [point.error is None for point in found.points] == [True, False, True]
    assert "CNN905" in (found.points[1].error or "")


def test_an_undeclared_figure_makes_its_points_partial() -> None:
    found = scale(cnncalc.parse("custom out=?x?x? params=1", "3x8x8"), ["batch=1,2"])
    assert all(point.partial for point in found.points)


def test_one_of_several_inputs_is_varied_by_its_name() -> None:
    spec = cnncalc.load(config("siamese"))
    name = next(iter(spec.inputs))
    shape = str(spec.inputs[name])
    (point,) = scale(spec, [f"{name}={shape}"]).points
    assert point.figures["macs"] == cnncalc.analyze(spec).totals.macs


def test_several_processes_give_the_same_points_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["cnncalc.queries.scale"], "_WORTH_IT", 0.0)
    spec = cnncalc.load(config("lenet5"))
    sweeps = ["input=32..64/1", "batch=1,2,4,8"]
    alone, together = scale(spec, sweeps, processes=1), scale(spec, sweeps, processes=2)
    assert together == alone
    assert len(alone.points) == 33 * 4


def test_thousands_of_points_take_seconds() -> None:
    spec = cnncalc.load(config("lenet5"))
    began = time.process_time()
    found = scale(spec, ["input=32..63/1", "batch=1..32", "dtype=float32,float16"], processes=1)
    assert len(found.points) == 32 * 32 * 2
    assert time.process_time() - began < 5


def test_progress_ends_at_the_number_of_points() -> None:
    told: list[tuple[int, int]] = []
    scale(cnncalc.parse(WIDE), ["width=1,2", "batch=1,2,4"], progress=lambda done, total: told.append((done, total)))
    assert told == [(3, 6), (6, 6)]
