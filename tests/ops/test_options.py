from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from cnncalc.geometry.window import Boundary, PaddingWord
from cnncalc.ops.adaptive import AdaptivePool
from cnncalc.ops.border import Pad
from cnncalc.ops.conv import Conv, DepthwiseConv
from cnncalc.ops.convt import TransposedConv
from cnncalc.ops.merge import Joint
from cnncalc.ops.norm import BatchNorm


def errors(kind: Any, **options: Any) -> list[Any]:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(options)
    return list(caught.value.errors(include_url=False, include_input=False))


def conv(**options: Any) -> list[Any]:
    return errors(Conv, **{"out_channels": 8, "kernel_size": 3, **options})


class TestOneMistakeIsOneError:
    @pytest.mark.parametrize("value", [True, "64", "c", 3.0, 64.5, Fraction(3, 2), None, [64], 0, -1, 2**31 + 1])
    def test_channels_are_one_positive_whole_number(self, value: object) -> None:
        (error,) = conv(out_channels=value)
        assert error["loc"] == ("out_channels",)

    @pytest.mark.parametrize(
        "value",
        [
            True,
            "3",
            "same",
            3.0,
            Fraction(7, 2),
            None,
            0,
            -3,
            2**24 + 1,
            [3, "5"],
            [3, 0],
            [3, True],
            [[3]],
            [1, 2, 3, 4],
            {},
        ],
    )
    @pytest.mark.parametrize("option", ["kernel_size", "stride", "dilation"])
    def test_window_numbers_are_positive_and_one_for_all_or_one_per_axis(self, option: str, value: object) -> None:
        (error,) = conv(**{option: value})
        assert error["loc"] == (option,)

    @pytest.mark.parametrize(
        "value",
        [
            True,
            -1,
            "big",
            1.5,
            Fraction(1, 2),
            None,
            [],
            [1, -1],
            [[0, 1, 2]],
            [[0], 1],
            [["same", 1]],
            ["same"],
            2**24 + 1,
        ],
    )
    def test_padding_is_numbers_pairs_or_a_known_word(self, value: object) -> None:
        (error,) = conv(padding=value)
        assert error["loc"] == ("padding",)

    @pytest.mark.parametrize("value", [1, 0, "true", None, "yes"])
    def test_a_flag_is_true_or_false(self, value: object) -> None:
        (error,) = conv(bias=value)
        assert error["msg"] == "should be true or false"

    @pytest.mark.parametrize("value", ["zero", "", 1, None, ["zeros"]])
    def test_a_word_is_one_of_those_that_the_error_lists(self, value: object) -> None:
        (error,) = conv(padding_mode=value)
        assert error["msg"] == "should be one of zeros, reflect, replicate, circular"

    def test_an_option_that_the_op_has_not_is_an_error_at_its_name(self) -> None:
        (error,) = errors(BatchNorm, op="bn", groups=2)
        assert (error["type"], error["loc"]) == ("extra_forbidden", ("groups",))

    def test_an_option_that_is_missing_is_an_error_at_its_name(self) -> None:
        (error,) = errors(DepthwiseConv)
        assert (error["type"], error["loc"]) == ("missing", ("kernel_size",))

    def test_two_mistakes_are_two_errors(self) -> None:
        assert [error["loc"] for error in conv(stride=0, dilation="2")] == [("stride",), ("dilation",)]


class TestCodes:
    @pytest.mark.parametrize(
        ("option", "value"), [("out_channels", 2**31 + 1), ("kernel_size", 2**24 + 1), ("padding", [1, 2**24 + 1])]
    )
    def test_beyond_a_limit_the_context_says_so(self, option: str, value: object) -> None:
        (error,) = conv(**{option: value})
        assert error["type"] == "limit_exceeded"
        assert error["ctx"]["code"] == "CNN902"

    def test_any_other_value_is_invalid(self) -> None:
        (error,) = conv(out_channels="many")
        assert error["type"] == "invalid_value"
        assert error["ctx"]["code"] == "CNN905"
        assert error["msg"] == error["ctx"]["message"] == "should be a whole number"

    @pytest.mark.parametrize(("option", "value"), [("out_channels", 2**31), ("kernel_size", 2**24), ("padding", 2**24)])
    def test_the_limit_itself_is_allowed(self, option: str, value: int) -> None:
        Conv.model_validate({"out_channels": 8, "kernel_size": 3, option: value})


class TestValues:
    def test_lists_become_tuples(self) -> None:
        made = Conv.model_validate({"out_channels": 8, "kernel_size": [3, 5], "padding": [[0, 1], 2]})
        assert made.kernel_size == (3, 5)
        assert made.padding == ((0, 1), 2)
        hash(made)

    def test_words_become_members(self) -> None:
        made = Conv.model_validate(
            {"out_channels": 8, "kernel_size": 3, "padding": "same_lower", "padding_mode": "reflect"}
        )
        assert made.padding is PaddingWord.SAME_LOWER
        assert made.padding_mode is Boundary.REFLECT

    def test_zero_padding_is_zero_and_not_unset(self) -> None:
        assert TransposedConv(out_channels=1, kernel_size=1, output_padding=0).output_padding == 0

    def test_a_border_may_be_negative(self) -> None:
        assert Pad.model_validate({"padding": [[-1, 2]]}).padding == ((-1, 2),)

    def test_the_limit_of_sizes_is_wider_than_that_of_windows(self) -> None:
        AdaptivePool(op="adaptive", size=2**31)
        (error,) = errors(AdaptivePool, op="adaptive", size=2**31 + 1)
        assert error["type"] == "limit_exceeded"

    def test_an_op_is_frozen(self) -> None:
        with pytest.raises(ValidationError):
            Joint(op="add").op = "sub"
