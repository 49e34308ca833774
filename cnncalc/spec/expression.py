"""Expressions: text -> a tree that evaluates exactly. No `eval`, no floats, limits on length, depth and numbers.

>>> parse_expression("2 + 3*4").evaluate(NOTHING)
14
>>> parse_expression("7 / 2").evaluate(NOTHING)
Fraction(7, 2)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import NoReturn

from cnncalc.spec import terms, words
from cnncalc.spec.suggest import did_you_mean
from cnncalc.spec.terms import Environment, ExpressionError, Term, Value
from cnncalc.spec.tokens import Token, number, tokens

__all__ = ["NOTHING", "Environment", "Expression", "ExpressionError", "Value", "parse_expression"]

MAX_LENGTH = 500
MAX_OPERATORS = 100
MAX_DEPTH = 30


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression."""

    text: str
    offset: int = field(compare=False, repr=False)
    """Where it starts in the text of its Origin."""
    names: frozenset[str]
    """Plain names that it reads."""
    attributes: frozenset[tuple[str, str]]
    """(layer, attribute) pairs that it reads."""
    per_copy: bool
    """It reads `i`, `first` or `last`."""
    term: Term = field(compare=False, repr=False)

    @property
    def constant(self) -> bool:
        """It has the same value everywhere."""
        return not (self.names or self.attributes or self.per_copy)

    def evaluate(self, env: Environment) -> Value:
        """The value in an environment; raises ExpressionError."""
        try:
            value = self.term.value(env)
        except ExpressionError as error:
            raise error.shifted(self.offset) from None
        return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value

    def moved(self, offset: int) -> Expression:
        """The same expression where it starts at another character of the Origin's text."""
        return Expression(self.text, offset, self.names, self.attributes, self.per_copy, self.term)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickled as its text: a term is made of functions, which pickle refuses."""
        return parse_expression, (self.text, self.offset)


class _Nothing:
    """The environment without a name."""

    copy = 0
    copies = 1

    def variable(self, name: str) -> Value:
        raise KeyError(name)

    def size(self, layer: str, attribute: str) -> int:
        raise LookupError(f"no layer `{layer}` to take `{attribute}` of")


NOTHING: Environment = _Nothing()


def parse_expression(text: str, offset: int = 0) -> Expression:
    """The tree of an expression that starts at `offset` of its Origin's text; raises ExpressionError."""
    try:
        return _parsed(text).moved(offset)
    except ExpressionError as error:
        raise error.shifted(offset) from None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Expression:
    """The expression as if it were a text of its own: a network repeats the same few."""
    if len(text) > MAX_LENGTH:
        message = f"an expression of {len(text)} characters; the limit is {MAX_LENGTH}"
        raise ExpressionError(message, 0, len(text), code="CNN902")
    return _Parser(text).parse()


_KEYWORDS = frozenset({"if", "else", "and", "or", "not"})
_BOOLS = {"true": True, "false": False}
_ARITY = {"min": (2, 99), "max": (2, 99), "first": (1, 2), "last": (1, 2)}
_SIZES = ("c", "h", "w", "d", "l")

# Left binding powers, as in Python; a prefix `-` binds tighter than `*` and looser than `**`.
_TERNARY, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER = range(1, 10)
_BINDING = {
    "if": _TERNARY, "or": _OR, "and": _AND,
    "==": _COMPARE, "!=": _COMPARE, "<": _COMPARE, "<=": _COMPARE, ">": _COMPARE, ">=": _COMPARE,
    "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "//": _PRODUCT, "%": _PRODUCT, "**": _POWER,
}  # fmt: skip


class _Parser:
    """A Pratt parser over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(tokens(text))
        self.next = 0
        self.operators = 0
        self.names: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.per_copy = False

    def parse(self) -> Expression:
        term = self.expression(0, 0)
        if self.token.kind != "end":
            self.refuse_trailing()
        return Expression(
            text=self.text,
            offset=0,
            names=frozenset(self.names),
            attributes=frozenset(self.attributes),
            per_copy=self.per_copy,
            term=term,
        )

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    def take(self) -> Token:
        token = self.tokens[self.next]
        self.next += 1
        return token

    def expect(self, symbol: str, why: str) -> Token:
        if self.token.text != symbol:
            found = f"found `{self.token.text}`" if self.token.text else "the expression ends"
            raise ExpressionError(f"`{symbol}` expected {why}, {found}", self.token.start, self.token.end)
        return self.take()

    def refuse_trailing(self) -> NoReturn:
        token, before = self.token, self.tokens[self.next - 1]
        help_ = None
        if before.kind == "number" and token.start == before.end and token.kind == "name":
            help_ = f"write `{before.text}*{token.text}`, or `(3,5)` for one value per axis"
        elif token.text == "=":
            help_ = "comparisons are `==`"
        raise ExpressionError(f"unexpected `{token.text}` in an expression", token.start, token.end, help=help_)

    def expression(self, binding: int, depth: int) -> Term:
        if depth > MAX_DEPTH:
            raise ExpressionError(
                f"an expression nested deeper than {MAX_DEPTH}", self.token.start, self.token.end, code="CNN902"
            )
        left = self.prefix(depth + 1)
        while True:
            symbol = self.token.text if self.token.kind != "end" else ""
            power = _BINDING.get(symbol, 0)
            if power <= binding:
                return left
            self.operators += 1
            if self.operators > MAX_OPERATORS:
                message = f"more than {MAX_OPERATORS} operators in one expression"
                raise ExpressionError(message, 0, len(self.text), code="CNN902")
            left = self.infix(left, symbol, power, depth + 1)

    def infix(self, left: Term, symbol: str, power: int, depth: int) -> Term:
        if power == _COMPARE:
            return self.comparison(left, depth)
        self.take()
        if symbol == "if":
            condition = self.expression(_TERNARY, depth)
            self.expect("else", "after `a if condition`")
            otherwise = self.expression(_TERNARY - 1, depth)
            return terms.choice(left, condition, otherwise)
        if symbol in ("and", "or"):
            right = self.expression(power, depth)
            return terms.logic(symbol, left, right)
        # `**` groups to the right, and takes a sign: 2**-1
        right = self.expression(_SIGN - 1 if symbol == "**" else power, depth)
        return terms.binary(symbol, left, right)

    def comparison(self, left: Term, depth: int) -> Term:
        rest: list[tuple[str, Term]] = []
        while self.token.kind == "symbol" and _BINDING.get(self.token.text) == _COMPARE:
            symbol = self.take().text
            rest.append((symbol, self.expression(_COMPARE, depth)))
        return terms.comparison(left, tuple(rest))

    def prefix(self, depth: int) -> Term:
        token = self.take()
        if token.kind == "number":
            return terms.constant(token.start, token.end, number(token))
        if token.kind == "name" and token.text not in _KEYWORDS:
            return self.name(token, depth)
        if token.text in ("-", "+"):
            operand = self.expression(_SIGN, depth)
            return terms.unary(token.start, token.text, operand)
        if token.text == "not":
            operand = self.expression(_NOT, depth)
            return terms.unary(token.start, "not", operand)
        if token.text == "(":
            return self.brackets(token, depth)
        if token.kind == "end":
            message = "an expression is missing" if self.next == 1 else "the expression ends too early"
            raise ExpressionError(message, token.start, token.end, code="CNN906")
        raise ExpressionError(f"a value expected, found `{token.text}`", token.start, token.end)

    def brackets(self, opening: Token, depth: int) -> Term:
        """`(a)` is `a`, `(a, b)` and `(a,)` are values per axis."""
        items = [self.expression(0, depth)]
        listed = False
        while self.token.text == ",":
            self.take()
            listed = True
            if self.token.text == ")":
                break
            items.append(self.expression(0, depth))
        closing = self.expect(")", "to close the bracket")
        if listed:
            return terms.per_axis(opening.start, closing.end, tuple(items))
        return items[0]

    def name(self, token: Token, depth: int) -> Term:
        text = token.text
        if self.token.text == "(":
            return self.call(token, depth)
        layer, dot, attribute = text.rpartition(".")
        if dot:
            if attribute not in _SIZES:
                raise ExpressionError(
                    f"a layer has no `.{attribute}`",
                    token.start + len(layer) + 1,
                    token.end,
                    help="there are `.c` (channels), `.h`, `.w`, `.d` and `.l` (sizes)",
                    code="CNN904",
                )
            self.attributes.add((layer, attribute))
            return terms.attribute(token.start, token.end, layer, attribute)
        if text == "i":
            self.per_copy = True
            return terms.copy_number(token.start, token.end)
        if text in _BOOLS:
            return terms.constant(token.start, token.end, _BOOLS[text])
        if text in words.CONSTANT_WORDS:
            return terms.constant(token.start, token.end, text)
        self.names.add(text)
        return terms.name(token.start, token.end, text)

    def call(self, token: Token, depth: int) -> Term:
        if token.text not in terms.FUNCTIONS and token.text not in ("first", "last"):
            known = [*terms.FUNCTIONS, "first", "last"]
            raise ExpressionError(
                f"unknown function `{token.text}`",
                token.start,
                token.end,
                help=did_you_mean(token.text, known) or f"there are {', '.join(known)}",
                code="CNN904",
            )
        self.take()
        arguments: list[Term] = []
        while self.token.text != ")":
            if arguments:
                self.expect(",", f"between the arguments of `{token.text}`")
            if token.text in ("first", "last") and len(arguments) == 1 and self.token.text == "rest":
                self.take()
                self.expect("=", "after `rest`")
            arguments.append(self.expression(0, depth))
        closing = self.take()
        return self.called(token, closing, arguments)

    def called(self, token: Token, closing: Token, arguments: list[Term]) -> Term:
        least, most = _ARITY.get(token.text, (1, 1))
        if not least <= len(arguments) <= most:
            wanted = f"{least}" if least == most else f"{least} or more" if most > 2 else f"{least} or {most}"  # noqa: PLR2004
            raise ExpressionError(
                f"`{token.text}` takes {wanted} argument{'s' * (wanted != '1')}, found {len(arguments)}",
                token.start,
                closing.end,
            )
        if token.text in ("first", "last"):
            self.per_copy = True
            rest = arguments[1] if len(arguments) == 2 else terms.constant(closing.start, closing.end, 1)  # noqa: PLR2004
            return terms.pick(token.start, closing.end, token.text, arguments[0], rest)
        return terms.call(token.start, closing.end, token.text, tuple(arguments))
