"""The exported Keras file, run: shapes, parameters, buffers and MACs are those of the report, also when read back."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

import cnncalc
from cnncalc.errors import UsageError
from cnncalc.export.to_keras import to_keras
from tests.export.networks import NAMES, example, net
from tests.oracle import keras_backend as oracle
from tests.oracle.draw_tree import draw_network
from tests.oracle.networks import document

if TYPE_CHECKING:
    from cnncalc.geometry.field import Field
    from cnncalc.report import Report

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

SIZES = {1: (8, 40), 2: (6, 24), 3: (5, 12)}
LINES = {
    "conv": "conv 8 k3x5 s2x1 p1/2x0/3", "dwconv": "dwconv k3 m2 same",
    "sepconv": "sepconv 8 k3 s2 p1 m2",
    "grouped": "conv 16 k3 g4 nobias", "reflect": "conv 8 k5 p2 reflect", "dilated": "conv 8 k3 d2 same",
    "convt": "convt 8 k4 s2 p1", "convt, extra": "convt 8 k3 s2 p1 op1", "convt, gaps": "convt 8 k2 s3",
    "convt, no gaps": "convt 8 k5 s2 p2/1", "maxpool": "maxpool 3 s2 p1", "maxpool, ceil": "maxpool 3 s2 ceil",
    "maxpool, same": "maxpool 3 s2 same", "avgpool": "avgpool 3 s2 p1", "avgpool, not counted":
    "avgpool 3 s1 p1 count_include_pad=false", "adaptive": "adaptive 7x5", "adaptive, whole": "adaptive_max 8",
    "gap": "gap", "gmp": "gmp", "upsample": "upsample 2x3", "linear": "upsample 2 mode=linear",
    "cubic": "upsample size=48x50 mode=cubic", "bn": "bn", "bn, bare": "bn affine=false", "gn": "gn 4", "in": "in",
    "in, affine": "in affine=true", "ln": "ln", "ln over all": "ln over=all", "rms": "rms", "prelu": "prelu",
    "prelu, channels": "prelu num_parameters=8", "softmax": "softmax", "softmax, positions": "softmax over=positions",
    "softmax, rows": "softmax over=h", "fc": "fc 7", "flatten": "flatten | linear 5",
    "tokens": "tokens | linear 5 | ln",
    "attention": "tokens | attention 2", "attention on a map": "attention 4", "se": "se 2", "scale": "scale",
    "shift": "shift",
    "dropout": "dropout 0.2",
    "pixels": "pixelshuffle 2", "pixels back": "pixelunshuffle 2",
    "shuffle": "channelshuffle 2", "slice": "slice 2:5", "pad": "pad 1/2x0/1", "pad reflect": "pad 2 reflect",
    "crop": "crop 1/2", "rearrange": "rearrange 32x16x16", "reduce": "reduce mean over=channels",
    "reduce rows": "reduce max over=w", "norm": "reduce norm over=positions",
    "concat": "concat stem", "mul": "mul stem", "max": "max stem", "div": "div stem",
    "gate": "gap | mul stem", "broadcast": "reduce sum over=h | add stem align=broadcast",
    "align": "maxpool 2 s2 | concat stem align=crop", "align pad": "crop 1 | add stem align=pad",
    **{word: word for word in ("relu", "relu6", "leaky", "elu", "selu", "celu", "silu", "gelu", "mish", "hswish",
                               "hsigmoid", "hardtanh", "sigmoid", "tanh", "softplus", "exp", "log", "sqrt", "rsqrt",
                               "square", "abs", "neg", "erf", "identity")},
}  # fmt: skip


def build(report: Report) -> Any:
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(to_keras(report), "exported.py", "exec"), names)  # noqa: S102 - it is our own file
    return oracle.weightless(names["build"])


def windows(field: Field) -> list[object]:
    """The first and last position of every phase; means are sums in another order."""
    return [(axis.offsets, axis.ends, axis.shift) for axis in field.axes]


def agrees(report: Report) -> None:
    model = build(report)
    frozen = sum(row.params for row in report if row.frozen)
    assert oracle.trainable(model) == report.totals.params - frozen
    assert model.count_params() == report.totals.params + report.totals.buffers
    assert [oracle.sizes(tensor) for tensor in model.outputs] == [
        oracle.bare(tuple(s)) for s in report.outputs.values()
    ]
    named = {name: layer for name, layer in oracle.named(model) if not isinstance(layer.output, (list, tuple))}
    for row in report:
        called = row.name.replace(".", "_")
        layer = named.get(f"{called}_cut") or named.get(called)
        if layer is not None:
            assert oracle.sizes(layer.output) == oracle.bare(tuple(row.output_shape)), row.name
    again = oracle.report(oracle.read(model))
    for figure in ("params", "buffers", "macs"):
        assert getattr(again.totals, figure) == getattr(report.totals, figure), figure
    theirs, ours = again.layers[-1], report.layers[-1]
    if not ours.is_global and not theirs.is_global:
        assert [*map(windows, theirs.fields.values())] == [*map(windows, ours.fields.values())]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_the_figures_of_the_report(name: str) -> None:
    agrees(example(name))


@pytest.mark.parametrize("name", LINES)
def test_a_layer_has_the_figures_of_the_report(name: str) -> None:
    agrees(net("stem: conv 8 k1", *LINES[name].split(" | ")))


@pytest.mark.parametrize("line", ["sdpa k v heads=2", "sdpa k v"])
def test_attention_without_projections_has_the_figures_of_the_report(line: str) -> None:
    model = build(net("k: conv 8 k1", "v: conv 6 k1 from=x", "q: conv 8 k1 from=x", line))
    assert [oracle.sizes(tensor) for tensor in model.outputs] == [(6, 32, 32)]


@pytest.mark.parametrize("seed", range(120))
def test_a_random_network_has_the_figures_of_the_report_or_is_refused(seed: int) -> None:
    rng = Random(seed)
    ndim = rng.choice([1, 2, 2, 3])
    shape = (rng.choice([1, 2, 3, 4]), *(rng.randint(*SIZES[ndim]) for _ in range(ndim)))
    tree = draw_network(seed, shape, length=rng.randint(1, 6), limit=8000)
    report = cnncalc.analyze(document(tree, shape, "nested"))
    try:
        to_keras(report)
    except UsageError:
        return
    agrees(report)
