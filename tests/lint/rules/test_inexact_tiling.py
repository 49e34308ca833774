"""CNN035 against the fields: what mixes positions makes the output depend on pixels far away."""

from __future__ import annotations

import pytest

from cnncalc.lint.base import RULES, Example
from tests.lint.rules.cases import of_example, problems, said, sound

CODE = "CNN035"


def net(layers: str, task: str = "{dense: true}") -> str:
    return f"cnncalc: 1\ninput: 32x16x16\nlayers: {layers}\ntask: {task}\n"


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_local_layers_are_silent(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_batch_norm_in_its_place_is_local(example: Example) -> None:
    ((name, problem),) = of_example(CODE, example)
    assert name == "conv1.in"
    assert problem.message == "in mixes all 4,096 positions: tiles differ from the whole image"
    assert problem.help is not None
    assert "`bn` is local" in problem.help
    assert said(CODE, example.text.replace(" in ", " bn "), None) == []


OPS = [
    "se 8", "gn", "in", "attention 4", "bn", "ln", "relu", "conv 32 k5 p2", "maxpool 3 s1 p1", "lrn 5", "scale",
    "sdpa x x", "softmax over=positions", "softmax over=h", "softmax", "ln over=all", "rearrange 32x16x16",
    "rearrange 32x256 tokens | rearrange 32x16x16", "reduce mean over=h | add x align=broadcast | conv 32 k1",
    "reduce mean over=channels | add x align=broadcast | conv 32 k1", "custom x out=32x?x? global params=0 macs=0",
]  # fmt: skip


@pytest.mark.parametrize("op", OPS)
def test_a_layer_is_named_exactly_where_the_output_depends_on_all_pixels(op: str) -> None:
    report = sound(net(f"'conv 32 k3 p1 | {op} | conv 2 k1'"), None)
    assert bool(problems(CODE, report)) == report.layers[-1].is_global


def test_the_pool_of_an_image_branch_is_named_once() -> None:
    text = net("[a: conv 32 k3 p1, {branches: [[conv 4 k1], [gap, conv 4 k1, upsample size=a]], merge: concat}]")
    assert [name for name, _ in said(CODE, text, None)] == ["gap1"]


def test_a_pool_that_leads_to_a_vector_beside_the_map_is_fine() -> None:
    text = net("[map: conv 32 k3 p1, gap, label: fc 10]\noutputs: [map, label]")
    assert said(CODE, text, None) == []


def test_a_norm_of_one_position_mixes_nothing() -> None:
    assert said(CODE, net("[conv 32 k16, gn]"), None) == []


def test_tasks_that_are_not_dense_are_not_cut_into_tiles() -> None:
    assert said(CODE, net("[conv 32 k3 p1, se 8]", "{object: 8}"), None) == []
