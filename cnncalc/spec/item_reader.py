"""The items of a list, as YAML has them -> the syntax tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.spec import words
from cnncalc.spec.advice import misused_name
from cnncalc.spec.collect import Findings, Spot
from cnncalc.spec.entries import COMMON, Entries, EntryReader
from cnncalc.spec.items import (
    Arg,
    BranchesItem,
    BranchPath,
    EachItem,
    LayerItem,
    PlacedItem,
    ResidualItem,
    SequenceItem,
)
from cnncalc.spec.line import parse_line, place
from cnncalc.spec.long_form import LongFormReader
from cnncalc.spec.suggest import did_you_mean, listed, nearest
from cnncalc.spec.syntax import NUMBER, PATH, known_op, name_error, op_syntax
from cnncalc.spec.tables import cells_of, columns_of
from cnncalc.spec.yaml_nodes import ListNode, MapNode, Node, ScalarNode
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.errors import Location
    from cnncalc.spec.items import AnyItem
    from cnncalc.spec.word_reader import Scope

Items = tuple[PlacedItem, ...]

_HEADS: dict[str, tuple[str, ...]] = {
    "op": (),
    "use": (),
    "residual": ("residual", "shortcut", "then"),
    "branches": ("branches", "merge", "align"),
    "each": ("each", "rows", "do"),
    "do": ("do",),
}
"""Key that makes an item what it is -> its own keys; the layer and the block say theirs."""
_PARTS = {"rows": "each", "merge": "branches", "align": "branches", "shortcut": "residual", "then": "residual"}
"""Key that belongs to an item -> the key that makes it one."""


class ItemReader:
    """Reads lists of items, reporting what is wrong and going on."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.entries = EntryReader(findings)
        self.long_form = LongFormReader(findings, self.entries)

    def items(self, node: Node, scope: Scope) -> Items:
        """A list of items, a line, or a single item."""
        if not isinstance(node, ListNode):
            return self.item(node, scope)
        found: list[PlacedItem] = []
        for item in node.items:
            found += self.item(item, scope)
        return tuple(found)

    def item(self, node: Node, scope: Scope) -> Items:
        """One entry of a list; a line with pipes is several items."""
        if isinstance(node, ScalarNode):
            return self.line(node, scope)
        if isinstance(node, ListNode):
            return (PlacedItem(SequenceItem(span=node.at, items=self.items(node, scope)), Spot(node.at)),)
        return self.mapping(node, scope)

    def line(self, node: ScalarNode, scope: Scope) -> Items:
        """A layer line."""
        if type(node.value) is str:
            line = parse_line(node.value, scope)
            for problem in line.problems:
                self.findings.text(problem, node)
            return place(line, node)
        if node.value is None:
            self.findings.add(
                "CNN906", "an empty item", node.at, "write a layer such as `conv 64 k3`, or `[]` for none"
            )
        else:
            self.findings.add("CNN905", f"a layer expected, found `{node.raw}`", node.at, "such as `conv 64 k3`")
        return ()

    def mapping(self, node: MapNode, scope: Scope) -> Items:
        """An item with keys."""
        entries: Entries = {key.raw: (key, value) for key, value in node.entries}
        head = next((head for head in _HEADS if head in entries), None)
        if head is None and len(entries) == 1 and not entries.keys() & words.ITEM_KEYS:
            return self.named(*node.entries[0], scope)
        if head is None:
            return self.headless(node, entries, scope)
        before = len(self.findings.found)
        item: AnyItem | None
        if head == "op":
            item = self.long_form.layer(entries, scope)
        elif head == "use":
            item = self.long_form.call(entries, scope)
        else:
            self.refuse_keys(entries, head)
            common = {**self.entries.common(entries, scope), "span": entries[head][0].at}
            item = self.structure(head, entries, common, scope)
            if item is not None and len(self.findings.found) > before:
                item = replace(item, faulty=True)
        return () if item is None else (PlacedItem(item, Spot(entries[head][0].at)),)

    def structure(self, head: str, entries: Entries, common: dict[str, Any], scope: Scope) -> AnyItem | None:
        """An item of its own kind."""
        if head == "residual":
            return self.residual(entries, common, scope)
        if head == "branches":
            return self.branches(entries, common, scope)
        if head == "each":
            return self.each(entries, common, scope)
        return SequenceItem(items=self.items(entries["do"][1], scope), **common)

    def refuse_keys(self, entries: Entries, head: str) -> None:
        """Report the keys that an item does not have."""
        known = (*_HEADS[head], *COMMON)
        for name, (key, _) in entries.items():
            if name not in known:
                meant = words.FOREIGN_KEYS.get(words.squeezed(name))
                help_ = f"did you mean `{meant}`?" if meant in known else did_you_mean(name, known)
                message = f"`{head}` has no key `{name}`"
                self.findings.add("CNN904", message, key.at, help_ or f"its keys are {listed(known, 'and')}")

    def headless(self, node: MapNode, entries: Entries, scope: Scope) -> Items:
        """A mapping without a key that says what it is."""
        first = node.entries[0][0] if node.entries else None
        if first is None:
            self.findings.add("CNN906", "an empty mapping", node.at, "write a layer such as `conv 64 k3`")
            return ()
        for key, _ in node.entries:
            meant = words.FOREIGN_KEYS.get(words.squeezed(key.raw)) or nearest(key.raw, _HEADS)
            if meant in _HEADS and key.raw not in COMMON:
                message = f"unknown key `{key.raw}` of an item"
                self.findings.add("CNN904", message, key.at, f"did you mean `{meant}`?")
                return ()
        own = [key for key, _ in node.entries if key.raw not in words.ITEM_KEYS]
        if not own:
            needed = next((head for key, head in _PARTS.items() if key in entries), "do")
            message = f"`{first.raw}` without `{needed}`"
            self.findings.add("CNN906", message, first.at, f"an item like this holds its layers in `{needed}:`")
            return ()
        if len(own) == 1 and len(entries) > 1:
            name = own[0].raw
            rest = next(key for key, _ in node.entries if key.raw != name)
            message = f"`{rest.raw}` stands beside the name `{name}`"
            help_ = f"write `name: {name}` and put the layers in `do:`, or `{rest.raw}` into the value of `{name}`"
            self.findings.add("CNN904", message, rest.at, help_)
            return self.named(own[0], entries[name][1], scope)
        message = f"an item with the keys {listed(entries, 'and')}"
        if len(own) == len(entries) and not any(words.squeezed(key.raw) in words.FOREIGN_KEYS for key in own):
            self.findings.add("CNN904", message, own[0].at, f"each layer begins with a dash: `- {own[0].raw}: ...`")
            return tuple(placed for key, value in node.entries for placed in self.named(key, value, scope))
        help_ = f"one of {listed(_HEADS)} says what an item is; a name has its layer behind it and stands alone"
        self.findings.add("CNN904", message, own[0].at, help_)
        return ()

    def named(self, key: ScalarNode, node: Node, scope: Scope) -> Items:
        """`NAME: item`."""
        name = key.raw
        message = None if NUMBER.fullmatch(name) else name_error(name, scope.blocks)
        fields: dict[str, Any] = {} if message else {"name": name, "name_span": key.at}
        if message:
            self.findings.add("CNN905", message, key.at, misused_name(name, scope.blocks, _words(node)))
            if (known_op(name) or name in scope.blocks) and (not isinstance(node, ListNode) or _words(node)):
                return ()
        elif isinstance(node, MapNode) and not any(each.raw in words.ITEM_KEYS for each, _ in node.entries):
            op = words.FOREIGN_OPS.get(words.squeezed(name))
            if op is not None:
                help_ = f"write the layer as a line, `- {op} ...`, or as `{{op: {op}, ...}}`"
                self.findings.add("CNN904", f"`{name}` with options is no item", key.at, help_)
                return ()
        if isinstance(node, ScalarNode) and node.value is None:
            self.findings.add("CNN906", f"nothing stands behind `{name}:`", key.at, "write its layer behind it")
            return ()
        items = self.items(node, scope)
        single = len(items) == 1 and not isinstance(node, ListNode)
        if single and items[0].item.name is None:
            return (PlacedItem(replace(items[0].item, **fields), items[0].origin),) if fields else items
        if single and isinstance(node, MapNode) and any(each.raw == "name" for each, _ in node.entries):
            self.findings.add("CNN903", f"two names: `{name}` and `{items[0].item.name}`", key.at)
            return items
        if isinstance(node, ScalarNode) and node.plain:
            items = self.without_itself(items, name)
        return (PlacedItem(SequenceItem(span=key.at, items=items, **fields), Spot(key.at)),)

    def without_itself(self, items: Items, name: str) -> Items:
        """The steps of `NAME: a | b | c`, where a step that reads NAME shows that NAME was meant for the first step."""
        kept: list[PlacedItem] = []
        for placed in items:
            item = placed.item
            if isinstance(item, LayerItem):
                sizes = [item.options[key] for key in op_syntax(item.op).sizes if key in item.options]
                for arg in (*item.references, *sizes, *([item.from_] if item.from_ else ())):
                    if arg.value == name:
                        message = f"`{name}` names the whole line here, and the line reads it"
                        help_ = "put the line with its name in quotes: then it names the first step alone"
                        self.findings.add("CNN904", message, placed.locate(arg.span), help_)
                        item = LayerItem(span=item.span, op="identity", faulty=True)
                        break
            kept.append(PlacedItem(item, placed.origin))
        return tuple(kept)

    def residual(self, entries: Entries, common: dict[str, Any], scope: Scope) -> AnyItem:
        """`{residual: [...], shortcut: ..., then: ...}`."""
        body = self.items(entries["residual"][1], scope)
        then = self.items(entries["then"][1], scope) if "then" in entries else ()
        shortcut: str | Items = "identity"
        span: Location | None = None
        if "shortcut" in entries:
            node = entries["shortcut"][1]
            span = node.at
            word = node.value if isinstance(node, ScalarNode) and isinstance(node.value, str) else ""
            if word in words.SHORTCUTS:
                shortcut = word
            elif word.isidentifier() and not (known_op(word) or word in scope.blocks or word in scope.variables):
                help_ = did_you_mean(word, words.SHORTCUTS) or f"there are {listed(words.SHORTCUTS, 'and')}, or a path"
                self.findings.add("CNN904", f"unknown shortcut `{word}`", span, help_)
            else:
                shortcut = self.items(node, scope) or "identity"
        return ResidualItem(body=body, shortcut=shortcut, shortcut_span=span, then=then, **common)

    def branches(self, entries: Entries, common: dict[str, Any], scope: Scope) -> AnyItem:
        """`{branches: [...], merge: ...}`."""
        key, node = entries["branches"]
        paths: list[BranchPath] = []
        if isinstance(node, MapNode):
            for name, body in node.entries:
                message = name_error(name.raw, scope.blocks)
                if message:
                    self.findings.add("CNN905", message, name.at, "names are like `b1`")
                fields: dict[str, Any] = {} if message else {"name": name.raw, "name_span": name.at}
                paths.append(BranchPath(body=self.items(body, scope), **fields))
        elif isinstance(node, ListNode):
            paths = [BranchPath(body=self.items(body, scope)) for body in node.items]
        else:
            self.findings.add("CNN905", "a list of paths expected", node.at, "write `branches: [[...], [...]]`")
        merge = "add"
        if "merge" not in entries:
            self.findings.add("CNN906", "`branches` without `merge`", key.at, f"give it {listed(words.MERGES)}")
        else:
            merge = self.merge(entries["merge"][1]) or merge
        align = self.align(entries["align"][1]) if "align" in entries else None
        return BranchesItem(paths=tuple(paths), merge=merge, align=align, **common)

    def align(self, node: Node) -> Arg | None:
        """What is done where sizes differ."""
        known = sorted(op_syntax("add").worded["align"])
        word = self.entries.text(node, listed(known))
        if word is None or word in known:
            return None if word is None else Arg(word, node.at)
        self.findings.add("CNN904", f"unknown `align: {word}`", node.at, f"there are {listed(known, 'and')}")
        return None

    def merge(self, node: Node) -> str | None:
        """How branches are joined."""
        word = self.entries.text(node, listed(words.MERGES))
        if word is None or word in words.MERGES:
            return word
        meant = words.FOREIGN_OPS.get(words.squeezed(word))
        help_ = f"did you mean `{meant}`?" if meant in words.MERGES else did_you_mean(word, words.MERGES)
        self.findings.add("CNN904", f"unknown merge `{word}`", node.at, help_ or f"there are {listed(words.MERGES)}")
        return None

    def each(self, entries: Entries, common: dict[str, Any], scope: Scope) -> AnyItem | None:
        """`{each: [t, c], rows: [[1, 16], ...], do: ...}`."""
        key, head = entries["each"]
        for needed in ("rows", "do"):
            if needed not in entries:
                self.findings.add("CNN906", f"`each` without `{needed}`", key.at, "a table is `each`, `rows` and `do`")
        columns = columns_of(head, scope, self.entries)
        if columns is None or "do" not in entries:
            return None
        rows: list[tuple[Arg, ...]] = []
        table = entries["rows"][1] if "rows" in entries else ListNode((), key.at)
        if not isinstance(table, ListNode):
            self.findings.add("CNN905", "a list of rows expected", table.at, "write `rows: [[1, 16], [6, 24]]`")
        for row in table.items if isinstance(table, ListNode) else ():
            cells = cells_of(row, columns, scope, self.entries)
            if cells is not None:
                rows.append(cells)
        body = self.items(entries["do"][1], scope.with_names(columns))
        return EachItem(columns=columns, rows=tuple(rows), body=body, **common)


def _words(node: Node) -> str:
    """The items of a list of single words, "" for anything else."""
    if not isinstance(node, ListNode):
        return ""
    texts = [item.raw for item in node.items if isinstance(item, ScalarNode) and PATH.fullmatch(item.raw)]
    return " ".join(texts) if len(texts) == len(node.items) else ""
