"""Packages that some tests compare with, and that need not be there."""

from __future__ import annotations

import importlib
import os
import warnings
from typing import Any

import pytest


def needed(name: str) -> Any:
    """The module, or a skip; an error where CNNCALC_REQUIRE_FRAMEWORKS is set, so that no skip goes unseen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a framework says about itself while it loads is not ours to fail on
        if os.environ.get("CNNCALC_REQUIRE_FRAMEWORKS"):
            return importlib.import_module(name)
        return pytest.importorskip(name, reason=f"{name} is not installed", exc_type=ImportError)
