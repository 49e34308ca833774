"""What exporters write out in several nodes: norms, activations, attention; against the op itself, or counted."""

from __future__ import annotations

from typing import Any, Union

import pytest

import cnncalc
from cnncalc.importers.onnx.model import read_onnx
from cnncalc.report import Report
from tests.oracle.onnx_models import Maker

pytestmark = pytest.mark.oracle

Shape = tuple[Union[int, str], ...]
TOKENS = (1, 8, 6)  # samples x channels x positions, brought to samples x positions x channels where it matters


def read(make: Maker, shape: Shape, output: str) -> Report:
    return cnncalc.analyze(cnncalc.from_onnx(make.model({"x": shape}, output).SerializeToString()))


def ops(make: Maker, shape: Shape, output: str) -> list[str]:
    return [layer.op for layer in read_onnx(make.model({"x": shape}, output).SerializeToString()).layers]


def last(make: Maker) -> str:
    """Channels in the last place, as norms and linear layers have them."""
    return make.node("Transpose", "x", perm=[0, 2, 1])


class TestNorms:
    @pytest.mark.parametrize("variant", range(6))
    def test_a_layer_norm_that_is_written_out_is_a_layer_norm(self, variant: int) -> None:
        make = Maker()
        x = last(make)
        eps, two = make.floats("eps", 1e-5), make.floats("two", 2.0)
        d = make.node("Sub", x, make.node("ReduceMean", x, axes=[-1]))
        square = make.node("Mul", d, d) if variant % 2 else make.node("Pow", d, two)
        spread = make.node("Sqrt", make.node("Add", make.node("ReduceMean", square, axes=[-1]), eps))
        y = [
            lambda: make.node("Div", d, spread),
            lambda: make.node("Mul", d, make.node("Reciprocal", spread)),
            lambda: make.node("Mul", make.node("Div", make.floats("one", 1.0), spread), d),
        ][variant // 2]()
        y = make.node("Add", make.node("Mul", y, make.weight("w", 8)), make.weight("b", 8))
        assert ops(make, TOKENS, y) == ["ln"]
        plain = Maker()
        x = last(plain)
        y_ = plain.node("LayerNormalization", x, plain.weight("w", 8), plain.weight("b", 8))
        assert read(make, TOKENS, y).totals == read(plain, TOKENS, y_).totals

    def test_a_norm_without_a_mean_is_an_rms_norm(self) -> None:
        make = Maker()
        x = last(make)
        mean = make.node("ReduceMean", make.node("Pow", x, make.floats("two", 2.0)), axes=[-1])
        root = make.node("Sqrt", make.node("Add", mean, make.floats("eps", 1e-5)))
        y = make.node("Mul", make.weight("w", 8), make.node("Mul", x, make.node("Reciprocal", root)))
        assert ops(make, TOKENS, y) == ["rms"]
        assert read(make, TOKENS, y).totals.params == 8

    def test_what_is_read_elsewhere_too_is_left_as_it_is_written(self) -> None:
        make = Maker()
        x = last(make)
        d = make.node("Sub", x, make.node("ReduceMean", x, axes=[-1]))
        variance = make.node("ReduceMean", make.node("Mul", d, d), axes=[-1])
        y = make.node("Div", d, make.node("Sqrt", make.node("Add", variance, make.floats("eps", 1e-5))))
        found = ops(make, TOKENS, make.node("Add", y, variance))
        assert "ln" not in found
        assert found.count("gap") + found.count("reduce") == 2

    def test_a_group_norm_as_pytorch_exports_it(self) -> None:
        make = Maker()
        y = make.node("Reshape", "x", make.ints("s", 0, 2, -1))
        y = make.node("InstanceNormalization", y, make.weight("ones", 2), make.weight("zeros", 2))
        y = make.node("Reshape", y, make.node("Shape", "x"))
        y = make.node("Add", make.node("Mul", y, make.weight("w", 8, 1, 1)), make.weight("b", 8, 1, 1))
        assert ops(make, (1, 8, 6, 6), y) == ["gn"]
        assert read(make, (1, 8, 6, 6), y).totals.params == 16

    def test_a_norm_over_all_of_a_sample_has_a_weight_for_each_element(self) -> None:
        make = Maker()
        y = make.node("LayerNormalization", "x", make.weight("w", 8, 6, 6), make.weight("b", 8, 6, 6), axis=1)
        assert read(make, (1, 8, 6, 6), y).totals.params == 2 * 8 * 36


class TestActivations:
    @pytest.mark.parametrize("swapped", [False, True])
    @pytest.mark.parametrize("word", ["silu", "hswish", "mish", "gelu", "hsigmoid"])
    def test_a_product_with_its_own_gate_is_one_activation(self, word: str, *, swapped: bool) -> None:
        for variant in range(3):
            make = Maker(opset=18)
            y = getattr(self, f"_{word}")(make, variant, swapped=swapped)
            assert ops(make, (1, 4, 6, 6), y) == [word], variant

    def _times(self, make: Maker, a: str, b: str, *, swapped: bool) -> str:
        return make.node("Mul", b, a) if swapped else make.node("Mul", a, b)

    def _silu(self, make: Maker, _: int, *, swapped: bool) -> str:
        return self._times(make, "x", make.node("Sigmoid", "x"), swapped=swapped)

    def _mish(self, make: Maker, _: int, *, swapped: bool) -> str:
        return self._times(make, "x", make.node("Tanh", make.node("Softplus", "x")), swapped=swapped)

    def _line(self, make: Maker) -> str:
        line = make.node("Add", "x", make.floats("c", 3))
        return make.node("Clip", line, make.number("l", 0.0), make.number("h", 6.0))

    def _hsigmoid(self, make: Maker, variant: int, *, swapped: bool) -> str:
        line = self._line(make)
        if variant:
            return self._times(make, line, make.number("sixth", 1 / 6), swapped=swapped)
        return make.node("Div", line, make.number("six", 6.0))

    def _hswish(self, make: Maker, variant: int, *, swapped: bool) -> str:
        if variant == 0:
            return self._times(make, "x", make.node("HardSigmoid", "x", alpha=1 / 6), swapped=swapped)
        if variant == 1:
            return make.node("Div", self._times(make, "x", self._line(make), swapped=swapped), make.number("six", 6.0))
        gate = make.node("Mul", self._line(make), make.number("sixth", 1 / 6))
        return self._times(make, "x", gate, swapped=swapped)

    def _gelu(self, make: Maker, variant: int, *, swapped: bool) -> str:
        half = make.number("half", 0.5)
        inner = make.node("Div", "x", make.number("root", 1.4142135))
        if variant == 2:  # the approximation by a hyperbolic tangent
            cube = make.node("Mul", make.node("Pow", "x", make.number("three", 3.0)), make.number("c", 0.044715))
            inner = make.node("Mul", make.node("Add", "x", cube), make.number("d", 0.7978846))
        gate = make.node("Add", make.node("Tanh" if variant == 2 else "Erf", inner), make.number("one", 1.0))
        if variant == 1:
            return self._times(make, make.node("Mul", "x", half), gate, swapped=swapped)
        return make.node("Mul", self._times(make, "x", gate, swapped=swapped), half)

    def test_a_gate_of_another_tensor_stays_a_product(self) -> None:
        make = Maker()
        y = make.node("Mul", "x", make.node("Sigmoid", make.node("Neg", "x")))
        assert ops(make, (1, 4, 6, 6), y) == ["neg", "sigmoid", "mul"]


HEADS, LENGTH, N = 2, 4, 6


def heads(make: Maker, name: str, *, turned: bool = False) -> str:
    """A linear layer on channels-last tokens, cut into heads: samples x heads x positions x length."""
    y = make.node("MatMul", make.node("Transpose", "x", perm=[0, 2, 1]), make.weight(name, 8, HEADS * LENGTH))
    y = make.node("Reshape", y, make.ints(f"{name}_s", 0, N, HEADS, LENGTH))
    return make.node("Transpose", y, perm=[0, 2, 3, 1] if turned else [0, 2, 1, 3])


def attention(make: Maker, *between: Any) -> str:
    """Exported attention, with nodes between the scores and their softmax."""
    y = make.node("MatMul", heads(make, "q"), heads(make, "k", turned=True))
    for each in between:
        y = each(y)
    return make.node("MatMul", make.node("Softmax", y, axis=-1), heads(make, "v"))


class TestAttention:
    def _holds(self, make: Maker, y: str, params: int = 0, *, layers: int = 1) -> None:
        found = read(make, TOKENS, y)
        linear = 3 * 8 * HEADS * LENGTH
        assert found.totals.params == linear + params
        assert found.totals.macs == linear * N + 2 * N * N * HEADS * LENGTH
        assert ops(make, TOKENS, y).count("sdpa") == layers

    def test_products_around_a_softmax_are_one_layer(self) -> None:
        make = Maker()
        self._holds(make, attention(make))

    def test_a_scale_costs_nothing_that_is_counted(self) -> None:
        make = Maker()
        self._holds(make, attention(make, lambda y: make.node("Div", y, make.number("s", 2.0))))

    def test_a_scale_that_follows_from_a_shape_is_a_number(self) -> None:
        make = Maker()
        size = make.node("Cast", make.node("Gather", make.node("Shape", "x"), make.number("one", 1)), to=1)
        self._holds(make, attention(make, lambda y: make.node("Div", y, make.node("Sqrt", size))))

    def test_a_mask_of_zeros_and_large_negative_numbers_is_no_weight(self) -> None:
        make = Maker()
        mask = make.floats("m", *[0.0 if j <= i else -1e9 for i in range(N) for j in range(N)], dims=(1, 1, N, N))
        self._holds(make, attention(make, lambda y: make.node("Add", y, mask)))

    def test_a_learned_bias_counts(self) -> None:
        make = Maker()
        self._holds(
            make, attention(make, lambda y: make.node("Add", y, make.weight("b", 1, HEADS, N, N))), HEADS * N * N
        )

    def test_a_bias_that_is_picked_from_a_table_counts_as_large_as_the_table(self) -> None:
        make = Maker()
        picks = make.ints("i", *[(i - j) % 5 for i in range(N) for j in range(N)])
        bias = make.node("Gather", make.weight("t", 5, HEADS), picks)
        bias = make.node("Transpose", make.node("Reshape", bias, make.ints("s", N, N, HEADS)), perm=[2, 0, 1])
        self._holds(make, attention(make, lambda y: make.node("Add", y, bias)), 5 * HEADS)

    def test_casts_and_dropout_in_between_change_nothing(self) -> None:
        make = Maker()
        steps = [lambda y: make.node("Cast", y, to=10), lambda y: make.node("Dropout", y)]
        self._holds(make, attention(make, *steps))

    def test_a_bias_that_is_computed_from_the_input_leaves_the_products_apart(self) -> None:
        make = Maker()
        own = make.node("MatMul", heads(make, "e"), heads(make, "f", turned=True))
        found = read(make, TOKENS, attention(make, lambda y: make.node("Add", y, own)))
        assert found.totals.macs == 5 * 8 * HEADS * LENGTH * N + 3 * N * N * HEADS * LENGTH

    def test_channels_before_positions(self) -> None:
        # As Ultralytics writes it: softmax(q^T k), then v times its transpose.
        make = Maker()
        q, k, v = (make.node("Conv", "x", make.weight(name, 8, 8, 1)) for name in "qkv")
        q, k, v = (make.node("Reshape", each, make.ints(f"{each}s", 0, HEADS, LENGTH, N)) for each in (q, k, v))
        y = make.node("MatMul", make.node("Transpose", q, perm=[0, 1, 3, 2]), k)
        y = make.node("Transpose", make.node("Softmax", y, axis=-1), perm=[0, 1, 3, 2])
        y = make.node("Reshape", make.node("MatMul", v, y), make.ints("back", 0, 8, N))
        self._holds(make, y)
        assert list(read(make, TOKENS, y).outputs.values()) == [(8, N)]

    def test_windows_that_stand_in_the_batch_attend_inside_themselves(self) -> None:
        make, size, window = Maker(), 8, 4
        groups = (size // window) ** 2
        parts = make.ints("parts", -1, 8, size // window, window, size // window, window)
        y = make.node("Transpose", make.node("Reshape", "x", parts), perm=[0, 2, 4, 3, 5, 1])
        y = make.node("Reshape", y, make.ints("rows", -1, window * window, 8))
        q, k, v = (make.node("MatMul", y, make.weight(name, 8, 8)) for name in "qkv")
        y = make.node("Softmax", make.node("MatMul", q, make.node("Transpose", k, perm=[0, 2, 1])), axis=-1)
        y = make.node("MatMul", y, v)
        found = read_onnx(make.model({"x": ("N", 8, size, size)}, y).SerializeToString())
        (layer,) = [layer for layer in found.layers if layer.op == "sdpa"]
        assert layer.options == {"num_heads": 1, "windows": groups}
        macs = read(make, ("N", 8, size, size), y).totals.macs
        assert macs == 3 * 64 * size**2 + 2 * 8 * size**2 * window**2

    @pytest.mark.parametrize("shared", [1, 2, 4])
    def test_the_op_with_heads_in_the_channels(self, shared: int) -> None:
        make = Maker(opset=23)
        x = last(make)
        q, k, v = (
            make.node("MatMul", x, make.weight(name, 8, size))
            for name, size in zip("qkv", (16, 4 * shared, 4 * shared), strict=True)
        )
        y = make.node("Attention", q, k, v, q_num_heads=4, kv_num_heads=shared)
        found = read_onnx(make.model({"x": TOKENS}, y).SerializeToString())
        (layer,) = [layer for layer in found.layers if layer.op == "sdpa"]
        assert layer.options == ({"num_heads": 4, "num_kv_heads": shared} if shared < 4 else {"num_heads": 4})
        assert read(make, TOKENS, y).totals.macs == N * 8 * (16 + 8 * shared) + 2 * N * N * 16

    def test_scores_that_are_given_out_refuse_the_op(self) -> None:
        make = Maker(opset=23)
        x = last(make)
        y = make.node("Attention", x, x, x, q_num_heads=2, kv_num_heads=2, outputs=2)
        with pytest.raises(cnncalc.SpecError, match="with a cache of keys and values"):
            read(make, TOKENS, make.node("Identity", f"{y}_1"))
