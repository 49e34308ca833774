"""`peaks` and `fused_sum` against an interpreter that holds and drops tensors one by one."""

from __future__ import annotations

import time
from itertools import product
from typing import TYPE_CHECKING

import pytest

from cnncalc.memory import fused_sum, peaks
from cnncalc.ops.base import Merge, Storage
from tests.memory.graphs import Draft, graph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.graph import Graph

X = Draft(name="x", elements=10)


def conv(name: str, reads: str, elements: int = 10) -> Draft:
    return Draft(name=name, reads=(reads,), elements=elements, weights=1)


def relu(name: str, reads: str, elements: int = 10) -> Draft:
    return Draft(name=name, reads=(reads,), elements=elements, storage=Storage.IN_PLACE, fusable=True)


def norm(name: str, reads: str, elements: int = 10) -> Draft:
    return Draft(name=name, reads=(reads,), elements=elements, fusable=True)


def view(name: str, reads: str, elements: int = 10) -> Draft:
    return Draft(name=name, reads=(reads,), elements=elements, storage=Storage.VIEW)


def add(name: str, *reads: str, elements: int = 10) -> Draft:
    return Draft(name=name, reads=reads, elements=elements, storage=Storage.IN_PLACE, merge=Merge.ADD)


def sizes(network: Graph) -> dict[str, int]:
    return {name: peak.bytes for name, peak in peaks(network, batch=1, element_bytes=1).items()}


def steps(before: tuple[Draft, ...]) -> Iterator[Draft]:
    """Every op that can come next: to 1 or 3 elements, in place, fused or a view, and adds of any two."""
    name = f"n{len(before)}"
    for one in before:
        yield from (conv(name, one.name, 1), conv(name, one.name, 3))
        yield from (kind(name, one.name, one.elements) for kind in (relu, norm, view))
    for one, other in product(before, repeat=2):
        if one.elements == other.elements:
            yield add(name, one.name, other.name, elements=one.elements)


def networks() -> Iterator[Graph]:
    """All programs of three steps, with one output and with two."""
    first = (Draft(name="n0"),)
    for a in steps(first):
        for b in steps((*first, a)):
            for c in steps((*first, a, b)):
                yield graph(*first, a, b, c)
                yield graph(*first, a, b, c, outputs=("n3", "n1"))


class Interpreter:
    """Runs a network with boxes for storages and drops each value after its last reader."""

    def __init__(self, network: Graph, variant: str) -> None:
        self.nodes = network.nodes
        self.outputs = set(network.outputs.values())
        self.variant = variant
        self.values = {0: Box(self.nodes[0].inference.output.numel)}
        self.most = 0

    def run(self) -> int:
        for index in range(1, len(self.nodes)):
            self.values[index] = self.overwritten(index) or Box(self.nodes[index].inference.output.numel)
            self.most = max(self.most, sum(box.size for box in set(self.values.values())))
            self.values = {value: box for value, box in self.values.items() if self.is_needed(value, index)}
        return self.most

    def is_needed(self, value: int, after: int) -> bool:
        return value in self.outputs or any(value in node.inputs for node in self.nodes[after + 1 :])

    def overwritten(self, index: int) -> Box | None:
        inference = self.nodes[index].inference
        boxes = [self.values[source] for source in self.nodes[index].inputs]
        if inference.storage is Storage.VIEW:
            return boxes[0]
        if self.variant == "in_place" and inference.storage is Storage.IN_PLACE:
            needed = {box for value, box in self.values.items() if self.is_needed(value, index)}
            return next((box for box in boxes if box not in needed and box.size == inference.output.numel), None)
        if self.variant == "fused" and inference.fusable and self.reads(self.made(self.nodes[index].inputs[0])) == 1:
            return boxes[0]
        return None

    def made(self, value: int) -> int:
        """Where the tensor comes from that a value is or views."""
        node = self.nodes[value]
        return self.made(node.inputs[0]) if node.inference.storage is Storage.VIEW else value

    def reads(self, tensor: int) -> int:
        """Readers, and outputs; a view is one where nobody looks at it."""
        looked_at = {source for node in self.nodes for source in node.inputs} | self.outputs
        readers = [n for n in self.nodes if n.inference.storage is not Storage.VIEW or n.index not in looked_at]
        read = [source for node in readers for source in node.inputs]
        return sum(self.made(value) == tensor for value in (*read, *self.outputs))


class Box:
    """A piece of memory."""

    def __init__(self, size: int) -> None:
        self.size = size


def test_every_network_of_three_nodes_holds_what_an_interpreter_holds() -> None:
    count = 0
    for network in networks():
        count += 1
        for variant, peak in peaks(network, batch=1, element_bytes=1).items():
            assert peak.bytes == Interpreter(network, variant).run(), (variant, network.nodes)
            assert peak.bytes == sum(size for _, size in peak.alive)
    assert count > 2000


def test_batch_and_dtype_scale_every_peak() -> None:
    network = graph(X, conv("a", "x", 20), relu("b", "a", 20), conv("c", "b", 5))
    one, many = peaks(network, batch=1, element_bytes=1), peaks(network, batch=32, element_bytes=4)
    assert {name: 128 * peak.bytes for name, peak in one.items()} == {name: peak.bytes for name, peak in many.items()}


def test_a_chain_of_convolutions_holds_input_and_output_of_one() -> None:
    network = graph(X, conv("a", "x", 7), conv("b", "a", 30), conv("c", "b", 2))
    assert sizes(network) == {"not_in_place": 37, "in_place": 37, "fused": 37}


def test_the_peak_names_its_layer_and_the_tensors_alive_there_largest_first() -> None:
    network = graph(X, conv("a", "x", 7), conv("b", "a", 30), conv("c", "b", 2))
    peak = peaks(network, batch=2, element_bytes=4)["in_place"]
    assert (peak.layer, peak.bytes, peak.alive) == ("b", 296, (("b", 240), ("a", 56)))


def test_of_equal_peaks_the_first_is_named() -> None:
    network = graph(X, conv("a", "x"), conv("b", "a"), conv("c", "b"))
    assert {peak.layer for peak in peaks(network, batch=1, element_bytes=1).values()} == {"a"}


def test_an_activation_overwrites_what_nobody_else_reads() -> None:
    network = graph(X, conv("a", "x"), relu("b", "a"), conv("c", "b", 1))
    assert sizes(network) == {"not_in_place": 20, "in_place": 20, "fused": 20}
    wide = graph(X, conv("a", "x", 50), relu("b", "a", 50), conv("c", "b", 1))
    assert sizes(wide) == {"not_in_place": 100, "in_place": 60, "fused": 60}


def test_an_activation_leaves_what_a_later_layer_reads() -> None:
    network = graph(X, conv("a", "x", 50), relu("b", "a", 50), add("c", "b", "a", elements=50))
    assert sizes(network) == {"not_in_place": 150, "in_place": 100, "fused": 150}


def test_a_norm_overwrites_only_where_it_is_fused() -> None:
    network = graph(X, conv("a", "x", 50), norm("b", "a", 50), conv("c", "b", 1))
    assert sizes(network) == {"not_in_place": 100, "in_place": 100, "fused": 60}


def test_an_add_overwrites_the_input_that_is_not_read_later() -> None:
    drafts = (X, conv("a", "x"), conv("b", "a"), add("sum", "a", "b"))
    assert sizes(graph(*drafts, add("end", "sum", "a"))) == {"not_in_place": 30, "in_place": 20, "fused": 30}
    both = graph(*drafts, add("more", "sum", "b"), add("end", "more", "a"))
    assert sizes(both) == {"not_in_place": 40, "in_place": 30, "fused": 40}


def test_a_broadcast_input_cannot_hold_the_output() -> None:
    network = graph(X, conv("gate", "x", 1), conv("map", "gate", 40), add("sum", "gate", "map", elements=40))
    assert sizes(network)["in_place"] == 41
    small = graph(X, conv("gate", "x", 1), add("sum", "gate", "gate", elements=40))
    assert sizes(small)["in_place"] == 41


def test_a_network_output_is_alive_to_the_end_and_never_overwritten() -> None:
    drafts = (X, conv("a", "x", 30), relu("b", "a", 30), conv("c", "b", 40), conv("d", "c", 1))
    assert sizes(graph(*drafts))["in_place"] == 70
    assert sizes(graph(*drafts, outputs=("d", "a")))["in_place"] == 100
    assert sizes(graph(*drafts, outputs=("d", "a")))["fused"] == 100


def test_every_network_input_counts_until_its_last_reader() -> None:
    left, right = Draft(name="left", elements=100), Draft(name="right", elements=60)
    network = graph(left, right, conv("a", "left", 5), conv("b", "right", 5), add("c", "a", "b", elements=5))
    assert peaks(network, batch=1, element_bytes=1)["in_place"].alive == (("left", 100), ("right", 60), ("a", 5))


def test_a_view_shares_the_storage_of_what_it_views() -> None:
    network = graph(X, conv("a", "x", 50), view("flat", "a", 50), view("drop", "flat", 50), conv("c", "drop", 1))
    assert sizes(network) == {"not_in_place": 60, "in_place": 60, "fused": 60}
    assert fused_sum(network, batch=1, element_bytes=1) == 51


def test_a_view_keeps_its_tensor_from_being_overwritten() -> None:
    drafts = (X, conv("a", "x", 50), view("flat", "a", 50), relu("b", "a", 50))
    assert sizes(graph(*drafts, add("c", "b", "flat", elements=50)))["in_place"] == 100
    assert sizes(graph(*drafts, conv("c", "b", 1)))["in_place"] == 60


def test_a_layer_that_nobody_reads_is_alive_while_it_runs() -> None:
    network = graph(X, conv("dead", "x", 90), conv("a", "x", 5))
    assert sizes(network) == {"not_in_place": 100, "in_place": 100, "fused": 100}


def test_the_fused_sum_leaves_out_the_input_and_what_overwrites() -> None:
    network = graph(X, conv("a", "x", 50), norm("n", "a", 50), relu("r", "n", 50), conv("b", "r", 7))
    assert fused_sum(network, batch=3, element_bytes=2) == 6 * 57


def test_a_network_of_its_input_alone_holds_that() -> None:
    peak = peaks(graph(X), batch=1, element_bytes=4)["in_place"]
    assert (peak.bytes, peak.layer, peak.alive) == (40, "x", (("x", 40),))


def test_ten_thousand_nodes_take_less_than_a_tenth_of_a_second() -> None:
    drafts = [X]
    for number in range(3333):
        before = drafts[-1].name
        drafts += [conv(f"c{number}", before), norm(f"n{number}", f"c{number}"), relu(f"r{number}", f"n{number}")]
    network = graph(*drafts)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        peaks(network, batch=1, element_bytes=4)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1


@pytest.mark.parametrize("variant", ["not_in_place", "in_place", "fused"])
def test_the_order_of_variants_holds_for_every_small_network(variant: str) -> None:
    for network in networks():
        found = sizes(network)
        assert found[variant] <= found["not_in_place"]
