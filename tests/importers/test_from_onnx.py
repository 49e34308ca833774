from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

import pytest

import cnncalc
from cnncalc.errors import SpecError, UsageError
from cnncalc.importers.onnx.model import read_onnx
from cnncalc.importers.writing.to_yaml import to_yaml
from cnncalc.spec import reader
from tests.importers import wire

if TYPE_CHECKING:
    from pathlib import Path

    from cnncalc.importers.layers import Imported
    from cnncalc.report import Report


def _report(found: Imported) -> Report:
    return cnncalc.analyze(reader.parse(to_yaml(found)))


def _small(*, batch: int | str = "N", size: int | str = 8, opset: int = 17) -> bytes:
    return wire.model(
        [
            wire.node("Conv", "x w b", "a", kernel_shape=(3, 3), pads=(1, 1, 1, 1)),
            wire.node("Relu", "a", "c"),
            wire.node("GlobalAveragePool", "c", "d"),
            wire.node("Flatten", "d", "e"),
            wire.node("Gemm", "e fw fb", "y", transB=1),
        ],
        [wire.value_info("x", batch, 3, size, size)],
        ["y"],
        [wire.tensor("w", 4, 3, 3, 3), wire.tensor("b", 4), wire.tensor("fw", 10, 4), wire.tensor("fb", 10)],
        opset,
    )


def _one(
    op: str, *, size: tuple[int, ...] = (8, 8), channels: int = 4, **attributes: int | str | tuple[int, ...]
) -> Report:
    data = wire.model([wire.node(op, "x", "y", **attributes)], [wire.value_info("x", 1, channels, *size)], ["y"])
    return _report(read_onnx(data))


class TestRefusals:
    @pytest.mark.parametrize("end", range(0, len(_small()), 3))
    def test_a_file_that_was_cut_off_is_an_error_or_another_model_but_never_a_crash(self, end: int) -> None:
        with pytest.raises((SpecError, UsageError)):
            read_onnx(_small()[:end])

    def test_damaged_bytes_are_an_error_or_another_model_but_never_a_crash(self) -> None:
        draw = random.Random(4)
        whole = _small()
        refused = 0
        for _ in range(1500):
            data = bytearray(whole)
            for _ in range(draw.randint(1, 4)):
                data[draw.randrange(len(data))] = draw.randrange(256)
            try:
                read_onnx(bytes(data))
            except (SpecError, UsageError):
                refused += 1
        assert refused > 500

    def test_random_bytes_are_no_model(self) -> None:
        draw = random.Random(5)
        for size in range(1, 300):
            with pytest.raises((SpecError, UsageError)):
                read_onnx(draw.randbytes(size))

    def test_a_length_beyond_the_end_of_the_file_allocates_nothing(self) -> None:
        with pytest.raises(SpecError, match="too early"):
            read_onnx(b"\x3a" + wire.varint(2**62) + b"\x00")

    def test_dimensions_beyond_the_limit_are_refused(self) -> None:
        data = wire.model([wire.node("Relu", "x", "y")], [wire.value_info("x", 1, 3, 2**40, 8)], ["y"])
        with pytest.raises(SpecError, match="a size of 1,099,511,627,776"):
            read_onnx(data)

    def test_all_ops_without_a_counterpart_are_listed_at_once(self) -> None:
        data = wire.model(
            [wire.node("NonMaxSuppression", "x", "a"), wire.node("Relu", "a", "b"), wire.node("RoiAlign", "b", "y")],
            [wire.value_info("x", 1, 3, 8, 8)],
            ["y"],
        )
        with pytest.raises(SpecError) as caught:
            read_onnx(data)
        texts = [found.message for found in caught.value.findings]
        assert len(texts) == 2
        assert "NonMaxSuppression" in texts[0]
        assert "RoiAlign" in texts[1]

    def test_nodes_in_a_circle_are_refused(self) -> None:
        data = wire.model(
            [wire.node("Add", "x b", "a"), wire.node("Relu", "a", "b")], [wire.value_info("x", 1, 3, 8, 8)], ["b"]
        )
        with pytest.raises(SpecError, match="comes from nowhere, or from further on"):
            read_onnx(data)

    def test_operator_sets_before_6_are_refused(self) -> None:
        with pytest.raises(SpecError, match="operator set 5"):
            read_onnx(_small(opset=5))

    def test_free_sizes_are_asked_for_by_name(self) -> None:
        with pytest.raises(UsageError, match=r"`x` are free \(3xHxH\).*-i x=3x224x224"):
            read_onnx(_small(size="H"))

    def test_an_input_of_other_channels_is_refused(self) -> None:
        with pytest.raises(UsageError, match="which takes 3x8x8"):
            read_onnx(_small(), {"x": (4, 8, 8)})

    def test_a_missing_file_is_a_usage_error(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="cannot read"):
            read_onnx(tmp_path / "none.onnx")


class TestNetworks:
    @pytest.mark.parametrize("batch", ["N", 1, 4])
    def test_a_network_keeps_shapes_and_parameters_whatever_its_batch(self, batch: int | str) -> None:
        report = _report(read_onnx(_small(batch=batch)))
        assert list(report.outputs.values()) == [(10,)]
        assert report.totals.params == 4 * 3 * 9 + 4 + 10 * 4 + 10
        assert report.totals.macs == 4 * 3 * 9 * 64 + 40

    def test_a_free_size_is_given_by_its_own_name(self) -> None:
        assert read_onnx(_small(size="H"), {"H": (20,)}).layers[0].shape == (4, 20, 20)

    def test_a_free_size_that_two_inputs_have_is_given_once(self) -> None:
        inputs = [wire.value_info(name, "N", channels, "H", "W") for name, channels in (("a", 3), ("b", 1))]
        data = wire.model([wire.node("Concat", "a b", "y", axis=1)], inputs, ["y"])
        assert read_onnx(data, {"a": (3, 8, 9)}).layers[0].shape == (4, 8, 9)
        assert read_onnx(data, {"H": (8,), "W": (9,)}).layers[0].shape == (4, 8, 9)

    def test_a_name_that_is_neither_input_nor_size_is_refused_with_those_that_are(self) -> None:
        with pytest.raises(UsageError, match="no input `K`; it has x, and the free size `H`"):
            read_onnx(_small(size="H"), {"K": (20,)})

    def test_an_op_of_another_domain_is_refused_with_it(self) -> None:
        node = wire.message((1, "x"), (2, "y"), (4, "FusedConv"), (7, "com.microsoft"))
        with pytest.raises(SpecError, match=r"com\.microsoft\.FusedConv"):
            read_onnx(wire.model([node], [wire.value_info("x", 1, 3, 8, 8)], ["y"]))

    @pytest.mark.parametrize("name", ["x", "input"])
    def test_a_free_size_is_given_by_name_or_as_the_only_input(self, name: str) -> None:
        assert read_onnx(_small(size="H"), {name: (3, 20, 20)}).layers[0].shape == (4, 20, 20)

    def test_a_file_gives_what_its_bytes_give(self, tmp_path: Path) -> None:
        path = tmp_path / "small.onnx"
        path.write_bytes(_small())
        assert read_onnx(path) == read_onnx(_small())

    def test_an_unknown_op_is_kept_with_the_shape_of_the_file_if_asked(self) -> None:
        graph = [wire.node("RoiAlign", "x", "a"), wire.node("Relu", "a", "y")]
        whole = wire.message(
            (7, wire.message(*((1, one) for one in graph), (11, wire.value_info("x", 1, 3, 8, 8)),
                             (13, wire.value_info("a", 1, 6, 4, 4)), (12, wire.message((1, "y"))))),
            (8, wire.message((2, 17))),
        )  # fmt: skip
        report = _report(read_onnx(whole, allow_unknown=True))
        assert list(report.outputs.values()) == [(6, 4, 4)]

    def test_sizes_computed_in_the_graph_are_folded(self) -> None:
        data = wire.model(
            [
                wire.node("Shape", "x", "s"),
                wire.node("Gather", "s zero", "n", axis=0),
                wire.node("Unsqueeze", "n axes", "m"),
                wire.node("Concat", "m rest", "t", axis=0),
                wire.node("Reshape", "x t", "y"),
            ],
            [wire.value_info("x", "N", 4, 5, 5)],
            ["y"],
            [
                wire.tensor("zero", raw=struct.pack("<q", 0), kind=7),
                wire.tensor("axes", 1, raw=struct.pack("<q", 0), kind=7),
                wire.tensor("rest", 1, raw=struct.pack("<q", -1), kind=7),
            ],
        )
        assert list(_report(read_onnx(data)).outputs.values()) == [(100,)]

    def test_a_transposed_channels_last_input_is_declared_channels_first(self) -> None:
        data = wire.model(
            [wire.node("Transpose", "x", "t", perm=(0, 3, 1, 2)), wire.node("Relu", "t", "y")],
            [wire.value_info("x", 1, 20, 10, 3)],
            ["y"],
        )
        assert read_onnx(data).inputs == {"input": (3, 20, 10)}

    def test_a_weight_that_two_nodes_read_counts_once(self) -> None:
        data = wire.model(
            [wire.node("Conv", "x w", "a", pads=(1, 1, 1, 1)), wire.node("Conv", "a w", "y", pads=(1, 1, 1, 1))],
            [wire.value_info("x", 1, 4, 8, 8)],
            ["y"],
            [wire.tensor("w", 4, 4, 3, 3)],
        )
        assert _report(read_onnx(data)).totals.params == 4 * 4 * 9

    def test_weights_in_constant_nodes_of_one_name_are_not_one_weight(self) -> None:
        constant = wire.message((1, "value"), (5, wire.tensor("value", 4, 4, 3, 3)), (20, 4))
        nodes = [wire.message((2, name), (4, "Constant"), (5, constant)) for name in ("u", "v")]
        nodes += [wire.node("Conv", "x u", "a"), wire.node("Conv", "a v", "y")]
        data = wire.model(nodes, [wire.value_info("x", 1, 4, 8, 8)], ["y"])
        assert _report(read_onnx(data)).totals.params == 2 * 4 * 4 * 9

    def test_a_product_with_its_own_sigmoid_is_silu(self) -> None:
        data = wire.model(
            [wire.node("Sigmoid", "x", "a"), wire.node("Mul", "x a", "y")], [wire.value_info("x", 1, 4, 8, 8)], ["y"]
        )
        assert [layer.op for layer in read_onnx(data).layers] == ["silu"]


class TestSizes:
    """`AveragePool` of the ONNX standard: `ceil(n/s)` for SAME, `floor` or `ceil` of `(n + pads - k)/s`, plus 1."""

    @pytest.mark.parametrize("n", range(3, 12))
    @pytest.mark.parametrize("stride", [1, 2, 3])
    def test_same_padding_gives_the_size_over_the_stride_rounded_up(self, n: int, stride: int) -> None:
        report = _one("MaxPool", size=(n, n), kernel_shape=(3, 3), strides=(stride, stride), auto_pad="SAME_UPPER")
        assert list(report.outputs.values()) == [(4, -(-n // stride), -(-n // stride))]

    @pytest.mark.parametrize("n", range(4, 12))
    def test_ceil_mode_rounds_up(self, n: int) -> None:
        report = _one("MaxPool", size=(n, n), kernel_shape=(3, 3), strides=(2, 2), ceil_mode=1)
        assert list(report.outputs.values()) == [
            (
                4,
                -(-(n - 3) // 2) + 1,
            )
            * 1
            + (-(-(n - 3) // 2) + 1,)
        ]

    def test_a_stride_that_is_not_given_is_1_not_the_kernel(self) -> None:
        assert list(_one("MaxPool", kernel_shape=(3, 3)).outputs.values()) == [(4, 6, 6)]

    def test_depth_to_space_divides_the_channels(self) -> None:
        assert list(_one("DepthToSpace", blocksize=2).outputs.values()) == [(1, 16, 16)]
