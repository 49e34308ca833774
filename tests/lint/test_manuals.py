"""The manuals: every Bad is flagged with its code, every Good is not, every remedy that can be applied silences."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cnncalc.cli.fixing import edited
from cnncalc.engine import analyze
from cnncalc.errors import CODES
from cnncalc.graph import build
from cnncalc.lint.base import RULES, Example
from cnncalc.lint.driver import lint
from cnncalc.lint.rules.errors import manuals
from cnncalc.lint.settings import Level, Settings
from cnncalc.spec.reader import parse, parse_line, parse_shape

ROOT = Path(__file__).parents[2]
ALL = manuals()
BAD = [(code, example) for code, rule in ALL.items() for example in rule.bad]
GOOD = [(code, example) for code, rule in ALL.items() for example in rule.good]
EVERYTHING = Settings(command=Level(select=("all",)))
MENTIONED = [
    *(f"CNN00{n}" for n in range(1, 7)),
    *(f"CNN01{n}" for n in range(10)),
    *(f"CNN03{n}" for n in range(6)),
    *(f"CNN04{n}" for n in range(10)),
    *(f"CNN90{n}" for n in range(1, 7)),
    "CNN910",
    "CNN911",
]


def codes_of(example: Example, text: str | None = None) -> set[str]:
    text = example.text if text is None else text
    if example.input is None:
        spec = parse(text, source="net.yaml")
    else:
        spec = parse_line(text, {"input": parse_shape(example.input)})
    return {found.code for found in lint(analyze(build(spec)), EVERYTHING)}


def named(case: tuple[str, Example]) -> str:
    code, example = case
    return f"{code}: {example.text.partition(chr(10))[0] if example.input else example.text.splitlines()[-1].strip()}"


@pytest.mark.parametrize("case", BAD, ids=named)
def test_a_bad_example_is_flagged(case: tuple[str, Example]) -> None:
    code, example = case
    assert code in codes_of(example)


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_a_good_example_is_not(case: tuple[str, Example]) -> None:
    code, example = case
    found = codes_of(example)
    assert code not in found
    assert not {each for each in found if CODES.get(each, ("", None))[0] and each < "CNN006"}


@pytest.mark.parametrize("case", BAD, ids=named)
def test_a_remedy_that_can_be_applied_silences_its_finding(case: tuple[str, Example]) -> None:
    code, example = case
    if example.input is None:
        spec = parse(example.text, source="net.yaml")
    else:
        spec = parse_line(example.text, {"input": parse_shape(example.input)})
    before = lint(analyze(build(spec)), EVERYTHING)
    for found in before:
        if found.code == code and found.edits:
            text = edited(example.text, found.edits)
            assert text is not None
            assert text != example.text
            assert code not in codes_of(example, text)


@pytest.mark.parametrize("code", MENTIONED)
def test_every_code_of_the_design_has_a_manual_with_both_kinds_of_examples(code: str) -> None:
    rule = ALL[code]
    assert rule.summary.endswith(".")
    assert rule.bad
    assert rule.good


def test_the_codes_are_those_of_the_rules_and_of_the_readers_and_no_others() -> None:
    assert sorted(ALL) == sorted({*CODES, *RULES})
    assert len({rule.name for rule in ALL.values()}) == len(ALL)


def test_the_page_about_the_rules_is_what_the_manuals_say() -> None:
    done = subprocess.run(
        [sys.executable, "docs/make_rules.py", "--check"], cwd=ROOT, env={"PYTHONPATH": "."}, check=False
    )
    assert done.returncode == 0, "run: python docs/make_rules.py"
