"""Every example of the manuals of CNN010 to CNN019: the bad ones are reported, the good ones pass."""

from __future__ import annotations

import pytest

from cnncalc.lint.base import RULES, Example
from cnncalc.lint.driver import lint
from tests.lint.rules.cases import of_example, sound

CODES = [f"CNN{number:03}" for number in range(10, 20)]
BAD = [(code, example) for code in CODES for example in RULES[code].bad]
GOOD = [(code, example) for code in CODES for example in RULES[code].good]


@pytest.mark.parametrize(("code", "example"), BAD)
def test_a_bad_example_is_reported_with_a_remedy_at_a_word_that_stands_there(code: str, example: Example) -> None:
    found = of_example(code, example)
    assert found
    report = sound(example.text, example.input)
    for name, problem in found:
        (layer,) = [each for each in report.layers if each.name == name]
        assert problem.help
        assert problem.option is None or problem.option in layer.places


@pytest.mark.parametrize(("code", "example"), BAD)
def test_a_bad_example_shows_one_geometric_mistake_and_not_several(code: str, example: Example) -> None:
    found = lint(sound(example.text, example.input))
    assert {each.code for each in found if each.code in CODES and each.severity.value != "info"} <= {code}


@pytest.mark.parametrize(("code", "example"), GOOD)
def test_a_good_example_passes(code: str, example: Example) -> None:
    assert of_example(code, example) == []


@pytest.mark.parametrize("code", CODES)
def test_a_manual_cites_its_source_and_shows_good_and_bad(code: str) -> None:
    rule = RULES[code]
    assert rule.bad
    assert rule.good
    assert "Reference: " in rule.manual
