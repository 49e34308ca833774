"""`--fix`: a remedy stays only if its finding is gone, nothing new has come and the outputs are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cnncalc.cli.checking import Plan
from cnncalc.cli.fixing import edited, fix_files, fixed
from cnncalc.cli.options import Reading
from cnncalc.errors import Edit, Location
from cnncalc.lint.base import RULES, Problem
from cnncalc.lint.settings import Level
from tests.lint.linting import HEAD, rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cnncalc.report import LayerReport, Report

PLAN = Plan(reading=Reading(), command=Level(), budgets=(), config=None)
EVEN = HEAD + "layers:\n  - conv 8 k3 s2 p1\n"


def edit(line: int, start: int, end: int, text: str) -> Edit:
    return Edit(at=Location(file="net.yaml", line=line, column=start, end_column=end), replacement=text)


class TestEdited:
    TEXT = "one two\r\nthree four\rfive\nsix"

    @pytest.mark.parametrize(
        ("edits", "expected"),
        [
            ([edit(1, 1, 4, "1")], "1 two\r\nthree four\rfive\nsix"),
            ([edit(2, 7, 11, "4")], "one two\r\nthree 4\rfive\nsix"),
            ([edit(3, 1, 5, "")], "one two\r\nthree four\rsix"),
            ([edit(4, 4, 4, "ty")], "one two\r\nthree four\rfive\nsixty"),
            ([edit(1, 1, 4, "first"), edit(1, 5, 8, "2"), edit(4, 1, 4, "6")], "first 2\r\nthree four\rfive\n6"),
        ],
    )
    def test_stretches_are_replaced_and_all_else_stays(self, edits: list[Edit], expected: str) -> None:
        assert edited(self.TEXT, edits) == expected
        assert edited(self.TEXT, edits[::-1]) == expected

    @pytest.mark.parametrize(
        "edits",
        [
            [edit(5, 1, 1, "x")],
            [edit(1, 5, 10, "x")],
            [edit(1, 4, 3, "x")],
            [edit(1, 1, 5, "x"), edit(1, 4, 6, "y")],
        ],
    )
    def test_places_that_do_not_exist_or_overlap_are_refused(self, edits: list[Edit]) -> None:
        assert edited(self.TEXT, edits) is None


@pytest.mark.usefixtures("test_rules")
class TestRemedies:
    def test_one_that_changes_the_outputs_is_not_applied(self) -> None:
        # the rule of the tests offers s1 for s2, which silences it but doubles the map
        assert fixed(EVEN, "net.yaml", PLAN) == (EVEN, 0)

    def test_one_that_keeps_them_is(self) -> None:
        text = HEAD + "layers:\n  - conv 8 k3 s2 p1\n  - gap\n"
        assert fixed(text, "net.yaml", PLAN) == (text.replace("s2", "s1"), 1)

    def test_each_is_tried_by_itself(self) -> None:
        text = (
            HEAD + "layers:\n  - a: conv 8 k3 s2 p1\n  - b: conv 8 k3 s2 p1 from=input\n  - gap\noutputs: [a, gap1]\n"
        )
        assert fixed(text, "net.yaml", PLAN)[0] == text.replace("b: conv 8 k3 s2", "b: conv 8 k3 s1")

    def test_one_that_brings_an_error_or_does_not_silence_its_finding_is_not_applied(self) -> None:
        def broken(layer: LayerReport, report: Report) -> Iterator[Problem]:  # noqa: ARG001 - the form of a rule
            if "stride" in layer.places:
                yield Problem(message="no", edits=(Edit(at=layer.places["stride"], replacement="bananas"),))

        def idle(layer: LayerReport, report: Report) -> Iterator[Problem]:  # noqa: ARG001 - the form of a rule
            if "stride" in layer.places:
                yield Problem(message="no", edits=(Edit(at=layer.places["stride"], replacement="s=2"),))

        for check in (broken, idle):
            RULES["CNN072"] = rule("CNN072", check)
            assert fixed(HEAD + "layers: [conv 8 k3 s2 p1, gap]\n", "net.yaml", PLAN)[1] == 0

    def test_a_file_keeps_its_mark_its_line_ends_and_its_rights(self, tmp_path: Path) -> None:
        text = "\ufeff" + (HEAD + "layers:\n  - conv 8 k3 s2 p1 # ü\n  - gap\n").replace("\n", "\r\n")
        path = tmp_path / "net.yaml"
        path.write_bytes(text.encode())
        path.chmod(0o640)
        diffs, count = fix_files([str(path)], PLAN, write=True)
        assert (len(diffs), count) == (1, 1)
        assert path.read_bytes() == text.replace("s2", "s1").encode()
        assert path.stat().st_mode & 0o777 == 0o640
        assert [each.name for each in tmp_path.iterdir()] == ["net.yaml"]

    def test_a_diff_changes_no_file(self, tmp_path: Path) -> None:
        text = HEAD + "layers:\n  - conv 8 k3 s2 p1\n  - gap"
        path = tmp_path / "net.yaml"
        path.write_text(text)
        (diff,), _ = fix_files([str(path)], PLAN, write=False)
        assert path.read_text() == text
        assert "-  - conv 8 k3 s2 p1\n+  - conv 8 k3 s1 p1\n" in diff

    def test_what_is_no_file_or_no_text_is_passed_over(self, tmp_path: Path) -> None:
        path = tmp_path / "net.yaml"
        path.write_bytes(b"\xff\xfe")
        assert fix_files(["-", "conv 8 k3", str(tmp_path), str(path)], PLAN, write=True) == ([], 0)
