"""What a key of a mapping may be, and what is wrong with one that may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Finding, finding
from cnncalc.spec.yaml_nodes import ListNode, ScalarNode
from cnncalc.spec.yaml_quote import quoted, shorten

if TYPE_CHECKING:
    from cnncalc.spec.yaml_nodes import Node


def text_key(key: Node, *, alone: bool) -> ScalarNode | Finding:
    """The key, or why it cannot stay: keys are text, and no merge; alone also a number (`- 0: conv 8`)."""
    if not isinstance(key, ScalarNode):
        kind = "list" if isinstance(key, ListNode) else "mapping"
        return finding("CNN905", f"a {kind} as a key; keys are text", at=key.at, help="quote the key")
    if key.plain and key.raw == "<<":
        help_ = "write the keys out; `defaults:` and `blocks:` say a thing once"
        return finding("CNN905", "merge keys (`<<`) are not read", at=key.at, help=help_)
    if key.plain and not key.raw:
        return finding("CNN905", "a key is missing before `:`", at=key.at)
    if isinstance(key.value, str) or (alone and str(key.value) == key.raw):
        return key
    kind = "a number" if key.raw[0] not in "tfn" else "no text"
    message = f"the key `{shorten(key.raw)}` is {kind}; keys are text"
    return finding("CNN905", message, at=key.at, help=f"quote it: `{quoted(shorten(key.raw))}`")


def repeated_key(key: ScalarNode, first: ScalarNode) -> Finding:
    """A key that stands twice."""
    message = f"the key `{shorten(key.raw)}` stands twice: in line {first.at.line} and in line {key.at.line}"
    return finding("CNN903", message, at=key.at, help="the first one is kept; delete or rename one")
