"""Rules have an answer for every network, also for those that no one would build."""

from __future__ import annotations

import random

import pytest

from cnncalc.errors import Severity
from cnncalc.lint.base import RULES
from cnncalc.lint.driver import lint
from tests.lint.rules.cases import problems, report_of

STEPS = [
    "conv 8 k3 p1", "conv 8 k3", "conv 4 k1 bias bn relu", "dwconv k3 p1", "sepconv 8 k3 p1", "convt 8 k2 s2",
    "linear 8",
    "convt 8 k4 s2 p1 g4", "fc 8 relu", "maxpool 2", "avgpool 3 s1 p1", "blurpool 3", "adaptive 3", "adaptive_max 1",
    "gmp", "gap", "gn=4", "bn", "in", "ln", "lrn", "se 4", "attention 2", "tokens", "flatten", "identity", "scale",
    "dropout 0.5", "upsample 2", "upsample size=5 mode=linear align_corners", "pixelshuffle 2", "pixelunshuffle 2",
    "channelshuffle 2", "slice 0:4", "pad 1", "pad 1/0 reflect", "crop 1", "custom out=8", "custom out=4x?x? k3",
    "softmax", "sigmoid", "concat x", "add x", "mul x", "concat right", "conv 8 k5 s3 p2 circular", "conv 8 k3 d4 same",
    "sdpa x x", "sdpa x x heads=2 windows=4", "matmul x out=4x4 inner=8", "rearrange 8x4x4", "rearrange 4x32 tokens",
    "reduce mean over=channels", "reduce max over=h", "reduce norm over=positions", "prepend 2", "crop 1/0",
    "add x align=broadcast", "div x align=broadcast", "min x", "softmax over=positions", "ln over=all", "exp",
    "custom x out=8x?x? global", "custom x out=4x7 k3",
    "res(reduce mean over=w | conv 8 k1 sigmoid | mul x align=broadcast)",
    "(conv 8 k1 | bn)*2", "res(conv 8 k3 p1; project)", "add(conv 8 k1; gap | conv 8 k1 | upsample size=x)",
]  # fmt: skip
SHAPES = ["8x16", "8x16x16", "8x4x6x5", "8x1x1", "3x20x4"]
TASKS = [
    "", "task: {sizes: [9]}\n", "task: {dense: true, stride: 2, causal: true, object: 9, boundary: reflect}\n",
    "task: {dense: true, stride: 2x2, object: 40x3x3, boundary: circular}\nbatch: 1\n",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_every_rule_looks_at_every_network_without_failing(seed: int) -> None:
    drawn = random.Random(seed)
    sound = 0
    for _ in range(60):
        line = " | ".join(drawn.choice(STEPS) for _ in range(drawn.randint(1, 8)))
        shape = drawn.choice(SHAPES)
        report = report_of(
            f"cnncalc: 1\ninputs: {{left: {shape}, right: {shape}}}\n{drawn.choice(TASKS)}"
            f"lint: {{select: [all]}}\nlayers: '{line}'\n",
            None,
        )
        for code in RULES:
            assert all(problem.message for _, problem in problems(code, report))
        found = lint(report)
        assert found == tuple(sorted(found, key=lambda each: (each.at.line, each.at.column) if each.at else (0, 0)))
        sound += not any(each.severity is Severity.ERROR for each in found)
    assert sound > 10  # not refused networks alone
