"""The words of one layer -> a LayerItem, CallItem or WordItem.

What a word means depends on the first word of its layer and on the variables in scope, not on its place: it is found
out once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.spec.advice import unknown_op
from cnncalc.spec.call_words import CallReader, VariableReader
from cnncalc.spec.items import LayerItem
from cnncalc.spec.op_words import OpReader
from cnncalc.spec.problems import TextError
from cnncalc.spec.syntax import known_op, name_error
from cnncalc.spec.word_reader import Scope, Token, named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.spec.items import AnyItem


def read_layer(tokens: Sequence[Token], name: Token | None, scope: Scope, problems: list[TextError]) -> AnyItem:
    """The item that the words of a layer make; what cannot be read is reported and left out."""
    head, start, end = tokens[0]
    reader = scope.readers.get(head)
    if reader is None:
        if head in scope.blocks:
            reader = CallReader(head, scope)
        elif op := known_op(head):
            reader = OpReader(op, scope)
        elif head in scope.variables:
            reader = VariableReader(head, scope)
        else:
            problems.append(unknown_op(head, [*scope.blocks, *scope.variables]).shifted(start))
            # A stand-in keeps its name known, so that one mistake is one error.
            return LayerItem(span=(start, end), op="identity", faulty=True, **named(name))
        scope.readers[head] = reader
    return reader.read(tokens, name, problems)


def checked_name(token: Token, scope: Scope, problems: list[TextError]) -> Token | None:
    """The name that a word before a colon gives, None where it cannot be one."""
    name, start, end = token
    message = name_error(name, scope.blocks)
    if message is None:
        return token
    problems.append(TextError(message, start, max(end, start + 1), help="names are like `stem` or `conv1_1`"))
    return None
