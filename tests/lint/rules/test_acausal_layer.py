"""CNN033 against the exact backward walk of `unit`."""

from __future__ import annotations

import random
from math import ceil

import pytest

from cnncalc.engine import analyze
from cnncalc.errors import Severity
from cnncalc.graph import Graph, build
from cnncalc.lint.base import RULES, Example
from cnncalc.lint.rules.acausal_layer import lookahead
from cnncalc.queries.unit import unit
from cnncalc.report import LayerReport
from cnncalc.spec.reader import parse
from tests.lint.rules.cases import of_example, problems, said

CODE = "CNN033"
SAMPLES = 96


def net(line: str, *, causal: bool = True) -> Graph:
    task = f"{{causal: {str(causal).lower()}}}"
    return build(parse(f"cnncalc: 1\ninput: 4x{SAMPLES}\nlayers: '{line}'\ntask: {task}\n"))


def furthest(graph: Graph, layer: LayerReport) -> int:
    """By index sets: how far behind its own time any position reads."""
    count, jump = layer.output_shape[1], layer.reach[0].jump
    assert jump is not None
    found = [0]
    for index in range(count):
        (axis,) = unit(graph, layer.name, (index,)).axes
        time = SAMPLES - 1 - (count - 1 - index) * jump
        if axis.hi is not None:
            found.append(axis.hi - ceil(time))
    return max(found)


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_layers_that_keep_to_the_past_are_silent(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_every_layer_that_looks_further_ahead_is_named(example: Example) -> None:
    found = of_example(CODE, example)
    assert [(name, problem.message) for name, problem in found] == [
        ("conv1", "conv reads 1 sample of the future"),
        ("conv2", "conv reads 2 samples of the future"),
    ]
    assert [problem.help for _, problem in found] == [
        "`causal` pads 2 before and 0 after",
        "`causal` pads 4 before and 0 after",
    ]
    assert said(CODE, example.text.replace(" p1 ", " p2/0 ").replace(" p2]", " causal]"), None) == []


STEPS = [
    "conv 4 k3 p1", "conv 4 k3 causal", "conv 4 k3", "conv 4 k2 p0/1", "conv 4 k2 p1/0", "conv 4 k3 d2 p2", "conv 4 k1",
    "conv 4 k5 d2 causal", "conv 4 k4 s2 p1", "conv 4 k2 s2", "maxpool 2", "maxpool 3 s1 p1", "upsample 2",
    "convt 4 k2 s2", "convt 4 k4 s2 p1", "pad 2/0", "crop 0/1", "crop 1/0", "pad 0/2", "upsample 2 mode=linear",
]  # fmt: skip


def test_the_lookahead_of_random_networks_is_that_of_their_index_sets() -> None:
    drawn = random.Random(33)
    ahead = set()
    for _ in range(60):
        line = " | ".join(drawn.choice(STEPS) for _ in range(drawn.randint(1, 5)))
        graph = net(line)
        report = analyze(graph)
        assert not [found for found in report.findings if found.severity is Severity.ERROR]
        for layer in report.layers:
            ahead.add(max(lookahead(layer, report), 0))
            assert max(lookahead(layer, report), 0) == furthest(graph, layer), (line, layer.name)
        assert bool(problems(CODE, report)) == (furthest(graph, report.layers[-1]) > 0), line
    assert len(ahead) > 5


@pytest.mark.parametrize(
    "line", ["conv 4 k3 p2 | crop 0/2", "pad 2/0 | conv 4 k3", "conv 4 k3 | conv 4 k2", "conv 4 k2 s2"]
)
def test_what_ends_in_time_is_causal(line: str) -> None:
    assert problems(CODE, analyze(net(line))) == []


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("conv 4 k3 p1", "conv 4 k3 causal"),
        ("dwconv k5 d3 half", "dwconv k5 d3 causal"),
        ("conv 4 k4 s2 p1", "conv 4 k4 s2 causal"),
        ("maxpool 3 s1 p1", "pad 2/0 | maxpool 3 s1"),
        ("blurpool 5 s1", "pad 4/0 | blurpool 5 s1 p0"),
        ("conv 4 k2 s2 | upsample 2", "conv 4 k2 s2 | pad 1/0 | crop 0/1 | upsample 2"),
        ("maxpool 4 | upsample 4", "maxpool 4 | pad 1/0 | crop 0/1 | upsample 4"),
        ("conv 4 k2 s2 | upsample 2 mode=linear", "conv 4 k2 s2 | pad 1/0 | crop 0/1 | upsample 2 mode=linear"),
        ("convt 4 k4 s2 p1", "pad 1/0 | crop 0/1 | convt 4 k4 s2 p1"),
        ("crop 2/0 | pad 0/2", "crop 2/0 | pad 2/0"),
    ],
)
def test_the_remedy_silences_the_rule(line: str, mended: str) -> None:
    ((_, problem),) = problems(CODE, analyze(net(line)))
    assert problem.help is not None
    told = problem.help.split("`")[1]
    assert told in mended
    assert problems(CODE, analyze(net(mended))) == []


def test_repeating_a_pooled_pair_shows_the_first_of_it_the_second() -> None:
    ((name, problem),) = problems(CODE, analyze(net("maxpool 2 | upsample 2")))
    assert (name, problem.message) == ("upsample1", "upsample reads 1 sample of the future")


@pytest.mark.parametrize(
    ("line", "severity"), [("se 2", None), ("gn 2", None), ("in", None), ("attention 2", Severity.INFO)]
)
def test_layers_that_mix_all_points_in_time_read_the_future(line: str, severity: Severity | None) -> None:
    ((_, problem),) = problems(CODE, analyze(net(f"conv 4 k3 causal | {line} | conv 4 k3 causal")))
    assert problem.severity is severity


def test_a_vector_for_the_whole_sequence_may_read_all_of_it() -> None:
    assert problems(CODE, analyze(net("conv 4 k3 causal relu | gap | fc 10"))) == []


def test_a_branch_that_looks_ahead_is_named_although_the_sum_does_too() -> None:
    ((name, _),) = problems(CODE, analyze(net("conv 4 k1 | res(conv 4 k3 causal relu | conv 4 k3 p1)")))
    assert name == "conv3"


def test_tasks_that_are_not_causal_are_not_judged() -> None:
    assert problems(CODE, analyze(net("conv 4 k3 p1", causal=False))) == []
