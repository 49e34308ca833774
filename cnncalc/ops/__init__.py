"""Every op, one file per family; importing this package registers all of them in `OPS`."""

from cnncalc.ops import (  # noqa: F401 - importing a family registers it
    activation,
    adaptive,
    attention,
    border,
    conv,
    convt,
    custom,
    dropout,
    layout,
    linear,
    matmul,
    merge,
    norm,
    pool,
    prepend,
    rearrange,
    reduce,
    resize,
    scale,
    sdpa,
    se,
    shortcut,
)
from cnncalc.ops.base import OPS, SYNONYMS

__all__ = ["OPS", "SYNONYMS"]
