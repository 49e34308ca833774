"""Counts of other tools, against what those tools printed."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from cnncalc.conventions import CONVENTIONS, count
from cnncalc.conventions.base import Unit
from cnncalc.engine import analyze
from cnncalc.errors import UsageError
from cnncalc.graph import build
from cnncalc.report import Report
from cnncalc.spec.reader import parse
from tests.graph.building import report_of

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "tests" / "data" / "macs_by_tool.csv").read_text(encoding="utf-8").splitlines()
ROWS = {row["network"]: row for row in csv.DictReader(line for line in LINES if not line.startswith("#"))}
TOOLS = ("ptflops_aten", "fvcore", "ptflops_pytorch", "thop", "calflops")

# Where a tool's count depends on how a network is programmed: the way of torchvision's code.
EXCEPTIONS = {
    ("densenet121", "thop"): "the global pool is called as a function, which is not counted",
    ("mobilenet_v2", "thop"): "the global pool is called as a function, which is not counted",
    ("densenet121", "ptflops_pytorch"): "the last ReLU and the global pool are called as functions",
    ("mobilenet_v2", "ptflops_pytorch"): "the global pool is called as a function",
    ("googlenet", "ptflops_pytorch"): "every ReLU is called as a function",
    ("convnext_tiny", "ptflops_pytorch"): "the norms before 1x1 layers are plain nn.LayerNorm",
    ("convnext_tiny", "calflops"): "1x1 convolutions are nn.Linear, whose bias is not counted",
}


@cache
def example(name: str) -> Report:
    path = ROOT / "examples" / "configs" / f"{name}.yaml"
    return analyze(build(parse(path.read_text(encoding="utf-8"), source=path.name)))


def test_a_convention_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(UsageError, match=r"unknown convention 'flops'.*torchvision, torch, ptflops_aten, fvcore"):
        count(report_of("- gap"), "flops")


@pytest.mark.parametrize("network", ROWS)
@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_is_reproduced_to_the_last_digit(network: str, tool: str) -> None:
    found = count(example(network), tool)
    printed = int(ROWS[network][tool])
    style = EXCEPTIONS.get((network, tool))
    if style is None:
        assert found.value == printed
    else:
        assert found.value != printed
        assert {variant.text: variant.value for variant in found.variants}[style] == printed
        assert found.caveat is not None
        assert f"{printed:,}" in found.caveat


@pytest.mark.parametrize("network", ROWS)
def test_torchvision_counts_multiply_accumulates_and_torch_twice_as_many(network: str) -> None:
    macs = int(ROWS[network]["macs"])
    assert count(example(network), "torchvision").value == macs
    assert count(example(network), "torch").value == 2 * macs


def test_the_terms_of_resnet50_are_those_of_the_identities() -> None:
    report = example("resnet50")
    assert count(report, "thop").convention.identity.startswith("C + 4 BN")
    terms = {(term.factor, term.label): term.elements for term in count(report, "calflops").terms if term.elements}
    assert terms == {
        (2, "C"): 4_089_184_256,
        (2, "BN"): 11_113_984,
        (1, "ReLU"): 9_608_704,
        (1, "input of all pools"): 802_816 + 100_352,
    }
    assert [count(report, name).value for name in CONVENTIONS] == [
        4_089_184_256,
        8_178_368_512,
        4_089_185_256,
        4_111_512_576,
        4_132_436_968,
        4_133_742_592,
        8_211_108_352,
    ]


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_count_is_the_sum_of_its_terms_and_grows_with_the_batch(name: str) -> None:
    layers = "- conv 8 k3 bn relu\n- maxpool 2\n- se 4\n- gap\n- fc 10"
    one, four = count(report_of(layers), name), count(report_of(layers, head="batch: 4"), name)
    assert one.value == sum(term.factor * term.elements for term in one.terms)
    assert four.value == 4 * one.value
    assert [variant.value for variant in four.variants] == [4 * variant.value for variant in one.variants]


def test_tools_name_their_unit() -> None:
    flops = {name for name, convention in CONVENTIONS.items() if convention.unit is Unit.FLOPS}
    assert flops == {"torch", "calflops"}


def test_ops_outside_of_an_identity_are_named() -> None:
    report = report_of("- conv 8 k3 in leaky\n- upsample 2")
    assert count(report, "fvcore").caveat == "the identity was not proven with in, upsample"
    assert count(report, "torch").caveat is None


def test_undeclared_figures_are_named() -> None:
    report = report_of("- mystery: custom out=8x?x? k3 p1")
    assert count(report, "torch").caveat == "the MACs of mystery are not declared and count as 0"


def test_the_pool_inside_of_a_gate_is_no_global_pool_of_the_network() -> None:
    report = report_of("- conv 8 k3\n- se 4")
    assert count(report, "thop").variants == ()
