from __future__ import annotations

import pytest

from cnncalc.export.to_spec import formatted
from tests.export.networks import CONFIGS, NAMES, report

UNTIDY = """\
# A net,
# twice
layers:   # all of them
- stem:   conv 8  k3   p1|bn|relu     # the stem
-    residual:
            - conv 8 k3 p1 bn relu
            # the second one
            - conv 8   k3 p1 bn
     then:   relu
- each:  [c,   n]
  rows:
  - [8,  1]   # first
  - [16, 2]
  do:
  -  conv c k3 p1  *n


- "a: conv 8 k1  |  concat a"
- {op: conv,
     out_channels: 4,   # kept
     kernel_size: 1}
# before the name
name: a   net

cnncalc: 1
input:    3x32x32\t
# at the end
"""
TIDY = """\
# A net,
# twice
cnncalc: 1
# before the name
name: a   net
input: 3x32x32
layers:  # all of them
  - stem: conv 8 k3 p1 | bn | relu  # the stem
  - residual:
      - conv 8 k3 p1 bn relu
      # the second one
      - conv 8 k3 p1 bn
    then: relu
  - each: [c, n]
    rows:
      - [8, 1]  # first
      - [16, 2]
    do:
      - conv c k3 p1 *n
  - "a: conv 8 k1  |  concat a"
  - {op: conv,
       out_channels: 4,   # kept
       kernel_size: 1}
# at the end
"""


def test_keys_come_in_order_levels_have_two_spaces_and_comments_stay_with_their_lines() -> None:
    assert formatted(UNTIDY) == TIDY


def test_line_breaks_of_windows_are_those_of_everybody_else() -> None:
    assert formatted(UNTIDY.replace("\n", "\r\n")) == TIDY


def test_the_formatted_text_is_the_same_network() -> None:
    before, after = report(UNTIDY), report(formatted(UNTIDY))
    assert [row.name for row in after] == [row.name for row in before]
    assert after.totals == before.totals


def test_what_is_formatted_stays_as_it_is() -> None:
    assert formatted(TIDY) == TIDY


@pytest.mark.parametrize("name", NAMES)
def test_an_example_once_formatted_stays_and_has_all_its_words(name: str) -> None:
    text = next(path for path in CONFIGS if path.stem == name).read_text()
    once = formatted(text)
    assert formatted(once) == once
    assert sorted(once.split()) == sorted(text.split())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("layers:\n  - |\n    conv 8  k3 |\n      relu\n", "layers:\n  - |\n    conv 8  k3 |\n      relu\n"),
        ("layers:\n- 'it''s  #no comment'   #one\n", "layers:\n  - 'it''s  #no comment'  #one\n"),
        ("layers:\n-   - conv 8 k1\n    - relu\n", "layers:\n  - - conv 8 k1\n    - relu\n"),
        ("layers: [conv 8 k1,\n  relu,  # last\n  ]\n", "layers: [conv 8 k1,\n  relu,  # last\n  ]\n"),
        ("layers:\n- relu\n  # inside\n# out\n", "layers:\n  - relu\n    # inside\n# out\n"),
        ("layers:\n  - relu\n  # inside\n\n# out\ntask: {}\n", "layers:\n  - relu\n  # inside\n\n# out\ntask: {}\n"),
        ("expect:\n      at:\n         a:\n           rf:  3\n", "expect:\n  at:\n    a:\n      rf: 3\n"),
    ],
)
def test_layouts_of_all_kinds(before: str, after: str) -> None:
    assert formatted(before) == after
    assert formatted(after) == after
