"""Every example as a PyTorch file and back: the same layers, parameters, MACs and receptive fields."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import pytest

import cnncalc
from cnncalc.export.to_torch import to_torch
from cnncalc.queries.counterparts import parts
from cnncalc.queries.verify import verify
from tests.export.networks import NAMES, example
from tests.oracle.pytorch import torch

if TYPE_CHECKING:
    from cnncalc.report import LayerReport, Report

pytestmark = pytest.mark.oracle

_PADS = "a causal convolution is F.pad and a convolution there"
_CROPS = "align=crop is a slice of positions and a merge there"
OTHERWISE = {
    "hifigan_v1": "a sum of three is a sum of a sum there",
    "tcn": _PADS,
    "wavenet": _PADS,
    "unet3d": _CROPS,
    "unet_valid": _CROPS,
    "vit_b_16_patch_embedding": "positions of a map and tokens are one thing there, the order of the axes apart",
    "vit_mask_encoder": "attention is written out there: projections, slices, products",
}
"""What PyTorch has no word for, so that it comes back as layers of its own: the figures are the same all the same."""
NESTED = frozenset({"hifigan_v1", "wavenet"})
"""Sums of several there are nested, so that the paths have other weights in the effective receptive field."""


def module_of(report: Report) -> Any:
    """The network class of the exported file, made without memory for weights."""
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(to_torch(report), "exported.py", "exec"), names)  # noqa: S102 - it is our own file
    *_, last = names.values()
    with torch.device("meta"):
        return last().eval()


def work(report: Report) -> list[LayerReport]:
    """Every layer that computes or learns something, composites in their parts."""
    return [row for row in parts(report) if row.params or row.macs]


def sees(row: LayerReport, *, weighted: bool) -> list[Any]:
    """Its fields, input by input; not `weighted`: the pixels alone, without how much each of them counts."""
    if weighted:
        return list(row.fields.values())
    return [
        (row.is_global, [(each.offsets, each.ends, each.holed, each.shift) for each in field.axes])
        for field in row.fields.values()
    ]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_comes_back_from_pytorch(name: str) -> None:
    there = example(name)
    shapes = dict(there.inputs)
    spec = cnncalc.from_torch(module_of(there), shapes if len(shapes) > 1 else next(iter(shapes.values())))
    back = cnncalc.analyze(spec, batch=there.batch, dtype=there.dtype)
    assert verify(there, back).is_match == (name not in OTHERWISE)
    for figure in ("params", "buffers", "macs", "activations"):
        assert getattr(back.totals, figure) == getattr(there.totals, figure), figure
    ends = [[report.layers[report.scopes[each].output_layer] for each in report.outputs] for report in (there, back)]
    assert [prod(row.output_shape) for row in ends[1]] == [prod(row.output_shape) for row in ends[0]]
    if name != "vit_mask_encoder":  # where one layer is three
        rows = work(there), work(back)
        assert [(row.params, row.buffers, row.macs, prod(row.output_shape)) for row in rows[1]] == [
            (row.params, row.buffers, row.macs, prod(row.output_shape)) for row in rows[0]
        ]
        for own, other in zip(*rows, strict=True):
            weighted = name not in NESTED
            seen = sees(own, weighted=weighted), sees(other, weighted=weighted)
            assert not all(seen) or seen[0] == seen[1], own.name
