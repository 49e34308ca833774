"""Every way of ONNX's Resize: the rows that the reference implementation of onnx takes anything of, row by row."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

import cnncalc
from cnncalc.queries.unit import unit
from tests.frameworks import needed
from tests.oracle.onnx_models import Maker

np = needed("numpy")
reference = import_module("onnx.reference")

pytestmark = pytest.mark.oracle

COORDINATES = (
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize",
)  # fmt: skip
ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
SIZES = ((4, 8), (4, 12), (6, 3), (8, 2), (5, 8), (7, 3), (5, 1), (1, 4), (5, 5))
WIDTH = 2


def resized(n: int, m: float, **given: Any) -> Any:
    """A model that makes m rows of n, or as many as a factor gives."""
    make = Maker(opset=19)
    crops = given["coordinate_transformation_mode"] == "tf_crop_and_resize"
    roi = make.floats("roi", 0, 0, 0.25, 0, 1, 1, 0.875, 1) if crops else ""
    if isinstance(m, float):
        y = make.node("Resize", "x", roi, make.floats("scales", 1, 1, m, 1), **given)
    else:
        y = make.node("Resize", "x", roi, "", make.ints("sizes", 1, 1, m, WIDTH), **given)
    return make.model({"x": (1, 1, n, WIDTH)}, make.node("Relu", y))


def theirs(model: Any, n: int) -> list[set[int]]:
    """Row by row of the output, the rows of the input that change it."""
    evaluate = reference.ReferenceEvaluator(model)
    rows = []
    for row in range(n):
        x = np.zeros((1, 1, n, WIDTH), dtype=np.float32)
        x[0, 0, row] = 1
        up, down = (evaluate.run(None, {"x": sign * x})[0][0, 0, :, 0] for sign in (1, -1))  # weights may be negative
        rows.append(np.maximum(up, down) > 1e-6)
    return [{row for row, changed in enumerate(rows) if changed[out]} for out in range(len(rows[0]))]


def ours(model: Any) -> list[set[int]]:
    """The same by the receptive field of each row."""
    graph = cnncalc.build(cnncalc.from_onnx(model.SerializeToString()))
    (name,) = cnncalc.analyze(graph).outputs
    shape = cnncalc.analyze(graph)[name].output_shape
    return [set(unit(graph, name, (row, 0)).axes[0].pixels) for row in range(shape[1])]


@pytest.mark.parametrize("where", COORDINATES)
class TestCoordinates:
    @pytest.mark.parametrize("rounding", ROUNDINGS)
    def test_the_nearest_row_is_read(self, where: str, rounding: str) -> None:
        for n, m in SIZES:
            model = resized(n, m, mode="nearest", coordinate_transformation_mode=where, nearest_mode=rounding)
            assert ours(model) == theirs(model, n), (n, m)

    @pytest.mark.parametrize("mode", ["linear", "cubic"])
    def test_the_rows_with_a_weight_are_read(self, where: str, mode: str) -> None:
        for n, m in SIZES:
            if (mode, where, m) == ("cubic", "pytorch_half_pixel", 1):
                continue  # 0 by the text of the standard, -1/2 in this implementation of it
            model = resized(n, m, mode=mode, coordinate_transformation_mode=where)
            assert ours(model) == theirs(model, n), (n, m)


@pytest.mark.parametrize("where", ["half_pixel", "pytorch_half_pixel", "asymmetric"])  # the others follow from sizes
def test_a_factor_that_leaves_a_rest_is_the_step(where: str) -> None:
    for n, factor in ((5, 1.5), (7, 0.5), (6, 0.7), (3, 2.6), (10, 0.3)):
        model = resized(n, factor, mode="linear", coordinate_transformation_mode=where)
        assert ours(model) == theirs(model, n), (n, factor)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_antialiasing_reads_at_least_the_rows_with_a_weight(mode: str) -> None:
    for n, m in SIZES:
        model = resized(n, m, mode=mode, coordinate_transformation_mode="half_pixel", antialias=1)
        found, wanted = ours(model), theirs(model, n)
        assert all(one >= other for one, other in zip(found, wanted, strict=True)), (n, m)
        if mode == "linear":  # a cubic kernel passes through 0 inside
            assert found == wanted, (n, m)


@pytest.mark.parametrize("policy", ["not_larger", "not_smaller"])
@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_a_ratio_that_is_kept_gives_the_sizes_and_rows_of_the_reference(policy: str, mode: str) -> None:
    for n, m in ((4, 9), (8, 3), (5, 7), (7, 2)):
        given: dict[str, Any] = {"mode": mode, "coordinate_transformation_mode": "half_pixel"}
        make = Maker(opset=19)
        y = make.node(
            "Resize", "x", "", "", make.ints("sizes", m, 2 * m), axes=[2, 3], keep_aspect_ratio_policy=policy, **given
        )
        model = make.model({"x": (1, 1, n, WIDTH)}, make.node("Relu", y))
        assert ours(model) == theirs(model, n), (n, m)
