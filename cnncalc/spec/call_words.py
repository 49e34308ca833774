"""The words of a layer that begins with a block, or is one word that holds a norm or an activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.errors import counted
from cnncalc.spec.items import Arg, CallItem, WordItem
from cnncalc.spec.problems import TextError
from cnncalc.spec.suggest import did_you_mean
from cnncalc.spec.syntax import KEY, SHORT
from cnncalc.spec.word_reader import ITEM_WORDS, Kind, Meaning, Parts, Scope, WordReader

if TYPE_CHECKING:
    from cnncalc.spec.items import AnyItem


class CallReader(WordReader):
    """A block with its arguments."""

    def __init__(self, block: str, scope: Scope) -> None:
        super().__init__(block, scope)
        self.signature = scope.blocks[block]
        self.shown = f"{block}({', '.join(self.signature.names)})"

    def item(self, parts: Parts, common: dict[str, Any]) -> AnyItem:
        """The call."""
        return CallItem(block=self.head, positional=tuple(parts.positional), keyword=parts.options, **common)

    def put_value(self, kind: Kind, arg: Arg, word: str, parts: Parts) -> None:  # noqa: ARG002 - ops ask for it
        """Sort in the value of the next parameter."""
        names, place = self.signature.names, len(parts.positional)
        shown = self.shown
        if place >= len(names):
            if parts.surplus:
                return  # one mistake is one error
            parts.surplus = True
            raise TextError(f"{shown} takes {counted(len(names), 'value')}, this is one too many", 0, len(word))
        name = names[place]
        if isinstance(arg.value, str) and name in self.signature.numbers:
            message = f"`{name}` of {shown} is a number, found `{word}`"
            help_ = "a call takes no flags, norms or activations; put them into the block"
            raise TextError(message, 0, len(word), help=help_)
        if name in parts.options:
            message = f"`{name}` of {shown} is given twice"
            raise TextError(message, 0, len(word), code="CNN903")
        parts.positional.append(arg)
        parts.written[name] = word

    def put(self, kind: Kind, option: str, arg: Arg, word: str, parts: Parts) -> None:
        """Sort an argument in; a parameter may be given by place or by name, once."""
        if kind is Kind.OPTION and option in parts.written:
            message = f"`{option}` of {self.shown} is given twice"
            raise TextError(message, 0, len(word), code="CNN903")
        super().put(kind, option, arg, word, parts)

    def meaning(self, word: str) -> Meaning:
        """A count, key=value, or the value of a parameter."""
        if word[0] == "*":
            return self.count(word)
        key = KEY.match(word)
        if key:
            return self.keyed(key[1], word[key.end() :], key.end())
        short = SHORT.fullmatch(word)
        if short:
            help_ = f"write `{short[1]}={short[2]}`" if short[1] in self.signature.names else self.parameters()
            raise TextError(f"a block call takes no shorts, found `{word}`", 0, len(word), help=help_)
        return Meaning(Kind.POSITIONAL, "", self.value(word, 0))

    def keyed(self, key: str, text: str, at: int) -> Meaning:
        """The value of a parameter by its name, or one of the keys that every item has."""
        known = key in self.signature.names
        if not known and key not in ITEM_WORDS:
            help_ = did_you_mean(key, self.signature.names) or self.parameters()
            raise TextError(f"block {self.shown} has no parameter `{key}`", 0, len(key), help=help_, code="CNN904")
        if not text:
            raise TextError(f"a value is missing behind `{key}=`", at, at, code="CNN906")
        found = None if known else self.item_key(key, text, at)
        return found or Meaning(Kind.OPTION, key, self.value(text, at))

    def parameters(self) -> str:
        """The parameters, as a help line."""
        names = self.signature.names
        return f"its parameters are {', '.join(names)}" if names else "it has no parameters"


class VariableReader(WordReader):
    """A variable that holds a norm or activation."""

    def item(self, parts: Parts, common: dict[str, Any]) -> AnyItem:  # noqa: ARG002 - a word has no parts
        """The line of one word."""
        return WordItem(word=self.head, **common)

    def meaning(self, word: str) -> Meaning:
        """A count or one of the keys that every item has."""
        if word[0] == "*":
            return self.count(word)
        key = KEY.match(word)
        found = self.item_key(key[1], word[key.end() :], key.end()) if key else None
        if found is None:
            help_ = "a variable in the place of an op holds a norm, an activation or `none`"
            raise TextError(f"`{self.head}` takes no options, found `{word}`", 0, len(word), help=help_)
        return found
