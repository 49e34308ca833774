"""Numbers that tools and papers print, given back to whoever printed them."""

from __future__ import annotations

import csv
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path

import pytest

import cnncalc
from cnncalc.errors import UsageError
from cnncalc.queries.against import Identity, against, asked
from cnncalc.queries.parts import parts
from tests.cli.program import config

TABLE = Path(__file__).parent.parent / "data" / "macs_by_tool.csv"
FUNCTIONS = {
    "thop": {"densenet121", "mobilenet_v2"},
    "ptflops_pytorch": {"densenet121", "mobilenet_v2", "googlenet", "convnext_tiny"},
}
"""Networks that a tool counts by how they are programmed; the number is then that of a variant."""


def published() -> list[tuple[str, str, int]]:
    """(network, tool, number) of small networks, as the tools print them."""
    with TABLE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    wanted = {"alexnet", "resnet18", "squeezenet1_0", "mobilenet_v2", "resnet50"}
    return [
        (row["network"], tool, int(row[tool]))
        for row in rows
        if row["network"] in wanted
        for tool in row
        if tool not in {"network", "macs"} and row["network"] not in FUNCTIONS.get(tool, ())
    ]


def likeliest(name: str, number: str | int) -> Identity:
    return against(cnncalc.load(config(name)), number).matches[0]


class TestReading:
    @pytest.mark.parametrize("text", ["4.12G", "1.8G", "300M", "25.6M", "4.1e9"])
    def test_a_rounded_number_is_met_by_exactly_what_rounds_to_it(self, text: str) -> None:
        wanted = asked(text)
        written = Decimal(text.replace("G", "e9").replace("M", "e6"))
        last = Decimal(1).scaleb(written.as_tuple().exponent if "e" in text else Decimal(text[:-1]).as_tuple().exponent)  # type: ignore[arg-type]
        last = last if "e" in text else last * Decimal("1e9" if "G" in text else "1e6")
        for number in (wanted.low + 1, wanted.high - 1, wanted.low - 1, wanted.high + 1):
            rounded = (Decimal(int(number)) / last).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) * last
            assert wanted.admits(number) == (rounded == written)

    @pytest.mark.parametrize("text", ["4089184256", "4,089,184,256", "4_089_184_256", "1000"])
    def test_a_number_with_all_its_digits_is_exact(self, text: str) -> None:
        assert asked(text).is_exact
        assert asked(text).middle == int(text.replace(",", "").replace("_", ""))

    def test_units_of_papers_are_known(self) -> None:
        assert asked("4.1 GFLOPs").middle == asked("4.1G").middle == asked("4.1B").middle

    @pytest.mark.parametrize("text", ["", "abc", "4.12X", "-4G", "G", "4.1.2G"])
    def test_what_is_no_number_is_refused(self, text: str) -> None:
        with pytest.raises(UsageError, match=r"as it is printed: 4\.12G"):
            asked(text)

    def test_a_fraction_without_a_unit_is_refused(self) -> None:
        with pytest.raises(UsageError, match=r"a unit is missing, as in 4\.1G"):
            asked("4.1")


@pytest.mark.parametrize(("network", "tool", "number"), published())
def test_the_number_of_a_tool_is_given_back_to_it(network: str, tool: str, number: int) -> None:
    found = against(cnncalc.load(config(network)), number)
    whose = {each.what for each in found.matches if each.deviations == 0}
    assert tool in whose
    assert all(each.value == number for each in found.matches)


def test_4_12_g_of_resnet_50_is_ptflops_with_functions_for_relus() -> None:
    found = likeliest("resnet50", "4.12G")
    assert found.what == "ptflops_pytorch"
    assert found.value == 4_132_436_968 - 9_608_704  # its 4.13 G without one count of the ReLU elements
    assert found.variant == "every ReLU is called as a function"


class TestChanges:
    def test_a_doubled_count_is_told_as_such(self) -> None:
        found = likeliest("resnet50", 2 * 4_111_512_576)
        assert (found.what, found.factor) == ("fvcore", Fraction(2))

    def test_a_batch_is_found(self) -> None:
        found = likeliest("resnet18", 32 * 1_819_065_856)
        assert (found.what, found.batch, found.part) == ("fvcore", 32, "")

    def test_another_input_size_is_found(self) -> None:
        number = cnncalc.analyze(config("resnet18"), "3x256x256").totals.macs
        found = likeliest("resnet18", number)
        assert (found.what, found.input) == ("torchvision", (3, 256, 256))

    def test_a_network_without_its_head_is_found(self) -> None:
        found = likeliest("resnet50", 4_089_184_256 - 2_048_000)
        assert (found.what, found.part) == ("torchvision", "without head")

    def test_another_size_and_a_missing_part_are_found_together(self) -> None:
        number = cnncalc.analyze(config("resnet18"), "3x256x256").totals.macs - 512_000
        found = likeliest("resnet18", number)
        assert (found.input, found.part) == ((3, 256, 256), "without head")

    def test_parameters_are_found_with_and_without_buffers(self) -> None:
        assert likeliest("resnet50", 25_557_032).formula == "trainable"
        assert likeliest("resnet50", 25_557_032 + 53_120).formula == "trainable + buffers"

    def test_an_auxiliary_head_is_left_out(self) -> None:
        text = (
            "cnncalc: 1\ninput: 3x32x32\nlayers:\n  - stem: conv 8 k3\n  - aux: fc 7\n"
            "  - main: conv 9 k3\n    from: stem\noutputs: [main, aux]\n"
        ).replace("  - main: conv 9 k3\n    from: stem\n", "  - main: conv 9 k3 from=stem\n")
        spec = cnncalc.parse(text)
        alone = 8 * 27 * 30**2 + 9 * 72 * 28**2
        found = against(spec, alone).matches[0]
        assert (found.what, found.part) == ("torchvision", "only what main needs")

    def test_what_needs_fewest_changes_stands_first(self) -> None:
        found = against(cnncalc.load(config("resnet50")), "4.09G").matches
        assert [each.deviations for each in found] == sorted(each.deviations for each in found)
        assert found[0].deviations == 0


class TestMisses:
    def test_where_nothing_gives_a_number_the_nearest_are_shown(self) -> None:
        found = against(cnncalc.load(config("resnet18")), 1_819_065_857)
        assert not found.matches
        assert (found.nearest[0].what, found.nearest[0].value) == ("fvcore", 1_819_065_856)

    def test_a_network_that_fits_one_size_alone_is_searched_all_the_same(self) -> None:
        line = "conv 4 k3 | upsample size=10x10 | a: conv 4 k3 | crop 2 | conv 4 k4"
        found = against(cnncalc.parse(line, "3x12x12"), 1)
        assert found.searched > 0
        assert found.nearest


def test_parts_are_told_apart_by_what_costs_something() -> None:
    report = cnncalc.analyze("a: conv 8 k3 | maxpool 2 | identity | b: fc 4", input="3x16x16")
    names = [part.text for part in parts(report)]
    assert names[0] == ""
    assert "without a" in names
    assert not any("identity" in name for name in names)
