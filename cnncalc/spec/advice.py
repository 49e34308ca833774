"""Errors about words that mean nothing here, with the word that was probably meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.ops.base import OPS
from cnncalc.spec import words
from cnncalc.spec.problems import ALL, TextError
from cnncalc.spec.suggest import did_you_mean, listed
from cnncalc.spec.syntax import AXES, SHORT, known_op, op_syntax

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from cnncalc.spec.syntax import OpSyntax

_COUNT = re.compile(r"([0-9]+)[x*]?")
LINE_KEYS = ("from", "when", "share", "repeat", "norm", "act")


def unknown_op(word: str, others: Iterable[str]) -> TextError:
    """The first word of a layer is no op, block or variable."""
    head, bracket, _ = word.partition("(")
    head = head.rpartition(".")[2] or head  # `nn.Conv2d`
    name = known_op(head) or words.FOREIGN_OPS.get(words.squeezed(head))
    if bracket and name and name != "res":
        help_: str | None = f"write `{name} ...` with its values behind it, separated by spaces"
    elif (name := known_op(word.rstrip(",:"))) or (name := words.FOREIGN_OPS.get(words.squeezed(head))):
        help_ = f"did you mean `{'res(...)' if name == 'res' else name}`?"
    elif count := _COUNT.fullmatch(word):
        help_ = f"`*{count[1]}` behind a layer repeats it"
    elif word.partition(":")[2] and known_op(word.partition(":")[2]):
        help_ = "a space belongs behind the colon of a name"
    else:
        help_ = did_you_mean(head, [*(op for op in OPS if op.isidentifier()), *others]) or "`cnncalc ops` lists the ops"
    return TextError(f"unknown op `{word}`", 0, len(word), help=help_, code="CNN904")


def unknown_word(word: str, syntax: OpSyntax, blocks: Collection[str], variables: Collection[str]) -> TextError:
    """A bare word on a layer line that is no flag, norm, activation or name."""
    foreign = words.FOREIGN_OPS.get(words.squeezed(word))
    option = syntax.option(word) or syntax.option(words.FOREIGN_KEYS.get(words.squeezed(word), ""))
    message = f"unknown word `{word}`"
    swallows = 0
    if word in words.FLAGS:
        message = f"`{word}` means nothing to {syntax.op}"
        help_: str | None = f"its flags are {listed(syntax.flags, 'and')}" if syntax.flags else "it has no flags"
    elif (letter := _letter(word, variables)) and words.SHORTS[letter] in syntax.options:
        help_ = f"a short takes numbers; with a variable it is `{letter}={word[len(letter) :]}`"
    elif word == words.NONE:
        help_ = "leave it out: nothing follows a layer unless it is written"
    elif option:
        short = syntax.short(option)
        help_ = f"a value belongs to it: `{option}=2`" + (f" or `{short}2`" if short else "")
        swallows = 1
    elif foreign in words.TRAILING:
        help_ = f"did you mean `{foreign}`?"
    elif known_op(word) or foreign or word in blocks:
        kind = "a block" if word in blocks else "an op"
        name = word if word in blocks else known_op(word) or foreign
        help_ = f"`{name}` is {kind} and begins a layer of its own: after `|`, or as an item of its own"
        swallows = ALL
    else:
        known = [*syntax.flags, *words.TRAILING, *variables, *(f"{name}=" for name in syntax.options)]
        help_ = did_you_mean(word, known) or "it is no flag, norm, activation or variable"
    error = TextError(message, 0, len(word), help=help_, code="CNN904")
    error.swallows = swallows
    return error


def _letter(word: str, variables: Collection[str]) -> str | None:
    """The letter of a short before the name of a variable."""
    return next(
        (letter for letter in words.SHORTS if word.startswith(letter) and word[len(letter) :] in variables), None
    )


def unknown_option(key: str, syntax: OpSyntax) -> TextError:
    """A key that the op does not have."""
    spelt = words.squeezed(key)
    ours = words.FOREIGN_KEYS.get(spelt, key)
    letters = [letter for letter, option in words.SHORTS.items() if option in syntax.options and letter != "op"]
    if spelt in words.FOREIGN_ADVICE:
        help_: str | None = words.FOREIGN_ADVICE[spelt]
    elif key == "name":
        help_ = f"a name stands before its layer: `stem: {syntax.op} ...`"
    elif key == "op" and "output_padding" in syntax.options:
        help_ = "output_padding is written `op1` or `output_padding=1`"
    elif key in words.FLAGS and words.FLAGS[key][0] in syntax.options:
        help_ = f"`{key}` is a flag: it stands alone"
    elif ours != key and (ours in syntax.options or ours in LINE_KEYS):
        help_ = f"did you mean `{ours}`?"
    else:
        help_ = did_you_mean(key, [*syntax.options, *LINE_KEYS])
    if help_ is None:
        help_ = f"its options are {listed([*syntax.options, *letters], 'and')}" if syntax.options else "it has none"
    return TextError(f"{syntax.op} has no option `{key}`", 0, len(key), help=help_, code="CNN904")


def unknown_value(word: str, variables: Collection[str]) -> TextError:
    """A word as a value that is no variable here."""
    help_ = did_you_mean(word, [*variables, *words.CONSTANT_WORDS])
    if help_ is None:
        help_ = _known(variables)
    return TextError(f"unknown name `{word}`", 0, len(word), help=help_, code="CNN904")


def unknown_choice(word: str, known: Collection[str], variables: Collection[str]) -> TextError:
    """A word that an option, which takes certain words, does not take."""
    help_ = did_you_mean(word, [*variables, *known]) or f"it can be {listed(sorted({*variables, *known}))}"
    return TextError(f"unknown name `{word}`", 0, len(word), help=help_, code="CNN904")


def _known(variables: Collection[str]) -> str:
    names = sorted(set(variables))
    if not names:
        return "no var or parameter is known here"
    return f"known here: {', '.join(names)}" if len(names) <= 12 else "it is no var, parameter or column"  # noqa: PLR2004


def second_value(word: str, first: str, syntax: OpSyntax) -> TextError:
    """A second bare value on a line."""
    free = [
        f"{option} is `{letter}{word}`"
        for letter, option in words.SHORTS.items()
        if option in syntax.options and option != syntax.positional and (word.isdigit() or "x" in word)
        if AXES.fullmatch(word)
    ]
    help_ = "; ".join(free[:2]) if free else "further options are written key=value"
    if syntax.positional == "out_channels" and "x" in first and word.isdigit():
        help_ = f"the channels come first: `{syntax.op} {word} k{first}`"
    return TextError(f"{syntax.op} has its {syntax.positional} already: `{first}`", 0, len(word), help=help_)


def negative_short(word: str, option: str) -> TextError:
    """`p-1`."""
    help_ = "`crop 1` cuts one off each side" if option == "padding" else None
    return TextError(f"`{word}`: {option} cannot be negative", 0, len(word), help=help_)


def no_value(word: str, syntax: OpSyntax) -> TextError:
    """A bare value on an op that takes none."""
    short = SHORT.fullmatch(word)
    if short:
        return TextError(f"{syntax.op} has no {words.SHORTS[short[1]]}", 0, len(word), code="CNN904")
    help_ = "its output has as many channels as its input; `m2` multiplies them" if syntax.op == "dwconv" else None
    return TextError(f"{syntax.op} takes no value", 0, len(word), help=help_)


def misused_name(name: str, blocks: Collection[str], joined: str) -> str:
    """What to write where the name of an item cannot be one; `joined` are the names that stand behind a merge."""
    op = known_op(name)
    if op and joined and op_syntax(op).references:
        return f"write the layer as a line, `- {op} {joined}`"
    if op:
        return f"write the layer as a line, `- {op} ...`, or as `{{op: {op}, ...}}`"
    if name in blocks:
        return f"write the call as a line, `- {name} ...`, or as `{{use: {name}, ...}}`"
    return "names are like `stem` or `conv1_1`"
