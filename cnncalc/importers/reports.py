"""From what an importer found to its report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cnncalc import engine
from cnncalc.errors import UsageError
from cnncalc.graph import build
from cnncalc.importers.files import is_model, read_file
from cnncalc.importers.writing.to_yaml import to_yaml
from cnncalc.spec.reader import parse, with_overrides

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.importers.layers import Imported, Shape
    from cnncalc.report import Report


def report_of(found: Imported, source: str, *, batch: int | None = None, dtype: str | None = None) -> Report:
    """The report of a model, a row for each of its layers in their order; what is wrong stands in its findings."""
    spec = with_overrides(parse(to_yaml(found), source=source), batch=batch, dtype=dtype)
    return engine.analyze(build(spec))


def read_model(
    model: object, given: Mapping[str, Shape], usual: Mapping[str, Shape], *, allow_unknown: bool = False
) -> Imported | None:
    """The layers of a model file or a `torch.nn.Module`; None for anything else.

    Its inputs have the sizes that are given, else its own, else the usual ones.
    """
    if isinstance(model, (str, os.PathLike)):
        path = Path(model)
        if (isinstance(model, str) and ("\n" in model or not path.suffix)) or not is_model(path):
            return None
        try:
            return read_file(path, given, allow_unknown=allow_unknown)
        except UsageError:
            if given:
                raise
            return read_file(path, usual, allow_unknown=allow_unknown)
    if not hasattr(model, "state_dict"):
        return None
    from cnncalc.importers.pytorch.module import from_module

    return from_module(model, given or usual, allow_unknown=allow_unknown)
