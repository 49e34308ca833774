"""Solutions against the definition: windows counted one by one, closed forms, and the same search without cuts."""

from __future__ import annotations

from itertools import product

import pytest

from cnncalc.errors import SpecError, UsageError
from cnncalc.queries.goals import read_goals
from cnncalc.queries.prefixes import Prefixes
from cnncalc.queries.search import Search, nearest
from cnncalc.queries.solve import search, solve
from cnncalc.queries.unknowns import substitute, unknowns
from cnncalc.spec import reader


def windows(size: int, kernel: int, stride: int, dilation: int, padding: int) -> int:
    """How many windows fit, counted."""
    length, extent = size + 2 * padding, dilation * (kernel - 1) + 1
    return sum(1 for start in range(0, length, stride) if start + extent <= length)


class TestRefusals:
    def test_a_text_without_a_question_mark_has_nothing_to_solve(self) -> None:
        with pytest.raises(UsageError, match="nothing is unknown: write `\\?`"):
            solve("conv 64 k3", "3x8x8", same=True)

    def test_a_goal_is_needed(self) -> None:
        with pytest.raises(UsageError, match=r"say what to reach: --same, --halve, --shape"):
            solve("conv 64 k3 p?", "3x8x8")

    def test_the_same_size_is_not_half_the_size(self) -> None:
        with pytest.raises(UsageError, match="exclude each other"):
            solve("conv 64 k3 p?", "3x8x8", same=True, halve=True)

    @pytest.mark.parametrize("word", ["pq?", "conv?", "k3?q"])
    def test_a_question_mark_stands_for_a_number(self, word: str) -> None:
        with pytest.raises((UsageError, SpecError)):
            solve(f"conv 64 {word}", "3x8x8", same=True)

    def test_a_mistake_beside_the_unknown_is_told_as_such(self) -> None:
        with pytest.raises(SpecError, match="did you mean `dilation`"):
            solve("conv 64 k3 p? dilatoin=2", "3x8x8", same=True)

    def test_an_unknown_layer_is_named_with_those_there_are(self) -> None:
        with pytest.raises(UsageError, match="no layer `conv7`: did you mean `conv1`"):
            solve("conv 64 k3 p?", "3x8x8", same=True, at="conv7")

    def test_a_line_needs_an_input(self) -> None:
        with pytest.raises(UsageError, match="needs the size of its input"):
            solve("conv 64 k3 p?", same=True)

    @pytest.mark.parametrize("shape", ["64x", "axb", "0x8x8", "1x2x3x4x5"])
    def test_a_shape_that_is_none_is_refused(self, shape: str) -> None:
        with pytest.raises(UsageError, match="should be channels x sizes"):
            solve("conv 64 k3 p?", "3x8x8", shape=shape)

    def test_a_search_without_end_is_refused_with_a_way_out(self) -> None:
        with pytest.raises(UsageError, match=r"combinations .* are more than 5,000,000; narrow them, as in --bounds"):
            solve("conv ? k? s? p? d?", "3x8x8", same=True)

    @pytest.mark.parametrize(
        ("bounds", "message"),
        [
            ({"kernel": "1..3"}, "no unknown is a kernel; the unknowns here are padding, 1"),
            ({"padding": "3..1"}, "should be A..B"),
            ({"padding": "a"}, "should be A..B"),
            ({"padding": "1..9/0"}, "should be A..B"),
        ],
    )
    def test_bounds_that_are_none_are_refused(self, bounds: dict[str, str], message: str) -> None:
        with pytest.raises(UsageError, match=message):
            solve("conv 64 k3 p?", "3x8x8", same=True, bounds=bounds)


class TestPadding:
    def test_the_smallest_padding_is_the_ceiling_where_the_floor_is_one_short(self) -> None:
        total = (112 - 1) * 2 + 3 - 224
        (found,) = solve("conv 64 k3 s2 p?", "3x224x224", halve=True).solutions
        assert found.values == (-(-total // 2),) == (1,)
        (short,) = solve("conv 64 k3 s2 p?", "3x224x224", shape="64x111x111").solutions
        assert short.values == (total // 2,) == (0,)

    def test_every_padding_is_found_that_counting_windows_finds(self) -> None:
        for size, kernel, stride, dilation in product((5, 8, 9), (1, 2, 3), (1, 2, 3), (1, 2)):
            wanted = windows(size, kernel, stride, dilation, 2)
            expected = {padding for padding in range(7) if windows(size, kernel, stride, dilation, padding) == wanted}
            if wanted:
                found = solve(
                    f"conv 4 k{kernel} s{stride} d{dilation} p?",
                    f"1x{size}",
                    shape=(4, wanted),
                    bounds={"padding": "0..6"},
                )
                assert {each.values[0] for each in found.solutions} == expected

    def test_a_padding_is_less_than_the_kernel_unless_its_bounds_say_more(self) -> None:
        assert solve("conv 4 k3 p?", "1x8x8", shape="4x14x14").count == 0
        assert solve("conv 4 k3 p?", "1x8x8", shape="4x14x14", bounds={"padding": "0..9"}).solutions[0].values == (4,)

    def test_each_side_and_axis_can_be_unknown_by_itself(self) -> None:
        found = solve("conv 4 k4 p?/?", "1x9", same=True, bounds={"padding": "0..3"})
        assert {each.values for each in found.solutions} == {(0, 3), (1, 2), (2, 1), (3, 0)}
        found = solve("conv 4 k3x5 p?x?", "1x9x9", same=True)
        assert [each.text for each in found.solutions] == ["conv 4 k3x5 p1x2"]


def test_every_transposed_layer_is_found_that_the_formula_gives() -> None:
    found = solve(
        "convt 4 k? s? p? op?",
        "2x7",
        shape="4x14",
        bounds={"kernel": "1..5", "stride": "1..3", "padding": "0..3", "output_padding": "0..2"},
        limit=1000,
    )
    expected = {
        (kernel, stride, padding, extra)
        for kernel, stride, padding, extra in product(range(1, 6), range(1, 4), range(4), range(3))
        if (7 - 1) * stride - 2 * padding + (kernel - 1) + extra + 1 == 14 and extra < stride
    }
    assert {each.values for each in found.solutions} == expected
    assert found.count == len(expected)


def test_the_field_of_three_dilated_layers_is_one_and_twice_their_dilations() -> None:
    line = "conv 8 k3 d? p1 | conv 8 k3 d? p1 | conv 8 k3 d? p1"
    found = solve(line, "1x64", rf="19..21", bounds={"dilation": "1..6"}, limit=1000)
    expected = {each for each in product(range(1, 7), repeat=3) if 19 <= 1 + 2 * sum(each) <= 21}
    assert {each.values for each in found.solutions} == expected


def test_how_often_a_layer_repeats_can_be_asked() -> None:
    (found,) = solve("(conv 16 k3 d2)*?", "1x64x64", rf=25).solutions
    assert found.values == (6,)
    assert found.rf == (25, 25)


def test_half_of_an_odd_size_may_be_rounded_either_way() -> None:
    found = solve("maxpool ?", "3x33x33", halve=True)
    assert [each.values for each in found.solutions] == [(2,)]
    assert solve("conv 3 k3 s2 p?", "3x33x33", halve=True).count == 2


def test_a_budget_gives_the_most_that_fits_first() -> None:
    found = solve("conv ? k3 p1 bn relu | conv 64 k3 p1", "3x32x32", max_params="100K")
    most = (100_000 - 64) // (27 + 2 + 64 * 9)
    assert found.dearest_first
    assert found.solutions[0].values == (most,)
    assert found.count == most


def test_solutions_stand_in_order_of_cost() -> None:
    found = solve("conv 4 k? s? p?", "3x16x16", shape="?x8x8", limit=1000)
    costs = [(each.macs, each.params) for each in found.solutions]
    assert len(costs) == found.count > 3
    assert costs == sorted(costs)


@pytest.mark.parametrize(
    ("line", "goals"),
    [
        ("conv ? k3 | conv ? k3 | fc 5", {"max_params": 2000}),
        ("conv 4 k? | maxpool ? | conv ? k3", {"max_macs": 9000, "shape": "?x2x2"}),
        ("res(conv ? k3 p1 ; conv 6 k1) | conv ? k1", {"max_params": 400}),
        ("maxpool ? | (conv 4 k3)*? | linear ?", {"max_params": 500}),
        ("conv ? k1 *? | fc ?", {"max_params": 900}),
        ("conv ? k1 | fc ?", {"max_params": 1}),
        ("conv 8//? k1 | fc ?", {"max_params": 60}),
        ("conv 12-(?) k1 | conv ? k1", {"max_params": 60}),
    ],
)
def test_what_is_left_out_would_not_have_been_a_solution(line: str, goals: dict[str, object]) -> None:
    inputs = {"input": reader.parse_shape("3x12x12")}
    bounds = {
        "kernel": "1..4", "channels": "1..9", "repeat": "1..4", "number": "1..9", "padding": "0..2"
    }  # fmt: skip
    kinds = {each.kind.value for each in unknowns(line)}
    found = unknowns(line, {kind: text for kind, text in bounds.items() if kind in kinds})

    def read(text: str):  # type: ignore[no-untyped-def] # noqa: ANN202
        return reader.parse_line(text, inputs)

    wanted = read_goals(**goals)  # type: ignore[arg-type]
    lowest = read(substitute(line, found, [each.values[0] for each in found]))
    cut = Search(line, read, wanted, found, Prefixes(line, found, lowest), None).run()
    whole = Search(line, read, wanted, found, None, None).run()
    assert sorted(cut.solved) == sorted(whole.solved)
    assert cut.done == whole.done == cut.behind[0]
    near = Search(line, read, wanted, found, Prefixes(line, found, lowest), None, misses=3).run()
    nearest_of_all = Search(line, read, wanted, found, None, None, misses=10**6).run()
    assert nearest(near.missed, 3) == nearest(nearest_of_all.missed, 3)


class TestMisses:
    def test_the_nearest_miss_stands_first_with_its_reason(self) -> None:
        found = solve("conv 64 k3 s2 p?", "3x224x224", shape="64x115x115")
        assert not found.solutions
        assert found.nearest[0].values == (2,)
        assert found.nearest[0].misses == ("shape 64x113x113: right, 2 too few, 2 too few",)

    def test_a_budget_that_nothing_meets_has_a_nearest_miss_too(self) -> None:
        found = solve("conv ? k3 | conv ? k3", "3x8x8", max_params=10)
        assert found.nearest[0].values == (1, 1)
        assert found.nearest[0].misses == ("38 params, 28 too many",)

    def test_what_cannot_be_built_is_counted_by_reason(self) -> None:
        found = solve("maxpool 2 *?", "3x8x8", same=True, bounds={"repeat": "1..9"})
        assert sum(each.count for each in found.refusals) == 6
        assert "empty output" in found.refusals[0].message

    def test_a_field_of_another_number_of_axes_is_a_miss(self) -> None:
        assert solve("conv 4 k? d1", "1x8x8", rf="3x3x3").count == 0


class TestPlaces:
    @pytest.mark.parametrize(
        ("text", "kinds"),
        [
            ("conv ? k?x3 s? p?/? d? g? bn", "channels kernel stride padding padding dilation groups"),
            ("convt 4 k2 op?", "output_padding"),
            ("dwconv k3 m?", "multiplier"),
            ("conv 4 k=? padding=? out_channels=8 dilation=(1,?)", "kernel padding dilation"),
            ("stem: conv ? k3 | (maxpool ?)*?", "channels kernel repeat"),
            ("concat(conv ? k1; se ?)", "channels channels"),
            ("upsample ? | fc ?", "number channels"),
            ("layers:\n  - {op: conv, out_channels: ?, kernel_size: [3, ?]}", "channels kernel"),
            ("vars: {width: ?}", "number"),
            ("- basic ? s=first(?) *?", "number stride repeat"),
        ],
    )
    def test_the_word_says_what_kind_of_number_it_is(self, text: str, kinds: str) -> None:
        assert " ".join(each.kind.value for each in unknowns(text)) == kinds

    def test_a_word_ends_at_its_bracket(self) -> None:
        assert [each.word for each in unknowns("(conv 16 k3 d? p?/?)*?")] == ["d?", "p?/?", "p?/?", "*?"]

    @pytest.mark.parametrize(
        "text",
        [
            "name: what?\nlayers: [conv ? k3]",
            "conv ? k3 # really?",
            "conv ? k3 | custom out=?x?x? params=0",
            "conv ? k3 | rearrange ?x? tokens | matmul x out=?x? inner=2",
        ],
    )
    def test_not_every_question_mark_is_an_unknown(self, text: str) -> None:
        assert len(unknowns(text)) == 1

    def test_bounds_hold_for_a_kind_or_for_one_by_its_number(self) -> None:
        found = unknowns("conv ? k? | conv ? k?", {"channels": "8..64/8", "4": "5..7"})
        assert [each.bounds for each in found] == ["8..64/8", "1..11", "8..64/8", "5..7"]

    def test_a_variable_is_called_by_its_name(self) -> None:
        (found,) = unknowns("vars: {width: ?}", {"width": "1..4"})
        assert (found.word, found.bounds) == ("width=?", "1..4")

    def test_a_single_unknown_is_searched_further(self) -> None:
        (alone,) = unknowns("conv 64 k3 p?")
        assert len(alone.values) > len(unknowns("conv 64 k? p?")[1].values)


FILE = """\
cnncalc: 1
name: what?
input: 3x32x32
vars: {width: ?}
blocks:
  basic(c):
    - conv c k3 p1 bn relu
layers:
  - stem: basic 8*width
  - stage: basic 16*width *?
  - gap
  - fc 10
"""


class TestFiles:
    def test_variables_and_counts_of_a_file_are_solved_together(self) -> None:
        found = solve(FILE, max_params="20K", limit=1000)

        def params(width: int, copies: int) -> int:
            first = 3 * 9 * 8 * width + 2 * 8 * width
            stage = 8 * 16 * 9 * width**2 + 32 * width + (copies - 1) * (256 * 9 * width**2 + 32 * width)
            return first + stage + 16 * width * 10 + 10

        expected = {
            (width, copies) for width, copies in product(range(1, 65), range(1, 17)) if params(width, copies) <= 20_000
        }
        assert {each.values for each in found.solutions} == expected
        assert found.solutions[0].params == max(params(*each) for each in expected)

    def test_the_solved_text_is_the_file_with_numbers_in_it(self) -> None:
        (found, *_) = solve(FILE, max_params="20K").solutions
        width, copies = found.values
        assert found.text == FILE.replace("width: ?", f"width: {width}").replace("*?", f"*{copies}")

    def test_sizes_can_be_asked_of_a_layer(self) -> None:
        text = "cnncalc: 1\ninput: 3x32x32\nlayers: [a: conv 8 k5 p?, maxpool 2, fc 10]".replace("[a", "\n  - a")
        text = text.replace(", ", "\n  - ").rstrip("]")
        assert [each.values for each in solve(text, at="a", same=True).solutions] == [(2,)]


def test_progress_ends_at_the_number_of_combinations() -> None:
    told: list[tuple[int, int]] = []
    inputs = {"input": reader.parse_shape("3x8x8")}
    search(
        "conv 4 k? p?",
        lambda text: reader.parse_line(text, inputs),
        read_goals(same=True),
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (11 * 17, 11 * 17)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
