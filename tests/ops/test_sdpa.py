from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cnncalc
from cnncalc.conventions import count
from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisWhole
from cnncalc.ops import ledger
from cnncalc.ops.base import FlopClass, Inference, Mix
from cnncalc.ops.sdpa import Sdpa
from cnncalc.queries.training import training_work
from tests.graph.building import graph_of, problems

if TYPE_CHECKING:
    from cnncalc.report import Report


def tokens(channels: int, count: int) -> TensorShape:
    return TensorShape(channels, (count,), tokens=True)


def attend(q: TensorShape, k: TensorShape, v: TensorShape, **options: Any) -> Inference:
    return Sdpa.model_validate({"op": "sdpa", **options}).infer(q, k, v)


def refusal(*inputs: TensorShape, **options: Any) -> LayerError:
    with pytest.raises(LayerError) as caught:
        Sdpa.model_validate({"op": "sdpa", **options}).infer(*inputs)
    return caught.value


class TestRefusals:
    @pytest.mark.parametrize("count", [1, 2, 4])
    def test_it_takes_a_query_a_key_and_a_value(self, count: int) -> None:
        found = refusal(*[tokens(8, 4)] * count)
        assert found.code == "CNN906"
        assert f"found {count} input" in found.message
        assert "sdpa K V" in (found.help or "")

    def test_a_line_without_names_says_what_is_missing(self) -> None:
        assert problems(graph_of("- tokens\n- sdpa", input="8x4x4")) == [
            "6:5 CNN906 sdpa: takes a query, a key and a value, found 1 input"
        ]

    def test_keys_and_values_have_as_many_positions(self) -> None:
        found = refusal(tokens(8, 4), tokens(8, 5), tokens(8, 6))
        assert found.code == "CNN001"
        assert found.message == "the key 8x5 has 5 positions, the value 8x6 has 6"

    @pytest.mark.parametrize(
        ("channels", "options", "option", "message"),
        [
            ((6, 8, 8), {"num_heads": 4}, "num_heads", "channels of the query (6)"),
            ((8, 6, 8), {"num_heads": 4}, "num_heads", "channels of the key (6)"),
            ((8, 8, 6), {"num_heads": 4}, "num_heads", "channels of the value (6)"),
            ((8, 5, 8), {"num_heads": 4, "num_kv_heads": 2}, "num_kv_heads", "channels of the key (5)"),
            ((8, 8, 8), {"num_heads": 4, "num_kv_heads": 3}, "num_kv_heads", "heads (4)"),
        ],
    )
    def test_heads_divide_channels_and_shared_heads_divide_heads(
        self, channels: tuple[int, int, int], options: dict[str, int], option: str, message: str
    ) -> None:
        found = refusal(*[tokens(count, 4) for count in channels], **options)
        assert (found.code, found.option) == ("CNN003", option)
        assert found.message.startswith(f"{message} cannot be divided by")

    def test_heads_of_query_and_key_are_equally_long(self) -> None:
        found = refusal(tokens(8, 4), tokens(8, 4), tokens(8, 4), num_heads=4, num_kv_heads=2)
        assert found.code == "CNN001"
        assert found.help == "feed a key of 4 channels"

    @pytest.mark.parametrize("counts", [(6, 8), (8, 6)])
    def test_windows_divide_the_positions_of_query_and_key(self, counts: tuple[int, int]) -> None:
        q, k = (tokens(8, count) for count in counts)
        found = refusal(q, k, k, windows=4)
        assert (found.code, found.option) == ("CNN003", "windows")
        assert "(6) cannot be divided by windows (4)" in found.message
        assert found.help == "use 3 or 6 windows"

    def test_a_key_has_positions(self) -> None:
        assert refusal(tokens(8, 4), TensorShape(8), TensorShape(8)).code == "CNN905"


def products(heads: int, shared: int, windows: int, q: tuple[int, int], k: tuple[int, int], v: int) -> tuple[int, int]:
    """Multiplications of both products and numbers of scores, one by one; q and k are (channels, positions)."""
    width, deep = q[0] // heads, v // shared
    macs = scores = 0
    for _window in range(windows):
        for _head in range(heads):
            for _query in range(q[1] // windows):
                for _key in range(k[1] // windows):
                    scores += 1
                    macs += width  # the score
                    macs += deep  # its share of the output
    return macs, scores


CASES = [
    (1, 1, 1, (6, 5), (6, 5), 6),
    (2, 2, 1, (6, 5), (6, 7), 10),
    (4, 2, 1, (8, 3), (4, 6), 6),
    (4, 1, 2, (8, 4), (2, 6), 3),
    (3, 3, 3, (9, 6), (9, 6), 3),
]


class TestCosts:
    @pytest.mark.parametrize(("heads", "shared", "windows", "q", "k", "v"), CASES)
    def test_products_and_scores_are_enumerated(
        self, heads: int, shared: int, windows: int, q: tuple[int, int], k: tuple[int, int], v: int
    ) -> None:
        found = attend(tokens(*q), tokens(*k), tokens(v, k[1]), num_heads=heads, num_kv_heads=shared, windows=windows)
        macs, scores = products(heads, shared, windows, q, k, v)
        rows = heads * q[1]
        assert found.output == tokens(heads * v // shared, q[1])
        assert found.macs == found.macs_valid == found.ledger[ledger.ATTENTION_MATMUL] == macs
        assert found.arithmetic == {
            FlopClass.ADD: scores + (scores - rows),  # differences to the maximum, sums
            FlopClass.MUL: q[0] * q[1],
            FlopClass.COMPARE: scores - rows,
            FlopClass.EXP: scores,
            FlopClass.DIVIDE: scores,
        }
        assert [(saved.what, saved.index, saved.elements) for saved in found.saved] == [
            ("input", 0, 0),
            ("input", 1, 0),
            ("input", 2, 0),
            ("extra", 0, scores),
        ]
        assert found.weights == ()

    def test_vit_base_at_224_multiplies_twice_197_squared_times_768(self) -> None:
        # Dosovitskiy et al. 2020: 12 heads of 64, 196 patches and the class token.
        x = tokens(768, 197)
        assert attend(x, x, x, num_heads=12).macs == 2 * 197 * 197 * 768

    def test_maps_are_taken_position_by_position(self) -> None:
        q, k = TensorShape(8, (4, 6)), TensorShape(8, (2, 3))
        found = attend(q, k, k, num_heads=2)
        assert found.output == q
        assert found.macs == attend(tokens(8, 24), tokens(8, 6), tokens(8, 6), num_heads=2).macs

    def test_a_vector_asks_as_one_position(self) -> None:
        found = attend(TensorShape(8), tokens(8, 5), tokens(8, 5), num_heads=2)
        assert found.output == TensorShape(8)
        assert found.macs == 2 * 5 * 8


class TestField:
    def test_keys_and_values_are_read_as_a_whole(self) -> None:
        found = attend(TensorShape(8, (4, 6)), TensorShape(8, (2, 3)), tokens(8, 6))
        assert found.reads == (None, (AxisWhole(), AxisWhole()), (AxisWhole(),))
        assert found.mix is Mix.GATE

    def test_one_position_that_attends_to_itself_mixes_nothing(self) -> None:
        found = attend(*[TensorShape(8, (1, 1))] * 3)
        assert (found.mix, found.reads) == (Mix.NONE, ())

    def test_the_query_keeps_its_grid_and_sees_everything_beside_it(self) -> None:
        report = cnncalc.analyze("q: conv 8 k3 p1 | k: conv 8 k2 s2 from=x | sdpa k k heads=2 from=q", input="3x8x8")
        row = report["sdpa1"]
        assert row.is_global
        assert [(axis.rf, axis.jump, axis.start) for axis in row.reach] == [
            (axis.rf, axis.jump, axis.start) for axis in report["q"].reach
        ]


ATTENTION = "tokens | attention 4 | ln"
PARTS = "t: tokens | q: linear 8 | k: linear 8 from=t | v: linear 8 from=t | sdpa k v heads=4 from=q | linear 8 | ln"


class TestDecomposition:
    """`attention` is four linear layers and `sdpa`."""

    @staticmethod
    def both() -> list[Report]:
        return [cnncalc.analyze(f"conv 8 k3 p1 | {line}", input="3x5x6", batch=2) for line in (ATTENTION, PARTS)]

    @pytest.mark.parametrize("figure", ["params", "macs", "macs_valid", "flops", "flops_by_class", "activations"])
    def test_parameters_and_arithmetic_are_the_same(self, figure: str) -> None:
        one, parts = self.both()
        assert getattr(one.totals, figure) == getattr(parts.totals, figure)

    def test_training_saves_the_same(self) -> None:
        one, parts = self.both()
        assert one.totals.saved_bytes == parts.totals.saved_bytes

    def test_a_training_step_costs_the_same(self) -> None:
        one, parts = (sum(work.total.macs for work in training_work(report)) for report in self.both())
        assert one == parts

    def test_the_fields_are_the_same(self) -> None:
        one, parts = (report["ln1"] for report in self.both())
        assert (one.is_global, one.reach) == (parts.is_global, parts.reach)

    @pytest.mark.parametrize("convention", ["torchvision", "torch", "fvcore", "ptflops_aten"])
    def test_other_tools_count_the_same(self, convention: str) -> None:
        one, parts = (count(report, convention).value for report in self.both())
        assert one == parts
