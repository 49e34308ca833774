"""Batch norms folded away: what goes, what stays and why."""

from __future__ import annotations

import pytest

from cnncalc.folding import Folding, fold
from tests.graph.building import report_of


def folded(layers: str, *, input: str = "8x32x32", head: str = "") -> Folding:  # noqa: A002 - the key's own name
    return fold(report_of(layers, input=input, head=head))


def reasons(layers: str, *, input: str = "8x32x32", head: str = "") -> dict[str, str]:  # noqa: A002
    return {kept.norm: kept.because for kept in folded(layers, input=input, head=head).kept}


class TestKept:
    """A norm that cannot be folded is named."""

    def test_what_other_layers_read_too(self) -> None:
        layers = "- c: conv 8 k3 p1\n- n: bn\n- add c"
        assert reasons(layers) == {"n": "its input `c` is read by `add1` too"}

    def test_what_the_network_gives_out(self) -> None:
        layers = "- c: conv 8 k3 p1\n- n: bn"
        assert reasons(layers, head="outputs: [c, n]") == {"n": "its input `c` is an output of the network"}

    def test_what_is_no_convolution_or_linear_layer(self) -> None:
        layers = "- conv 8 k3\n- p: maxpool 2\n- n: bn"
        assert reasons(layers) == {"n": "its input `p` (maxpool) is no convolution or linear layer"}

    def test_the_input_of_the_network(self) -> None:
        assert reasons("- n: bn") == {"n": "its input `input` is an input of the network"}

    def test_weights_that_another_layer_shares_without_the_norm(self) -> None:
        layers = "- c: conv 8 k3 p1\n- n: bn\n- d: conv 8 k3 p1 share=c"
        assert reasons(layers) == {"n": "the weights of `c` are shared by `d`, which `n` does not follow"}

    def test_norms_of_their_own_behind_shared_weights(self) -> None:
        layers = "- c: conv 8 k3 p1\n- n: bn\n- d: conv 8 k3 p1 share=c\n- m: bn"
        assert set(reasons(layers)) == {"n", "m"}

    def test_shared_norms_behind_weights_of_their_own(self) -> None:
        layers = "- c: conv 8 k3 p1\n- n: bn\n- d: conv 8 k3 p1\n- m: bn share=n"
        assert set(reasons(layers)) == {"n", "m"}

    def test_nothing_is_taken_from_the_counts(self) -> None:
        found = folded("- n: bn")
        assert (found.params, found.buffers, found.folds) == (16, 16, ())


@pytest.mark.parametrize(
    ("layer", "weights"),
    [
        ("conv 16 k3 nobias", 16 * 8 * 9),
        ("conv 16 k3 g4 nobias", 16 * 2 * 9),
        ("dwconv k3 m2 nobias", 16 * 9),
        ("convt 16 k2 s2 nobias", 16 * 8 * 4),
        ("sepconv 16 k3 nobias", 8 * 9 + 16 * 8),
    ],
)
def test_a_norm_goes_and_leaves_a_bias(layer: str, weights: int) -> None:
    found = folded(f"- c: {layer}\n- n: bn")
    assert (found.params, found.buffers, found.kept) == (weights + 16, 0, ())
    assert [(each.norm, each.into, each.params, each.buffers) for each in found.folds] == [("n", "c", 16, 32)]


def test_a_layer_that_has_a_bias_gets_no_other() -> None:
    found = folded("- c: conv 16 k3 bias\n- n: bn")
    assert (found.params, found.folds[0].params) == (16 * 8 * 9 + 16, 32)


def test_linear_layers_take_norms_in_too() -> None:
    assert folded("- fc 10 bn\n- linear 4 bn").params == (8 * 32 * 32 + 1) * 10 + (10 + 1) * 4


def test_layers_that_share_weights_and_norms_fold_into_one() -> None:
    found = folded("- c: conv 8 k3 p1 nobias\n- n: bn\n- d: conv 8 k3 p1 nobias share=c\n- m: bn share=n")
    assert (found.params, found.buffers, found.kept) == (8 * 8 * 9 + 8, 0, ())
    assert [(each.norm, each.params, each.buffers) for each in found.folds] == [("n", 8, 16), ("m", 0, 0)]


def test_other_norms_are_no_affair_of_folding() -> None:
    found = folded("- conv 32 k3 gn relu\n- conv 8 k3 ln")
    assert (found.folds, found.kept) == ((), ())


def test_a_residual_network_folds_whole() -> None:
    layers = """
- conv 16 k3 p1 bn relu
- residual: [conv 32 k3 s2 p1 bn relu, conv 32 k3 p1 bn]
  shortcut: project
  then: relu
"""
    found = folded(layers)
    convolutions = 16 * 8 * 9 + 32 * 16 * 9 + 32 * 32 * 9 + 32 * 16
    assert (found.params, found.buffers, found.kept) == (convolutions + 16 + 3 * 32, 0, ())
