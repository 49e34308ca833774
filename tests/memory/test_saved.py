"""What is kept for the backward pass, layer by layer as autograd does it."""

from __future__ import annotations

from cnncalc.memory import saved_bytes
from cnncalc.ops.base import SAVES_INPUT, SAVES_OUTPUT, Merge, Saved, Storage
from tests.memory.graphs import Draft, graph

X = Draft(name="x", elements=10)


def conv(name: str, reads: str, elements: int = 10, *, frozen: bool = False) -> Draft:
    return Draft(name=name, reads=(reads,), elements=elements, weights=1, saved=SAVES_INPUT, frozen=frozen)


def relu(name: str, reads: str, elements: int = 10) -> Draft:
    return Draft(
        name=name, reads=(reads,), elements=elements, storage=Storage.IN_PLACE, fusable=True, saved=SAVES_OUTPUT
    )


def silu(name: str, reads: str, elements: int = 10) -> Draft:
    return Draft(
        name=name, reads=(reads,), elements=elements, storage=Storage.IN_PLACE, fusable=True, saved=SAVES_INPUT
    )


def norm(name: str, reads: str, elements: int = 10) -> Draft:
    statistics = Saved(what="extra", elements=2, element_bytes=4, per_sample=False)
    return Draft(
        name=name, reads=(reads,), elements=elements, fusable=True, weights=2, saved=(*SAVES_INPUT, statistics)
    )


def mul(name: str, *reads: str, elements: int = 10) -> Draft:
    saved = tuple(Saved(what="input", index=index) for index in range(len(reads)))
    return Draft(name=name, reads=reads, elements=elements, merge=Merge.MUL, saved=saved)


def kept(*drafts: Draft, outputs: tuple[str, ...] = (), batch: int = 1, element_bytes: int = 1) -> int:
    return saved_bytes(graph(*drafts, outputs=outputs), batch=batch, element_bytes=element_bytes)


def test_a_convolution_keeps_its_input_also_that_of_the_network() -> None:
    assert kept(X, conv("a", "x", 7), conv("b", "a", 3)) == 17


def test_a_relu_and_the_next_layer_keep_one_tensor() -> None:
    assert kept(X, conv("a", "x", 50), relu("r", "a", 50), conv("b", "r", 3)) == 10 + 50


def test_a_norm_keeps_what_an_activation_in_place_does_not_overwrite() -> None:
    drafts = (X, conv("a", "x", 50), norm("n", "a", 50), relu("r", "n", 50), conv("b", "r", 3))
    assert kept(*drafts) == 10 + (50 + 2 * 4) + 50


def test_an_activation_that_keeps_its_input_adds_a_tensor() -> None:
    drafts = (X, conv("a", "x", 50), norm("n", "a", 50), silu("s", "n", 50), conv("b", "s", 3))
    assert kept(*drafts) == 10 + (50 + 2 * 4) + 50 + 50


def test_two_readers_of_one_tensor_keep_it_once() -> None:
    drafts = (X, conv("a", "x", 50), conv("b", "a", 5), conv("c", "a", 5))
    assert kept(*drafts, Draft(name="sum", reads=("b", "c"), elements=5, merge=Merge.ADD)) == 10 + 50


def test_a_view_is_kept_as_the_tensor_that_it_views() -> None:
    flat = Draft(name="f", reads=("r",), elements=50, storage=Storage.VIEW)
    assert kept(X, conv("a", "x", 50), relu("r", "a", 50), flat, conv("b", "f", 3)) == 10 + 50


def test_a_dropout_makes_a_tensor_in_training_and_keeps_a_mask() -> None:
    mask = (Saved(what="extra", elements=50),)
    drop = Draft(name="d", reads=("r",), elements=50, storage=Storage.VIEW, saved=mask)
    assert kept(X, conv("a", "x", 50), relu("r", "a", 50), drop, conv("b", "d", 3)) == 10 + 50 + 50 + 50


def test_indices_take_eight_bytes_whatever_the_dtype_and_statistics_no_batch() -> None:
    indices = (*SAVES_INPUT, Saved(what="extra", elements=5, element_bytes=8))
    pool = Draft(name="p", reads=("a",), elements=5, saved=indices)
    assert kept(X, conv("a", "x", 20), pool, batch=3, element_bytes=2) == 3 * (2 * 10 + 2 * 20 + 8 * 5)
    assert kept(X, conv("a", "x", 20), norm("n", "a", 20), batch=3, element_bytes=2) == 3 * 2 * (10 + 20) + 2 * 4


def test_where_nothing_before_is_trained_nothing_is_kept() -> None:
    drafts = (X, conv("a", "x", 50, frozen=True), relu("r", "a", 50), conv("b", "r", 3))
    assert kept(*drafts) == 50
    assert kept(*drafts[:3]) == 0


def test_a_frozen_layer_behind_a_trained_one_lets_the_gradient_through() -> None:
    assert kept(X, conv("a", "x", 50), conv("b", "a", 20, frozen=True), relu("r", "b", 20)) == 10 + 50 + 20


def test_a_layer_on_which_no_output_depends_keeps_nothing() -> None:
    assert kept(X, conv("a", "x", 50), conv("dead", "a", 20), outputs=("a",)) == 10


def test_a_product_keeps_a_factor_only_for_another_one_that_is_trained() -> None:
    trained = conv("a", "x")
    assert kept(X, trained, mul("m", "x", "a")) == 10
    assert kept(X, trained, conv("b", "a"), mul("m", "a", "b")) == 10 + 10 + 10


def div(name: str, *reads: str, elements: int = 10) -> Draft:
    saved = tuple(Saved(what="input", index=index) for index in range(len(reads)))
    return Draft(name=name, reads=reads, elements=elements, merge=Merge.DIV, saved=saved)


def test_a_quotient_keeps_its_denominator_and_for_that_one_its_numerator() -> None:
    # As seen with PyTorch's saved_tensors_hooks on torch.div.
    trained, other = conv("a", "x"), conv("b", "a")
    assert kept(X, trained, div("q", "a", "x")) == 10  # x, which the convolution keeps too
    assert kept(X, trained, div("q", "x", "a")) == 10 + 10
    assert kept(X, trained, other, div("q", "b", "x"), outputs=("q",)) == 10 + 10
    assert kept(X, trained, other, div("q", "a", "b")) == 10 + 10 + 10


def test_a_layer_that_shares_weights_keeps_its_own_input() -> None:
    again = Draft(name="b", reads=("a",), elements=20, weights=1, saved=SAVES_INPUT, shares="a")
    assert kept(X, conv("a", "x", 20), again) == 10 + 20
