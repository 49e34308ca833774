"""What an ONNX file says, and what is refused; none of it needs the onnx package."""

from __future__ import annotations

import sys

import pytest

from cnncalc.errors import UsageError
from cnncalc.export.onnx.file import byte_size, contents, packed
from cnncalc.export.onnx.network import Network, Tensor
from cnncalc.export.onnx.ops import OPS as WRITTEN
from cnncalc.export.to_onnx import network_of, to_onnx
from cnncalc.ops import OPS
from tests.export.networks import net, report

COMPOSITES = {"fc", "se", "sepconv"}


def kinds(network: Network) -> list[str]:
    return [node.kind for node in network.nodes]


def test_every_op_but_a_declared_one_has_nodes() -> None:
    assert OPS.keys() - WRITTEN.keys() - COMPOSITES == {"custom"}


class TestRefusals:
    def test_all_layers_that_cannot_be_said_are_named_with_their_places(self) -> None:
        made = net("conv 8 k3", "a: custom out=8x?x? params=0", "b: custom out=4x?x? macs=0")
        with pytest.raises(UsageError) as caught:
            network_of(made)
        lines = str(caught.value).splitlines()
        assert lines == [
            "ONNX has no way to say 2 layers:",
            "  net.yaml:5:8: a: a declared op has no nodes",
            "  net.yaml:6:8: b: a declared op has no nodes",
        ]

    def test_a_factor_that_would_read_other_positions_is_refused(self) -> None:
        with pytest.raises(UsageError, match="single precision cannot hold"):
            network_of(net("upsample 1.0001", input_="1x10007"))

    @pytest.mark.parametrize("dtype", ["int8", "float8"])
    def test_number_types_without_convolutions_are_refused(self, dtype: str) -> None:
        with pytest.raises(UsageError, match=f"no convolutions in {dtype}"):
            network_of(net("conv 8 k3", more=f"dtype: {dtype}\n"))

    def test_without_the_onnx_package_the_message_says_how_to_install_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "onnx", None)
        with pytest.raises(UsageError, match=r"pip install 'cnncalc\[onnx\]'"):
            to_onnx(net("conv 8 k3"))


class TestNames:
    def test_an_fc_is_one_layer_in_its_weights(self) -> None:
        network = network_of(net("head: fc 10"))
        assert [tensor.name for tensor in network.tensors] == ["head.weight", "head.bias"]
        assert [node.name for node in network.nodes] == ["head.flatten", "head"]

    def test_steps_of_a_composite_have_names_of_their_own(self) -> None:
        network = network_of(net("a: sepconv 8 k3", "b: se 2"))
        assert [tensor.name for tensor in network.tensors if tensor.trained] == [
            "a.depthwise.weight", "a.pointwise.weight", "a.pointwise.bias",
            "b.reduce.weight", "b.reduce.bias", "b.expand.weight", "b.expand.bias",
        ]  # fmt: skip

    def test_weights_that_are_shared_stand_once(self) -> None:
        network = network_of(net("a: conv 3 k3 bn", "conv 3 k3 bn share=a"))
        assert [tensor.name for tensor in network.tensors] == [
            "a.weight", "a.bn.weight", "a.bn.bias", "a.bn.running_mean", "a.bn.running_var",
        ]  # fmt: skip

    def test_a_composite_can_take_its_weights_from_two_layers(self) -> None:
        text = "blocks: {p: [dwconv k3 p1 nobias, conv 4 k1]}\nlayers: [a: p, b: sepconv 4 k3 p1 share=a]\n"
        network = network_of(report(f"cnncalc: 1\ninput: 4x8x8\n{text}"))
        reads = [node.inputs[1:] for node in network.nodes]
        assert reads == [("a.dwconv1.weight",), ("a.conv1.weight", "a.conv1.bias")] * 2

    def test_an_input_that_is_an_output_keeps_its_name(self) -> None:
        network = network_of(net("a: conv 4 k1", more="outputs: [input, a]\n"))
        assert [port.name for port in network.outputs] == ["input", "a"]
        assert kinds(network) == ["Conv"]


class TestNodes:
    def test_uneven_padding_needs_no_node_of_its_own(self) -> None:
        network = network_of(net("conv 8 k3 p0/1"))
        assert kinds(network) == ["Conv"]
        assert network.nodes[0].attributes["pads"] == (0, 0, 1, 1)

    def test_rounding_up_stands_only_where_it_changes_something(self) -> None:
        network = network_of(net("maxpool 2 ceil", "maxpool 3 s2 ceil", input_="3x32x32"))
        assert [node.attributes["ceil_mode"] for node in network.nodes] == [0, 1]

    def test_a_window_that_would_begin_in_the_padding_is_left_out_by_rounding_down(self) -> None:
        network = network_of(net("maxpool 2 s2 p1 ceil", input_="3x5x5"))  # 1 + 5 + 1: windows at -1, 1, 3, and 5
        assert (network.nodes[0].attributes["ceil_mode"], network.outputs[0].dims) == (0, (3, 3, 3))

    def test_beside_an_axis_that_is_rounded_up_it_is_left_out_by_less_padding(self) -> None:
        network = network_of(net("avgpool 2 s2 p0x1 ceil", input_="6x19x7"))
        (node,) = network.nodes
        assert (node.attributes["ceil_mode"], node.attributes["pads"]) == (1, (0, 1, 0, 0))

    def test_factors_and_sizes_of_resizing(self) -> None:
        network = network_of(net("a: upsample 2", "b: upsample size=20x30", input_="3x8x8"))
        found = {tensor.name: tensor.fill for tensor in network.tensors}
        assert found == {"a/scales": (1, 1, 2, 2), "b/scales": (1, 1, 1.25, 1.875)}
        other = network_of(net("c: upsample size=20x30", input_="3x7x7"))
        assert {tensor.name: tensor.fill for tensor in other.tensors} == {"c/sizes": (20, 30)}

    def test_a_matrix_that_tokens_and_vectors_share_is_turned_for_one_of_them(self) -> None:
        network = network_of(
            net("v: flatten", "t: tokens from=input", "a: linear 5", "linear 5 from=v share=a", input_="8x1x1")
        )
        assert kinds(network)[-2:] == ["Transpose", "Gemm"]
        (matrix,) = (tensor for tensor in network.tensors if tensor.name == "a.weight")
        assert matrix.dims == (8, 5)


class TestNumbers:
    def test_bfloat16_is_the_upper_half_rounded_to_even(self) -> None:
        # 1 + 2**-8 lies half way between 0x3F80 and 0x3F81, 1 + 3 * 2**-8 between 0x3F81 and 0x3F82.
        numbers = (1, -2, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-16)
        assert packed(numbers, "bfloat16").hex() == "803f00c0803f823f813f"

    @pytest.mark.parametrize("numel", [0, 1, 7, 300_000, 524_289])
    def test_pieces_have_all_elements_and_no_more(self, numel: int) -> None:
        tensor = Tensor(name="w", dims=(numel,), dtype="float32", fill=(1, 2, 3))
        data = b"".join(contents(tensor))
        assert len(data) == byte_size(tensor) == 4 * numel
        assert data == (packed((1, 2, 3), "float32") * (numel // 3 + 1))[: 4 * numel]
