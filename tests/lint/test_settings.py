"""Which findings are wanted: pyproject.toml, then `lint:` in the file, then the command line; comments always."""

from __future__ import annotations

import pytest

from cnncalc.errors import Severity
from cnncalc.lint.settings import Level, Settings
from tests.lint.linting import HEAD, brief, linted

pytestmark = pytest.mark.usefixtures("test_rules")

LINE = "layers:\n  - conv 8 k1 s2\n"
TEXT = HEAD + LINE
BOTH = ["4:12 CNN071", "4:15 CNN072"]


def test_without_settings_all_rules_that_are_on_by_default_speak() -> None:
    assert brief(linted(TEXT)) == BOTH


@pytest.mark.parametrize(
    ("project", "file", "command", "expected"),
    [
        (Level(ignore=("CNN071",)), "", Level(), ["4:15 CNN072"]),
        (Level(ignore=("CNN07",)), "", Level(), []),
        (Level(ignore=("all",)), "", Level(), []),
        (Level(select=("CNN071",)), "", Level(), ["4:12 CNN071"]),
        # the file has the word over pyproject.toml
        (Level(ignore=("CNN071",)), "lint: {select: [CNN071]}\n", Level(), ["4:12 CNN071"]),
        (Level(select=("CNN071",)), "lint: {select: [CNN072]}\n", Level(), ["4:15 CNN072"]),
        (Level(select=("CNN071",)), "lint: {ignore: [CNN071]}\n", Level(), []),
        # the command line has the word over both
        (Level(), "lint: {ignore: [CNN071]}\n", Level(select=("CNN071",)), ["4:12 CNN071"]),
        (Level(ignore=("CNN071",)), "lint: {ignore: [CNN072]}\n", Level(select=("default",)), BOTH),
        (Level(), "lint: {select: [CNN071]}\n", Level(ignore=("CNN071",)), []),
        (Level(), "", Level(select=("CNN07",), ignore=("CNN072", "CNN074")), ["4:12 CNN071"]),
    ],
)
def test_each_level_starts_from_what_the_one_before_left(
    project: Level, file: str, command: Level, expected: list[str]
) -> None:
    found = linted(HEAD + LINE + file, Settings(project=project, command=command))
    assert brief(found) == expected


def test_the_last_level_decides_about_a_severity() -> None:
    text = TEXT + "lint: {severity: {CNN071: info, CNN072: error}}\n"
    project = Level(severity={"CNN071": Severity.ERROR, "CNN07": Severity.WARNING})
    command = Level(severity={"CNN072": Severity.WARNING})
    assert [found.severity for found in linted(text)] == [Severity.INFO, Severity.ERROR]
    assert [found.severity for found in linted(text, Settings(project=project))] == [Severity.INFO, Severity.ERROR]
    both = linted(text, Settings(project=project, command=command))
    assert [found.severity for found in both] == [Severity.INFO, Severity.WARNING]


def test_what_keeps_a_network_from_being_built_is_reported_whatever_is_selected() -> None:
    broken = HEAD + "layers:\n  - conv 8 k99\n"
    assert brief(linted(broken, Settings(command=Level(select=("CNN071",))))) == ["4:12 CNN002"]
    unread = HEAD + "layers:\n  - conv 8 bananas=1\n"
    quiet = Settings(command=Level(ignore=("all",), severity={"all": Severity.INFO}))
    assert [(each.code, each.severity) for each in linted(unread, quiet)] == [("CNN904", Severity.ERROR)]


def test_an_entry_of_the_file_that_takes_nothing_away_is_reported_at_its_place() -> None:
    found = linted(TEXT + "lint: {ignore: [CNN071, CNN073]}\n")
    assert brief(found) == ["4:15 CNN072", "5:25 CNN910"]


def test_an_entry_for_a_rule_that_was_not_asked_is_not_called_useless() -> None:
    only = Settings(command=Level(select=("CNN072",)))
    assert brief(linted(TEXT + "lint: {ignore: [CNN073]}\n", only)) == ["4:15 CNN072"]
    broken = HEAD + "layers:\n  - conv 8 k99\nlint: {ignore: [CNN073]}\n"
    assert brief(linted(broken)) == ["4:12 CNN002"]


@pytest.mark.parametrize(
    ("said", "column", "help_"),
    [
        ("{ignore: [CNN777]}", 17, "`cnncalc rules` lists the codes"),
        ("{ignore: [strided]}", 17, "did you mean `CNN072`?"),
        ("{ignore: [CNN71]}", 17, "did you mean `CNN071`?"),
        ("{ignore: [cnn071]}", 17, "did you mean `CNN071`?"),
        ("{ignore: [default]}", 17, "`cnncalc rules` lists the codes"),
        ("{select: [all, CNN777]}", 22, "`cnncalc rules` lists the codes"),
        ("{severity: {CNN777: info}}", 27, "`cnncalc rules` lists the codes"),
        ("{ignore: [CNN901]}", 17, "mend what it reports"),
        ("{severity: {CNN901: info}}", 27, "mend what it reports"),
    ],
)
def test_a_code_in_the_file_that_does_not_exist_is_reported_at_its_place(said: str, column: int, help_: str) -> None:
    found = [each for each in linted(HEAD + f"layers: [conv 8 k3]\nlint: {said}\n") if each.code == "CNN911"]
    assert brief(tuple(found)) == [f"4:{column} CNN911"]
    assert found[0].help == help_
