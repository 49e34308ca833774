from __future__ import annotations

from itertools import product

import pytest

from cnncalc.errors import Severity
from tests.lint.rules.cases import feeds, is_flagged, reads, said, sound, words

N = 48
MIDDLE = range(20, 32)  # a multiple of every stride below, far from both ends


@pytest.mark.parametrize("s", range(1, 5))
def test_a_window_is_reported_exactly_where_positions_in_the_middle_are_read_by_no_output(s: int) -> None:
    for k, d, p in product(range(1, 5), range(1, 5), range(3)):
        seen = set().union(*reads(N, k, s, d, (p, p)))
        unread = not seen.issuperset(MIDDLE)
        assert is_flagged("CNN012", f"conv 8 k{k} s{s} d{d} p{p}", f"1x{N}") is unread, (k, s, d, p)


@pytest.mark.parametrize("s", range(1, 5))
def test_the_share_of_positions_that_are_not_read_is_exact(s: int) -> None:
    for k, d in product(range(1, 5), range(1, 5)):
        seen = set().union(*reads(N, k, s, d, (0, 0)))
        missing = len(set(MIDDLE) - seen)
        for _, problem in said("CNN012", f"conv 8 k{k} s{s} d{d}", f"1x{N}"):
            share = problem.message.partition(": ")[2]
            part, _, rest = share.partition(" of ")
            assert int(part) * len(MIDDLE) == missing * int(rest.split()[0]), (k, s, d)


def test_a_transposed_kernel_smaller_than_its_stride_leaves_outputs_that_see_nothing() -> None:
    for k, s in product(range(1, 5), range(1, 5)):
        blind = any(not made for made in feeds(N, k, s, 1, 0, 0)[20:32])
        assert is_flagged("CNN012", f"convt 8 k{k} s{s}", f"1x{N}") is blind, (k, s)


def test_axes_of_their_own_are_named_and_the_shares_multiply() -> None:
    ((_, problem),) = said("CNN012", "conv 8 k1x2 s2x3")
    assert problem.message == (
        "height: stride 2 is larger than the kernel 1; width: stride 3 is larger than the kernel 2: "
        "2 of 3 positions are never read"
    )


def test_a_projection_beside_a_path_that_reads_everything_is_an_info() -> None:
    ((name, problem),) = said("CNN012", "res(conv 16 k3 s2 p1; project)")
    assert (name, problem.severity) == ("shortcut1", Severity.INFO)
    assert "`conv1` reads them" in problem.message


def test_a_projection_beside_a_path_that_skips_as_well_is_a_warning() -> None:
    found = said("CNN012", "res(conv 16 k1 s2; project)")
    assert [(name, problem.severity) for name, problem in found] == [("conv1", None), ("shortcut1", None)]


@pytest.mark.parametrize("n", [31, 32, 33])
@pytest.mark.parametrize(
    "line", ["conv 8 k1 s2", "conv 8 k2 s3", "conv 8 k3 s2 d2 p2", "conv 8 k3 s4 d2 p2", "maxpool 1 s3"]
)
def test_the_window_that_is_offered_reads_everything_and_keeps_the_size(line: str, n: int) -> None:
    ((_, problem),) = said("CNN012", line, f"8x{n}x{n}")
    (window,) = words(problem.help)
    op = "maxpool" if line.startswith("maxpool") else "conv 8"
    mended = f"{op} {window}" if op == "conv 8" else f"{op} {window.removeprefix('k')}"
    assert is_flagged("CNN012", mended, f"8x{n}x{n}") is False
    assert sound(mended, f"8x{n}x{n}").layers[0].output_shape == sound(line, f"8x{n}x{n}").layers[0].output_shape


@pytest.mark.parametrize("line", ["convt 8 k1 s2", "convt 8 k2 s3", "convt 8 k1 s4 op3"])
def test_the_transposed_window_that_is_offered_feeds_every_output_and_keeps_the_size(line: str) -> None:
    ((_, problem),) = said("CNN012", line)
    (window,) = words(problem.help)
    stride = line.split()[3]
    mended = f"convt 8 {stride} {window}"
    assert is_flagged("CNN012", mended, "8x32x32") is False
    assert sound(mended).layers[0].output_shape == sound(line).layers[0].output_shape


@pytest.mark.parametrize("n", [32, 33])
def test_averaging_first_silences_the_rule_for_a_projection(n: int) -> None:
    ((_, problem),) = said("CNN012", "res(conv 16 k3 s2 p1; project)", f"8x{n}x{n}")
    (path,) = words(problem.help)
    assert is_flagged("CNN012", f"res(conv 16 k3 s2 p1; {path})", f"8x{n}x{n}") is False


@pytest.mark.parametrize(
    ("line", "skips"),
    [
        ("upsample 0.5", True),
        ("upsample 0.5 mode=linear", False),
        ("upsample 0.25 mode=linear", True),
        ("upsample 0.25 mode=cubic", False),
        ("upsample size=16x8 mode=linear", True),
        ("upsample 2", False),
    ],
)
def test_an_interpolation_that_shrinks_is_reported_where_it_reads_fewer_positions_than_it_replaces(
    line: str, *, skips: bool
) -> None:
    found = said("CNN012", line)
    assert bool(found) is skips
    for _, problem in found:
        (pool,) = words(problem.help)
        assert is_flagged("CNN012", pool, "8x32x32") is False
        assert sound(pool).layers[0].output_shape == sound(line).layers[0].output_shape
