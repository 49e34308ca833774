from __future__ import annotations

import pytest
from pydantic import ValidationError

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import OPS, SYNONYMS
from cnncalc.ops.activation import FACTS, Activation, PReLU, Softmax
from cnncalc.ops.base import FlopClass, Inference, Mix, Storage

X = TensorShape(10, (4, 3))
NAMES = [
    "relu", "relu6", "leaky", "prelu", "elu", "selu", "celu", "silu", "gelu", "mish", "hswish", "hsigmoid", "hardtanh",
    "sigmoid", "tanh", "softplus", "exp", "log", "sqrt", "rsqrt", "square", "abs", "neg", "erf", "softmax",
]  # fmt: skip


def infer(op: str, x: TensorShape = X) -> Inference:
    return OPS[op].model_validate({"op": op}).infer(x)


class TestRefusals:
    def test_an_activation_takes_no_options(self) -> None:
        with pytest.raises(ValidationError):
            Activation.model_validate({"op": "relu", "frozen": True})

    def test_slopes_are_one_or_one_per_channel(self) -> None:
        with pytest.raises(LayerError) as caught:
            PReLU(num_parameters=4).infer(X)
        assert (caught.value.code, caught.value.option) == ("CNN905", "num_parameters")
        assert caught.value.help == "use 1 or 10"


class TestAll:
    @pytest.mark.parametrize("op", NAMES)
    @pytest.mark.parametrize("x", [X, TensorShape(10), TensorShape(10, (9,), tokens=True), TensorShape(10, (2, 2, 2))])
    def test_shape_and_position_stay(self, op: str, x: TensorShape) -> None:
        found = infer(op, x)
        assert found.output == x
        assert found.reads == ()

    @pytest.mark.parametrize("op", NAMES)
    def test_it_may_overwrite_its_input_and_is_in_the_ledger_by_its_name(self, op: str) -> None:
        found = infer(op)
        assert found.storage is Storage.IN_PLACE
        assert found.ledger == {op: X.numel}

    @pytest.mark.parametrize("op", FACTS)
    def test_the_manual_has_a_row_for_it(self, op: str) -> None:
        assert any(line.split()[:1] == [op] for line in (Activation.__doc__ or "").splitlines())

    @pytest.mark.parametrize("op", FACTS)
    def test_the_row_in_the_manual_has_the_counts_that_are_used(self, op: str) -> None:
        (row,) = [line for line in (Activation.__doc__ or "").splitlines() if line.split()[:1] == [op]]
        counts = [part.split() for part in row[row.rindex("  ") :].split(",")]
        assert infer(op).arithmetic == {FlopClass(kind): int(number) * X.numel for number, kind in counts}

    def test_only_those_that_runtimes_fold_are_fusable(self) -> None:
        assert {op for op in NAMES if infer(op).fusable} == {"relu", "relu6", "silu", "hswish"}

    def test_only_those_whose_gradient_is_a_function_of_the_output_keep_it(self) -> None:
        keep = {op: [saved.what for saved in infer(op).saved] for op in NAMES}
        outputs = {"relu", "sigmoid", "tanh", "exp", "sqrt", "rsqrt", "softmax"}
        assert {op for op in NAMES if keep[op] == ["output"]} == outputs
        assert {op for op in NAMES if keep[op] == ["input"]} == {*NAMES} - outputs - {"neg"}

    def test_the_gradient_of_a_sign_needs_nothing(self) -> None:
        assert infer("neg").saved == ()


class TestSoftmax:
    def test_the_maximum_and_the_sum_of_c_channels_take_c_less_one_operations(self) -> None:
        found = infer("softmax").arithmetic
        positions, channels = 12, 10
        assert found == {
            FlopClass.COMPARE: positions * (channels - 1),
            FlopClass.ADD: positions * (channels + channels - 1),  # the differences, the sum
            FlopClass.EXP: positions * channels,
            FlopClass.DIVIDE: positions * channels,
        }

    @pytest.mark.parametrize(
        ("over", "x", "groups", "each"),
        [
            ("positions", X, 10, 12),
            ("h", X, 30, 4),
            ("w", X, 40, 3),
            ("l", TensorShape(10, (9,), tokens=True), 10, 9),
            ("channels", TensorShape(10), 1, 10),
        ],
    )
    def test_it_goes_over_what_is_said(self, over: str, x: TensorShape, groups: int, each: int) -> None:
        found = Softmax.model_validate({"op": "softmax", "over": over}).infer(x)
        assert found.arithmetic == {
            FlopClass.COMPARE: groups * (each - 1),
            FlopClass.ADD: groups * (each + each - 1),
            FlopClass.EXP: groups * each,
            FlopClass.DIVIDE: groups * each,
        }
        assert found.mix is (Mix.NONE if over == "channels" else Mix.GATE)
        assert found.output == x

    @pytest.mark.parametrize(("over", "x"), [("l", X), ("positions", TensorShape(10))])
    def test_an_axis_that_is_not_there_is_refused(self, over: str, x: TensorShape) -> None:
        with pytest.raises(LayerError) as caught:
            Softmax.model_validate({"op": "softmax", "over": over}).infer(x)
        assert (caught.value.code, caught.value.option) == ("CNN905", "over")


class TestPReLU:
    @pytest.mark.parametrize("slopes", [1, 10])
    def test_it_has_a_parameter_per_slope(self, slopes: int) -> None:
        assert [weight.shape for weight in PReLU(num_parameters=slopes).infer(X).weights] == [(slopes,)]


class TestSynonyms:
    @pytest.mark.parametrize(
        ("other", "op"),
        [
            ("leaky_relu", "leaky"),
            ("LeakyReLU", "leaky"),
            ("hardswish", "hswish"),
            ("hardsigmoid", "hsigmoid"),
            ("swish", "silu"),
            ("SiLU", "silu"),
            ("PReLU", "prelu"),
            ("Softmax", "softmax"),
        ],
    )
    def test_pytorchs_names_are_known(self, other: str, op: str) -> None:
        assert SYNONYMS[other] == op
