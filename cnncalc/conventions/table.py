"""The conventions.

The factors were solved for on twelve networks (`tests/data/macs_by_tool.csv`) and read again in the tools' sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cnncalc.conventions import styles
from cnncalc.conventions.base import MAC, Convention, Style, Term, Unit
from cnncalc.ops import ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

_MACS = Term(label="C", keys=(MAC,))
_TWICE = Term(label="C", keys=(MAC,), factor=2)
_BIAS = Term(label="bias", keys=(ledger.CONV_BIAS, ledger.LINEAR_BIAS))
_PRODUCTS = frozenset({"sdpa", "matmul"})
"""Functions of two maps: tools that count by modules or by lists of operators differ about them."""
_POOL_INPUT = tuple(ledger.read(pool) for pool in ledger.POOLS)

_ALL = (
    Convention(name="torchvision", tool="torchvision's model tables and most papers", unit=Unit.MACS, terms=(_MACS,)),
    Convention(name="torch", tool="torch.utils.flop_counter", unit=Unit.FLOPS, terms=(_TWICE,)),
    Convention(
        name="ptflops_aten",
        tool="ptflops with the aten backend, pycls",
        unit=Unit.MACS,
        terms=(_MACS, _BIAS),
        unlisted=_PRODUCTS,
    ),
    Convention(
        name="fvcore",
        tool="fvcore, timm",
        unit=Unit.MACS,
        terms=(
            _MACS,
            Term(label="BN", keys=("bn",), factor=2),
            Term(label="LN", keys=("ln",), factor=5),
            Term(label="GN", keys=("gn",), factor=5),
            Term(label="input of adaptive and global average pools", keys=(ledger.read(ledger.ADAPTIVE),)),
        ),
        unlisted=frozenset({"in", "upsample"}) | _PRODUCTS,
    ),
    Convention(
        name="ptflops_pytorch",
        tool="ptflops 0.7 with the pytorch backend",
        unit=Unit.MACS,
        terms=(
            _MACS,
            _BIAS,
            Term(label="BN", keys=("bn",), factor=2),
            Term(label="GN", keys=("gn",), factor=2),
            Term(label="ReLU", keys=("relu",), factor=2),
            Term(label="PReLU, ELU and GELU", keys=("prelu", "elu", "gelu"), factor=2),
            Term(label="input of all pools", keys=_POOL_INPUT, factor=2),
            Term(label="SiLU", keys=("silu",)),
            Term(label="ReLU6", keys=("relu6",)),
            Term(label="LeakyReLU", keys=("leaky",)),
        ),
        styles=(
            Style(text="the global pool is called as a function", change=styles.once(styles.head_pool)),
            Style(
                text="the last ReLU and the global pool are called as functions",
                change=styles.once(styles.head_pool, styles.last_relu),
            ),
            Style(text="every ReLU is called as a function", change=styles.once(styles.relus)),
            Style(text="the norms before 1x1 layers are plain nn.LayerNorm", change=styles.norms_before_linear),
        ),
        unlisted=frozenset({"convt", "in", "ln", "lrn", "lppool", "softmax", "upsample", "attention", "reduce"})
        | _PRODUCTS,
    ),
    Convention(
        name="thop",
        tool="thop",
        unit=Unit.MACS,
        terms=(
            _MACS,
            Term(label="BN", keys=("bn",), factor=4),
            Term(label="GELU", keys=("gelu",)),
            Term(label="output of average pools", keys=(ledger.written(ledger.AVGPOOL),)),
            Term(
                label="(window + 1) x output of adaptive and global average pools",
                keys=(ledger.window(ledger.ADAPTIVE), ledger.written(ledger.ADAPTIVE)),
            ),
        ),
        styles=(
            Style(text="the global pool is called as a function, which is not counted", change=styles.no_head_pool),
        ),
        unlisted=frozenset({"convt", "gn", "in", "leaky", "prelu", "softmax", "upsample", "attention", "reduce"})
        | _PRODUCTS,
    ),
    Convention(
        name="calflops",
        tool="calflops, DeepSpeed",
        unit=Unit.FLOPS,
        terms=(
            _TWICE,
            Term(label="conv bias", keys=(ledger.CONV_BIAS,)),
            Term(label="BN", keys=("bn",), factor=2),
            Term(label="LN", keys=("ln",), factor=5),
            Term(label="GN", keys=("gn",), factor=5),
            Term(label="ReLU", keys=("relu",)),
            Term(label="LeakyReLU, PReLU and ELU", keys=("leaky", "prelu", "elu")),
            Term(label="SiLU", keys=("silu",)),
            Term(label="GELU", keys=("gelu",)),
            Term(label="input of all pools", keys=_POOL_INPUT),
        ),
        styles=(
            Style(text="1x1 convolutions are nn.Linear, whose bias is not counted", change=styles.no_pointwise_bias),
        ),
        unlisted=frozenset({"in", "lrn", "lppool", "softmax", "upsample", "attention", "reduce"}) | _PRODUCTS,
    ),
)

CONVENTIONS: Final[Mapping[str, Convention]] = {convention.name: convention for convention in _ALL}
"""By the name that `--convention` takes."""
