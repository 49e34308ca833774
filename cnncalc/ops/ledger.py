"""Keys of `Inference.ledger`: element counts, for one sample, that the figures of other tools are made of.

The identities stand in `cnncalc.conventions`. All are elements, no operations.

- Norms and activations: `<op>` is the number of elements it acts on, under the op's own name (`bn`, `gn`, `ln`, `in`,
  `lrn`, `rms`, `relu`, `relu6`, `silu`, `sigmoid`, ...), those inside of `se` included.
- Pools: `<kind>_in` and `<kind>_out` are input and output elements. Kinds are `maxpool`, `avgpool`, `lppool`,
  `adaptive` (average; global average pools too, also those inside of `se`) and `adaptive_max` (global max pools too).
  Adaptive kinds add `<kind>_window_out`: output elements times `prod(n_in // n_out)`, the window that tools assume
  where it varies.
- `conv_bias`: output elements of convolutions with a bias, transposed ones and those inside of `se` included.
- `linear_bias`: the same for linear layers, the four inside of `attention` included.
- `attention_matmul`: multiply-accumulates of products that have no weights: `2*N*N*C` of `attention`, all of `sdpa` and
  `matmul`; they are part of the `macs`, and tools that count modules leave them out.
"""

from __future__ import annotations

from typing import Final

CONV_BIAS: Final = "conv_bias"
LINEAR_BIAS: Final = "linear_bias"
ATTENTION_MATMUL: Final = "attention_matmul"

MAXPOOL: Final = "maxpool"
AVGPOOL: Final = "avgpool"
LPPOOL: Final = "lppool"
ADAPTIVE: Final = "adaptive"
ADAPTIVE_MAX: Final = "adaptive_max"
POOLS: Final = (MAXPOOL, AVGPOOL, LPPOOL, ADAPTIVE, ADAPTIVE_MAX)
"""Kinds of pools: each with `read(kind)`, `written(kind)`, the adaptive ones with `window(kind)` too."""


def read(pool: str) -> str:
    """The key of the input elements of a kind of pools.

    >>> read(MAXPOOL)
    'maxpool_in'
    """
    return f"{pool}_in"


def written(pool: str) -> str:
    """The key of the output elements of a kind of pools."""
    return f"{pool}_out"


def window(pool: str) -> str:
    """The key of window times output of a kind of adaptive pools."""
    return f"{pool}_window_out"
