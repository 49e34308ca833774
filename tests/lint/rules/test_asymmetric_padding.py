from __future__ import annotations

import pytest

from cnncalc.errors import Severity
from cnncalc.spec.reader import parse_line, parse_shape
from tests.lint.rules.cases import is_flagged, reads, said, sound, words


def least_padding(n: int, k: int, s: int, d: int) -> int:
    """The least total padding with which there are `ceil(n/s)` windows, by trial."""
    return next(total for total in range(64) if len(reads(n, k, s, d, (0, total))) >= -(-n // s))


@pytest.mark.parametrize("word", ["same", "same_lower"])
def test_same_is_reported_exactly_where_the_padding_that_it_takes_is_odd(word: str) -> None:
    for n in (12, 13, 14, 15):
        for k in range(1, 6):
            for s in range(1, 4):
                for d in range(1, 3):
                    odd = least_padding(n, k, s, d) % 2 == 1
                    assert is_flagged("CNN010", f"conv 8 k{k} s{s} d{d} {word}", f"1x{n}") is odd, (n, k, s, d)


def test_half_is_reported_exactly_where_it_does_not_keep_the_size_at_stride_1() -> None:
    for k in range(1, 8):
        for d in range(1, 4):
            report = sound(f"conv 8 k{k} d{d} half", "1x40")
            shrinks = report.layers[0].output_shape != (8, 40)
            assert is_flagged("CNN010", f"conv 8 k{k} d{d} half", "1x40") is shrinks


@pytest.mark.parametrize(
    "line", ["conv 8 k4 p1/2", "conv 8 k4 p1", "conv 8 k4 s2 half", "conv 8 k4 causal", "conv 8 k2"]
)
def test_padding_in_numbers_and_words_that_mean_something_else_pass(line: str) -> None:
    assert is_flagged("CNN010", line, "8x32x32") is False


def test_with_a_stride_it_is_an_info() -> None:
    assert [problem.severity for _, problem in said("CNN010", "conv 8 k3 s2 same")] == [Severity.INFO]
    assert [problem.severity for _, problem in said("CNN010", "conv 8 k4 same")] == [None]


@pytest.mark.parametrize(
    "line", ["conv 8 k4 same", "conv 8 k2 same_lower", "conv 8 k4 d3 same", "conv 8 k2 half", "conv 8 k3 s2 same"]
)
def test_every_remedy_silences_the_rule_and_gives_the_size_that_was_meant(line: str) -> None:
    ((_, problem),) = said("CNN010", line)
    remedies = words(problem.help)
    assert remedies
    wanted = 16 if "s2" in line else 32
    for remedy in remedies:
        kept = [word for word in line.split()[2:] if word not in ("same", "same_lower", "half")]
        padding = next(word for word in line.split() if word in ("same", "same_lower", "half"))
        if remedy.startswith("k"):
            kept[0] = remedy
        else:
            padding = remedy
        mended = f"conv 8 {' '.join(kept)} {padding}"
        assert is_flagged("CNN010", mended, "8x32x32") is False, mended
        assert sound(mended).layers[0].output_shape == (8, wanted, wanted), mended


@pytest.mark.parametrize("line", ["conv 8 k4 same", "conv 8 k4 d3 same_lower relu", "dwconv same k2"])
def test_the_edit_writes_the_same_layer_and_silences_the_rule(line: str) -> None:
    ((_, problem),) = said("CNN010", line)
    (edit,) = problem.edits
    at = edit.at
    assert at.end_column is not None
    mended = line[: at.column - 1] + edit.replacement + line[at.end_column - 1 :]
    assert is_flagged("CNN010", mended, "8x32x32") is False
    assert sound(mended).layers[0].inferences == sound(line).layers[0].inferences


@pytest.mark.parametrize(
    "layers",
    [
        "[{op: conv, out_channels: 8, kernel_size: 4, padding: same}]",
        "[conv 8 k4 padding=same]",
        "[conv 8 k4x6 same]",
        "[conv 8 k2 s2x1 same]",
    ],
)
def test_no_edit_where_one_word_would_not_do(layers: str) -> None:
    found = said("CNN010", f"cnncalc: 1\ninput: 8x32x32\nlayers: {layers}\n", None)
    assert [problem.edits for _, problem in found] == [()]


def test_a_layer_without_spatial_axes_is_no_trouble() -> None:
    assert parse_line("gap | fc 10", {"input": parse_shape("8x4x4")}).findings == ()
    assert is_flagged("CNN010", "gap | fc 10", "8x4x4") is False
