"""Tables of `each:`: the names of the columns, the cells of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import counted
from cnncalc.spec.syntax import variable_error
from cnncalc.spec.yaml_nodes import ListNode, Node

if TYPE_CHECKING:
    from cnncalc.spec.entries import EntryReader
    from cnncalc.spec.items import Arg
    from cnncalc.spec.word_reader import Scope

MAX_COLUMNS = 100


def columns_of(node: Node, scope: Scope, entries: EntryReader) -> tuple[str, ...] | None:
    """The names of a table's columns; None where one of them cannot be one."""
    names = node.items if isinstance(node, ListNode) else (node,)
    if len(names) > MAX_COLUMNS:
        entries.findings.add("CNN902", f"a table of more than {MAX_COLUMNS} columns", names[MAX_COLUMNS].at)
        return None
    columns: list[str] = []
    for item in names:
        name = entries.text(item, "the name of a column")
        message = None if name is None else variable_error(name, scope.blocks)
        if message is None and name in columns:
            entries.findings.add("CNN903", f"two columns are called `{name}`", item.at)
        elif message is not None:
            entries.findings.add("CNN905", message, item.at)
        elif name is not None:
            columns.append(name)
    if not names:
        entries.findings.add("CNN906", "a table without columns", node.at, "write `each: [t, c, n, s]`")
    return tuple(columns) if names and len(columns) == len(names) else None


def cells_of(node: Node, columns: tuple[str, ...], scope: Scope, entries: EntryReader) -> tuple[Arg, ...] | None:
    """The cells of a row; None where they do not fit."""
    items = node.items if isinstance(node, ListNode) else (node,)
    if len(items) != len(columns):
        message = f"{counted(len(items), 'value')} for {counted(len(columns), 'column')} ({', '.join(columns)})"
        entries.findings.add("CNN905", message, node.at)
        return None
    cells = [entries.cell(item, scope) for item in items]
    known = [cell for cell in cells if cell is not None]
    return tuple(known) if len(known) == len(cells) else None
