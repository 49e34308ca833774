"""Files that are made to do harm: a clear error, and soon."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from cnncalc.errors import SpecError, UsageError
from cnncalc.importers.onnx.model import read_onnx
from tests.importers import wire
from tests.importers.test_onnx_damage import int64s, survives


def refused(data: bytes, match: str, seconds: float = 2) -> None:
    start = time.process_time()
    with pytest.raises((SpecError, UsageError), match=match):
        read_onnx(data)
    assert time.process_time() - start < seconds


def relus(*names: str) -> list[bytes]:
    return [wire.message((1, a), (2, b), (4, "Relu")) for a, b in pairwise(names)]


X = wire.value_info("x", 1, 3, 8, 8)


def calling(function: str) -> bytes:
    """A graph that calls a function of the model's own."""
    call = wire.message((1, "x"), (2, "y"), (4, function), (7, "own"))
    return wire.message((1, call), (11, X), (12, wire.message((1, "y"))))


class TestHarm:
    @pytest.mark.parametrize("size", [2**31 + 1, 2**40, 2**62, 2**63 - 1])
    def test_sizes_beyond_the_limit_are_refused(self, size: int) -> None:
        refused(wire.model([wire.node("Relu", "x", "y")], [wire.value_info("x", 1, 3, size, 8)], ["y"]), "a size of")

    def test_a_size_that_is_negative_is_free(self) -> None:
        data = wire.model([wire.node("Relu", "x", "y")], [wire.value_info("x", 1, 3, 2**63, 8)], ["y"])
        refused(data, r"are free \(3x\?x8\)")

    @pytest.mark.parametrize("dims", [(2**63 - 1,), (2**31, 2**40), (-1,), (1,) * 17])
    def test_a_constant_of_absurd_dimensions_is_refused(self, dims: tuple[int, ...]) -> None:
        refused(wire.model(relus("x", "y"), [X], ["y"], [wire.tensor("w", *dims)]), "a tensor of dimensions")

    def test_nodes_in_a_circle_are_refused(self) -> None:
        refused(wire.model([wire.node("Add", "x b", "a"), wire.node("Relu", "a", "b")], [X], ["b"]), "further on")

    def test_nodes_that_stand_before_what_they_read_are_refused(self) -> None:
        refused(wire.model(relus("x", "a", "y")[::-1], [X], ["y"]), "from nowhere, or from further on")

    @pytest.mark.parametrize("name", ["a\nb: |", '"|', "'", "a" * 10_000, "\x00\x1b[31m", "#", ": - {}", "é漢"])
    def test_any_name_can_be_written(self, name: str) -> None:
        graph = [wire.message((1, "x"), (2, name), (3, name), (4, "Relu")), *relus(name, "y")]
        survives(wire.model([*graph, wire.node("Add", "x y", "q")], [X], ["q"]))
        infos: list[wire.Field] = [(11, wire.value_info(each, 1, 3, 8, 8)) for each in (name, "z")]
        named = wire.message((1, relus(name, "y")[0]), (2, name), *infos, (12, wire.message((1, "y"))))
        survives(wire.message((7, named), (8, wire.message((2, 17)))))

    @pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", "a" * 10_000])
    def test_a_name_in_a_message_stays_on_its_line(self, name: str) -> None:
        data = wire.model([wire.message((1, "x"), (2, "y"), (3, name), (4, "Nonsense"))], [X], ["y"])
        with pytest.raises(SpecError) as caught:
            read_onnx(data)
        message = caught.value.findings[0].message
        assert message.isprintable()
        assert len(message) < 300

    @pytest.mark.parametrize("depth", [19, 21, 200, 5000])
    def test_graphs_inside_of_graphs_are_read_to_a_depth(self, depth: int) -> None:
        inner = wire.message((1, wire.node("Relu", "x", "y")), (12, wire.message((1, "y"))))
        for _ in range(depth):
            branch = wire.message((1, "then_branch"), (6, inner), (20, 5))
            node = wire.message((1, "t"), (2, "y"), (4, "If"), (5, branch))
            inner = wire.message((1, node), (12, wire.message((1, "y"))))
        weights = wire.message((5, wire.tensor("t", raw=b"\x01", kind=9)), (11, X))
        data = wire.message((7, inner + weights), (8, wire.message((2, 17))))
        assert survives(data) is (depth < 20)

    def test_a_list_of_a_million_numbers_is_refused(self) -> None:
        attribute = wire.message((1, "pads"), (8, b"\x00" * 1_000_000), (20, 7))
        node = wire.message((1, "x"), (2, "y"), (4, "Pad"), (5, attribute))
        refused(wire.model([node], [X], ["y"]), "a list of more than 65,536 numbers")

    def test_a_list_of_single_numbers_is_refused_as_well(self) -> None:
        attribute = wire.message((1, "pads"), *((8, 0) for _ in range(70_000)), (20, 7))
        node = wire.message((1, "x"), (2, "y"), (4, "Pad"), (5, attribute))
        refused(wire.model([node], [X], ["y"]), "a list of more than 65,536 numbers")

    def test_a_tensor_without_elements_is_refused_or_left_out(self) -> None:
        empty = wire.tensor("w", 0, raw=b"", kind=1)
        assert survives(wire.model([wire.node("Concat", "x w", "a", axis=1), *relus("a", "y")], [X], ["y"], [empty]))
        refused(wire.model([wire.node("Slice", "x i k", "y")], [X], ["y"], [
            wire.tensor("i", 2, raw=int64s(0, 5), kind=7), wire.tensor("k", 2, raw=int64s(1, 5), kind=7),
        ]), "leaves nothing")  # fmt: skip

    def test_a_function_that_calls_itself_is_refused(self) -> None:
        call = wire.message((1, "p"), (2, "q"), (4, "F"), (7, "own"))
        function = wire.message((1, "F"), (4, "p"), (5, "q"), (7, call), (10, "own"))
        graph = wire.message(
            (1, wire.message((1, "x"), (2, "y"), (4, "F"), (7, "own"))), (11, X), (12, wire.message((1, "y")))
        )
        refused(wire.message((7, graph), (8, wire.message((2, 17))), (25, function)), "calls itself")

    def test_functions_that_double_at_every_call_are_refused(self) -> None:
        functions = []
        for level in range(40):
            calls = [wire.message((1, "p"), (2, name), (4, f"F{level + 1}"), (7, "own")) for name in ("q", "r")]
            functions.append(
                (25, wire.message((1, f"F{level}"), (4, "p"), (5, "q"), *((7, call) for call in calls), (10, "own")))
            )
        graph = wire.message(
            (1, wire.message((1, "x"), (2, "y"), (4, "F0"), (7, "own"))), (11, X), (12, wire.message((1, "y")))
        )
        refused(wire.message((7, graph), (8, wire.message((2, 17))), *functions), "more than 100,000", seconds=20)

    def test_constants_that_grow_with_every_node_are_refused(self) -> None:
        graph = [wire.node("Mul", f"n{at} n{at}", f"n{at + 1}") for at in range(60)]
        graph.append(wire.node("Reshape", "x n60", "y"))
        data = wire.model(graph, [X], ["y"], [wire.tensor("n0", 1, raw=int64s(3), kind=7)])
        refused(data, "arithmetic of constants")

    def test_constants_that_double_with_every_node_take_no_memory(self) -> None:
        graph = [wire.node("Concat", f"n{at} n{at}", f"n{at + 1}", axis=0) for at in range(60)]
        graph.append(wire.node("Reshape", "x n60", "y"))
        refused(wire.model(graph, [X], ["y"], [wire.tensor("n0", 1, raw=int64s(3), kind=7)]), "are not in the file")

    def test_a_hundred_thousand_nodes_are_read_in_time_and_more_are_refused(self) -> None:
        names = ["x", *(f"n{at}" for at in range(100_001))]
        refused(wire.model(relus(*names), [X], [names[-1]]), "more than 100,000 nodes", seconds=20)
