"""cnncalc: exact numbers of convolutional networks, without a framework.

>>> import cnncalc
>>> report = cnncalc.analyze("conv 64 k7 s2 p3 bn relu | maxpool 3 s2 p1", input="3x224x224")
>>> report.outputs, report.totals.params
({'maxpool1': (64, 56, 56)}, 9536)

What is listed in `__all__` is public, and loaded when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc import queries, render
    from cnncalc.api import analyze, build, from_keras, from_onnx, from_torch, load, parse, verify
    from cnncalc.errors import CnncalcError, SpecError, UsageError
    from cnncalc.lint.driver import lint
    from cnncalc.report import Report
    from cnncalc.spec.network import NetworkSpec

__version__ = "0.1.0"
__all__ = [
    "CnncalcError",
    "NetworkSpec",
    "Report",
    "SpecError",
    "UsageError",
    "__version__",
    "analyze",
    "build",
    "from_keras",
    "from_onnx",
    "from_torch",
    "lint",
    "load",
    "parse",
    "queries",
    "render",
    "verify",
]

_HOMES = {
    "analyze": "cnncalc.api",
    "build": "cnncalc.api",
    "from_keras": "cnncalc.api",
    "from_onnx": "cnncalc.api",
    "from_torch": "cnncalc.api",
    "load": "cnncalc.api",
    "parse": "cnncalc.api",
    "verify": "cnncalc.api",
    "CnncalcError": "cnncalc.errors",
    "SpecError": "cnncalc.errors",
    "UsageError": "cnncalc.errors",
    "Report": "cnncalc.report",
    "NetworkSpec": "cnncalc.spec.network",
}
_PACKAGES = frozenset({"lint", "queries", "render"})  # lint can be called, too


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _PACKAGES:
        return import_module(f"cnncalc.{name}")
    message = f"module 'cnncalc' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
