"""Products, constants, quantized layers, branches, functions and lists in ONNX graphs: what is counted, and once."""

from __future__ import annotations

from math import prod

import pytest

import cnncalc
from cnncalc.importers.onnx.model import read_onnx
from tests.oracle.onnx_models import Maker, TensorProto, helper, onnx
from tests.oracle.test_onnx_patterns import TOKENS, last, ops, read

pytestmark = pytest.mark.oracle


class TestProducts:
    @pytest.mark.parametrize(
        ("equation", "other", "out", "macs"),
        [
            ("nct,nds->nctds", (1, 3, 5), (8, 6, 3, 5), 0),
            ("nct,ncs->nts", (1, 8, 5), (6, 5), 6 * 5 * 8),
            ("nct,nts->ncs", (1, 6, 5), (8, 5), 8 * 5 * 6),
            ("...ct,...cs->...ts", (1, 8, 5), (6, 5), 6 * 5 * 8),
            ("nct,nct->nc", (1, 8, 6), (8,), 8 * 6),
        ],
    )
    def test_einsum_of_two_tensors(
        self, equation: str, other: tuple[int, ...], out: tuple[int, ...], macs: int
    ) -> None:
        make = Maker()
        y = make.node("Relu", make.node("Einsum", "x", "z", equation=equation))
        model = make.model({"x": TOKENS, "z": other}, y)
        found = cnncalc.analyze(cnncalc.from_onnx(model.SerializeToString()))
        assert found.totals.macs == macs
        assert sorted(size for size in next(iter(found.outputs.values())) if size > 1) == sorted(out)

    @pytest.mark.parametrize(
        ("equation", "weight"), [("nct,cd->ndt", (8, 5)), ("nct,td->ncd", (6, 5)), ("nct,dc->ntd", (5, 8))]
    )
    def test_einsum_with_a_weight_is_a_linear_layer(self, equation: str, weight: tuple[int, ...]) -> None:
        make = Maker()
        found = read(make, TOKENS, make.node("Einsum", "x", make.weight("w", *weight), equation=equation))
        assert found.totals.params == prod(weight)
        assert found.totals.macs == 5 * 8 * 6

    @pytest.mark.parametrize("first", [False, True])
    def test_a_matrix_product_with_a_weight_on_either_side(self, *, first: bool) -> None:
        make = Maker()
        w = make.weight("w", 5, 8)
        y = make.node("MatMul", w, "x") if first else make.node("MatMul", last(make), make.node("Transpose", w))
        found = read(make, TOKENS, y)
        assert found.totals.params == 40
        assert found.totals.macs == 40 * 6


class TestConstants:
    def test_a_class_token_and_a_position_embedding(self) -> None:
        make = Maker()
        y = make.node("Transpose", make.node("Reshape", "x", make.ints("s", 0, 8, -1)), perm=[0, 2, 1])
        batch = make.node("Gather", make.node("Shape", "x"), make.ints("zero", 0))
        shape = make.node("Concat", batch, make.ints("rest", -1, -1), axis=0)
        ones = make.node("ConstantOfShape", make.ints("three", 3), value=helper.make_tensor("v", 7, [1], [1]))
        shape = make.node("Where", make.node("Equal", shape, make.ints("minus", -1, -1, -1)), ones, shape)
        y = make.node("Concat", make.node("Expand", make.weight("cls", 1, 1, 8), shape), y, axis=1)
        y = make.node("Add", y, make.weight("pos", 1, 17, 8))
        assert ops(make, ("N", 8, 4, 4), y) == ["tokens", "prepend", "shift"]
        found = read(make, ("N", 8, 4, 4), y)
        assert found.totals.params == 8 + 17 * 8
        assert list(found.outputs.values()) == [(8, 17)]

    @pytest.mark.parametrize(
        ("dims", "word"), [((8, 1, 1), {}), ((1, 6, 6), {"over": "positions"}), ((8, 6, 6), {"over": "all"})]
    )
    def test_a_weight_that_is_multiplied_is_a_scale(self, dims: tuple[int, ...], word: dict[str, str]) -> None:
        make = Maker()
        y = make.node("Mul", "x", make.weight("w", 1, *dims))
        (layer,) = read_onnx(make.model({"x": (1, 8, 6, 6)}, y).SerializeToString()).layers
        assert (layer.op, dict(layer.options)) == ("scale", word)

    def test_pieces_of_a_weight_count_as_much_as_the_whole(self) -> None:
        make = Maker()
        w = make.node("Split", make.weight("w", 24, 8), axis=0, outputs=3, num_outputs=3)
        x = last(make)
        y = [make.node("MatMul", x, make.node("Transpose", f"{w}{suffix}")) for suffix in ("", "_1", "_2")]
        found = read(make, TOKENS, make.node("Concat", *y, axis=2))
        assert found.totals.params == 24 * 8

    def test_a_weight_that_is_computed_costs_what_its_products_cost_once(self) -> None:
        make = Maker()
        w = make.node("MatMul", make.weight("a", 8, 2), make.weight("b", 2, 8))
        x = last(make)
        y = make.node("MatMul", make.node("MatMul", x, w), w)
        found = read(make, TOKENS, y)
        assert found.totals.params == 32
        assert found.totals.macs == 2 * 64 * 6 + 8 * 2 * 8


class TestQuantized:
    def test_conversions_around_a_layer_are_left_out(self) -> None:
        make = Maker()
        scale, zero = make.number("s", 0.1), make.number("z", 0)

        def both(name: str) -> str:
            return make.node("DequantizeLinear", make.node("QuantizeLinear", name, scale, zero), scale, zero)

        weight = make.node("DequantizeLinear", make.weight("w", 6, 4, 3, 3, kind=TensorProto.INT8), scale, zero)
        y = both(make.node("Conv", both("x"), weight, make.weight("b", 6)))
        assert ops(make, (1, 4, 6, 6), y) == ["conv"]
        assert read(make, (1, 4, 6, 6), y).totals.params == 6 * 4 * 9 + 6

    def test_a_quantized_convolution_is_a_convolution(self) -> None:
        make = Maker()
        scale, zero = make.number("s", 0.1), make.number("z", 0)
        weight = make.weight("w", 6, 4, 3, 3, kind=TensorProto.INT8)
        bias = make.weight("b", 6, kind=TensorProto.INT32)
        y = make.node("QLinearConv", "x", scale, zero, weight, scale, zero, scale, zero, bias, strides=[2, 2])
        found = read(make, (1, 4, 7, 7), y)
        assert found.totals.params == 6 * 4 * 9 + 6
        assert list(found.outputs.values()) == [(6, 3, 3)]


class TestGraphs:
    @pytest.mark.parametrize("taken", [True, False])
    def test_of_a_branch_with_a_known_condition_one_side_is_taken(self, *, taken: bool) -> None:
        make = Maker()
        sides = {}
        for side, op in (("then_branch", "Relu"), ("else_branch", "Tanh")):
            node = helper.make_node(op, ["x"], ["same"])
            sides[side] = helper.make_graph([node], side, [], [helper.make_tensor_value_info("same", 1, None)])
        size = make.node("Gather", make.node("Shape", "x"), make.number("one", 1))
        y = make.node("If", make.node("Equal", size, make.number("eight", 8 if taken else 9)), **sides)
        assert ops(make, (1, 8, 6, 6), y) == ["relu" if taken else "tanh"]

    def test_a_branch_whose_condition_is_computed_is_refused(self) -> None:
        make = Maker()
        node = helper.make_node("Relu", ["x"], ["same"])
        side = helper.make_graph([node], "side", [], [helper.make_tensor_value_info("same", 1, None)])
        test = make.node("Cast", make.node("ReduceMax", "x"), to=9)
        y = make.node("If", test, then_branch=side, else_branch=side)
        with pytest.raises(cnncalc.SpecError, match=r"condition is computed by the network|over the batch"):
            read(make, (1, 8, 6, 6), y)

    def test_functions_of_the_models_own_are_written_out(self) -> None:
        make = Maker()
        y = make.node(
            "Block", "x", make.weight("block.weight", 8, 8, 3, 3), domain="own", name="/block/Block", alpha=0.2
        )
        model = make.model(
            {"x": (1, 8, 6, 6)}, make.node("Block", y, make.weight("next.weight", 8, 8, 3, 3), domain="own")
        )
        slope = helper.make_node("LeakyRelu", ["c"], ["b"])
        slope.attribute.append(onnx.AttributeProto(name="alpha", type=1, ref_attr_name="alpha"))
        body = [helper.make_node("Conv", ["a", "w"], ["c"], pads=[1, 1, 1, 1]), slope]
        opsets = [helper.make_opsetid("", 17)]
        model.functions.append(helper.make_function("own", "Block", ["a", "w"], ["b"], body, opsets, ["alpha"]))
        found = read_onnx(model.SerializeToString())
        assert [layer.op for layer in found.layers] == ["conv", "leaky"] * 2
        assert cnncalc.analyze(cnncalc.from_onnx(model.SerializeToString())).totals.params == 2 * 8 * 8 * 9

    def test_lists_of_tensors(self) -> None:
        make = Maker()
        parts = make.node("SplitToSequence", "x", make.number("two", 2), axis=1)
        a, b = (make.node("SequenceAt", parts, make.number(f"i{at}", at)) for at in (0, 3))
        y = make.node("ConcatFromSequence", make.node("SequenceConstruct", make.node("Relu", a), b), axis=1)
        assert list(read(make, (1, 8, 6, 6), y).outputs.values()) == [(4, 6, 6)]

    @pytest.mark.parametrize("batch", ["N", 1, 4])
    def test_any_batch_gives_the_same_layers(self, batch: int | str) -> None:
        make = Maker()
        y = make.node(
            "Reshape",
            make.node("Relu", "x"),
            make.node(
                "Concat",
                make.node("Slice", make.node("Shape", "x"), make.ints("a", 0), make.ints("b", 1)),
                make.ints("r", -1),
                axis=0,
            ),
        )
        y = make.node("Gemm", y, make.weight("w", 8 * 36, 10))
        assert ops(make, (batch, 8, 6, 6), y) == ["relu", "flatten", "linear"]

    def test_a_free_batch_that_the_graph_takes_for_one_is_one(self) -> None:
        make = Maker()
        y = make.node("Reshape", make.node("Relu", "x"), make.ints("s", 1, 8 * 36))
        assert ops(make, ("N", 8, 6, 6), make.node("Gemm", y, make.weight("w", 8 * 36, 10))) == [
            "relu",
            "flatten",
            "linear",
        ]

    def test_initializers_may_be_listed_as_inputs(self) -> None:
        make = Maker()
        model = make.model({"x": (1, 4, 6, 6), "w": (8, 4, 3, 3)}, make.node("Conv", "x", make.weight("w", 8, 4, 3, 3)))
        assert list(read_onnx(model.SerializeToString()).inputs) == ["input"]

    def test_one_sample_without_a_batch_is_made_one(self) -> None:
        make = Maker()
        y = make.node("Conv", make.node("Unsqueeze", "x", make.ints("a", 0)), make.weight("w", 8, 4, 3, 3))
        assert list(read(make, (4, 6, 6), y).outputs.values()) == [(8, 4, 4)]

    def test_nodes_that_no_output_needs_are_left_out(self) -> None:
        make = Maker()
        y = make.node("Relu", "x")
        make.node("Conv", "x", make.weight("w", 8, 4, 3, 3))
        make.node("NonMaxSuppression", "x")
        assert ops(make, (1, 4, 6, 6), y) == ["relu"]
