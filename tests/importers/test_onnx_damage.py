"""Files that are damaged, and graphs of whatever ops: layers or a clear error, and never anything else."""

from __future__ import annotations

import struct
from math import prod
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.errors import SpecError, UsageError
from cnncalc.importers.onnx.arithmetic import ARITHMETIC
from cnncalc.importers.onnx.model import read_onnx
from cnncalc.importers.onnx.moves import MOVES
from cnncalc.importers.onnx.table import MAPPERS
from cnncalc.importers.writing.to_yaml import to_yaml
from cnncalc.spec import reader
from tests.importers import wire

OPS = sorted(
    {*(op for op in MAPPERS if "." not in op), *ARITHMETIC, *MOVES, "Constant", "If", "Loop", "NonMaxSuppression"}
)


def survives(data: bytes) -> bool:
    """Whether a file is read, and what is written of it as well; anything but the errors that users see fails."""
    try:
        made = read_onnx(data)
    except (SpecError, UsageError):
        return False
    cnncalc.analyze(reader.parse(to_yaml(made)))
    return True


def int64s(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}q", *values)


def whole() -> bytes:
    """A model with a branch, a function, weights and constants."""
    branch = wire.message((1, wire.node("Relu", "d", "e")), (12, wire.message((1, "e"))))
    other = wire.message((1, wire.node("Tanh", "d", "f")), (12, wire.message((1, "f"))))
    test = wire.message(
        (1, "t"), (2, "g"), (4, "If"), (5, wire.message((1, "then_branch"), (6, branch), (20, 5))),
        (5, wire.message((1, "else_branch"), (6, other), (20, 5))),
    )  # fmt: skip
    call = wire.message((1, "x"), (2, "a"), (4, "Twice"), (7, "own"))
    function = wire.message(
        (1, "Twice"), (4, "p"), (5, "q"), (7, wire.node("Relu", "p", "r")), (7, wire.node("Add", "p r", "q")),
        (9, wire.message((2, 17))), (10, "own"),
    )  # fmt: skip
    graph = wire.message(
        (1, call),
        (1, wire.node("Conv", "a w b", "d", kernel_shape=(3, 3), pads=(1, 1, 1, 1))),
        (1, test),
        (1, wire.node("Reshape", "g s", "y")),
        (2, "net"),
        (5, wire.tensor("w", 4, 3, 3, 3)),
        (5, wire.tensor("b", 4)),
        (5, wire.tensor("s", 2, raw=int64s(0, -1), kind=7)),
        (5, wire.tensor("t", raw=b"\x01", kind=9)),
        (11, wire.value_info("x", "N", 3, 8, 8)),
        (12, wire.message((1, "y"))),
    )
    return wire.message((1, 8), (7, graph), (8, wire.message((2, 17))), (25, function))


class TestDamage:
    def test_the_model_that_is_damaged_here_is_whole(self) -> None:
        report = cnncalc.analyze(reader.parse(to_yaml(read_onnx(whole()))))
        assert list(report.outputs.values()) == [(256,)]
        assert report.totals.params == 4 * 3 * 9 + 4

    def test_a_file_that_ends_too_early_is_an_error_wherever_it_ends(self) -> None:
        data = whole()
        read = [end for end in range(len(data)) if survives(data[:end])]
        # What comes last is the function, and what it needs: nothing of the graph itself.
        assert all(end >= data.index(b"Twice\x22") - 4 for end in read)

    @settings(max_examples=300, deadline=2000)
    @given(st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1, max_size=6))
    def test_bytes_that_are_changed_are_an_error_or_another_model(self, changes: list[tuple[int, int]]) -> None:
        data = bytearray(whole())
        for at, byte in changes:
            data[at % len(data)] = byte
        survives(bytes(data))

    @settings(max_examples=200, deadline=2000)
    @given(st.integers(0, 2**16), st.integers(0, 2**16), st.binary(max_size=12))
    def test_bytes_that_are_missing_or_too_many_are_an_error_or_another_model(
        self, start: int, end: int, more: bytes
    ) -> None:
        data = whole()
        first, last = sorted((start % len(data), end % len(data)))
        survives(data[:first] + more + data[last:])

    @settings(max_examples=200, deadline=2000)
    @given(st.binary(max_size=400))
    def test_random_bytes_are_no_model(self, data: bytes) -> None:
        assert not survives(data)


ATTRIBUTES = (
    "axis", "axes", "perm", "kernel_shape", "pads", "strides", "dilations", "group", "auto_pad", "ceil_mode",
    "keepdims", "mode", "to", "blocksize", "num_groups", "size", "shape", "starts", "ends", "steps", "split",
    "num_outputs", "p", "output_shape", "output_padding", "coordinate_transformation_mode", "nearest_mode", "scales",
    "antialias", "ratio", "min", "max", "equation", "transA", "transB", "allowzero", "value", "value_ints",
    "value_float", "epsilon",
    "q_num_heads", "kv_num_heads", "start", "end", "noop_with_empty_axes", "keep_aspect_ratio_policy", "new_axis",
    "swapped", "broadcast",
)  # fmt: skip
WORDS = (
    "SAME_UPPER", "VALID", "linear", "cubic", "nearest", "align_corners", "asymmetric", "tf_crop_and_resize", "floor",
    "ij,jk->ik", "bij,bjk", "...i->i", "not_larger", "reflect", "wrap", "",
)  # fmt: skip
NUMBERS = st.one_of(st.integers(-3, 6), st.sampled_from([2**31, 2**62, -(2**63), 2**63 - 1, 10**6]))
BATCHES: tuple[int | str, ...] = ("N", 1, 2)
VALUES = st.one_of(NUMBERS, st.sampled_from(WORDS), st.lists(NUMBERS, max_size=6).map(tuple))


CONSTANTS = ("w", "v", "i", "k", "t", "")


@st.composite
def nodes(draw: Any, at: int) -> bytes:
    """An op with whatever inputs and attributes; the first input is mostly a tensor of the network."""
    before = ["x", "z", *(f"n{earlier}" for earlier in range(at))]
    first = draw(st.sampled_from([*before * 4, *CONSTANTS]))
    inputs = [first, *draw(st.lists(st.sampled_from([*before, *CONSTANTS, *CONSTANTS]), max_size=4))]
    given_ = draw(st.dictionaries(st.sampled_from(ATTRIBUTES), VALUES, max_size=4))
    made = wire.node(draw(st.sampled_from(OPS)), "", f"n{at} m{at}", **given_)
    return wire.message(*((1, name) for name in inputs)) + made


@st.composite
def tensors(draw: Any, name: str) -> bytes:
    """A constant of whatever dimensions, with or without contents."""
    dims = draw(st.lists(st.integers(0, 5), max_size=4))
    count = prod(dims)
    if count > 16 or draw(st.booleans()):
        return wire.tensor(name, *dims)
    numbers = [draw(st.integers(-3, 9)) for _ in range(count)]
    if draw(st.booleans()):
        return wire.tensor(name, *dims, raw=struct.pack(f"<{count}f", *numbers), kind=1)
    return wire.tensor(name, *dims, raw=int64s(*numbers), kind=7)


class TestGraphs:
    @settings(max_examples=400, deadline=3000)
    @given(st.data())
    def test_ops_with_whatever_they_are_given_are_layers_or_an_error(self, data: st.DataObject) -> None:
        graph = [data.draw(nodes(at)) for at in range(data.draw(st.integers(1, 3)))]
        sizes = data.draw(st.lists(st.sampled_from([1, 2, 3, 4, 8]), min_size=1, max_size=4))
        batch = data.draw(st.sampled_from(BATCHES))
        inputs = [wire.value_info(name, batch, *sizes) for name in ("x", "z")]
        weights = [data.draw(tensors(name)) for name in ("w", "v", "i", "k", "t")]
        opset = data.draw(st.sampled_from([6, 9, 11, 13, 18, 23]))
        survives(wire.model(graph, inputs, [f"n{len(graph) - 1}"], weights, opset))
