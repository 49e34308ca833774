from __future__ import annotations

import pytest

from tests.frameworks import needed

MISSING = "no_such_framework"


def test_a_missing_framework_is_an_error_where_all_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNNCALC_REQUIRE_FRAMEWORKS", "1")
    with pytest.raises(ModuleNotFoundError, match=MISSING):
        needed(MISSING)


@pytest.mark.parametrize("value", ["", None])
def test_a_missing_framework_is_a_skip_elsewhere(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CNNCALC_REQUIRE_FRAMEWORKS", raising=False)
    if value is not None:
        monkeypatch.setenv("CNNCALC_REQUIRE_FRAMEWORKS", value)
    with pytest.raises(pytest.skip.Exception, match=f"{MISSING} is not installed"):
        needed(MISSING)


def test_what_is_there_is_the_module() -> None:
    assert needed("pytest") is pytest
