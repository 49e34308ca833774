"""The words of a layer that begins with an op."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.spec import words
from cnncalc.spec.advice import negative_short, no_value, second_value, unknown_choice, unknown_option, unknown_word
from cnncalc.spec.items import Arg, LayerItem
from cnncalc.spec.problems import ALL, TextError
from cnncalc.spec.syntax import AXES, KEY, NAME, NEGATIVE, PATH, SHORT, axes_literal, op_syntax, trailing_word
from cnncalc.spec.values import moved, option_value, plain_value
from cnncalc.spec.word_reader import ITEM_WORDS, Kind, Meaning, Parts, Scope, WordReader

if TYPE_CHECKING:
    import re

    from cnncalc.spec.items import AnyItem


class OpReader(WordReader):
    """An op with its options."""

    def __init__(self, op: str, scope: Scope) -> None:
        super().__init__(op, scope)
        self.syntax = op_syntax(op)

    def item(self, parts: Parts, common: dict[str, Any]) -> AnyItem:
        """The layer."""
        return LayerItem(
            op=self.head,
            options=parts.options,
            references=tuple(parts.references),
            trail=tuple(parts.trail),
            **common,
        )

    def put_value(self, kind: Kind, arg: Arg, word: str, parts: Parts) -> None:
        """Sort in the positional, or a variable that holds a norm or activation."""
        option = self.syntax.positional
        if option is not None and option not in parts.options:
            self.put(Kind.OPTION, option, arg, word, parts)
        elif kind is Kind.VARIABLE:
            if words.SHORTS.get(word) in self.syntax.options:
                message = f"`{word}` alone would be a norm or an activation"
                help_ = f"{words.SHORTS[word]} is written `{word}={word}`"
                raise TextError(message, 0, len(word), help=help_)
            parts.trail.append(arg)
        else:
            error = no_value(word, self.syntax) if option is None else None
            error = error or second_value(word, parts.written[option or ""], self.syntax)
            trailing = parts.trail[-1].value if parts.trail else None
            if isinstance(trailing, str) and trailing != words.NONE and op_syntax(trailing).positional:
                error.help = f"the value of a norm that follows is written `{trailing}={word}`"
                parts.trail[-1] = Arg((trailing, arg.value), parts.trail[-1].span)  # so that one mistake is one error
            raise error

    def meaning(self, word: str) -> Meaning:
        """The reading order: flag, norm, activation, short, key=value, positional."""
        syntax = self.syntax
        flag = syntax.flag(word)
        if flag:
            return Meaning(Kind.OPTION, *flag)
        trailing = trailing_word(word)
        if trailing:
            return Meaning(Kind.TRAIL, "", trailing)
        short = SHORT.fullmatch(word)
        if short and words.SHORTS[short[1]] in syntax.options:
            return self.short(words.SHORTS[short[1]], short)
        key = KEY.match(word)
        if key:
            return self.keyed(key[1], word[key.end() :], key.end())
        return self.count(word) if word[0] == "*" else self.bare(word, short is not None)

    def short(self, option: str, short: re.Match[str]) -> Meaning:
        """`k3`, `k3x5`, `p0/1`."""
        at = short.start(2)
        try:
            return Meaning(Kind.OPTION, option, axes_literal(short[2], pairs=option == "padding"))
        except TextError as error:
            if not AXES.fullmatch(short[2]):
                error.help = f"a short takes numbers; expressions are written `{short[1]}=...`"
            raise error.shifted(at) from None

    def keyed(self, key: str, text: str, at: int) -> Meaning:
        """`key=value`."""
        option = self.syntax.option(key)
        if option is None and key not in (*ITEM_WORDS, "norm", "act") and not trailing_word(key):
            raise unknown_option(key, self.syntax)
        if not text:
            raise TextError(f"a value is missing behind `{key}=`", at, at, code="CNN906")
        if option is not None:
            try:
                return Meaning(
                    Kind.OPTION, option, moved(option_value(text, option, self.syntax, self.scope.variables), at)
                )
            except TextError as error:
                raise error.shifted(at) from None
        return self.item_key(key, text, at) or self.trailing(key, text, at)

    def trailing(self, key: str, text: str, at: int) -> Meaning:
        """`norm=bn`, `act=a`, and `gn=16`: a norm with its argument."""
        word = trailing_word(key)
        if word is None:
            return Meaning(Kind.TRAIL, "", self.value(text, at))
        if op_syntax(word).positional is None:
            help_ = f"`{word}` with options is a layer of its own: after `|`, or as an item of its own"
            raise TextError(f"`{key}` takes no value here", 0, at + len(text), help=help_)
        return Meaning(Kind.TRAIL, "", (word, self.value(text, at)))

    def bare(self, word: str, is_short: bool) -> Meaning:  # noqa: FBT001 - what the caller has found out
        """The name of a layer on a merge, else a variable or the positional."""
        syntax, variables = self.syntax, self.scope.variables
        if syntax.positional and word in syntax.worded.get(syntax.positional, ()):
            return Meaning(Kind.POSITIONAL, syntax.positional, word)
        negative = NEGATIVE.fullmatch(word)
        if negative and negative[1] not in variables and words.SHORTS[negative[1]] in syntax.options:
            raise negative_short(word, words.SHORTS[negative[1]])
        if syntax.references:
            if not PATH.fullmatch(word):
                help_ = f"their names stand behind it, separated by spaces: `{syntax.op} a b`"
                error = TextError(f"{syntax.op} joins layers by name, found `{word}`", 0, len(word), help=help_)
                error.swallows = ALL
                raise error
            return Meaning(Kind.REFERENCE, "", word)
        if word in variables:
            return Meaning(Kind.VARIABLE, "", plain_value(word, variables))
        if NAME.fullmatch(word) and not is_short:
            known = syntax.worded.get(syntax.positional or "")
            if known:
                raise unknown_choice(word, known, variables)
            raise unknown_word(word, syntax, self.scope.blocks, variables)
        if is_short:
            raise no_value(word, syntax)
        option = syntax.positional
        if option is None:
            return Meaning(Kind.POSITIONAL, "", None)  # refused where it is sorted in
        return Meaning(Kind.POSITIONAL, option, option_value(word, option, syntax, variables))
