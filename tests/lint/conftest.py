from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cnncalc.lint import rules as real_rules
from cnncalc.lint.base import RULES
from tests.lint.linting import TEST_RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.lint.base import Rule


def _only(rules: dict[str, Rule]) -> Iterator[None]:
    assert real_rules.__path__  # all real rules are registered
    kept = dict(RULES)
    RULES.clear()
    RULES.update({"CNN006": kept["CNN006"], **rules})
    yield
    RULES.clear()
    RULES.update(kept)


@pytest.fixture
def test_rules() -> Iterator[None]:
    """No rules but those of the tests, and `expect:`."""
    yield from _only(TEST_RULES)


@pytest.fixture
def no_rules() -> Iterator[None]:
    """No rule but `expect:`."""
    yield from _only({})
