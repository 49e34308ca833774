from __future__ import annotations

from itertools import product

import pytest

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import PaddingWord
from cnncalc.ops import ledger
from cnncalc.ops.base import FlopClass
from cnncalc.ops.convt import TransposedConv


def size(n: int, k: int, s: int, p: int, op: int, d: int) -> int:
    """PyTorch's formula, `ConvTranspose1d`."""
    return (n - 1) * s - 2 * p + d * (k - 1) + op + 1


class TestRefusals:
    @pytest.mark.parametrize(("stride", "dilation", "output_padding"), [(1, 1, 1), (2, 1, 2), (2, 3, 3)])
    def test_output_padding_is_below_the_larger_of_stride_and_dilation(
        self, stride: int, dilation: int, output_padding: int
    ) -> None:
        conv = TransposedConv(
            out_channels=1, kernel_size=3, stride=stride, dilation=dilation, output_padding=output_padding
        )
        with pytest.raises(LayerError) as caught:
            conv.infer(TensorShape(1, (8,)))
        assert (caught.value.code, caught.value.option) == ("CNN004", "output_padding")

    def test_output_padding_below_the_dilation_is_accepted_as_pytorch_does(self) -> None:
        conv = TransposedConv(out_channels=1, kernel_size=3, stride=1, dilation=3, output_padding=2)
        assert conv.infer(TensorShape(1, (8,))).output.sizes == (size(8, 3, 1, 0, 2, 3),)

    def test_padding_that_leaves_nothing_is_refused_with_both_numbers(self) -> None:
        with pytest.raises(LayerError) as caught:
            TransposedConv(out_channels=1, kernel_size=3, padding=3).infer(TensorShape(1, (2,)))
        assert caught.value.code == "CNN002"
        assert "3 + 3" in caught.value.message
        assert "-2" in caught.value.message
        assert caught.value.help == "use less padding: at most 3 in all"

    @pytest.mark.parametrize(("to", "reach"), [(14, "15 to 16"), (17, "15 to 16")])
    def test_a_size_that_no_output_padding_gives_is_refused_with_those_that_can_be_had(
        self, to: int, reach: str
    ) -> None:
        with pytest.raises(LayerError) as caught:
            TransposedConv(out_channels=1, kernel_size=3, stride=2, padding=1, to=to).infer(TensorShape(1, (8, 8)))
        assert (caught.value.code, caught.value.option) == ("CNN004", "to")
        assert reach in caught.value.message

    def test_each_remedy_makes_the_size_reachable(self) -> None:
        offered = set()
        for n, k, s, p, to in product((1, 2, 5), (1, 2, 4), (1, 2, 3), (0, 1, 2), range(1, 20)):
            conv = TransposedConv(out_channels=1, kernel_size=k, stride=s, padding=p, to=to)
            try:
                conv.infer(TensorShape(1, (n,)))
                continue
            except LayerError as error:
                remedies = (error.help or "").split(" or ")
            for remedy in remedies:
                words = remedy.split()
                number = int(next(word for word in words if word.isdigit()))
                offered.add(words[0] + words[2])
                if words[0] == "feed":
                    assert conv.infer(TensorShape(1, (number,))).output.sizes == (to,)
                    continue
                total = 2 * p + (number if "more" in words else -number)
                other = conv.model_copy(update={"padding": ((total // 2, total - total // 2),)})
                assert other.infer(TensorShape(1, (n,))).output.sizes == (to,)
        assert offered == {"padmore", "padless", "feedlength"}

    def test_two_ways_to_fix_the_size_are_one_too_many(self) -> None:
        for options in (
            {"to": 16, "output_padding": 1},
            {"to": 16, "padding": "same"},
            {"output_padding": 1, "padding": "same"},
        ):
            conv = TransposedConv.model_validate({"out_channels": 1, "kernel_size": 3, "stride": 2, **options})
            with pytest.raises(LayerError) as caught:
                conv.infer(TensorShape(1, (8,)))
            assert caught.value.code == "CNN905"

    def test_causal_has_no_meaning(self) -> None:
        with pytest.raises(LayerError, match="no meaning"):
            TransposedConv(out_channels=1, kernel_size=3, padding=PaddingWord.CAUSAL).infer(TensorShape(1, (8,)))

    def test_groups_divide_both_channel_counts(self) -> None:
        with pytest.raises(LayerError) as caught:
            TransposedConv(out_channels=4, kernel_size=2, groups=3).infer(TensorShape(6, (8,)))
        assert caught.value.code == "CNN003"


class TestShapes:
    @pytest.mark.parametrize("ndim", [1, 2, 3])
    def test_all_small_settings_follow_pytorchs_formula(self, ndim: int) -> None:
        n = 3
        for k, s, p, op, d in product((1, 2, 3), (1, 2, 3), (0, 1), (0, 1), (1, 2)):
            if op >= max(s, d) or size(n, k, s, p, op, d) < 1:
                continue
            conv = TransposedConv(out_channels=2, kernel_size=k, stride=s, padding=p, output_padding=op, dilation=d)
            found = conv.infer(TensorShape(1, (n,) * ndim))
            assert found.output.sizes == (size(n, k, s, p, op, d),) * ndim

    @pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
    @pytest.mark.parametrize("s", [1, 2, 3])
    @pytest.mark.parametrize("word", [PaddingWord.SAME, PaddingWord.SAME_LOWER])
    def test_same_multiplies_the_size_by_the_stride(self, k: int, s: int, word: PaddingWord) -> None:
        conv = TransposedConv(out_channels=2, kernel_size=k, stride=s, padding=word)
        found = conv.infer(TensorShape(1, (7, 4)))
        assert found.output.sizes == (7 * s, 4 * s)
        assert found.settings is not None
        (before, after), _ = found.settings.padding
        assert before + after == max(k - s, 0)
        assert (after - before if word is PaddingWord.SAME else before - after) in (0, 1)

    @pytest.mark.parametrize("word", [PaddingWord.VALID, PaddingWord.HALF, PaddingWord.FULL])
    def test_the_other_words_are_the_numbers_that_they_are_in_a_convolution(self, word: PaddingWord) -> None:
        number = {PaddingWord.VALID: 0, PaddingWord.HALF: 3, PaddingWord.FULL: 6}[word]
        named = TransposedConv(out_channels=2, kernel_size=4, dilation=2, padding=word)
        plain = TransposedConv(out_channels=2, kernel_size=4, dilation=2, padding=number)
        assert named.infer(TensorShape(1, (9,))) == plain.infer(TensorShape(1, (9,)))

    @pytest.mark.parametrize("to", [15, 16])
    def test_to_solves_for_the_output_padding(self, to: int) -> None:
        found = TransposedConv(out_channels=1, kernel_size=3, stride=2, padding=1, to=(to, 15)).infer(
            TensorShape(1, (8, 8))
        )
        assert found.output.sizes == (to, 15)
        assert found.settings is not None
        assert found.settings.output_padding == (to - 15, 0)
        assert found.settings.transposed

    def test_dcgan_begins_with_a_4x4_map(self) -> None:
        # Radford et al. 2015 (arXiv:1511.06434): 100 numbers are projected to 1024x4x4.
        found = TransposedConv(out_channels=1024, kernel_size=4).infer(TensorShape(100, (1, 1)))
        assert tuple(found.output) == (1024, 4, 4)


class TestCounts:
    @pytest.mark.parametrize("sizes", [(4,), (3, 2), (2, 1, 2)])
    @pytest.mark.parametrize("groups", [1, 2])
    def test_macs_are_the_multiplications_over_input_positions_counted_one_by_one(
        self, sizes: tuple[int, ...], groups: int
    ) -> None:
        x = TensorShape(4, sizes)
        for k, s, p, d in product((1, 2, 3), (1, 2, 3), (0, 1), (1, 2)):
            outputs = [size(n, k, s, p, 0, d) for n in sizes]
            if min(outputs) < 1:
                continue
            every = real = 0
            for _ in range(x.channels * 2 // groups):  # pairs of an input and an output channel of its group
                for at in product(*map(range, sizes)):
                    for tap in product(range(k), repeat=len(sizes)):
                        every += 1
                        to = [i * s + d * t - p for i, t in zip(at, tap, strict=True)]
                        real += all(0 <= o < m for o, m in zip(to, outputs, strict=True))
            conv = TransposedConv(out_channels=2, kernel_size=k, stride=s, padding=p, dilation=d, groups=groups)
            found = conv.infer(x)
            assert (found.macs, found.macs_valid) == (every, real)

    def test_the_weight_has_the_input_channels_first(self) -> None:
        found = TransposedConv(out_channels=6, kernel_size=(2, 3), groups=2).infer(TensorShape(4, (5, 5)))
        assert [(weight.name, weight.shape) for weight in found.weights] == [("weight", (4, 3, 2, 3)), ("bias", (6,))]
        assert (found.fan_in, found.fan_out) == (2 * 6, 3 * 6)

    def test_a_bias_is_one_add_per_output_element(self) -> None:
        found = TransposedConv(out_channels=6, kernel_size=2, stride=2).infer(TensorShape(4, (5, 5)))
        assert found.arithmetic == {FlopClass.ADD: 600}
        assert found.ledger == {ledger.CONV_BIAS: 600}
        assert found.activations == 600

    def test_the_columns_before_the_fold_have_a_value_per_output_channel_tap_and_input_position(self) -> None:
        assert TransposedConv(out_channels=6, kernel_size=3).infer(TensorShape(4, (5, 5))).im2col == 6 * 9 * 25
        assert TransposedConv(out_channels=6, kernel_size=1).infer(TensorShape(4, (5, 5))).im2col == 0
