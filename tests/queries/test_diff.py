"""Layers matched by names and structure; sums that have to agree whatever was matched."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import pytest

import cnncalc
from cnncalc.errors import UsageError
from cnncalc.queries.alignment import pairs
from cnncalc.queries.changes import Change
from cnncalc.queries.diff import Difference, diff
from cnncalc.queries.thresholds import threshold
from cnncalc.report import Report
from tests.cli.program import config

SIZE = "3x64x64"


def network(line: str) -> Report:
    return cnncalc.analyze(line, input=SIZE)


def matched(before: str, after: str) -> list[tuple[str, str]]:
    old, new = network(before), network(after)
    return [(old.layers[a].name, new.layers[b].name) for a, b in pairs(old, new)]


def compared(before: str, after: str) -> Difference:
    return diff(network(before), network(after))


def written(found: Difference) -> list[tuple[str, str]]:
    """What was added, removed or changed in the text, by mark and name."""
    marks = {Change.ADDED: "+", Change.REMOVED: "-", Change.CHANGED: "~"}
    return [
        (marks[each.change], (each.after or each.before).name)  # type: ignore[union-attr]
        for each in found.layers
        if each.change is not Change.CHANGED or each.edits
    ]


class TestMatching:
    def test_a_layer_put_in_front_is_no_change_of_the_others(self) -> None:
        found = compared("conv 8 k3 p1 | relu | conv 16 k5", "maxpool 3 s1 p1 | conv 8 k3 p1 | relu | conv 16 k5")
        assert written(found) == [("+", "maxpool1")]

    def test_counted_names_are_no_names(self) -> None:
        found = matched("conv 64 k3 | relu | conv 128 k3", "conv 32 k3 | relu | conv 64 k3 | relu | conv 128 k3")
        assert ("conv1", "conv2") in found
        assert ("conv2", "conv3") in found

    def test_other_widths_everywhere_leave_every_layer_where_it_was(self) -> None:
        before = "conv 8 k3 bn relu | conv 8 k3 bn relu | conv 16 k3 bn relu | fc 10"
        after = before.replace("16", "32").replace("conv 8", "conv 16")
        assert all(old == new for old, new in matched(before, after))
        assert len(matched(before, after)) == 10

    def test_given_names_win_over_order_and_structure(self) -> None:
        found = matched("a: conv 8 k3 | b: conv 16 k3", "b: conv 8 k3 | a: conv 16 k3")
        assert found == [("b", "b"), ("a", "a")]

    def test_a_given_name_keeps_a_layer_together_whatever_it_becomes(self) -> None:
        found = compared("down: conv 3 k3 s2", "down: maxpool 2")
        (change,) = found.layers
        assert (change.edits[0].what, change.edits[0].before, change.edits[0].after) == ("op", "conv", "maxpool")

    def test_a_renamed_layer_is_found_by_its_structure(self) -> None:
        found = compared("a: conv 8 k3 bn | fc 10", "stem: conv 8 k3 bn | fc 10")
        assert not found.layers
        assert found.renamed == (("a", "stem"), ("a.bn", "stem.bn"))

    @pytest.mark.parametrize("order", list(permutations(["conv 8 k3 p1", "maxpool 3 s1 p1", "conv 8 k5 p2", "relu"])))
    def test_no_layer_is_matched_twice(self, order: tuple[str, ...]) -> None:
        found = matched("conv 8 k3 p1 | maxpool 3 s1 p1 | conv 8 k5 p2 | relu", " | ".join(order))
        assert len({old for old, _ in found}) == len({new for _, new in found}) == len(found)

    def test_many_equal_layers_are_matched_in_no_time(self) -> None:
        found = diff(network("(conv 3 k1)*3000"), network("(conv 3 k1)*1500 | relu | (conv 3 k1)*1500"))
        assert written(found) == [("+", "relu1")]


class TestEdits:
    def test_what_was_written_is_told_apart_from_what_follows(self) -> None:
        found = compared("conv 8 k3 | relu | conv 4 k1", "conv 8 k5 | relu | conv 4 k1")
        assert written(found) == [("~", "conv1")]
        first, relu, last = found.layers
        assert [(edit.what, edit.before, edit.after) for edit in first.edits] == [("kernel_size", "3", "5")]
        assert not relu.edits
        assert ("output", "8x62x62", "8x60x60") in [(edit.what, edit.before, edit.after) for edit in relu.follows]
        assert ("rf", "3", "5") in [(edit.what, edit.before, edit.after) for edit in last.follows]

    def test_another_skip_connection_is_a_change(self) -> None:
        lines = [f"a: conv 8 k3 p1 | b: conv 8 k3 p1 | c: conv 8 k3 p1 | add {name}" for name in "ab"]
        found = compared(*lines)
        assert [(edit.what, edit.before, edit.after) for edit in found.layers[0].edits] == [("reads", "c, a", "c, b")]

    def test_a_layer_in_between_is_no_change_of_what_reads_it(self) -> None:
        found = compared("conv 8 k3 | conv 8 k3", "conv 8 k3 | relu | conv 8 k3")
        assert written(found) == [("+", "relu1")]

    def test_shared_weights_are_a_change(self) -> None:
        before = "a: conv 8 k3 p1 | b: conv 8 k3 | c: conv 8 k3"
        found = compared(before, f"{before} share=b")
        assert [(edit.what, edit.after) for edit in found.layers[0].edits] == [("shares", "b")]

    def test_removed_layers_stand_where_they_stood(self) -> None:
        found = compared("conv 8 k3 | lrn 5 | relu | gap | fc 4", "conv 8 k3 | relu | fc 4")
        assert written(found) == [("-", "lrn1"), ("-", "gap1")]


PAIRS = [("resnet18", "resnet50"), ("vgg16", "vgg16_bn"), ("unet", "unet_valid"), ("mobilenet_v2", "mnasnet1_0")]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_changes_of_layers_add_up_to_the_changes_of_the_totals(before: str, after: str) -> None:
    found = diff(cnncalc.analyze(config(before)), cnncalc.analyze(config(after)))
    for figure in ("params", "macs"):
        assert sum(getattr(each, figure) for each in found.layers) == found.delta(figure).change
    added = sum(each.change is Change.ADDED for each in found.layers)
    removed = sum(each.change is Change.REMOVED for each in found.layers)
    assert added - removed == found.delta("layers").change
    assert len(found.layers) - added + found.unchanged == len(found.before.layers)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_difference_the_other_way_round_is_the_same_with_other_signs(before: str, after: str) -> None:
    one, other = (cnncalc.analyze(config(name)) for name in (before, after))
    there, back = diff(one, other), diff(other, one)
    assert [delta.change for delta in there.deltas] == [-delta.change for delta in back.deltas]
    assert {each.code for each in there.new_findings} == {each.code for each in back.gone_findings}


@pytest.mark.parametrize("name", ["resnet50", "unet", "googlenet", "siamese"])
def test_a_network_does_not_differ_from_itself(name: str) -> None:
    assert diff(cnncalc.analyze(config(name)), cnncalc.analyze(config(name))).is_empty


class TestTotals:
    def test_a_total_that_was_nothing_has_no_percentage(self) -> None:
        delta = compared("maxpool 2", "conv 8 k2 s2").delta("params")
        assert (delta.change, delta.share) == (104, None)

    def test_a_share_is_exact(self) -> None:
        assert compared("conv 8 k1 nobias", "conv 9 k1 nobias").delta("params").share == Fraction(1, 8)

    def test_the_output_is_compared_whatever_it_is_called(self) -> None:
        found = compared("conv 8 k3", "conv 8 k3 | maxpool 2")
        assert [(edit.what, edit.before, edit.after) for edit in found.outputs] == [("output", "8x62x62", "8x31x31")]


class TestFindings:
    def test_only_findings_that_were_not_there_are_new(self) -> None:
        found = compared("conv 8 k3 p1 bias bn relu", "conv 8 k3 p1 bias bn relu | conv 8 k3 p1 bias bn relu")
        assert [(each.code, each.layer) for each in found.new_findings] == [("CNN040", "conv2")]
        assert not found.gone_findings

    def test_a_finding_at_a_renamed_layer_is_not_new(self) -> None:
        found = compared("a: conv 8 k3 p1 bias bn relu", "b: conv 8 k3 p1 bias bn relu")
        assert not found.new_findings
        assert not found.gone_findings


class TestThresholds:
    before, after = "conv 100 k1 nobias", "conv 105 k1 nobias"

    @pytest.mark.parametrize(
        ("text", "holds"),
        [
            ("params+5%", True),
            ("params+4.9%", False),
            ("params+15", True),
            ("params+14", False),
            ("params-0", True),
            ("macs+0%", False),
            ("memory+1GiB", True),
            ("findings+0", True),
            ("layers+0", True),
        ],
    )
    def test_a_threshold_is_inclusive(self, text: str, holds: bool) -> None:  # noqa: FBT001 - a table
        assert threshold(text).holds(compared(self.before, self.after)) is holds

    def test_a_figure_may_be_kept_from_shrinking(self) -> None:
        found = compared(self.after, self.before)
        assert not threshold("params-4%").holds(found)
        assert threshold("params-5%").holds(found)

    def test_a_partial_figure_never_holds(self) -> None:
        found = compared("custom out=?x?x? macs=1", "custom out=?x?x? macs=1")
        assert not threshold("params+5%").holds(found)
        assert threshold("macs+5%").holds(found)

    def test_growth_from_nothing_is_beyond_any_percentage(self) -> None:
        assert not threshold("params+100%").holds(compared("maxpool 2", "conv 8 k2 s2"))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("params", "should be FIGURE"),
            ("params+", "should be FIGURE"),
            ("+5%", "should be FIGURE"),
            ("parms+5%", "did you mean `params`"),
            ("zzz+5", "there are params, buffers"),
            ("params+5MiB", "unit"),
            ("findings+5%", "findings are counted"),
        ],
    )
    def test_a_threshold_that_cannot_be_read_is_refused(self, text: str, message: str) -> None:
        with pytest.raises(UsageError, match=message):
            threshold(text)
