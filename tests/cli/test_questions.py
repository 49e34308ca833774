"""The commands unit, region, tile and sizes: what they print, as JSON, and what they refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.program import config

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

UNET = config("unet")
HOLES = ("-i", "1x40x40", "conv 8 k3 d2")


def document(cli: Cli, *arguments: str) -> dict[str, Any]:
    done = cli(*arguments, "-f", "json")
    assert (done.status, done.err) == (0, "")
    found: dict[str, Any] = json.loads(done.out)
    return found


# ---------------------------------------------------------------- unit


def test_unit_has_the_document_that_is_promised(cli: Cli) -> None:
    assert document(cli, "unit", *HOLES, "--at", "conv1", "--index", "20,7") == {
        "layer": "conv1",
        "index": [20, 7],
        "global": False,
        "axes": [
            {"pixels": [20, 22, 24], "lo": 20, "hi": 24, "extent": 5, "touched": 3, "centre": 22.5},
            {"pixels": [7, 9, 11], "lo": 7, "hi": 11, "extent": 5, "touched": 3, "centre": 9.5},
        ],
    }


def test_words_stand_for_positions(cli: Cli) -> None:
    assert document(cli, "unit", *HOLES, "--index", "corner")["index"] == [0, 0]
    assert document(cli, "unit", *HOLES)["index"] == [18, 18]


def test_all_phases_are_one_position_for_each_phase(cli: Cli) -> None:
    found = document(cli, "unit", UNET, "--index", "all-phases")
    # 188 pixels in 4 of 16 phases, 204 in the others: geometry of the depth-4 U-Net with 2x2 up-convolutions
    extents = [unit["axes"][0]["extent"] for unit in found["units"]]
    assert len(extents) == 16
    assert sorted(set(extents)) == [188, 204]
    assert extents.count(188) == 4


def test_draw_adds_a_picture(cli: Cli) -> None:
    drawn = cli("unit", "-i", "1x12x12", "conv 8 k3 d2", "--at", "conv1", "--index", "2,3", "--draw")
    assert drawn.status == 0
    assert "12x12 input, one pixel a character" in drawn.out
    assert "\u2588\u2588\u00b7 \u2588\u2588\u00b7 \u2588\u2588" in drawn.out
    assert "one pixel a character" not in cli("unit", "-i", "1x12x12", "conv 8 k3 d2").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--index", "middle"),
            "--index middle: expected numbers in axis order, as in 18,18, or center, corner, all-ph",
        ),
        (("--index", "3"), "an index has 2 numbers, found 1"),
        (("--index", "3,99"), "index 99 of axis 1 is outside `conv1`: 0 to 35 are there"),
        (("--at", "conv9"), "no layer `conv9` in <line>: did you mean `conv1`?"),
        (("--of", "left"), "no input `left`"),
    ],
)
def test_a_position_that_cannot_be_is_a_wrong_command(cli: Cli, arguments: tuple[str, ...], message: str) -> None:
    done = cli("unit", *HOLES, *arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.err


def test_a_network_without_a_map_asks_for_a_name(cli: Cli) -> None:
    done = cli("unit", "-i", "3x8x8", "fc 10")
    assert done.status == 2
    assert "no layer of <line> has a map" in done.err


# ---------------------------------------------------------------- region


def test_region_says_who_sees_the_pixels(cli: Cli) -> None:
    found = document(cli, "region", "-i", "3x32x32", "conv 8 k3 s2 p1", "--pixels", "10:12,0:32")
    assert [axis["touching"] for axis in found["axes"]] == [[5, 6], list(range(16))]
    assert [axis["covering"] for axis in found["axes"]] == [[5], []]
    assert (found["touching"], found["covering"], found["positions"]) == (32, 0, 256)


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        ("a:b", "--pixels a:b: expected a range or a pixel for each axis, as in 100:120,40:60 or 110,50"),
        ("1:2", "input `input` is 40x40 pixels large: give 2 ranges, found 1"),
        ("1:2,3:99", "its ranges lie within 0:40"),
        ("-1,2", "expected a range"),
    ],
)
def test_a_region_that_cannot_be_is_a_wrong_command(cli: Cli, pixels: str, message: str) -> None:
    done = cli("region", *HOLES, f"--pixels={pixels}")
    assert (done.status, done.out) == (2, "")
    assert message in done.err


# ---------------------------------------------------------------- tile


def test_tile_has_the_keys_that_are_promised(cli: Cli) -> None:
    found = document(cli, "tile", UNET, "-i", "3x1024x1024")
    assert {key: found[key] for key in ("period", "halo", "exact", "because")} == {
        "period": [16, 16],
        "halo": [[94, 94], [94, 94]],
        "exact": True,
        "because": [],
    }
    assert "worst_halo" in found


def test_tile_blames_the_layer_that_sees_everything(cli: Cli) -> None:
    found = document(cli, "tile", "-i", "3x64x64", "conv 8 k3 p1 | s: se 4")
    assert not found["exact"]
    assert found["because"] == [{"layer": "s", "line": 1, "reason": "reduces the whole map"}]


def test_a_tile_that_cannot_be_says_which_could(cli: Cli) -> None:
    done = cli("tile", UNET, "-i", "3x1024x1024", "--tile", "500")
    assert (done.status, done.out) == (2, "")
    assert "the nearest are 496 and 512" in done.err


# ---------------------------------------------------------------- sizes


def test_sizes_are_progressions(cli: Cli) -> None:
    found = document(cli, "sizes", UNET, "--range", "100..200")
    run = [{"first": 112, "step": 16, "last": 192, "open": True}]
    assert [(axis["legal"], axis["even"], axis["same"]) for axis in found["axes"]] == [(run, run, run)] * 2


def test_sizes_of_a_network_that_does_not_fit_say_what_to_change(cli: Cli) -> None:
    done = cli("sizes", UNET, "-i", "3x250x250")
    assert done.status == 0
    for remedy in ("pad by 6 to 256", "crop by 10 to 240", "align=crop at d4.concat1, d3.concat1, d2.concat1"):
        assert remedy in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--range", "5"), "--range 5: expected the smallest and the largest size, as in 128..640"),
        (("--range", "9..5"), "the range 9..5 is none"),
        (("--size", "0"), "give one size of at least 1 for each"),
        (("--size", "axb"), "--size axb: expected one number for all axes, or one for each"),
    ],
)
def test_sizes_that_cannot_be_are_a_wrong_command(cli: Cli, arguments: tuple[str, ...], message: str) -> None:
    done = cli("sizes", *HOLES, *arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.err


# ---------------------------------------------------------------- all of them


@pytest.mark.parametrize("command", [("unit",), ("region", "--pixels", "1,1"), ("tile",), ("sizes",)])
@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_every_question_is_answered_in_every_format(cli: Cli, command: tuple[str, ...], form: str) -> None:
    done = cli(*command, UNET, "-f", form)
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith("\n")


@pytest.mark.parametrize("command", [("unit",), ("region", "--pixels", "1,1"), ("tile",), ("sizes",)])
def test_a_network_that_is_wrong_fails_with_its_findings(cli: Cli, command: tuple[str, ...]) -> None:
    done = cli(*command, "-i", "3x32x32", "conv 4 k3 g2")
    assert (done.status, done.out) == (1, "")
    assert "CNN003" in done.err
    done = cli(*command, "-i", "3x32x32", "conv 4 k3 g2", "-f", "json")
    assert done.status == 1
    assert [found["code"] for found in json.loads(done.out)["findings"]] == ["CNN003"]


@pytest.mark.parametrize("command", [("unit",), ("region", "--pixels", "1,1"), ("tile",), ("sizes",)])
def test_quiet_leaves_the_exit_status_as_the_answer(cli: Cli, command: tuple[str, ...]) -> None:
    done = cli(*command, UNET, "-q")
    assert (done.status, done.out, done.err) == (0, "", "")
