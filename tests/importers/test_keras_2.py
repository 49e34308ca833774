from __future__ import annotations

import pytest

from cnncalc.errors import SpecError
from tests.importers.keras_configs import Json, keras2, lambda_, legacy, read, report


class TestKeras2:
    """Functions of TensorFlow on tensors, as `TFOpLambda` and `SlicingOpLambda`."""

    def outputs(self, *layers: Json) -> list[tuple[int, ...]]:
        return [tuple(shape) for shape in report(legacy(*layers)).outputs.values()]

    def test_arithmetic_with_numbers_is_left_out(self) -> None:
        found = read(legacy(
            lambda_("__operators__.add", ["i", 0, 0, {"y": 3.0, "name": None}]),
            keras2("ReLU", "r", [["tf.__operators__.add", 0, 0, {}]], max_value=6.0),
            lambda_("math.multiply", ["r", 0, 0, {"y": 0.16666667, "name": None}]),
            keras2("Multiply", "gate", [["i", 0, 0, {}], ["tf.math.multiply", 0, 0, {}]]),
        ))  # fmt: skip
        assert [one.op for one in found.layers] == ["relu6", "mul"]
        assert found.layers[1].inputs == ("input", "r")

    def test_tensors_among_the_arguments_by_name_are_read(self) -> None:
        found = read(legacy(
            keras2("ReLU", "r", [["i", 0, 0, {}]]),
            lambda_("math.subtract", ["i", 0, 0, {"y": ["r", 0, 0], "name": None}]),
        ))  # fmt: skip
        assert (found.layers[1].op, found.layers[1].inputs) == ("sub", ("input", "r"))

    def test_a_constant_first_is_a_constant(self) -> None:
        found = read(legacy(
            lambda_("math.subtract", ["_CONSTANT_VALUE", -1, 1.0, {"y": ["i", 0, 0]}]),
            keras2("ReLU", "r", [["tf.math.subtract", 0, 0, {}]]),
        ))  # fmt: skip
        assert [one.op for one in found.layers] == ["relu"]

    def test_means_concatenations_and_slices(self) -> None:
        assert self.outputs(lambda_("math.reduce_mean", ["i", 0, 0, {"axis": [1, 2], "keepdims": True}])) == [(6, 1, 1)]
        assert self.outputs(lambda_("concat", [["i", 0, 0, {"axis": -1}], ["i", 0, 0, {"axis": -1}]])) == [(12, 8, 8)]
        whole, part = {"start": None, "stop": None, "step": None}, {"start": 1, "stop": 4, "step": None}
        cut = keras2("SlicingOpLambda", "s", ["i", 0, 0, {"slice_spec": [whole, part, whole, part]}],
                     function="__operators__.getitem")  # fmt: skip
        assert self.outputs(cut) == [(3, 3, 8)]
        assert self.outputs(lambda_("nn.space_to_depth", ["i", 0, 0, {"block_size": 2}])) == [(24, 4, 4)]

    def test_a_function_that_is_not_known_is_named(self) -> None:
        with pytest.raises(SpecError, match=r"tf\.linalg\.inv has no counterpart"):
            read(legacy(lambda_("linalg.inv", ["i", 0, 0, {}])))
