"""Places inside texts, checked by looking for the characters themselves in the file."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cnncalc.errors import Location
from cnncalc.spec import yaml_build
from cnncalc.spec.source import ListNode, MapNode, Node, ScalarNode, read, text_node
from cnncalc.spec.yaml_nodes import Source

PARSERS: dict[str, Any] = {"libyaml": yaml_build.PARSER, "pure": yaml_build._pure}
BREAK = re.compile(r"\r\n|\n|\r")
YAML_SIGNS = " \n\t-:[]{},'\"|>&*!?#%@`~ab1.e()<\\\r\x00\xa0é😀\ufeff\u2028"


@pytest.fixture(params=PARSERS)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(yaml_build, "PARSER", PARSERS[request.param])
    return str(request.param)


def scalars(node: Node | None) -> list[ScalarNode]:
    """All of them, keys too."""
    if isinstance(node, MapNode):
        return [found for entry in node.entries for part in entry for found in scalars(part)]
    if isinstance(node, ListNode):
        return [found for item in node.items for found in scalars(item)]
    return [node] if node else []


def stretch(text: str, at: Location) -> str:
    """What stands at a place."""
    line = BREAK.split(text)[at.line - 1]
    return line[at.column - 1 : (at.end_column or at.column) - 1]


WORDS = ["conv", "k3", "'", "s=first(2,1)", "é😀", "|", "maxpool"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "written",
    [
        "plain",
        "plain    with   spaces",
        "plain over\n   two lines",
        "plain over\n\n   a blank   \n    line, and\n   more",
        "'single'",
        "'it''s a ''quoted'' word'",
        "'over  \n   two lines,\n\n\n   then more '",
        '"double"',
        '"esc\\t aped \\x41 word \\u00e9 and \\U0001F600 done"',
        '"over\n   two \\\n   lines \\\n  \n  more\\\n\n  end"',
        '"\\"q\\" \\\\ \\/ end"',
        "|\n    literal text\n      deeper text\n\n\n    last line\n",
        "|-\n    no break\n",
        "|+\n    all breaks\n\n\n",
        "|2\n     explicit indent\n    less indent\n",
        "|  # a comment\n    text here\n",
        "|\n\n\n    after blank\n  \n    lines of it\n",
        ">\n    folded text\n    goes on\n\n    second paragraph\n      deeper line\n      deeper more\n    and back\n",
        ">-\n    one\n    two\n\n\n    three\n",
        ">+\n\n    one\n    two\n\n",
        ">2\n     keeps one\n    none here\n",
        ">\n    one\n    \ttab first\n    two\n    three\n",
        "&anchor  plain text",
        "&anchor # comment\n   'quoted text'",
        "&anchor |\n    block text\n",
    ],
)
@pytest.mark.usefixtures("parser")
def test_every_word_of_a_text_is_found_where_it_stands(written: str, newline: str) -> None:
    end = "" if written.endswith("\n") else "\n"
    text = f"é: 1\nkey:\n  - first\n  - {written}{end}  - last\n".replace("\n", newline)
    document = read(text, "net.yaml")
    assert document.findings == ()
    node = scalars(document.root)[-2]
    checked = 0
    for match in re.finditer(r"[a-z,]+", node.raw):
        at = node.locate(*match.span())
        assert stretch(text, at) == match.group()
        checked += 1
    assert checked


@given(
    st.text(alphabet="ab \n'\"\\#:-|\u00e9", max_size=40), st.sampled_from(["'", '"', "|", ">", None]), st.booleans()
)
@settings(max_examples=300, deadline=None)
@example("a\n\nb", ">", False)  # noqa: FBT003
@example(" a\n b", ">", True)  # noqa: FBT003
@example("\n\n", "|", False)  # noqa: FBT003
def test_every_character_that_an_emitter_wrote_is_found(content: str, style: str | None, pure: bool) -> None:  # noqa: FBT001
    text = "- " + yaml.dump(content, default_style=style, width=12, allow_unicode=True).replace("\n...\n", "\n")
    text = text.replace("\n", "\n  ").rstrip(" ") if style in {"|", ">"} else text.replace("\n", "\n  ")
    check_characters(text, pure=pure)


@given(
    st.sampled_from(["'{}'", '"{}"', "{}", "|\n{}", ">\n{}", "|2\n{}", ">1-\n{}", "|+\n{}"]),
    st.text(alphabet="ab  \n\r\t'\"\\xn1", max_size=30),
    st.booleans(),
)
@settings(max_examples=600, deadline=None)
@example("|2\n{}", "     \n  \n", False)  # noqa: FBT003
@example("|+\n{}", "\n \n  \n", False)  # noqa: FBT003
@example(">1-\n{}", "   \n a\n  b", True)  # noqa: FBT003
@example('"{}"', "a \\\n  b\\\n\n c", False)  # noqa: FBT003
def test_every_character_of_a_text_written_at_random_is_found(frame: str, content: str, pure: bool) -> None:  # noqa: FBT001
    check_characters("- " + frame.format(content) + "\n", pure=pure)


def check_characters(text: str, *, pure: bool) -> None:
    """Each character of each text is read from its place: itself, white space where a line is folded, or an escape."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_build, "PARSER", PARSERS["pure" if pure else "libyaml"])
        document = read(text, "net.yaml")
    source = Source("net.yaml", text)
    for node in scalars(document.root):
        previous = -1
        for index, char in enumerate(node.raw):
            at = node.locate(index, index + 1)
            offset = source.offset(at)
            assert offset > previous, (index, char)
            previous = offset
            there = text[offset]
            if char in " \n":
                assert there in " \n\r\t\\", (index, char)
            else:
                assert there == char or (there == "\\" and not node.plain), (index, char)


@given(st.one_of(st.text(max_size=60), st.text(alphabet=YAML_SIGNS, max_size=60)), st.booleans())
@settings(max_examples=800, deadline=None)
@example("a: *b", False)  # noqa: FBT003
@example('"\\UFFFFFFFF"', True)  # noqa: FBT003
@example("&0?[", False)  # noqa: FBT003
def test_any_text_is_read_or_refused_and_every_place_exists(text: str, pure: bool) -> None:  # noqa: FBT001
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_build, "PARSER", PARSERS["pure" if pure else "libyaml"])
        document = read(text, "net.yaml")
    assert document.root is not None or document.findings
    lines = BREAK.split(document.text)
    places = [found.at for found in document.findings] + [node.at for node in scalars(document.root)]
    for at in places:
        assert at is not None
        assert 1 <= at.line <= len(lines)
        assert 1 <= at.column <= len(lines[at.line - 1]) + 1
        assert at.end_column is None or at.column < at.end_column <= len(lines[at.line - 1]) + 1
    for node in scalars(document.root):
        assert node.locate(0, len(node.raw)).line >= node.at.line
        if node.plain and node.at.end_column and node.written is None:
            assert stretch(document.text, node.at) == node.raw


@given(st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    document = read(data, "net.yaml")
    assert document.root is not None or document.findings


@given(st.text(alphabet="ab\n\r \u2028\x0b\x0c\x85", max_size=30))
def test_lines_end_where_editors_end_them(text: str) -> None:
    source = Source("net.yaml", text)
    lines = BREAK.split(text)
    assert len(source.starts) == len(lines)
    assert [source.line(number) for number in range(1, len(lines) + 2)] == [*lines, ""]
    for offset in range(len(text) + 1):
        line, column = source.position(offset)
        assert source.offset(Location(file="", line=line, column=column)) == offset
        assert line == len(BREAK.findall(text[:offset])) + (0 if text[offset - 1 : offset + 1] != "\r\n" else -1) + 1


def test_a_place_ends_with_its_line() -> None:
    source = Source("net.yaml", "abc  \ndef")
    assert source.location(1, 8) == Location(file="net.yaml", line=1, column=2, end_column=4)
    assert source.location(1, 1) == Location(file="net.yaml", line=1, column=2)


def test_a_line_of_the_shell_has_places_too() -> None:
    node = text_node("conv 8\n| relu", "<line>")
    assert stretch("conv 8\n| relu", node.locate(9, 13)) == "relu"
    assert node.locate(9, 13).line == 2
    assert node.locate(13, 13) == Location(file="<line>", line=2, column=7)
    assert text_node("conv 8", "<line>").locate(6, 6) == Location(file="<line>", line=1, column=7)


def test_a_text_too_long_for_a_table_is_found_at_its_start() -> None:
    text = '- "' + "a\\tb " * 20_000 + '"\n'
    (node,) = scalars(read(text, "net.yaml").root)
    assert node.locate(5000, 5001).column == 3
