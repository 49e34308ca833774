"""The manuals of what is found without a rule: each mistake that they show is reported under its code, alone."""

from __future__ import annotations

import pytest

from cnncalc.errors import CODES
from cnncalc.lint.base import RULES, Example
from cnncalc.lint.driver import lint
from cnncalc.lint.rules.errors import MANUALS, manuals
from tests.lint.rules.cases import report_of

BAD = [(code, example) for code in MANUALS for example in manuals()[code].bad]
GOOD = [(code, example) for code in MANUALS for example in manuals()[code].good]


@pytest.mark.parametrize(("code", "example"), BAD)
def test_a_mistake_of_a_manual_is_reported_under_its_code_alone(code: str, example: Example) -> None:
    found = lint(report_of(example.text, example.input))
    assert {each.code for each in found} == {code}


@pytest.mark.parametrize(("code", "example"), GOOD)
def test_the_mended_text_of_a_manual_has_no_errors(code: str, example: Example) -> None:
    found = lint(report_of(example.text, example.input))
    assert code not in {each.code for each in found}
    assert not {each.code for each in found} & set(MANUALS)


def test_every_code_has_one_manual() -> None:
    assert set(CODES) <= set(manuals())
    assert not set(MANUALS) & set(RULES)


@pytest.mark.parametrize("code", MANUALS)
def test_a_manual_shows_a_mistake_and_how_to_mend_it(code: str) -> None:
    manual = manuals()[code]
    assert manual.bad
    assert manual.good
    assert manual.summary.endswith(".")
