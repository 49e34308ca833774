"""CNN045."""

from __future__ import annotations

import pytest

from cnncalc.lint.base import RULES, Example
from cnncalc.lint.rules.im2col_blowup import LIMIT_BYTES
from tests.lint.rules.cases import of_example, said

CODE = "CNN045"


def net(batch: int, dtype: str, size: int = 512) -> str:
    return f"cnncalc: 1\ninput: 64x{size}x{size}\nbatch: {batch}\ndtype: {dtype}\nlayers: [conv 64 k3 p1]\n"


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_an_unfold_below_the_limit_is_silent(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_the_parts_that_are_offered_are_each_below_the_limit(example: Example) -> None:
    ((_, problem),) = of_example(CODE, example)
    size = 64 * 9 * 1024 * 1024 * 4
    assert f"takes {size:,} bytes" in problem.message
    assert problem.help == "unfold it in 3 parts, or use an implicit algorithm"
    assert size <= 3 * LIMIT_BYTES
    assert size > 2 * LIMIT_BYTES


def test_the_largest_batch_below_the_limit_is_offered() -> None:
    # 64 * 9 * 512**2 elements of 2 bytes a sample: three fit into 1 GiB.
    ((_, problem),) = said(CODE, net(8, "float16"), None)
    assert problem.help == "a batch of 3 stays within 1 GiB"
    assert said(CODE, net(3, "float16"), None) == []
    assert said(CODE, net(4, "float16"), None) != []


def test_the_limit_itself_is_allowed() -> None:
    # 64 * 4 taps * 1024**2 positions * 4 bytes are 1 GiB, one column less or more of positions is not.
    line = "conv 8 k2 s2"
    assert said(CODE, line, "64x2048x2048") == []
    assert said(CODE, line, "64x2048x2050") != []


def test_a_pointwise_convolution_needs_no_unfold() -> None:
    assert said(CODE, "conv 64 k1", "64x8192x8192") == []
