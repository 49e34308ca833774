from __future__ import annotations

import re

import pytest

from cnncalc.export.to_mermaid import to_mermaid
from tests.export.networks import GOLDEN, NAMES, example, net, report

NODE = re.compile(r' *n\d+(\["[^"]*"\]|\(\["[^"]*"\]\))')
LINES = (NODE, re.compile(r' *subgraph g\d+_n\d+\["[^"]*"\]'), re.compile(" *end"), re.compile(r"  n\d+ --> n\d+"))
STYLE = re.compile(r"  style n\d+ stroke-width:3px")


@pytest.mark.parametrize("name", NAMES)
def test_every_line_is_of_the_grammar_and_every_number_is_a_node(name: str) -> None:
    head, title, *lines = to_mermaid(example(name)).splitlines()
    assert head == "flowchart TD"
    assert title.startswith("  %% ")
    assert not [line for line in lines if not any(form.fullmatch(line) for form in (*LINES, STYLE))]
    nodes = [line.split("[")[0].split("(")[0].strip() for line in lines if NODE.fullmatch(line)]
    assert len(set(nodes)) == len(nodes)
    assert {end for line in lines if " --> " in line for end in line.strip().split(" --> ")} <= set(nodes)
    groups = [line.strip().split("[")[0] for line in lines if "subgraph" in line]
    assert len(set(groups)) == len(groups)
    assert len(groups) == sum(line.strip() == "end" for line in lines)


def test_labels_hold_no_markup_but_their_own_line_breaks() -> None:
    text = to_mermaid(report('cnncalc: 1\nname: "%%{init: {}}%%"\ninput: 1x8\nlayers: [conv 4 k3 relu]\n'))
    assert "%%{" not in text
    assert '["conv1<br/>conv 4 k3, relu<br/>4x6"]' in text


def test_a_layer_may_be_called_like_a_word_of_mermaid() -> None:
    text = to_mermaid(net("end: conv 8 k1", "style: conv 8 k1"))
    assert 'n1["end<br/>conv 8 k1<br/>8x32x32"]' in text
    assert "n1 --> n2" in text


def test_the_diagram_of_resnet18_is_as_it_was() -> None:
    assert to_mermaid(example("resnet18")) == (GOLDEN / "resnet18.mmd").read_text()
