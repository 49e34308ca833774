"""The long forms: `{op: conv, out_channels: 64, norm: bn}` and `{use: basic, c: 64}` -> items."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cnncalc.spec.advice import unknown_op, unknown_option
from cnncalc.spec.entries import COMMON, Entries, EntryReader
from cnncalc.spec.items import Arg, CallItem, LayerItem
from cnncalc.spec.suggest import did_you_mean, listed
from cnncalc.spec.syntax import known_op, op_syntax, trailing_word
from cnncalc.spec.values import option_value, plain_value
from cnncalc.spec.yaml_nodes import ListNode, MapNode, Node, ScalarNode
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cnncalc.spec.collect import Findings
    from cnncalc.spec.items import AnyItem
    from cnncalc.spec.syntax import OpSyntax
    from cnncalc.spec.word_reader import Scope


class LongFormReader:
    """Reads layers and calls that are written as mappings."""

    def __init__(self, findings: Findings, entries: EntryReader) -> None:
        self.findings = findings
        self.entries = entries

    def layer(self, entries: Entries, scope: Scope) -> AnyItem:
        """`{op: ...}`."""
        node = entries["op"][1]
        before = len(self.findings.found)
        op = self._op(node, scope)
        if op is None:
            named = {name: entry for name, entry in entries.items() if name == "name"}
            # A stand-in keeps its name known, so that one mistake is one error.
            return LayerItem(span=node.at, op="identity", faulty=True, **self.entries.common(named, scope))
        syntax = op_syntax(op)
        references: tuple[Arg, ...] = ()
        sources = entries["from"][1] if "from" in entries else None
        if syntax.references and isinstance(sources, ListNode):
            common = self.entries.common({name: entry for name, entry in entries.items() if name != "from"}, scope)
            common["from_"], references = self._sources(sources)
        else:
            common = self.entries.common(entries, scope)
        rest = [entry for name, entry in entries.items() if name not in COMMON and name != "op"]
        trailing = [entry for entry in rest if entry[0].raw in ("norm", "act") and entry[0].raw not in syntax.options]
        options = self.options([entry for entry in rest if entry not in trailing], syntax, scope)
        trail = self._trail(sorted(trailing, key=lambda entry: entry[0].raw != "norm"), scope)
        item = LayerItem(span=node.at, op=op, options=options, references=references, trail=trail, **common)
        return replace(item, faulty=True) if len(self.findings.found) > before else item

    def _op(self, node: Node, scope: Scope) -> str | None:
        """The op that is named, None where there is none of that name."""
        word = self.entries.text(node, "an op")
        op = known_op(word) if word is not None else None
        if word in scope.blocks:
            self.findings.add("CNN904", f"`{word}` is a block", node.at, f"write `{{use: {word}, ...}}`")
        elif word is not None and op is None:
            error = unknown_op(word, ())
            self.findings.add(error.code, error.message, node.at, error.help)
        return op

    def options(self, entries: Iterable[tuple[ScalarNode, Node]], syntax: OpSyntax, scope: Scope) -> dict[str, Arg]:
        """The options of an op by their long names."""
        options: dict[str, Arg] = {}
        written: dict[str, str] = {}
        for key, node in entries:
            option = syntax.option(key.raw)
            if option is None:
                error = unknown_option(key.raw, syntax)
                self.findings.add(error.code, error.message, key.at, error.help)
            elif option in written:
                message = f"{option} is given twice: `{written[option]}` and `{key.raw}`"
                self.findings.add("CNN903", message, key.at)
            else:
                written[option] = key.raw
                read = partial(option_value, option=option, syntax=syntax, variables=scope.variables)
                arg = self.entries.argument(node, read)
                if arg is not None:
                    options[option] = arg
        return options

    def call(self, entries: Entries, scope: Scope) -> AnyItem | None:
        """`{use: ...}`; None where there is no such block."""
        node = entries["use"][1]
        block = self.entries.text(node, "the name of a block")
        if block is None:
            return None
        signature = scope.blocks.get(block)
        if signature is None:
            help_ = did_you_mean(block, scope.blocks)
            if help_ is None and known_op(block):
                help_ = f"`{block}` is an op: `{{op: {block}, ...}}`"
            self.findings.add("CNN904", f"unknown block `{block}`", node.at, help_)
            return None
        before = len(self.findings.found)
        shown = f"{block}({', '.join(signature.names)})"
        keyword: dict[str, Arg] = {}
        for name, (key, value) in entries.items():
            if name in signature.names:
                arg = self.entries.cell(value, scope)
                if arg is not None:
                    keyword[name] = arg
            elif name not in COMMON and name != "use":
                help_ = did_you_mean(name, signature.names) or f"its parameters are {listed(signature.names, 'and')}"
                self.findings.add("CNN904", f"block {shown} has no parameter `{name}`", key.at, help_)
        common = self.entries.common(entries, scope)
        faulty = len(self.findings.found) > before
        return CallItem(span=node.at, block=block, keyword=keyword, faulty=faulty, **common)

    def _sources(self, node: ListNode) -> tuple[Arg | None, tuple[Arg, ...]]:
        """`from: [a, b]` of a merge: the stream that it starts from, and what is joined to it."""
        names = [arg for arg in map(self.entries.path, node.items) if arg is not None]
        return (names[0], tuple(names[1:])) if names else (None, ())

    def _trail(self, entries: Iterable[tuple[ScalarNode, Node]], scope: Scope) -> tuple[Arg, ...]:
        """`norm: bn`, `act: a`, `norm: {gn: 16}`."""
        trail: list[Arg] = []
        for _, node in entries:
            if isinstance(node, MapNode) and len(node.entries) == 1:
                arg: Arg | None = self._with_argument(*node.entries[0], scope)
            elif isinstance(node, ScalarNode) and node.value is None:
                arg = None
            else:
                arg = self.entries.argument(node, lambda text: plain_value(text, scope.variables))
            if arg is not None and arg.value != "none":
                trail.append(arg)
        return tuple(trail)

    def _with_argument(self, key: ScalarNode, node: Node, scope: Scope) -> Arg | None:
        word = trailing_word(key.raw)
        if word is None or op_syntax(word).positional is None:
            message = f"`{key.raw}` is no norm with a value"
            self.findings.add("CNN904", message, key.at, "`gn` and `lrn` take one: `{gn: 16}`")
            return None
        arg = self.entries.argument(node, lambda text: plain_value(text, scope.variables))
        return None if arg is None else Arg((word, arg.value), key.at)
