"""Values as text: literals, words that an option takes, names of layers, expressions over the variables in scope."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.spec import words
from cnncalc.spec.advice import unknown_choice, unknown_value
from cnncalc.spec.expression import NOTHING, Expression, parse_expression
from cnncalc.spec.problems import TextError
from cnncalc.spec.syntax import AXES, DECIMAL, DECLARED, INTEGER, PAIRED, PATH, axes_literal, trailing_word

if TYPE_CHECKING:
    from collections.abc import Collection

    from cnncalc.spec.items import Value
    from cnncalc.spec.syntax import OpSyntax

_BOOLS = {"true": True, "false": False}


def option_value(text: str, option: str, syntax: OpSyntax, variables: Collection[str]) -> Value:
    """The value of an option of an op; offsets count from the start of the text; raises TextError."""
    if option == "out" and "?" in text and DECLARED.fullmatch(text):
        return tuple(size if size == "?" else int(size) for size in text.split("x"))
    if PATH.fullmatch(text) and text not in variables and text not in _BOOLS:
        if option in syntax.sizes:
            return text
        known = syntax.worded.get(option)
        if known is not None and "." not in text and text != "i":
            word = trailing_word(text) or text
            if word not in known:
                raise unknown_choice(text, known, variables)
            return word
    if ":" in text:
        return _range(text, variables)
    return plain_value(text, variables, pairs=option in PAIRED)


def plain_value(text: str, variables: Collection[str], *, pairs: bool = False) -> Value:
    """The value of an argument: a number, values per axis, a word that stands for itself, or an expression."""
    if INTEGER.fullmatch(text) or (AXES.fullmatch(text) and ("x" in text or pairs or text.isdigit())):
        return axes_literal(text, pairs=pairs)
    if PATH.fullmatch(text):
        if text in _BOOLS:
            return _BOOLS[text]
        if text in words.CONSTANT_WORDS:
            return text
        if "." not in text and text != "i" and text not in variables:
            word = trailing_word(text)
            if word is None:
                raise unknown_value(text, variables)
            return word
    return expression(text, variables)


def expression(text: str, variables: Collection[str]) -> Value:
    """The expression, or its value where it has the same one everywhere.

    A fraction stays an expression, so that a message can show how it came about.
    """
    parsed = parse_expression(text)
    unknown = [name for name in parsed.names if name not in variables]
    if unknown:
        name = min(unknown, key=text.index)
        found = re.search(rf"(?<![\w.]){name}(?![\w.(])", text)
        raise unknown_value(name, variables).shifted(found.start() if found else 0)
    if not parsed.constant:
        return parsed
    value = parsed.evaluate(NOTHING)
    return parsed if isinstance(value, Fraction) and not DECIMAL.fullmatch(text) else value


def _range(text: str, variables: Collection[str]) -> Value:
    """`A:B`: the first and the one past the last; None for an end that is left out."""
    first, _, last = text.partition(":")
    if not first and not last:
        raise TextError("a range without ends", 0, len(text), help="write `0:32`, `32:`", code="CNN906")
    values: list[Value] = []
    for part, at in ((first, 0), (last, len(first) + 1)):
        if not part:
            values.append(None)
            continue
        try:
            values.append(moved(plain_value(part, variables), at))
        except TextError as error:
            raise error.shifted(at) from None
    return tuple(values)


def moved(value: Value, by: int) -> Value:
    """A value whose expressions stand `by` characters further on."""
    if isinstance(value, Expression):
        return value.moved(value.offset + by)
    if isinstance(value, tuple):
        return tuple(moved(part, by) for part in value)
    return value
