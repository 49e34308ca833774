from __future__ import annotations

from fractions import Fraction

import pytest

from tests.lint.rules.cases import feeds, is_flagged, problems, reads, report_of, said, words

N = 24


def dense(layers: str, shape: str = f"1x{N}", task: str = "dense: true") -> str:
    return f"cnncalc: 1\ninput: {shape}\nlayers: [{layers}]\ntask: {{{task}}}\n"


def middle(seen: set[int]) -> Fraction:
    return Fraction(min(seen) + max(seen) + 1, 2)


def test_a_convolution_at_stride_1_is_reported_exactly_where_its_units_stand_between_pixels() -> None:
    for k in range(1, 7):
        for p in range(k):
            seen = reads(N, k, 1, 1, (p, p))
            off_grid = (middle(seen[8]) - Fraction(1, 2)).denominator != 1
            assert is_flagged("CNN016", dense(f"conv 8 k{k} p{p}"), None) is off_grid, (k, p)


@pytest.mark.parametrize("up", ["convt 8 k2 s2", "convt 8 k4 s2 p1", "convt 8 k3 s2 p1 op1", "upsample 2"])
def test_down_and_up_again_is_reported_exactly_where_units_do_not_look_at_where_they_stand(up: str) -> None:
    met = set()
    kernel = {"convt 8 k2 s2": (2, 0, 0), "convt 8 k4 s2 p1": (4, 1, 0), "convt 8 k3 s2 p1 op1": (3, 1, 1)}
    for k, p in [(2, 0), (3, 1), (4, 1), (5, 2), (6, 2), (7, 3)]:
        down = reads(N, k, 2, 1, (p, p))
        if up == "upsample 2":
            made = [[o // 2] for o in range(2 * len(down))]
        else:
            made = feeds(len(down), kernel[up][0], 2, 1, *kernel[up][1:])
        pairs = [(o, middle(set().union(*(down[i] for i in made[o])))) for o in range(8, 16)]
        shift = sum((at - o - Fraction(1, 2) for o, at in pairs), start=Fraction(0)) / len(pairs)
        met.add(bool(shift))
        assert len(made) == N
        assert is_flagged("CNN016", dense(f"conv 8 k{k} s2 p{p}, {up}"), None) is bool(shift), (k, p)
    assert met == {True, False} or up == "convt 8 k3 s2 p1 op1"


@pytest.mark.parametrize(
    "layers",
    [
        "conv 8 k3 p1, conv 8 k3",  # valid, in the middle of the input
        "conv 8 k2 p1, conv 8 k2",  # half a pixel forth and back
        "e: conv 8 k3 p1, maxpool 2, conv 8 k3 p1, convt 8 k2 s2, concat e",
        "conv 8 k3 s2 p1, conv 8 k3 s2 p1",  # coarser than the input: no place is the right one
        "conv 16 k3 p1, pixelshuffle 2",
        "gap, fc 10",
    ],
)
def test_aligned_outputs_pass(layers: str) -> None:
    assert is_flagged("CNN016", dense(layers, "8x32x32"), None) is False


def test_without_a_dense_task_and_in_a_causal_one_nothing_is_reported() -> None:
    for task in ("stride: 1", "causal: true", "dense: true, causal: true"):
        assert is_flagged("CNN016", dense("conv 8 k4 p1", task=task), None) is False
    assert is_flagged("CNN016", "conv 8 k4 p1", "8x32x32") is False


def test_a_backbone_of_strided_3x3_convolutions_puts_masks_half_its_stride_off() -> None:
    # Five strides of 2, each half of its input's jump: 0.5 + 1 + 2 + 4 + 8 pixels.
    layers = (
        "conv 8 k7 s2 p3, maxpool 3 s2 p1, conv 8 k3 s2 p1, conv 8 k3 s2 p1, conv 8 k3 s2 p1, upsample 32 mode=linear"
    )
    ((name, problem),) = said("CNN016", dense(layers, "3x224x224"), None)
    assert name == "upsample1"
    assert "looks 15.5 pixels before where it stands" in problem.message
    assert "`conv1` by -0.5, `maxpool1` by -1, `conv2` by -2, `conv3` by -4 and 1 more" in problem.message


def test_it_is_reported_at_the_layer_that_moves_the_grid() -> None:
    ((name, problem),) = said("CNN016", dense("conv 8 k3 p1, a: conv 8 k4 p1, conv 8 k3 p1 relu"), None)
    assert name == "a"
    assert "moved by `a` by 0.5" in problem.message


@pytest.mark.parametrize(
    ("layers", "bad"),
    [
        ("conv 8 k3 p1, conv 8 k4 p1", "k4 p1"),
        ("conv 8 k3 s2 p1, upsample 2 mode=linear", "k3 s2 p1"),
        ("maxpool 2, convt 8 k3 s2 p1 op1", "k3 s2 p1 op1"),
        ("conv 8 k5 s2 p2, convt 8 k2 s2", "k5 s2 p2"),
    ],
)
def test_the_window_that_is_offered_silences_the_rule(layers: str, bad: str) -> None:
    report = report_of(dense(layers, "8x32x32"), None)
    ((_, problem),) = problems("CNN016", report)
    window, _ = words(problem.help)
    assert is_flagged("CNN016", dense(layers.replace(bad, window), "8x32x32"), None) is False
