"""YAML, read strictly: text to plain data with positions, and every mistake as a finding.

Nothing in a file can run code, open another file or hang the reader. How it is done: the bytes are decoded and their
characters checked (yaml_text), the parser's events become nodes under limits (yaml_build), plain scalars get exact
values (yaml_numbers), layer lines that YAML takes apart are recognised (yaml_quote), and syntax errors are told in the
words of a network file (yaml_errors).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Finding, SpecError, finding
from cnncalc.spec.yaml_nodes import ListNode, MapNode, Node, ScalarNode, Source, text_node
from cnncalc.spec.yaml_text import MAX_BYTES, check_characters, check_size, comments, decode
from cnncalc.values import value

if TYPE_CHECKING:
    from pathlib import Path

    from cnncalc.spec.network import Comment

__all__ = ["MAX_BYTES", "Document", "ListNode", "MapNode", "Node", "ScalarNode", "read", "read_file", "text_node"]


@value
class Document:
    """What a file says."""

    root: Node | None
    """None where nothing usable is left; `findings` then says why."""
    comments: tuple[Comment, ...]
    """Every `# cnncalc: ...`."""
    findings: tuple[Finding, ...]
    """CNN901 yaml-syntax, CNN902 limit-exceeded, CNN903 duplicate-key, CNN905 invalid-value; by position."""
    text: str
    """As positions count it: decoded, without a byte order mark."""


def read_file(path: str | Path) -> bytes:
    """The bytes of a file, at most one more than `read` takes, so that it can refuse a file without end.

    Raises OSError.
    """
    with open(path, "rb") as file:  # noqa: PTH123 - a str or a Path
        return file.read(MAX_BYTES + 1)


def read(data: str | bytes, file: str) -> Document:
    r"""Plain data with positions; whatever is wrong is a finding, never an exception.

    >>> document = read("input: 3x224x224\nlayers: [conv 64 k3]\n", "net.yaml")
    >>> [(key.raw, str(value.at)) for key, value in document.root.entries]
    [('input', 'net.yaml:1:8'), ('layers', 'net.yaml:2:9')]
    """
    text = ""
    try:
        if isinstance(data, bytes):
            text = decode(data, file)
        else:
            check_size(len(data), file)
            text = data.removeprefix("\ufeff")
        source = Source(file, text)
        check_characters(source)
    except SpecError as error:
        shown = text or (data.decode(errors="replace") if isinstance(data, bytes) and len(data) <= MAX_BYTES else "")
        return Document(root=None, comments=(), findings=error.findings, text=shown)
    from cnncalc.spec.yaml_build import Builder  # a layer line of the shell needs no yaml

    builder = Builder(source)
    root = builder.build()
    findings = builder.findings
    if root is None and not findings:
        message = "the file holds nothing but comments" if text.strip() else "the file is empty"
        findings = [finding("CNN901", message, at=source.location(0), help="begin with `cnncalc: 1`")]
    return Document(
        root=root,
        comments=comments(source, builder.spans) if root is not None and builder.speaks else (),
        findings=tuple(sorted(findings, key=_position)),
        text=text,
    )


def _position(found: Finding) -> tuple[int, int]:
    return (found.at.line, found.at.column) if found.at else (0, 0)
