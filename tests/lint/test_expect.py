"""`expect:`: every key, at its place, with what was asked, what was found and how far off it is."""

from __future__ import annotations

import pytest

from cnncalc.errors import UsageError
from cnncalc.lint.config import parse_budget
from cnncalc.lint.settings import Settings
from tests.lint.linting import brief, linted

pytestmark = pytest.mark.usefixtures("no_rules")

# a: 3x3 over 3 channels of 32x32 without padding: 8*(27+1) = 224 parameters, 8*27*30*30 = 194,400 MACs, 8x30x30 out.
# pool: 8x15x15. head: flattened 1,800 values to 10: 18,010 parameters, 18,000 MACs.
# In all 18,234 parameters and 212,400 MACs. FLOPs of a layer: two a MAC and one for each addition of the bias.
NET = """cnncalc: 1
input: 3x32x32
layers:
  - a: conv 8 k3
  - pool: maxpool 2
  - head: fc 10
expect: {expect}
"""
PARTIAL = """cnncalc: 1
input: 3x32x32
layers:
  - a: conv 8 k3
  - odd: custom out=8x?x? k1
  - b: conv 8 k3
expect: {expect}
"""


def failures(expect: str, net: str = NET) -> list[str]:
    return [found.message for found in linted(net.replace("{expect}", expect))]


@pytest.mark.parametrize(
    "expect",
    [
        "{params: 18234}",
        "{params: max 18.234K, buffers: 0}",
        "{macs: 212400, activations: 7210}",
        "{macs: min 200K, params: 18K..19K}",
        "{macs: 0.2M..0.3M}",
        "{output: 10, shape: 10}",
        "{outputs: {head: 10}}",
        "{rf: 32}",
        "{memory: max 1MiB, peak: min 1}",
        "{at: {a: {params: 224, macs: 194400, shape: 8x30x30, rf: 3, jump: 1, start: 1.5, activations: 7200}}}",
        "{at: {pool: {shape: [8, 15, 15], rf: [4, 4], jump: 2x2, start: 2}}}",
        "{at: {head: {params: 18010, flops: 36010, buffers: 0}}}",
    ],
)
def test_what_holds_is_silent(expect: str) -> None:
    assert failures(expect) == []


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        ("{params: max 18K}", "params: asked for at most 18K, found 18,234: 234 too many (1.3%)"),
        ("{params: min 20K}", "params: asked for at least 20K, found 18,234: 1,766 too few (8.8%)"),
        ("{params: 18235}", "params: asked for 18,235, found 18,234: 1 too few (<0.1%)"),
        ("{params: 1..2}", "params: asked for 1..2, found 18,234: 18,232 too many"),
        ("{macs: max 0.2M}", "macs: asked for at most 0.2M, found 212,400: 12,400 too many (6.2%)"),
        ("{buffers: 1}", "buffers: asked for 1, found 0: 1 too few (100%)"),
        ("{activations: 0}", "activations: asked for 0, found 7,210: 7,210 too many"),
        ("{at: {a: {flops: 0}}}", "a.flops: asked for 0, found 396,000: 396,000 too many"),
        ("{output: 11}", "output: asked for 11, found 10: channels 1 too small"),
        ("{shape: 10x1x1}", "shape: asked for 10x1x1, found 10: 1 number, not 3"),
        ("{outputs: {head: 9}}", "outputs.head: asked for 9, found 10: channels 1 too large"),
        ("{outputs: {a: 8x30x30}}", "there is no output `a`"),
        ("{at: {b: {rf: 3}}}", "there is no layer `b`"),
        ("{rf: 33}", "rf: asked for 33, found 32: 1 too small"),
        ("{jump: 2}", "jump: asked for 2, but there is none: the map is one vector"),
        ("{at: {a: {rf: min 5}}}", "a.rf: asked for at least 5, found 3: 2 too small"),
        ("{at: {a: {rf: [3, 4]}}}", "a.rf: asked for 3 x 4, found 3: width 1 too small"),
        ("{at: {a: {rf: [3, 3, 3]}}}", "a.rf: asked for 3 x 3 x 3, found 3: 2 axes, not 3"),
        ("{at: {a: {start: 1}}}", "a.start: asked for 1, found 1.5: 0.5 too large"),
        ("{at: {a: {shape: 8x30x31}}}", "a.shape: asked for 8x30x31, found 8x30x30: width 1 too small"),
        ("{at: {a: {shape: 9x28x30}}}", ("a.shape: asked for 9x28x30, found 8x30x30: channels 1 too small, "
         "height 2 too large")),
    ],
)  # fmt: skip
def test_what_does_not_hold_says_what_was_asked_what_was_found_and_how_far_off_it_is(expect: str, message: str) -> None:
    assert failures(expect) == [message]


def test_where_all_positions_see_the_same_there_is_no_jump() -> None:
    net = "cnncalc: 1\ninput: 3x8x8\nlayers: [conv 4 k3 p1, rearrange 16x4x4]\nexpect: {expect}\n"
    assert failures("{rf: 8}", net) == []
    assert failures("{jump: 2}", net) == ["jump: asked for 2, but there is none: all positions see the same"]


def test_bytes_are_told_in_bytes_and_rounded() -> None:
    # 18,234 weights of 4 bytes are 72,936; while `a` runs, 3x32x32 and 8x30x30 values are alive: 41,088 bytes.
    (message,) = failures("{memory: max 64KiB}")
    assert message == "memory: asked for at most 64KiB, found 111 KiB (114,024 bytes): 47.4 KiB too many (74.0%)"
    (message,) = failures("{peak: max 40K}")
    assert message == "peak: asked for at most 40K, found 40.1 KiB (41,088 bytes): 1.06 KiB too many (2.7%)"


def test_each_entry_is_told_at_its_value() -> None:
    found = linted(NET.replace("{expect}", "\n  params: max 1\n  at:\n    a:\n      rf: 5\n    b: {rf: 1}\n"))
    assert brief(found) == ["8:11 CNN006", "11:11 CNN006", "12:5 CNN006"]


def test_unknown_names_come_with_a_suggestion() -> None:
    (found,) = linted(NET.replace("{expect}", "{at: {heat: {rf: 1}}}"))
    assert found.help == "did you mean `head`?"


@pytest.mark.parametrize(
    ("expect", "lacking"),
    [
        ("{params: min 1}", "params"),
        ("{params: max 1G}", "params"),
        ("{buffers: 0}", "params"),
        ("{memory: max 1GiB}", "params"),
        ("{macs: max 1G}", "macs"),
        ("{flops: min 1}", "macs"),
        ("{activations: max 1G}", "macs"),
        ("{at: {odd: {params: max 1G}}}", "params"),
    ],
)
def test_a_figure_that_is_only_partly_known_never_passes(expect: str, lacking: str) -> None:
    (message,) = failures(expect, PARTIAL)
    assert message.endswith(f"but the figure is only partly known: `odd` does not declare its {lacking}")


def test_what_is_known_of_a_partial_network_can_be_expected() -> None:
    assert failures("{output: 8x28x28, rf: 5, peak: min 1, at: {a: {params: 224, macs: 194400}}}", PARTIAL) == []


def test_a_network_with_errors_is_not_also_told_what_it_fails() -> None:
    assert [found.code for found in linted(NET.replace("k3", "k99").replace("{expect}", "{params: 1}"))] == ["CNN002"]


def test_a_figure_that_rests_on_a_guess_does_not_pass_where_the_error_is_ignored() -> None:
    text = NET.replace("conv 8 k3", "conv 8 k99  # cnncalc: ignore[CNN002] later")
    found = linted(text.replace("{expect}", "{params: max 1G, output: 10, rf: min 1, at: {pool: {shape: 8x16x16}}}"))
    assert [each.code for each in found] == ["CNN006"] * 4
    assert all("known" in each.message for each in found)


def test_with_several_outputs_their_figures_are_asked_by_name() -> None:
    text = NET.replace("expect:", "outputs: [a, head]\nexpect:")
    assert failures("{outputs: {a: 8x30x30, head: 10}}", text) == []
    assert failures("{rf: 3}", text) == ["rf: the network has 2 outputs (a, head)"]


class TestBudgets:
    def test_a_number_alone_is_the_most_that_is_allowed(self) -> None:
        assert parse_budget("params", "5M", "--budget").quantity.text == "max 5M"
        assert parse_budget("params", 5000, "--budget").quantity.high == 5000
        assert parse_budget("memory", "min 64MiB", "--budget").quantity.low == 64 * 2**20

    @pytest.mark.parametrize(
        ("key", "text", "message"),
        [
            ("parms", "5M", "--budget: unknown figure `parms`; did you mean `params`?"),
            ("params", "5X", "--budget: params 5X: `X` is no unit; units are K M G T"),
            ("params", "64MiB", ("--budget: params 64MiB: `MiB` is no unit; that is a unit of bytes; "
             "counts are written `64M`")),
        ],
    )  # fmt: skip
    def test_a_wrong_one_is_a_wrong_command(self, key: str, text: str, message: str) -> None:
        with pytest.raises(UsageError) as error:
            parse_budget(key, text, "--budget")
        assert str(error.value) == message

    def test_it_is_held_against_every_network_whatever_its_file_expects(self) -> None:
        settings = Settings(budgets=(parse_budget("params", "18K", "--budget"),))
        (found,) = linted(NET.replace("{expect}", "{params: max 1M}"), settings)
        assert found.message == "params: asked for at most 18K, found 18,234: 234 too many (1.3%)"
        assert found.help == "the budget comes from --budget"
        assert brief((found,)) == ["1:1 CNN006"]

    def test_a_partial_figure_does_not_meet_it(self) -> None:
        settings = Settings(budgets=(parse_budget("params", "1G", "--budget"),))
        (found,) = linted(PARTIAL.replace("expect: {expect}\n", ""), settings)
        assert "only partly known" in found.message
