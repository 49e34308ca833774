from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cnncalc.spec.expression import NOTHING, Expression, ExpressionError, Value, parse_expression
from cnncalc.spec.terms import ceil8, round8


class Names:
    """An environment with a few variables and layers, in copy 1 of 3."""

    copy = 1
    copies = 3
    values: dict[str, Value] = {"c": 64, "w": Fraction(1, 2), "act": "relu", "on": True, "none_": None}  # noqa: RUF012
    sizes: dict[tuple[str, str], int] = {("x", "c"): 3, ("stem", "h"): 56, ("enc.0.a", "w"): 7}  # noqa: RUF012

    def variable(self, name: str) -> Value:
        if name not in self.values:
            raise KeyError(name, *self.values)
        return self.values[name]

    def size(self, layer: str, attribute: str) -> int:
        if (layer, attribute) not in self.sizes:
            raise LookupError(f"`{layer}` has no `.{attribute}`")
        return self.sizes[layer, attribute]


class At(Names):
    """The same in another copy."""

    def __init__(self, copy: int, copies: int) -> None:
        self.copy = copy
        self.copies = copies


def value(text: str) -> Value:
    return parse_expression(text).evaluate(Names())


def refusal(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text).evaluate(Names())
    return caught.value


class TestValues:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("0", 0),
            ("1.5", Fraction(3, 2)),
            (".5", Fraction(1, 2)),
            ("1.", 1),
            ("1e3", 1000),
            ("25e-2", Fraction(1, 4)),
            ("0.1+0.2", Fraction(3, 10)),
            ("c*w", 32),
            ("c*w/3", Fraction(32, 3)),
            ("w", Fraction(1, 2)),
            ("2**10", 1024),
            ("2**-1", Fraction(1, 2)),
            ("-2**2", -4),
            ("7//2", 3),
            ("-7//2", -4),
            ("-7%3", 2),
            ("x.c", 3),
            ("stem.h//2", 28),
            ("enc.0.a.w", 7),
            ("min(3,c,2)", 2),
            ("max(3, c)", 64),
            ("ceil(7/2)", 4),
            ("floor(7/2)", 3),
            ("round(5/2)", 2),
            ("round(7/2)", 4),
            ("true", True),
            ("not on", False),
            ("1 < 2 < 3", True),
            ("1 < 3 < 2", False),
            ("act == relu", True),
            ("act != silu", True),
            ("act == none", False),
            ("3 == none", False),
            ("c if on else 1", 64),
            ("1 if c < 5 else 2 if c < 100 else 3", 2),
            ("0 or c", 64),
            ("0 and c", 0),
            ("(1, c)", (1, 64)),
            ("(1,)", (1,)),
            ("((0,1),(c,2))", ((0, 1), (64, 2))),
            ("relu", "relu"),
            ("relu if on else none", "relu"),
            ("same", "same"),
        ],
    )
    def test_it_is_worth(self, text: str, expected: Value) -> None:
        found = value(text)
        assert found == expected
        assert type(found) is type(expected)

    def test_a_whole_result_is_an_integer_wherever_it_comes_from(self) -> None:
        names = Names()
        names.values = {"n": Fraction(4, 1)}
        assert type(parse_expression("n").evaluate(names)) is int

    @pytest.mark.parametrize(
        ("copy", "copies", "first", "last", "i"), [(0, 1, 2, 5, 0), (0, 3, 2, 1, 0), (1, 3, 1, 1, 1), (2, 3, 1, 5, 2)]
    )
    def test_first_last_and_i_speak_of_the_copy(self, copy: int, copies: int, first: int, last: int, i: int) -> None:
        env = At(copy, copies)
        assert [parse_expression(text).evaluate(env) for text in ("first(2)", "last(5)", "i")] == [first, last, i]

    def test_the_rest_is_given_by_place_or_by_name(self) -> None:
        assert value("first(2,7)") == value("first(2, rest=7)") == 7

    @pytest.mark.parametrize("text", ["1 if on else 1/0", "on or 1/0", "not on and 1/0", "first(1/0)", "2 < 1 < 1/0"])
    def test_what_is_not_chosen_is_not_evaluated(self, text: str) -> None:
        value(text)

    def test_it_says_what_it_reads(self) -> None:
        expression = parse_expression("c*stem.h + min(w, x.c) if act == relu else k")
        assert expression.names == {"c", "w", "act", "k"}
        assert expression.attributes == {("stem", "h"), ("x", "c")}
        assert not expression.per_copy

    @pytest.mark.parametrize(
        ("text", "constant"),
        [("1+2", True), ("c", False), ("x.c", False), ("i", False), ("first(2)", False), ("relu", True)],
    )
    def test_it_says_whether_it_has_the_same_value_everywhere(self, text: str, *, constant: bool) -> None:
        assert parse_expression(text).constant is constant

    def test_equal_texts_are_equal_wherever_they_stand(self) -> None:
        assert parse_expression("c*2", 3) == parse_expression("c*2", 9)


REFUSED = [
    # text, code, where, message
    ("", "CNN906", "", "an expression is missing"),
    ("1+", "CNN906", "", "the expression ends too early"),
    ("(1", "CNN905", "", "`)` expected to close the bracket"),
    ("1)", "CNN905", ")", "unexpected `)`"),
    ("1 2", "CNN905", "2", "unexpected `2`"),
    ("3x5", "CNN905", "x5", "unexpected `x5`"),
    ("*3", "CNN905", "*", "a value expected, found `*`"),
    ("a = 3", "CNN905", "=", "unexpected `=`"),
    ("2^3", "CNN905", "^", "unexpected `^`"),
    ("c && w", "CNN905", "&", "unexpected `&`"),
    ("c ? 1 : 2", "CNN905", "?", "unexpected `?`"),
    ("[1,2]", "CNN905", "[", "unexpected `[`"),
    ("'a'", "CNN905", "'", "unexpected `'`"),
    ("é", "CNN905", "é", "unexpected `é`"),
    ("010", "CNN905", "010", "a number has no leading zeros"),
    ("c if on", "CNN905", "", "`else` expected"),
    ("if", "CNN905", "if", "a value expected"),
    ("min(1)", "CNN905", "min(1)", "`min` takes 2 or more arguments, found 1"),
    ("floor(1,2)", "CNN905", "floor(1,2)", "`floor` takes 1 argument, found 2"),
    ("first()", "CNN905", "first()", "`first` takes 1 or 2 arguments, found 0"),
    ("min(1 2)", "CNN905", "2", "`,` expected between the arguments of `min`"),
    ("abs(1)", "CNN904", "abs", "unknown function `abs`"),
    ("rond8(1)", "CNN904", "rond8", "unknown function `rond8`"),
    ("stem.q", "CNN904", "q", "a layer has no `.q`"),
    ("3 + cc", "CNN904", "cc", "unknown name `cc`"),
    ("3 + nope.c", "CNN904", "nope.c", "`nope` has no `.c`"),
    ("1/0", "CNN905", "0", "division by zero"),
    ("1//(c-64)", "CNN905", "c-64", "division by zero"),
    ("1%0", "CNN905", "0", "division by zero"),
    ("0**-1", "CNN905", "-1", "division by zero"),
    ("2**0.5", "CNN905", "2**0.5", "a power with a fraction as exponent"),
    ("c*true", "CNN905", "true", "`*` takes numbers, found true"),
    ("c + act", "CNN905", "act", "`+` takes numbers, found the word `relu`"),
    ("act < 3", "CNN905", "act", "`<` takes numbers"),
    ("-act", "CNN905", "act", "`-` takes numbers"),
    ("ceil(act)", "CNN905", "act", "`ceil` takes numbers"),
    ("(1,2) + 3", "CNN905", "(1,2)", "`+` takes numbers, found a list of values"),
    ("none_ + 3", "CNN905", "none_", "`+` takes numbers, found nothing"),
    ("1 if act else 2", "CNN905", "act", "the word `relu` is neither true nor false"),
    ("not act", "CNN905", "act", "neither true nor false"),
    # limits
    ("1" * 70, "CNN902", "1" * 70, "too many digits"),
    ("1e999999", "CNN902", "1e999999", "too many digits"),
    ("2**999999999", "CNN902", "2**999999999", "larger than 2**512"),
    ("3**300*3**300", "CNN902", "3**300*3**300", "larger than 2**512"),
    ("9**9**9", "CNN902", "9**9**9", "larger than 2**512"),
    ("(" * 60 + "1" + ")" * 60, "CNN902", "(", "nested deeper"),
    ("-" * 200 + "1", "CNN902", "-", "nested deeper"),
    ("1" + "+1" * 150, "CNN902", "1" + "+1" * 150, "more than 100 operators"),
    ("1 + " * 200 + "1", "CNN902", "1 + " * 200 + "1", "the limit is 500"),
]


class TestRefusals:
    @pytest.mark.parametrize(("text", "code", "where", "message"), REFUSED)
    def test_it_is_refused(self, text: str, code: str, where: str, message: str) -> None:
        error = refusal(text)
        assert (error.code, text[error.start : error.end]) == (code, where)
        assert message in error.message

    @pytest.mark.parametrize(
        ("text", "remedy"),
        [
            ("2^3", "powers are `**`"),
            ("c && w", "write `and`"),
            ("c ? 1 : 2", "write `a if condition else b`"),
            ("2c", "write `2*c`"),
            ("c = 3", "comparisons are `==`"),
            ("rond8(1)", "did you mean `round8`?"),
            ("abs(1)", "there are min, max"),
            ("actt + 1", "did you mean `act`?"),
            ("c*true", "write `1 if condition else 0`"),
            ("1 if act else 2", "compare it: `name == relu`"),
        ],
    )
    def test_the_remedy_is_named(self, text: str, remedy: str) -> None:
        assert remedy in (refusal(text).help or "")

    @pytest.mark.parametrize("text", ["1/0", "3x", "q", "2**0.5", "stem.q", ""])
    def test_offsets_count_from_where_it_starts(self, text: str) -> None:
        near = refusal(text)
        with pytest.raises(ExpressionError) as caught:
            parse_expression(text, 100).evaluate(Names())
        assert (caught.value.start, caught.value.end) == (near.start + 100, near.end + 100)

    @given(st.text(max_size=60))
    def test_any_text_is_read_or_refused_within_itself(self, text: str) -> None:
        try:
            expression: Expression | None = parse_expression(text)
        except ExpressionError as error:
            assert 0 <= error.start <= error.end <= len(text)  # noqa: PT017 - where it points is the matter
        else:
            assert expression is not None
            assert expression.text == text


# Expressions as pairs: as the language has them, and the same for Python with every literal a Fraction. They are put
# together without brackets, so that Python's own precedence is what they are compared with.
Pair = tuple[str, str]


def literal(text: str) -> Pair:
    return text, f"F('{text}')"


def joined(*parts: Pair | str) -> Pair:
    pairs = [(part, part) if isinstance(part, str) else part for part in parts]
    return " ".join(ours for ours, _ in pairs), " ".join(python for _, python in pairs)


ATOMS = st.sampled_from(["0", "1", "2", "3", "7", "0.5", "1.25"]).map(literal)


POWERS = st.sampled_from([literal("2"), literal("3"), literal("0"), ("-1", "-F('1')")])


def numbers(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    conditions = st.builds(joined, inner, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner)
    logic = st.one_of(
        conditions,
        st.builds(joined, conditions, st.sampled_from(["and", "or"]), conditions),
        st.builds(joined, st.just("not"), conditions),
        st.builds(joined, conditions, st.sampled_from(["<", "=="]), inner),
    )
    return st.one_of(
        st.builds(joined, inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner),
        st.builds(joined, st.sampled_from(["-", "+"]), inner),
        st.builds(joined, inner, st.just("**"), POWERS),
        st.builds(joined, st.just("("), inner, st.just(")")),
        st.builds(joined, st.sampled_from(["min (", "max ("]), inner, st.just(","), inner, st.just(")")),
        st.builds(joined, st.sampled_from(["ceil (", "floor (", "round ("]), inner, st.just(")")),
        st.builds(joined, inner, st.just("if"), logic, st.just("else"), inner),
    )


@given(st.recursive(ATOMS, numbers, max_leaves=12))
def test_it_means_what_it_means_in_python(pair: Pair) -> None:
    ours, python = pair
    names = {"F": Fraction, "min": min, "max": max, "ceil": ceil, "floor": floor, "round": round}
    found: Any
    try:
        found = parse_expression(ours).evaluate(NOTHING)
    except ExpressionError as error:
        assume(error.code != "CNN902")  # numbers that are too large, and brackets that are too deep
        assume("exponent is not exact" not in error.message)  # Python hides its float in `min(0, 0 ** 0.5)`
        found = error.message
    expected: Any
    try:
        expected = eval(python, {"__builtins__": {}}, names)  # noqa: S307 - of what was put together above
    except ZeroDivisionError:
        expected = "division by zero"
    except SyntaxError:  # a choice as the condition of a choice
        expected = "`else` expected after `a if condition`, found `if`"
    assume(not isinstance(expected, (float, complex)))  # a power of a power, which is refused
    assert found == expected


class TestRoundings:
    @given(st.fractions(min_value=0, max_value=5000, max_denominator=1000))
    def test_round8_is_the_nearest_multiple_that_loses_less_than_a_tenth(self, number: Fraction) -> None:
        # MobileNet's `_make_divisible`: the definition by search instead of by formula
        multiples = [8 * count for count in range(1, 700)]
        nearest = min(multiples, key=lambda multiple: (abs(multiple - number), -multiple))
        expected = nearest if 10 * nearest >= 9 * number else nearest + 8
        assert round8(number) == expected

    @given(st.fractions(min_value=-100, max_value=5000, max_denominator=1000))
    def test_ceil8_is_the_least_multiple_that_is_not_smaller(self, number: Fraction) -> None:
        assert ceil8(number) % 8 == 0
        assert ceil8(number) - 8 < number <= ceil8(number)

    def test_mobilenet_v2_at_width_0_35_has_the_published_channels(self) -> None:
        # Keras Applications, mobilenet_v2_weights_..._0.35_224: stem, then the output of each stage
        published = [16, 8, 8, 16, 24, 32, 56, 112]
        names = Names()
        names.values = {"w": Fraction("0.35")}
        base = [32, 16, 24, 32, 64, 96, 160, 320]
        assert [parse_expression(f"round8({n}*w)").evaluate(names) for n in base] == published

    def test_mobilenet_v3_has_the_published_squeeze_channels(self) -> None:
        # torchvision: mobilenet_v3_large and _small, `fc1` of each squeeze-and-excitation, from expanded channels / 4
        published = {72: 24, 120: 32, 480: 120, 672: 168, 960: 240, 16: 8, 96: 24, 240: 64, 144: 40, 288: 72, 576: 144}
        assert {n: value(f"round8({n}//4)") for n in published} == published
