"""Items whose name is a number, as frameworks number what stands in a sequence."""

from __future__ import annotations

import pytest

import cnncalc

SEQUENCE = """\
cnncalc: 1
input: 3x8x8
layers:
  - features:
      - 0: conv 4 k3 p1 relu
      - 3: conv 4 k3 p1
      - add features.0
  - conv 2 k1 from=features.3
"""


def test_a_number_names_an_item_as_it_names_a_copy() -> None:
    names = [layer.name for layer in cnncalc.analyze(SEQUENCE)]
    assert names == ["features.0", "features.0.relu", "features.3", "features.add1", "conv1"]


def test_the_path_of_a_numbered_item_reaches_it_from_inside_and_from_outside() -> None:
    report = cnncalc.analyze(SEQUENCE)
    inputs = {layer.name: layer.inputs for layer in report}
    assert inputs["features.add1"] == ("features.3", "features.0.relu")
    assert inputs["conv1"] == ("features.3",)


@pytest.mark.parametrize("key", ["01", "1.0", "-1", "1000000", "true"])
def test_other_numbers_are_no_names(key: str) -> None:
    with pytest.raises(cnncalc.SpecError):
        cnncalc.analyze(SEQUENCE.replace("- 3:", f"- {key}:"))


def test_the_same_number_twice_in_a_scope_is_an_error() -> None:
    with pytest.raises(cnncalc.SpecError, match="the name `0` stands twice"):
        cnncalc.analyze(SEQUENCE.replace("- 3:", "- 0:"))


def test_a_call_with_a_number_for_a_name_is_no_copy() -> None:
    head = "cnncalc: 1\ninput: 4x8x8\nblocks: {b: conv 4 k1}\nlayers: "
    report = cnncalc.analyze(f"{head}[f: [0: b, 3: b *2]]\n")
    frames = [(frame.layer, frame.copy, frame.copies) for row in report for frame in row.stack]
    assert frames == [("f.0", None, None), ("f.3", 0, 2), ("f.3", 1, 2)]
