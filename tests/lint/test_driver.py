"""Rules become findings: positions, copies, order, what of them runs on a broken network."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.errors import Severity
from cnncalc.lint.settings import Level, Settings
from tests.lint.linting import HEAD, brief, linted, report_of

pytestmark = pytest.mark.usefixtures("test_rules")

BLOCK = """cnncalc: 1
input: 8x32x32
blocks:
  b(c, s=1):
    - conv c k3 s=s p1
    - conv c k1
layers:
  - one: b 8 *2
  - two: b 8 s=2
"""


def test_findings_come_by_position_whatever_rule_they_are_of() -> None:
    found = linted(HEAD + "layers:\n  - conv 8 k3 s2\n  - conv 8 k1\n  - conv 8 k1 s2\n")
    assert brief(found) == ["4:15 CNN072", "5:12 CNN071", "6:12 CNN071", "6:15 CNN072"]


def test_a_finding_stands_at_the_option_that_the_rule_names() -> None:
    (found,) = linted(HEAD + "layers:\n  - a: conv 8 k1\n")
    assert found.at is not None
    assert (found.at.line, found.at.column, found.at.end_column) == (4, 15, 17)
    assert (found.layer, found.name, found.severity, found.help) == ("a", "one-by-one", Severity.WARNING, "k3")


def test_a_finding_about_an_option_that_was_not_written_stands_at_the_layer() -> None:
    (found,) = linted(HEAD + "defaults: {conv: {kernel_size: 1}}\nlayers:\n  - conv 8\n")
    assert brief((found,)) == ["5:5 CNN071"]


def test_the_same_finding_in_several_copies_is_one_with_the_copies_counted() -> None:
    found = [each for each in linted(BLOCK) if each.code == "CNN071"]
    assert [(each.copies, each.layer) for each in found] == [(3, "one.0.conv2")]
    assert [(frame.block, frame.at.line) for frame in found[0].stack] == [("b", 8)]


def test_a_remedy_is_offered_only_where_every_copy_has_the_finding() -> None:
    (found,) = [each for each in linted(BLOCK) if each.code == "CNN072"]
    assert found.copies == 1
    assert found.edits == ()
    alone = [each for each in linted(BLOCK.replace("  - one: b 8 *2\n", "")) if each.code == "CNN072"]
    assert len(alone[0].edits) == 1


def test_a_finding_about_the_network_stands_at_its_layers() -> None:
    (found,) = linted("cnncalc: 1\nname: nameless\ninput: 3x32x32\nlayers: [conv 8 k3]\n")
    assert (brief((found,)), found.layer) == (["4:1 CNN073"], None)


def test_a_rule_that_is_off_by_default_speaks_only_when_selected() -> None:
    text = HEAD + "layers:\n  - conv 8 k1\n"
    assert brief(linted(text)) == ["4:12 CNN071"]
    chosen = Settings(command=Level(select=("CNN074",)))
    assert brief(linted(text, chosen)) == ["4:12 CNN074"]
    both = Settings(command=Level(select=("default", "CNN074")))
    assert brief(linted(text, both)) == ["4:12 CNN071", "4:12 CNN074"]


def test_behind_a_broken_layer_only_errors_are_reported_and_before_it_everything() -> None:
    text = HEAD + "layers:\n  - conv 8 k1\n  - conv 8 k99\n  - conv 8 k1\n  - conv 8 k3 g3\n"
    assert brief(linted(text)) == ["4:12 CNN071", "5:12 CNN002", "7:15 CNN003"]


def test_where_a_line_could_not_be_read_no_rule_guesses() -> None:
    assert brief(linted(HEAD + "layers:\n  - conv 8 k1 bananas\n  - conv 8 k1\n")) == ["4:15 CNN904"]


def test_a_path_beside_the_broken_layer_is_still_looked_at() -> None:
    text = HEAD + "layers:\n  - branches: [conv 8 k99, conv 8 k1]\n    merge: concat\n"
    assert [found.code for found in linted(text)] == ["CNN002", "CNN071"]


def test_the_public_function_takes_a_report() -> None:
    report = report_of(HEAD + "layers: [conv 8 k1]\n")
    assert brief(cnncalc.lint(report)) == ["3:17 CNN071"]
    assert cnncalc.lint(report, Settings(command=Level(ignore=("CNN071",)))) == ()
