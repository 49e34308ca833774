"""Pipes and groups: a recursive descent over a line, which leaves the words of a layer to layer.py."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cnncalc.spec import words
from cnncalc.spec.items import Arg, BranchesItem, BranchPath, PlacedItem, ResidualItem, SequenceItem
from cnncalc.spec.layer import checked_name, read_layer
from cnncalc.spec.problems import TextError
from cnncalc.spec.suggest import did_you_mean, listed
from cnncalc.spec.syntax import known_op
from cnncalc.spec.values import moved, plain_value
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.errors import Location
    from cnncalc.spec.items import AnyItem
    from cnncalc.spec.word_reader import Scope, Token

MAX_DEPTH = 50
"""Groups inside each other."""
MAX_STEPS = 100_000
"""Layers, groups and paths of one line."""


class _Nowhere:
    """The origin of what is parsed before it is placed."""

    def locate(self, start: int, end: int) -> Location:
        raise NotImplementedError


_NOWHERE = _Nowhere()
_SPACE = re.compile(r"\s*")
_PLAIN = re.compile(r"[^\s|;()]+")
_PREFIX = re.compile(r"([^\s|;():=]+)\s*:(?=\s|$)")
_LONE_WORD = re.compile(r"(\w+)\s*(?=\))")
_GROUP = re.compile(r"(add|concat|mul|max|min|res|)\s*\(")


class GroupReader:
    """A recursive descent over a line with pipes and groups."""

    def __init__(self, text: str, scope: Scope, problems: list[TextError]) -> None:
        self.text = text
        self.scope = scope
        self.problems = problems
        self.at = 0
        self.flat = True
        self.unclosed = False
        self.steps = 0

    def refuse(self, message: str, start: int, end: int, help_: str | None = None, code: str = "CNN905") -> None:
        """Report what is wrong with characters start..end."""
        self.problems.append(TextError(message, start, end, help=help_, code=code))

    def space(self) -> None:
        """Pass white space."""
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def peek(self) -> str:
        """The next character that is no space, "" at the end."""
        self.space()
        return self.text[self.at : self.at + 1]

    def stray(self) -> None:
        """Report a `)` or `;` outside of every group, and pass it."""
        character = self.text[self.at]
        if character == ")":
            self.refuse("`)` closes no bracket", self.at, self.at + 1)
        else:
            help_ = "it separates the paths inside `add(...; ...)`; layers are separated by `|`"
            self.refuse("`;` outside of a group", self.at, self.at + 1, help_)
        self.at += 1

    def line(self, depth: int) -> tuple[AnyItem, ...]:
        """Steps up to the end, a `)` or a `;`."""
        items: list[AnyItem] = []
        while True:
            item = self.step(depth)
            if item is not None:
                items.append(item)
            if self.peek() != "|" or self.is_full():
                return tuple(items)
            self.at += 1

    def is_full(self) -> bool:
        """Count a step, or a path; True where there are too many of them, and nothing more is read."""
        self.steps += 1
        if self.steps == MAX_STEPS:
            self.refuse(f"more than {MAX_STEPS:,} layers in one line", self.at, self.at + 1, code="CNN902")
            self.at = len(self.text)
            self.unclosed = True
        return self.steps >= MAX_STEPS

    def step(self, depth: int) -> AnyItem | None:
        """One layer or group with its name; None where there is none."""
        character = self.peek()
        name = None
        prefix = _PREFIX.match(self.text, self.at)
        if prefix:
            name = checked_name((prefix[1], prefix.start(1), prefix.end(1)), self.scope, self.problems)
            self.at = prefix.end()
            character = self.peek()
        group = _GROUP.match(self.text, self.at)
        if group:
            return self.group(group, name, depth)
        if character in ("", "|", ";", ")"):
            help_ = "`|` stands between two layers" if character != ";" else None
            self.refuse("a layer is missing here", self.at, self.at + len(character), help_, code="CNN906")
            return None
        tokens = self.layer_words()
        return read_layer(tokens, name, self.scope, self.problems) if tokens else None

    def layer_words(self) -> list[Token]:
        """The words up to `|`, `;`, `)` or the end; brackets inside a word keep it together.

        A word whose bracket is never closed is reported and left out.
        """
        tokens: list[Token] = []
        while self.peek() not in ("", "|", ";", ")"):
            start = self.at
            while True:
                found = _PLAIN.match(self.text, self.at)
                if found:
                    self.at = found.end()
                elif self.text[self.at : self.at + 1] == "(":
                    if not self.bracket():
                        return tokens
                else:
                    break
            tokens.append((self.text[start : self.at], start, self.at))
        return tokens

    def bracket(self) -> bool:
        """Pass a bracket of an expression; False where it has no end."""
        opening = self.at
        depth = 0
        for at in range(opening, len(self.text)):
            depth += {"(": 1, ")": -1}.get(self.text[at], 0)
            if depth == 0:
                self.at = at + 1
                return True
        self.at = len(self.text)
        self.never_closed(opening)
        return False

    def never_closed(self, opening: int) -> None:
        """Report a bracket without its end, one for a line."""
        if not self.unclosed:
            self.refuse("the bracket is never closed", opening, opening + 1)
        self.unclosed = True

    def group(self, found: re.Match[str], name: Token | None, depth: int) -> AnyItem | None:
        """A group whose word and opening bracket were found."""
        word, opening = found[1], found.end() - 1
        self.flat = False
        if depth >= MAX_DEPTH:
            self.refuse(f"groups nested deeper than {MAX_DEPTH}", opening, opening + 1, code="CNN902")
            self.at = len(self.text)
            self.unclosed = True
            return None
        self.at = found.end()
        common: dict[str, Any] = {"span": (found.start(), found.end(1) if word else found.end())}
        if name:
            common.update(name=name[0], name_span=name[1:])
        before = len(self.problems)
        item: AnyItem
        if word == "res":
            item = self.residual(depth, common)
        elif word:
            item = BranchesItem(merge=word, paths=self.paths(depth), **common)
        else:
            item = SequenceItem(items=self.body(depth), **common)
        self.close(opening)
        repeat = self.count(word)
        return replace(item, repeat=repeat, faulty=len(self.problems) > before)

    def close(self, opening: int) -> None:
        """Pass the closing bracket of a group."""
        while self.peek() == ";":
            self.refuse("`;` separates two paths, here is one", self.at, self.at + 1, "layers are separated by `|`")
            self.at += 1
            self.line(MAX_DEPTH)
        if self.peek() == ")":
            self.at += 1
        else:
            self.never_closed(opening)

    def count(self, word: str) -> Arg | None:
        """What follows a group: a count, or nothing."""
        repeat: Arg | None = None
        while self.peek() not in ("", "|", ";", ")"):
            for text, start, end in self.layer_words() if self.text[self.at] != "(" else self.skip_bracket():
                if text[0] != "*" or repeat is not None:
                    help_ = f"write `{word}(...) | {text}`" if repeat is None else None
                    self.refuse(f"unexpected `{text}` behind a group", start, end, help_)
                elif len(text) == 1:
                    self.refuse("a count is missing behind `*`", start, end, "write `*2`, without a space", "CNN906")
                else:
                    repeat = self.repeat(text, start)
        return repeat

    def repeat(self, text: str, start: int) -> Arg | None:
        """`*n`, starting at a character."""
        try:
            value = plain_value(text[1:], self.scope.variables)
        except TextError as error:
            self.problems.append(error.shifted(start + 1))
            return None
        return Arg(moved(value, start + 1), (start, start + len(text)))

    def skip_bracket(self) -> list[Token]:
        """A bracket where none may stand, as a word."""
        start = self.at
        self.bracket()
        return [(self.text[start : self.at], start, self.at)]

    def body(self, depth: int) -> tuple[PlacedItem, ...]:
        """The line inside a group."""
        return tuple(PlacedItem(item, _NOWHERE) for item in self.line(depth + 1))

    def path(self, depth: int) -> tuple[PlacedItem, ...]:
        """A path, which may be empty: the identity."""
        return () if self.peek() in (";", ")") else self.body(depth)

    def paths(self, depth: int) -> tuple[BranchPath, ...]:
        """The paths of a merge."""
        paths = [BranchPath(body=self.path(depth))]
        while self.peek() == ";" and not self.is_full():
            self.at += 1
            paths.append(BranchPath(body=self.path(depth)))
        return tuple(paths)

    def residual(self, depth: int, common: dict[str, Any]) -> ResidualItem:
        """The main path, then a shortcut word or path."""
        main = self.body(depth)
        if self.peek() != ";":
            return ResidualItem(body=main, **common)
        self.at += 1
        self.space()
        found = _LONE_WORD.match(self.text, self.at)
        if found and not self.is_layer(found[1]):
            self.at = found.end()
            if found[1] in words.SHORTCUTS:
                return ResidualItem(body=main, shortcut=found[1], shortcut_span=found.span(1), **common)
            help_ = did_you_mean(found[1], words.SHORTCUTS) or f"there are {listed(words.SHORTCUTS, 'and')}, or a path"
            self.refuse(f"unknown shortcut `{found[1]}`", *found.span(1), help_, code="CNN904")
            return ResidualItem(body=main, **common)
        start = self.at
        shortcut = self.path(depth)
        return ResidualItem(body=main, shortcut=shortcut or "identity", shortcut_span=(start, self.at), **common)

    def is_layer(self, word: str) -> bool:
        """Whether a lone word behind `;` is a path and no shortcut (`pad` and `identity` are ops, too)."""
        if word in words.SHORTCUTS:
            return False
        return known_op(word) is not None or word in self.scope.blocks or word in self.scope.variables
