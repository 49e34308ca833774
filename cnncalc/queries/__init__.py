"""One question, one function: `cnncalc.queries.unit(graph, "layer3", (12, 7))`. Each is loaded when it is used.

The function of a question has the name of its module; as an attribute of this package the name means the function.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.queries.against import against
    from cnncalc.queries.diff import diff
    from cnncalc.queries.explain import explain
    from cnncalc.queries.region import region
    from cnncalc.queries.scale import scale
    from cnncalc.queries.sizes import sizes
    from cnncalc.queries.solve import solve
    from cnncalc.queries.tile import tile
    from cnncalc.queries.unit import unit
    from cnncalc.queries.verify import verify

__all__ = ["against", "diff", "explain", "region", "scale", "sizes", "solve", "tile", "unit", "verify"]


class _Questions(ModuleType):
    """Where the import of a module would put the module in place of its function, the function stays."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in __all__ and isinstance(value, ModuleType):
            value = getattr(value, name, value)
        super().__setattr__(name, value)


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module(f"cnncalc.queries.{name}"), name)
    message = f"module 'cnncalc.queries' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


sys.modules[__name__].__class__ = _Questions
