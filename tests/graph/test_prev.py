"""`prev` is the running stream: the output of the line before, wherever the item itself takes its input from."""

from __future__ import annotations

import pytest

from cnncalc.graph import build
from cnncalc.spec.reader import parse


def channels(layers: str, blocks: str = "") -> list[int]:
    graph = build(parse(f"cnncalc: 1\ninput: 3x8x8\n{blocks}layers: {layers}\n"))
    assert (graph.spec.findings, graph.findings) == ((), ())
    return [graph.nodes[layer.nodes[-1]].inference.output.channels for layer in graph.layers]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("conv 8 k1 | conv 2*prev.c k1", [8, 16]),
        ("(conv 2*prev.c k1)*3", [6, 12, 24]),
        ("conv 2*prev.c k1 *3", [6, 12, 24]),
        ("[conv 8 k1, {residual: [conv 2*prev.c k1, conv prev.c//2 k1]}, conv prev.c+1 k1]", [8, 16, 8, 8, 9]),
        ("[conv 8 k1, {branches: [conv prev.c k1, conv prev.c k1], merge: concat}]", [8, 8, 8, 16]),
    ],
)
def test_sizes_of_prev_are_those_of_the_line_before(layers: str, expected: list[int]) -> None:
    assert channels(layers) == expected


def test_prev_in_a_block_is_not_the_input_of_the_block() -> None:
    blocks = "blocks:\n  wide(c):\n    - conv c k1\n    - conv 2*prev.c k1\n"
    assert channels("[wide 5]", blocks) == [5, 10]


def test_prev_is_the_running_stream_even_where_from_names_another_layer() -> None:
    assert channels("'a: conv 4 k1 | conv 8 k1 | concat prev from=a'") == [4, 8, 12]
