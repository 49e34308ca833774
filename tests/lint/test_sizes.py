"""`task.sizes`: every size is tried, and the first at which the network cannot be built is named."""

from __future__ import annotations

import pytest

from tests.lint.linting import linted

pytestmark = pytest.mark.usefixtures("no_rules")

# Two halvings and back: a skip that fits where 4 divides the size.
UNET = """cnncalc: 1
input: 3x64x64
layers:
  - conv 8 k3 p1
  - skip: relu
  - maxpool 2
  - maxpool 2
  - upsample 4
  - concat skip
task: {sizes: RANGE}
"""


def test_sizes_at_which_the_network_can_be_built_are_silent() -> None:
    assert linted(UNET.replace("RANGE", "32..128/4")) == ()


def test_the_first_size_that_fails_is_named_with_how_many_others_do() -> None:
    (found,) = linted(UNET.replace("RANGE", "32..46/2"))
    assert found.code == "CNN001"
    assert found.message.endswith("(at input size 34 of `task.sizes`, the first of 4 that fail)")
    assert found.at is not None
    assert found.at.line == 9


def test_a_single_failing_size_is_said_to_be_one() -> None:
    (found,) = linted(UNET.replace("RANGE", "[32, 36, 37]"))
    assert found.message.endswith("(at input size 37 of `task.sizes`)")


def test_every_size_of_the_range_is_tried_to_its_end() -> None:
    (found,) = linted(UNET.replace("RANGE", "[32, 36, 40, 41]"))
    assert "input size 41" in found.message


def test_other_inputs_keep_their_ratio_to_the_first() -> None:
    text = """cnncalc: 1
inputs: {whole: 3x64x64, half: 3x32x32}
layers:
  - a: conv 8 k3 s2 p1
  - b: conv 8 k3 p1
    from: half
  - add a
task: {sizes: 32..128/2}
"""
    text = text.replace("  - b: conv 8 k3 p1\n    from: half\n", "  - b: conv 8 k3 p1 from=half\n")
    assert linted(text) == ()


def test_a_network_that_cannot_be_built_at_its_own_size_is_not_tried_at_others() -> None:
    found = linted(UNET.replace("RANGE", "32..46/2").replace("64x64", "62x62"))
    assert [each.code for each in found] == ["CNN001"]
    assert "task.sizes" not in found[0].message
