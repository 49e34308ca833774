"""The questions that designers ask: each is a function, and a file of the same name, loaded when it is used.

>>> import cnncalc
>>> report = cnncalc.analyze("conv 64 k7 s2 p3 | maxpool 3 s2 p1", input="3x224x224")
>>> cnncalc.queries.explain(report, "maxpool1").row.output_shape
(64, 56, 56)
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.queries.explain import explain
    from cnncalc.queries.unit import unit

__all__ = ["explain", "unit"]


class _Queries(ModuleType):
    """A package whose attributes are the functions, also after their files, which have the same names, are loaded."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in __all__ and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module(f"cnncalc.queries.{name}"), name)
    message = f"module 'cnncalc.queries' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


sys.modules[__name__].__class__ = _Queries
