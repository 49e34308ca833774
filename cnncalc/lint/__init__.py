"""The linter: `lint(report)` gives findings; rules are files in `rules`, registered in `base.RULES`.

The package itself can be called, because `cnncalc.lint` is both its name and that of the public function.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.errors import Finding
    from cnncalc.lint.settings import Settings
    from cnncalc.report import Report


class _Callable(ModuleType):
    """A package that is also its main function."""

    def __call__(self, report: Report, settings: Settings | None = None) -> tuple[Finding, ...]:
        """All findings of a network by position, without those that the file or the settings do not want.

        >>> import cnncalc
        >>> cnncalc.lint(cnncalc.analyze("conv 8 k3 p1 relu", input="3x32x32"))
        ()
        """
        from cnncalc.lint.driver import NOTHING, lint  # rules are imported only where something is linted

        return lint(report, NOTHING if settings is None else settings)


sys.modules[__name__].__class__ = _Callable
