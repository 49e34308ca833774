"""An op that says it is steady reads alike at every size, and refuses a size only where nothing is left of it."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisWindow
from cnncalc.ops import OPS
from cnncalc.ops.base import Op

MODES = ("nearest", "nearest_exact", "linear", "cubic")
BORDERS = ("zeros", "reflect", "circular")
PADDINGS: list[Any] = [0, 1, [[2, 0]], "same", "same_lower", "half", "valid", "full", "causal"]
WINDOWS = [
    {"kernel_size": k, "stride": s, "padding": p, "dilation": d}
    for k, s, p, d in product((1, 2, 3, 5), (1, 2, 3), PADDINGS, (1, 2))
]
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "conv": [
        {"out_channels": 8, "padding_mode": mode, **window}
        for window in WINDOWS
        for mode in ("zeros", "reflect", "replicate", "circular")
    ],
    "dwconv": WINDOWS,
    "convt": [{"out_channels": 8, **window} for window in WINDOWS] + [{"out_channels": 8, "kernel_size": 3, "to": 17}],
    "maxpool": [{**window, "ceil_mode": ceil} for window in WINDOWS for ceil in (False, True)],
    "avgpool": [
        {"kernel_size": k, "stride": s, "padding": p, "ceil_mode": ceil}
        for k, s, p, ceil in product((1, 2, 3, 5), (None, 1, 2, 3), PADDINGS, (False, True))
        if s is not None
    ],
    "lppool": [{"kernel_size": k, "ceil_mode": ceil} for k in (1, 2, 3) for ceil in (False, True)],
    "blurpool": [{"kernel_size": k, "padding_mode": mode} for k in (3, 5) for mode in ("zeros", "reflect")],
    "pad": [{"padding": p, "padding_mode": mode} for p in (2, -2, [[3, -1]]) for mode in BORDERS],
    "crop": [{"cropping": 2}, {"cropping": [[1, 4]]}, {"to": 9}],
    "upsample": [
        {"scale": scale, "mode": mode} for scale in (1, 2, 3) for mode in MODES
    ] + [{"size": 12}, {"scale": 2, "mode": "linear", "align_corners": True}],
    "pixelshuffle": [{"upscale_factor": 2}],
    "pixelunshuffle": [{"downscale_factor": 2}],
    "adaptive": [{"size": 5}],
    "custom": [{"out": [8, None], "kernel_size": 3}, {"out": [8, 12]}],
    "residual pad": [{"out_channels": 16, "stride": 2}],
    "gn": [{"num_groups": 4}],
    "lrn": [{"size": 5}],
    "slice": [{"channels": [0, 4]}],
    "channelshuffle": [{"groups": 4}],
    "attention": [{"num_heads": 4}],
    "linear": [{"out_channels": 4}],
    "reduce": [{"kind": kind, "over": over} for kind in ("mean", "max") for over in ("channels", "positions", "l")],
    "softmax": [{"over": over} for over in ("channels", "positions", "l")],
    "ln": [{}, {"over": "all"}],
    "scale": [{}, {"over": "all"}],
    "rearrange": [{"out": [4, 58]}],
    "add": [], "sub": [], "mul": [], "div": [], "max": [], "min": [], "concat": [], "sdpa": [], "matmul": [],
}  # fmt: skip
LARGE = 29


def made(name: str, options: dict[str, Any]) -> Op | None:
    try:
        return OPS[name].model_validate({"op": name, **options})
    except ValueError:
        return None


def sizes(op: Op, n: int) -> tuple[int, ...] | None:
    """What the op gives, None where it refuses."""
    try:
        return op.infer(TensorShape(8, (n,))).output.sizes
    except LayerError:
        return None


@pytest.mark.parametrize("name", [name for name in OPS if name not in ("se", "sepconv", "fc")])
def test_a_steady_op_has_the_same_window_at_every_size(name: str) -> None:
    for options in OPTIONS.get(name, [{}]):
        op = made(name, options)
        if op is None or not op.is_steady() or sizes(op, LARGE) is None:
            continue
        reads = op.infer(TensorShape(8, (LARGE,))).reads
        window = reads[0][0] if reads and reads[0] else AxisWindow(kernel_size=1)
        assert isinstance(window, AxisWindow)
        for n in range(1, LARGE + 12):
            cropped = window.input_dilation == 1 and n + min(window.padding[0], 0) + min(window.padding[1], 0) < 1
            out = window.output_size(n)
            expected = (out,) if out >= 1 and not cropped else None
            assert sizes(op, n) == expected, f"{name} {options} at {n}"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("conv", {"out_channels": 8, "kernel_size": 3, "stride": 2, "padding": "same"}),
        ("conv", {"out_channels": 8, "kernel_size": 3, "padding": 2, "padding_mode": "reflect"}),
        ("convt", {"out_channels": 8, "kernel_size": 3, "stride": 2, "to": 17}),
        ("crop", {"to": 9}),
        ("upsample", {"size": 12}),
        ("upsample", {"scale": 2, "mode": "linear", "align_corners": True}),
        ("adaptive", {"size": 5}),
        ("pixelunshuffle", {"downscale_factor": 2}),
        ("linear", {"out_channels": 4}),
        ("flatten", {}),
        ("custom", {"out": [8, 12]}),
        ("custom", {"out": [8, 12], "sees_all": True}),
        ("reduce", {"kind": "mean", "over": "l"}),
        ("reduce", {"kind": "mean", "over": "positions"}),
        ("ln", {"over": "all"}),
        ("rearrange", {"out": [8, 12]}),
    ],
)
def test_what_depends_on_the_size_is_not_steady(name: str, options: dict[str, Any]) -> None:
    op = made(name, options)
    assert op is not None
    assert not op.is_steady()


def test_the_usual_layers_are_steady() -> None:
    for name, options in (("conv", {"out_channels": 8, "kernel_size": 3, "padding": 1}), ("bn", {}), ("relu", {})):
        op = made(name, options)
        assert op is not None
        assert op.is_steady()
