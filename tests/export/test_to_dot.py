from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from cnncalc.export.to_dot import to_dot
from tests.export.networks import GOLDEN, NAMES, example, net, report


def edges(text: str) -> set[tuple[str, str]]:
    return set(re.findall(r'^  "([^"]+)" -> "([^"]+)";$', text, re.MULTILINE))


def test_a_layer_and_what_follows_it_are_one_box() -> None:
    text = to_dot(net("stem: conv 8 k3 s2 p1 bn relu", "gap"))
    assert '"stem" [label="stem\\nconv 8 k3 s2, bn, relu\\n8x16x16"];' in text
    assert edges(text) == {("input", "stem"), ("stem", "gap1")}


def test_what_another_layer_reads_is_a_box_of_its_own() -> None:
    text = to_dot(net("a: conv 8 k1", "b: bn", "c: relu", "add b"))
    assert edges(text) == {("input", "a"), ("a", "c"), ("a", "add1"), ("c", "add1")}  # b is drawn in a


def test_copies_that_are_alike_are_drawn_once() -> None:
    text = to_dot(net("a: conv 3 k3 p1 *4", "last: conv 8 k1"))
    assert edges(text) == {("input", "a.0"), ("a.0", "last")}
    assert "a.0 .. 3, 4 times" in text


def test_copies_inside_of_copies_are_drawn_once() -> None:
    text = to_dot(net("a: b *3", "last: conv 8 k1", more="blocks: {b: [conv 3 k1 *2, relu, conv 3 k3 p1]}\n"))
    assert edges(text) == {
        ("input", "a.0.conv1.0"),
        ("a.0.conv1.0", "a.0.relu1"),
        ("a.0.relu1", "a.0.conv2"),
        ("a.0.conv2", "last"),
    }


def test_an_output_inside_of_a_copy_is_marked_where_the_copy_is_drawn() -> None:
    blocks = "blocks: {b: [m: conv 3 k1, conv 3 k3 p1]}\noutputs: [a.1.m]\n"
    text = to_dot(net("a: b *3", more=blocks))
    assert re.findall(r'"(.*)" \[.*peripheries=2', text) == ["a.0.m"]


def test_a_copy_of_another_shape_stands_by_itself() -> None:
    text = to_dot(net("a: conv 8 k3 p1 s=first(2) *3"))
    assert edges(text) == {("input", "a.0"), ("a.0", "a.1")}
    assert "a.1 .. 2, 2 times" in text


def test_copies_with_other_options_stand_by_themselves() -> None:
    text = to_dot(net("a: conv 3 k3 d=2**i half *3"))
    assert edges(text) == {("input", "a.0"), ("a.0", "a.1"), ("a.1", "a.2")}


def test_the_stages_of_resnet50_are_groups_with_a_first_copy_and_the_others() -> None:
    text = to_dot(example("resnet50"))
    labels = re.findall(r'subgraph .*\n\s+label="([^"]+)"', text)
    assert labels[:3] == ["layer1", "layer1.0 (bottleneck)", "layer1.1 .. 2 (bottleneck), 2 times"]
    assert ("layer1.0.add1", "layer1.1.add1") in edges(text)  # the shortcut of the folded copies
    assert ("layer1.1.add1", "layer2.0.conv1") in edges(text)


def test_names_cannot_break_out_of_their_quotes() -> None:
    text = to_dot(report('cnncalc: 1\nname: "a\\"; x\\\\"\ninput: 1x8\nlayers: [relu]\n'))
    assert text.startswith('digraph "a\\"; x\\\\" {')


def test_outputs_have_a_double_frame() -> None:
    text = to_dot(net("a: conv 8 k1", "b: conv 4 k1", more="outputs: [a, b]\n"))
    assert len(re.findall(r"peripheries=2", text)) == 2


def test_the_diagram_of_resnet18_is_as_it_was() -> None:
    assert to_dot(example("resnet18")) == (GOLDEN / "resnet18.dot").read_text()


@pytest.mark.skipif(not shutil.which("dot"), reason="Graphviz is not installed")
@pytest.mark.parametrize("name", NAMES)
def test_graphviz_reads_it(name: str) -> None:
    done = subprocess.run(  # the canonical form is printed without a layout, which would take long
        ["dot", "-Tcanon"],  # noqa: S607
        input=to_dot(example(name)).encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")
