"""The entries of a mapping item: values with their places, and what every item may carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.spec.items import Arg
from cnncalc.spec.problems import TextError
from cnncalc.spec.syntax import PATH, name_error
from cnncalc.spec.values import plain_value
from cnncalc.spec.yaml_nodes import ListNode, MapNode, Node, ScalarNode

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.spec.collect import Findings
    from cnncalc.spec.items import Value
    from cnncalc.spec.word_reader import Scope

COMMON = ("name", "repeat", "when", "from", "share")
"""Keys of every mapping item."""
Entries = dict[str, tuple[ScalarNode, Node]]


class UnreadableError(Exception):
    """A value that could not be read; the finding has been made."""


class EntryReader:
    """Reads values of mappings, reporting what is wrong."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def value(self, node: Node, read: Callable[[str], Value]) -> Value:
        """A number, truth value, list, or text that `read` understands; raises UnreadableError."""
        if isinstance(node, MapNode):
            self.findings.add("CNN905", "a value expected, found a mapping", node.at)
            raise UnreadableError
        if isinstance(node, ListNode):
            if not node.items:
                self.findings.add("CNN906", "an empty list where a value belongs", node.at)
                raise UnreadableError
            return tuple([self.value(item, read) for item in node.items])
        if node.value is None:
            self.findings.add("CNN906", "a value is missing", node.at)
            raise UnreadableError
        if not isinstance(node.value, str):
            return node.value
        try:
            return read(node.value)
        except TextError as error:
            self.findings.text(error, node)
            raise UnreadableError from None

    def argument(self, node: Node, read: Callable[[str], Value]) -> Arg | None:
        """A value with its place, None where it cannot be read."""
        try:
            return Arg(self.value(node, read), node.at)
        except UnreadableError:
            return None

    def cell(self, node: Node, scope: Scope) -> Arg | None:
        """The value of a variable, parameter or table cell; nothing is the word `none`."""
        if isinstance(node, ScalarNode) and node.value is None:
            return Arg("none", node.at)
        return self.argument(node, lambda text: plain_value(text, scope.variables))

    def text(self, node: Node, what: str) -> str | None:
        """A text, None where there is none."""
        if isinstance(node, ScalarNode) and isinstance(node.value, str):
            return node.value
        missing = isinstance(node, ScalarNode) and node.value is None
        shown = f", found `{node.raw}`" if isinstance(node, ScalarNode) and not missing else ""
        self.findings.add("CNN906" if missing else "CNN905", f"{what} expected{shown}", node.at)
        return None

    def path(self, node: Node) -> Arg | None:
        """The name of a layer."""
        name = self.text(node, "the name of a layer")
        if name is not None and not PATH.fullmatch(name):
            self.findings.add("CNN905", f"the name of a layer expected, found `{name}`", node.at)
            return None
        return None if name is None else Arg(name, node.at)

    def name(self, node: Node, scope: Scope) -> dict[str, Any]:
        """The fields of an item that hold its name; {} where it cannot be one."""
        name = self.text(node, "a name")
        message = None if name is None else name_error(name, scope.blocks)
        if message is not None:
            self.findings.add("CNN905", message, node.at, "names are like `stem` or `conv1_1`")
        return {} if name is None or message is not None else {"name": name, "name_span": node.at}

    def common(self, entries: Entries, scope: Scope) -> dict[str, Any]:
        """The fields that every item may have."""
        fields: dict[str, Any] = {}
        if "name" in entries:
            fields.update(self.name(entries["name"][1], scope))
        for key in ("repeat", "when"):
            if key in entries:
                fields[key] = self.argument(entries[key][1], lambda text: plain_value(text, scope.variables))
        for key, field in (("from", "from_"), ("share", "share")):
            if key in entries:
                fields[field] = self.path(entries[key][1])
        return fields
