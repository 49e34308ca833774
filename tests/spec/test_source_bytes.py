"""Files as bytes: encodings, limits, hostile input."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.spec import yaml_build
from cnncalc.spec.source import MAX_BYTES, Document, MapNode, read, read_file
from cnncalc.spec.yaml_anchors import MAX_ALIASED, MAX_DEPTH
from cnncalc.spec.yaml_build import MAX_FINDINGS, MAX_NODES

SECONDS = 10
"""Far more than a limit takes, for a machine with other work."""


def refusal(document: Document) -> tuple[str, str]:
    (found,) = document.findings
    assert document.root is None
    assert found.at is not None
    return found.code, found.message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("a: 1\n".encode("utf-16"), "the file is UTF-16"),
        ("a: 1\n".encode("utf-16-le"), "the file is UTF-16"),
        ("a: 1\n".encode("utf-16-be"), "the file is UTF-16"),
        ("a: 1\n".encode("utf-32"), "the file is UTF-32"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "the file is binary"),
        (b"a: \0\n", "the file is binary"),
        (b"\0" * 1000, "the file is binary"),
        (b"\xff", "byte 0xFF is not UTF-8"),
    ],
)
def test_a_file_that_is_no_utf8_text_is_refused_by_name(data: bytes, message: str) -> None:
    code, found = refusal(read(data, "net.yaml"))
    assert code == "CNN901"
    assert message in found


def test_a_byte_that_is_no_utf8_is_refused_at_its_line_and_column() -> None:
    document = read("name: Ä\r\nb: é".encode() + b"\xe9 x", "net.yaml")
    (found,) = document.findings
    assert found.at is not None
    assert (found.at.line, found.at.column) == (2, 5)
    assert found.message.startswith("byte 0xE9")
    assert document.text == "name: Ä\r\nb: é� x"


def test_a_byte_order_mark_at_the_start_moves_no_column() -> None:
    for data in ("\ufeffa: 1\na: 2\n", "\ufeffa: 1\na: 2\n".encode()):
        document = read(data, "net.yaml")
        assert isinstance(document.root, MapNode)
        assert document.root.at.column == 1
        assert document.text == "a: 1\na: 2\n"
        (found,) = document.findings
        assert found.at is not None
        assert (found.at.line, found.at.column) == (2, 1)


def test_a_bad_byte_behind_a_byte_order_mark_is_found_in_its_column() -> None:
    (found,) = read(b"\xef\xbb\xbfa: \xff", "net.yaml").findings
    assert found.at is not None
    assert (found.at.line, found.at.column) == (1, 4)


def test_a_file_of_the_largest_size_is_read_and_a_byte_more_is_refused() -> None:
    text = "a: 1\n#" + "x" * (MAX_BYTES - 6)
    assert read(text.encode(), "net.yaml").findings == ()
    assert refusal(read(text.encode() + b"x", "net.yaml"))[0] == "CNN902"
    assert refusal(read(text + "x", "net.yaml"))[0] == "CNN902"


def test_a_file_is_read_up_to_one_byte_more_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"x" * (MAX_BYTES + 100))
    assert len(read_file(path)) == MAX_BYTES + 1
    path.write_bytes(b"a: 1\n")
    assert read_file(str(path)) == b"a: 1\n"
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "missing.yaml")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a file without end")
def test_a_file_without_end_is_refused_at_once() -> None:
    code, message = refusal(read(read_file("/dev/zero"), "/dev/zero"))
    assert code == "CNN902"
    assert "larger than 4 MiB" in message


def test_yaml_is_imported_only_where_a_file_is_read() -> None:
    program = (
        "import sys; from cnncalc.spec.source import read; print('yaml' in sys.modules);"
        "read('a', 'f'); print('yaml' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\nTrue\n"


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def bomb(levels: int) -> str:
    """Each anchor stands for nine times the one before."""
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * 9)}]" for level in range(1, levels)]
    return "\n".join(lines)


def test_fifty_levels_are_read_and_one_more_is_refused_where_it_begins() -> None:
    assert read(nested(MAX_DEPTH), "net.yaml").findings == ()
    document = read(nested(MAX_DEPTH + 1), "net.yaml")
    assert refusal(document) == ("CNN902", "nested deeper than 50 levels")
    assert document.findings[0].at
    assert document.findings[0].at.column == MAX_DEPTH + 1


def test_levels_behind_an_alias_count() -> None:
    def chain(levels: int) -> str:
        return "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, levels - 1))

    assert read(chain(MAX_DEPTH), "net.yaml").findings == ()
    assert refusal(read(chain(MAX_DEPTH + 1), "net.yaml")) == (
        "CNN902",
        "nested deeper than 50 levels through this alias",
    )


def test_aliases_are_read_up_to_their_budget_whatever_the_size_of_the_file() -> None:
    # A list of n - 1 items is n nodes.
    text = f"a: &a [{','.join(['x'] * (MAX_ALIASED // 10 - 1))}]\nb: [{','.join(['*a'] * 10)}]\n"
    assert read(text, "net.yaml").findings == ()
    code, message = refusal(read(text + "c: *a\n", "net.yaml"))
    assert code == "CNN902"
    assert "aliases stand for more than 100,000" in message


def test_a_file_of_the_most_nodes_is_read_and_one_more_is_refused() -> None:
    items = "x," * (MAX_NODES - 1)
    assert read(f"[{items}]", "net.yaml").findings == ()
    code, message = refusal(read(f"[{items}x]", "net.yaml"))
    assert code == "CNN902"
    assert "more than 350,000 keys, values and items" in message


@pytest.mark.parametrize("text", ["- x\n", "- a: x\n", "- 'x'\n", "- [x]\n", "- {a: x}\n", "? x\n: y\n"])
def test_too_many_nodes_are_refused_at_the_first_one_too_many_before_any_is_made(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_build, "MAX_NODES", 1_000)
    monkeypatch.setattr(yaml_build.Builder, "_read", lambda *_: pytest.fail("it was read"))
    (found,) = read(text * 2_000, "net.yaml").findings
    assert (found.code, found.at is not None) == ("CNN902", True)


@given(st.text(st.sampled_from(" \n-:[]{},'\"?ab#&*"), max_size=60))
def test_a_text_has_no_more_nodes_than_its_signs_allow(text: str) -> None:
    count = 0
    with suppress(yaml.YAMLError):
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            count += isinstance(event, (yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent))
            assert count <= yaml_build._most_nodes(text)


def test_a_hundred_thousand_named_layers_can_be_read() -> None:
    document = read("layers:\n" + "".join(f"  - l{n}: conv 64 k3 p1 bn\n" for n in range(100_000)), "net.yaml")
    assert document.findings == ()


def test_reading_stops_after_a_hundred_mistakes_and_says_so() -> None:
    document = read("a: 1\n" * 5000, "net.yaml")
    assert document.root is None
    assert [found.code for found in document.findings] == ["CNN903"] * MAX_FINDINGS + ["CNN902"]
    assert "more than 100 mistakes" in document.findings[-1].message


SOME_BYTES = MAX_BYTES // 8
"""Enough for time that grows with the square of the size to show."""
HOSTILE = {
    "100,000 brackets": "[" * 100_000,
    "brackets to the limit": "[" * MAX_BYTES,
    "braces": "{" * MAX_BYTES,
    "dashes": "- " * (MAX_BYTES // 2),
    "question marks": "? " * (MAX_BYTES // 2),
    "an alias bomb": bomb(9),
    "a deep alias bomb": bomb(40),
    "an alias of a wide list": "a: &a [" + "x," * 90_000 + "]\nb: [*a, *a]\n",
    "empty lists": "[" + "[]," * (SOME_BYTES // 3 - 1),
    "numbers": "[" + "1," * (SOME_BYTES // 2 - 1),
    "open parentheses": "[" + "f(," * (SOME_BYTES // 3 - 1),
    "open parentheses in braces": "{" + "f: (," * (SOME_BYTES // 5 - 1),
    "keys without values": "{" + "".join(f"a{n}," for n in range(60_000)) + "}",
    "anchors": "- &a b\n" * (SOME_BYTES // 7),
    "quotes": '- "a"\n' * (SOME_BYTES // 6),
    "texts over two lines": "[" + "a\n b," * (SOME_BYTES // 5 - 1),
    "a long key": "ab|" * (MAX_BYTES // 3 - 2) + ": b",
    "a long explicit key": "? " + "ab|" * (MAX_BYTES // 3 - 2) + "\n: b",
    "a long second key": "a: " + "x " * (MAX_BYTES // 2 - 4) + "b: c",
    "brackets inside a text": "[a " + "(" * (MAX_BYTES - 8) + "[",
    "spaces before a colon": "a: b" + " " * (MAX_BYTES - 8) + ": c",
    "comments on one line": "# cnncalc: " * (MAX_BYTES // 11),
    "comments behind spaces": "a: b\n" + " " * (MAX_BYTES // 2) + "# cnncalc: " * (MAX_BYTES // 22),
    "comments on lines": "a: b\n" + "# cnncalc: x\n" * (MAX_BYTES // 13 - 1),
    "lines": "\n" * MAX_BYTES,
    "returns": "\r" * MAX_BYTES,
    "a long number": "a: " + "9" * (MAX_BYTES - 4),
    "a long escape": '"' + "\\x41" * (MAX_BYTES // 4 - 1) + '"',
    "a long folded text": "a: >\n" + " a\n" * (MAX_BYTES // 3 - 2),
    "one long line": "a: " + "x" * (MAX_BYTES - 4),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_input_is_read_or_refused_quickly_and_in_a_short_message(text: str) -> None:
    start = time.process_time()
    document = read(text, "net.yaml")
    assert time.process_time() - start < SECONDS
    assert document.root is not None or document.findings
    assert all(len(found.message) + len(found.help or "") < 500 for found in document.findings)


def test_a_text_of_100_megabytes_is_refused_without_being_copied() -> None:
    start = time.process_time()
    assert refusal(read(b"x" * 100_000_000, "net.yaml"))[0] == "CNN902"
    assert time.process_time() - start < SECONDS
