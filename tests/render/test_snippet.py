"""Code frames, compared letter by letter; carets, by where they stand on a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.errors import Finding, Frame, Location, Severity, finding
from cnncalc.render.snippet import WIDTH, concise, counts, printable, render_findings, snippet
from cnncalc.values import replace

RESNET = "\n" * 7 + "    - residual:\n"


def at(line: int, column: int, end_column: int | None = None, file: str = "net.yaml") -> Location:
    return Location(file=file, line=line, column=column, end_column=end_column)


def place(column: int, end_column: int | None = None, message: str = "x") -> Finding:
    return finding("CNN905", message, at=at(1, column, end_column))


def terminal_width(text: str) -> int:
    """Columns of printable text, character by character."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def pointed_at(found: Finding, text: str) -> str:
    """What stands above the carets."""
    _, source, carets = snippet(found, text).split("\n")
    start, stop = carets.index("^"), carets.rindex("^") + 1
    column, pointed = 0, ""
    for char in source:
        if start <= column < stop:
            pointed += char
        column += terminal_width(char)
    return pointed


def test_a_code_frame_looks_as_the_documentation_shows_it() -> None:
    found = finding(
        "CNN001",
        "residual: main path 128x28x28 does not match shortcut 64x56x56",
        at=at(8, 7, 15, "resnet18.yaml"),
        help="`shortcut: project` (1x1 conv + bn, stride 2) or `if_same`",
        stack=(Frame(block="basic", at=at(14, 13, None, "resnet18.yaml"), layer="layer2", copy=0, copies=2),),
    )
    assert snippet(found, RESNET) == (
        "resnet18.yaml:8:7: error CNN001: residual: main path 128x28x28 does not match shortcut 64x56x56\n"
        "    8 |     - residual:\n"
        "      |       ^^^^^^^^\n"
        "      in block `basic`, called at 14:13 (layer2), copy 1 of 2\n"
        "   help: `shortcut: project` (1x1 conv + bn, stride 2) or `if_same`"
    )


def test_calls_stand_innermost_first_and_name_another_file() -> None:
    found = Finding(
        code="CNN012",
        name="skipped-input",
        severity=Severity.WARNING,
        message="m",
        at=at(1, 1),
        stack=(
            Frame(block="inner", at=at(3, 5), layer="a.b"),
            Frame(block="outer", at=at(9, 1, None, "o.yaml"), layer="a"),
        ),
        copies=4,
    )
    assert snippet(found, None) == (
        "net.yaml:1:1: warning CNN012: m\n"
        "      in block `inner`, called at 3:5 (a.b)\n"
        "      in block `outer`, called at o.yaml:9:1 (a)\n"
        "      the same in 4 copies"
    )
    assert concise(found) == "net.yaml:1:1: warning CNN012: m (4 copies)"


@pytest.mark.parametrize("text", [None, "", "one line"])
def test_without_a_source_line_there_is_no_frame(text: str | None) -> None:
    assert snippet(finding("CNN905", "m", at=at(7, 1)), text) == "net.yaml:7:1: error CNN905: m"


def test_without_a_place_there_is_the_message_and_the_help() -> None:
    found = finding("CNN905", "m", help="first\nsecond")
    assert snippet(found, "text") == "error CNN905: m\n   help: first\n         second"
    assert concise(found) == "error CNN905: m"


def test_lines_end_where_editors_end_them() -> None:
    text = "a\x0bb\x0cc\r\nd\u2028e\rf\ng"
    for line, shown in enumerate(["a\\x0bb\\x0cc", "d\\u2028e", "f", "g"], 1):
        assert snippet(finding("CNN905", "m", at=at(line, 1)), text).split("\n")[1] == f"    {line} | {shown}"


def test_large_line_numbers_keep_bars_and_carets_in_line() -> None:
    frame = snippet(finding("CNN905", "m", at=at(1_234_567, 2)), "\n" * 1_234_566 + "ab").split("\n")
    assert frame[1:] == ["1234567 | ab", "        |  ^"]


@pytest.mark.parametrize(
    ("line", "column", "end_column", "pointed"),
    [
        ("conv 64 k3", 6, 8, "64"),
        ("conv 64 k3", 9, None, "k"),
        ("\tconv\t64 k3", 7, 9, "64"),
        ("名前: conv 64", 5, 9, "conv"),
        ("名前: conv 64", 1, 3, "名前"),
        ("e\u0301te\u0301 x conv", 9, 13, "conv"),
        ("a\x1b[31m b", 8, 9, "b"),
        ("a\u202eb c", 5, 6, "c"),
        ("a\x07b", 2, 3, "\\x07"),
        ("a\ud800b", 2, 3, "\\ud800"),
        ("a\U000e0001b", 2, 3, "\\U000e0001"),
        ("a\xa0b", 2, 3, "\\xa0"),
    ],
)
def test_carets_stand_below_their_word(line: str, column: int, end_column: int | None, pointed: str) -> None:
    assert pointed_at(place(column, end_column), line) == pointed


@pytest.mark.parametrize(("column", "end_column"), [(4, None), (5, 9), (100, None), (100, 200)])
def test_a_place_behind_the_end_of_a_line_is_one_caret_behind_it(column: int, end_column: int | None) -> None:
    assert snippet(place(column, end_column), "abc").split("\n")[1:] == ["    1 | abc", "      |    ^"]


def test_an_end_behind_the_line_ends_the_carets_with_it() -> None:
    assert snippet(place(2, 99), "abc").split("\n")[2] == "      |  ^^"


def test_a_place_in_the_empty_last_line_is_shown() -> None:
    found = finding("CNN901", "m", at=at(2, 1))
    assert snippet(found, "a: [\n").split("\n")[1:] == ["    2 |", "      | ^"]


@pytest.mark.parametrize("column", [1, 2, 70, 500, 930, 990, 995])
def test_of_a_long_line_the_part_around_the_place_is_shown(column: int) -> None:
    line = " ".join(f"w{number:03}" for number in range(200)) + "!"
    frame = snippet(place(column, column + 1), line).split("\n")
    shown = frame[1].removeprefix("    1 | ")
    assert len(shown) <= WIDTH
    assert len(shown) >= WIDTH - 2
    assert shown.strip("…") in line
    assert shown.startswith("…") == (not line.startswith(shown[:5]))
    assert shown.endswith("…") == (not line.endswith(shown[-5:]))
    assert pointed_at(place(column, column + 1), line) == line[column - 1]


def test_a_line_as_wide_as_the_window_is_shown_whole() -> None:
    assert snippet(place(1), "x" * WIDTH).split("\n")[1] == "    1 | " + "x" * WIDTH
    assert snippet(place(1), "x" * (WIDTH + 1)).split("\n")[1].endswith("x…")


def test_carets_do_not_leave_the_window() -> None:
    _, source, carets = snippet(place(200, 900), "x" * 1000).split("\n")
    assert source[carets.rindex("^")] == "x"
    assert source[carets.rindex("^") + 1 :] == "…"


@pytest.mark.parametrize("line", ["x" * 4_000_000, "\u0301" * 4_000_000, "名" * 1_000_000, "\t" * 1_000_000])
def test_an_endless_line_costs_no_more_than_its_window(line: str) -> None:
    assert len(snippet(place(500_000, 600_000), line)) < 20 * WIDTH


@given(
    st.text(alphabet="ab \t名é\u0301\x1b\u202e", max_size=300),
    st.integers(1, 320),
    st.integers(1, 40),
)
def test_the_carets_have_the_width_of_what_they_point_at(line: str, column: int, size: int) -> None:
    _, source, carets = snippet(place(column, column + size), line + "\n").split("\n")
    stretch = printable(line[column - 1 : column - 1 + size])
    if not source.endswith("…") and column <= len(line):
        assert carets.count("^") == max(terminal_width(stretch), 1)
    assert carets.count("^") <= WIDTH
    assert terminal_width(source) <= WIDTH + len("    1 | ")
    assert all(char.isprintable() for char in source)


def test_nothing_that_a_file_says_reaches_the_terminal_unescaped() -> None:
    evil = "\x1b]0;x\x07\r\u202e"
    found = Finding(
        code="CNN905",
        name="invalid-value",
        severity=Severity.ERROR,
        message=evil,
        help=f"{evil}",
        at=at(1, 1, 3, f"{evil}.yaml"),
        stack=(Frame(block=evil, at=at(1, 1, None, evil), layer=evil),),
    )
    for text in (snippet(found, evil), concise(found), render_findings([found], {f"{evil}.yaml": evil})):
        assert not set(text) & {"\x1b", "\x07", "\r", "\u202e"}


class TestAllFindings:
    found = finding("CNN905", "m", at=at(1, 1), help="h")

    def test_they_stand_by_position_in_full_with_their_number_below(self) -> None:
        second = replace(self.found, at=at(2, 3), code="CNN012", severity=Severity.WARNING, help=None)
        other = replace(self.found, at=at(1, 1, None, "a.yaml"))
        nowhere = replace(self.found, at=None)
        assert render_findings([second, self.found, other, nowhere], {"net.yaml": "ab\ncd efg"}) == (
            "error CNN905: m\n   help: h\n\n"
            "a.yaml:1:1: error CNN905: m\n   help: h\n\n"
            "net.yaml:1:1: error CNN905: m\n    1 | ab\n      | ^\n   help: h\n\n"
            "net.yaml:2:3: warning CNN012: m\n    2 | cd efg\n      |   ^\n\n"
            "3 errors, 1 warning"
        )

    def test_after_twenty_they_have_a_line_each(self) -> None:
        findings = [replace(self.found, at=at(line, 1)) for line in range(1, 24)]
        lines = render_findings(findings, {"net.yaml": "x\n" * 30}).split("\n")
        assert sum(line.startswith("   help:") for line in lines) == 20
        assert lines[-5:] == [*(f"net.yaml:{line}:1: error CNN905: m" for line in (21, 22, 23)), "", "23 errors"]

    def test_the_limit_can_be_set(self) -> None:
        assert render_findings([self.found], {}, limit=0) == "net.yaml:1:1: error CNN905: m\n\n1 error"

    def test_none_is_nothing(self) -> None:
        assert render_findings([], {}) == ""

    def test_colour_changes_no_letter(self) -> None:
        findings = [self.found, replace(self.found, at=at(2, 1), severity=Severity.WARNING)]
        texts = {"net.yaml": "ab\ncd"}
        coloured = render_findings(findings, texts, colour=True)
        for code in ("1", "1;31", "1;33", "1;36", "36", "0"):
            coloured = coloured.replace(f"\x1b[{code}m", "")
        assert coloured == render_findings(findings, texts)
        assert "\x1b" not in coloured

    @pytest.mark.parametrize(("severity", "code"), [("error", "31"), ("warning", "33"), ("info", "36")])
    def test_each_severity_has_its_colour(self, severity: str, code: str) -> None:
        text = render_findings([replace(self.found, severity=Severity(severity))], {"net.yaml": "ab"}, colour=True)
        assert f"\x1b[1;{code}m{severity} CNN905:\x1b[0m" in text
        assert f"\x1b[1;{code}m^\x1b[0m" in text


def test_counts_name_the_worst_first() -> None:
    some = [finding("CNN910", "m"), finding("CNN905", "m"), finding("CNN905", "m")]
    info = replace(some[0], severity=Severity.INFO)
    assert counts([*some, info, info]) == "2 errors, 1 warning, 2 info"
    assert counts([]) == "no findings"
