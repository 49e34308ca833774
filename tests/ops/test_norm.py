from __future__ import annotations

from math import prod
from typing import Any

import pytest
from pydantic import ValidationError

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import OPS
from cnncalc.ops.base import FlopClass, Inference, Mix
from cnncalc.ops.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, LocalResponseNorm

X = TensorShape(64, (7, 5))


def infer(op: str, x: TensorShape = X, **options: Any) -> Inference:
    return OPS[op].model_validate({"op": op, **options}).infer(x)


def params(found: Inference) -> int:
    return sum(prod(weight.shape) for weight in found.weights)


class TestRefusals:
    def test_groups_that_do_not_divide_the_channels_are_refused_with_the_nearest_ones(self) -> None:
        with pytest.raises(LayerError) as caught:
            GroupNorm().infer(TensorShape(24, (7, 7)))
        assert (caught.value.code, caught.value.option) == ("CNN003", "num_groups")
        assert caught.value.help == "use 24 groups (`gn N`), or feed 32 channels"


class TestParameters:
    @pytest.mark.parametrize(
        ("op", "options", "expected", "buffers"),
        [
            ("bn", {}, 128, 128),
            ("bn", {"affine": False}, 0, 128),
            ("gn", {}, 128, 0),
            ("ln", {}, 128, 0),
            ("rms", {}, 64, 0),
            ("in", {}, 0, 0),
            ("in", {"affine": True}, 128, 0),
            ("lrn", {"size": 5}, 0, 0),
        ],
    )
    def test_each_norm_has_its_parameters_and_buffers(
        self, op: str, options: dict[str, Any], expected: int, buffers: int
    ) -> None:
        found = infer(op, **options)
        assert (params(found), found.buffers) == (expected, buffers)


class TestOverAll:
    @pytest.mark.parametrize(("op", "tensors"), [("ln", 2), ("rms", 1)])
    @pytest.mark.parametrize("x", [X, TensorShape(64), TensorShape(64, (9,), tokens=True)])
    def test_every_element_of_a_sample_has_its_weight(self, op: str, tensors: int, x: TensorShape) -> None:
        found = infer(op, x, over="all")
        assert [weight.shape for weight in found.weights] == [tuple(x)] * tensors
        assert params(infer(op, x, over="all", affine=False)) == 0
        assert found.saved[1].elements == tensors
        assert found.arithmetic == infer(op, x).arithmetic

    @pytest.mark.parametrize("op", ["ln", "rms"])
    def test_every_position_depends_on_all_where_there_are_several(self, op: str) -> None:
        assert infer(op, over="all").mix is Mix.GATE
        assert infer(op, TensorShape(64, (1, 1)), over="all").mix is Mix.NONE

    def test_batch_norm_has_no_choice(self) -> None:
        with pytest.raises(ValidationError):
            infer("bn", over="all")

    def test_another_span_is_refused(self) -> None:
        with pytest.raises(ValidationError):
            infer("ln", over="positions")


class TestFields:
    @pytest.mark.parametrize("op", ["bn", "ln", "rms"])
    def test_norms_over_batch_or_channels_stay_local(self, op: str) -> None:
        assert infer(op).mix is Mix.NONE

    def test_a_norm_over_neighbouring_channels_stays_local(self) -> None:
        assert infer("lrn", size=5).mix is Mix.NONE

    @pytest.mark.parametrize("op", ["gn", "in"])
    def test_norms_over_positions_make_every_position_depend_on_all(self, op: str) -> None:
        assert infer(op).mix is Mix.GATE

    @pytest.mark.parametrize("op", ["gn", "in"])
    def test_where_there_is_one_position_there_is_nothing_to_mix(self, op: str) -> None:
        assert infer(op, TensorShape(64, (1, 1))).mix is Mix.NONE
        assert infer(op, TensorShape(64)).mix is Mix.NONE

    @pytest.mark.parametrize("op", ["bn", "ln", "rms", "gn", "in"])
    @pytest.mark.parametrize("x", [TensorShape(64), TensorShape(64, (9,), tokens=True), TensorShape(64, (3, 3, 3))])
    def test_the_shape_stays(self, op: str, x: TensorShape) -> None:
        assert infer(op, x).output == x


class TestArithmetic:
    @pytest.mark.parametrize("op", ["bn", "ln", "rms", "gn", "in"])
    def test_two_operations_an_element_at_inference_and_five_in_training(self, op: str) -> None:
        found = infer(op)
        assert found.arithmetic == {FlopClass.MUL: X.numel, FlopClass.ADD: X.numel}
        assert found.training_arithmetic is not None
        assert sum(found.training_arithmetic.values()) == 5 * X.numel
        assert set(found.training_arithmetic) == {FlopClass.MUL, FlopClass.ADD}

    def test_the_sum_of_a_local_response_norm_takes_an_add_less_than_its_size(self) -> None:
        found = infer("lrn", size=5).arithmetic
        assert found[FlopClass.ADD] == X.numel * (5 - 1) + X.numel  # the sum, and k
        assert found[FlopClass.MUL] == X.numel * 2  # the square, and alpha/size

    @pytest.mark.parametrize("op", ["bn", "ln", "rms", "gn", "in", "lrn"])
    def test_the_ledger_counts_elements_under_the_name_of_the_norm(self, op: str) -> None:
        options: dict[str, Any] = {"size": 5} if op == "lrn" else {}
        assert infer(op, **options).ledger == {op: X.numel}

    def test_a_norm_has_no_macs_and_no_activations(self) -> None:
        found = infer("bn")
        assert (found.macs, found.activations) == (0, 0)


class TestSaved:
    # As seen with PyTorch's saved_tensors_hooks: native_batch_norm, native_layer_norm, native_group_norm, rms_norm.
    @pytest.mark.parametrize(
        ("op", "elements", "per_sample"),
        [("bn", 128, False), ("ln", 2 * 35, True), ("rms", 35, True), ("gn", 64, True), ("in", 128, True)],
    )
    def test_the_input_and_statistics_in_single_precision_are_kept(
        self, op: str, elements: int, *, per_sample: bool
    ) -> None:
        kept, statistics = infer(op).saved
        assert kept.what == "input"
        assert (statistics.elements, statistics.element_bytes, statistics.per_sample) == (elements, 4, per_sample)

    @pytest.mark.parametrize("op", ["bn", "ln", "rms", "gn", "in"])
    def test_a_runtime_folds_a_norm_into_the_layer_before(self, op: str) -> None:
        assert infer(op).fusable


class TestNames:
    @pytest.mark.parametrize(
        ("op", "kind"),
        [
            ("bn", BatchNorm),
            ("ln", LayerNorm),
            ("rms", LayerNorm),
            ("gn", GroupNorm),
            ("in", InstanceNorm),
            ("lrn", LocalResponseNorm),
        ],
    )
    def test_a_norm_is_found_under_its_name(self, op: str, kind: type) -> None:
        assert OPS[op] is kind
