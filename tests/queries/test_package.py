"""Every question is a function of `cnncalc.queries`, whichever way its module was imported."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from types import FunctionType

import pytest

import cnncalc
from cnncalc import queries


@pytest.mark.parametrize("name", queries.__all__)
def test_a_question_is_a_function_of_the_package(name: str) -> None:
    module = import_module(f"cnncalc.queries.{name}")
    function = getattr(cnncalc.queries, name)
    assert isinstance(function, FunctionType)
    assert function is getattr(module, name)
    assert function.__doc__
    assert name in dir(queries)


def test_a_question_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'answer'"):
        _ = queries.answer


@pytest.mark.parametrize(
    "line",
    [
        "import cnncalc; cnncalc.queries.unit",
        "import cnncalc.queries.unit; import cnncalc; cnncalc.queries.unit",
        "from cnncalc.queries import unit",
        "from cnncalc.queries.unit import unit, UnitAnswer",
    ],
)
def test_every_way_to_import_it_gives_the_function(line: str) -> None:
    name = line.rpartition(";")[2].strip() if "cnncalc.queries.unit" in line and "from" not in line else "unit"
    code = f"{line.rpartition(';')[0] or line}\nassert type({name}).__name__ == 'function', {name}"
    subprocess.run([sys.executable, "-c", code], check=True)
