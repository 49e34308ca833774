"""The moments of a training step, counted by hand."""

from __future__ import annotations

import pytest

from cnncalc.memory import Optimizer, training
from cnncalc.memory.training import moments
from cnncalc.ops.base import SAVES_INPUT, SAVES_OUTPUT, Merge, Storage
from tests.memory.graphs import Draft, graph

X = Draft(name="x", elements=10)


def layer(
    name: str,
    *reads: str,
    elements: int,
    weights: int,
    buffers: int = 0,
    frozen: bool = False,
    shares: str | None = None,
) -> Draft:
    return Draft(
        name=name,
        reads=reads,
        elements=elements,
        weights=weights,
        buffers=buffers,
        saved=SAVES_INPUT,
        frozen=frozen,
        shares=shares,
    )


def relu(name: str, reads: str, elements: int) -> Draft:
    return Draft(name=name, reads=(reads,), elements=elements, storage=Storage.IN_PLACE, saved=SAVES_OUTPUT)


def merge(name: str, *reads: str, elements: int, kind: Merge = Merge.ADD) -> Draft:
    return Draft(name=name, reads=reads, elements=elements, storage=Storage.IN_PLACE, merge=kind)


def steps(
    *drafts: Draft, outputs: tuple[str, ...] = (), optimizer: Optimizer = Optimizer.SGD
) -> list[tuple[str, int, int]]:
    """(moment, gradients, saved)."""
    found = moments(graph(*drafts, outputs=outputs), batch=1, element_bytes=1, optimizer=optimizer)
    return [(moment.at, moment.gradients, moment.saved) for moment in found]


CHAIN = (X, layer("a", "x", elements=20, weights=100), relu("r", "a", 20), layer("b", "r", elements=4, weights=30))


def test_a_chain_gives_saved_tensors_back_while_gradients_come_in() -> None:
    assert steps(*CHAIN) == [
        ("forward", 0, 10 + 20),
        ("b", 30 + (4 + 20), 10 + 20),  # its weights; its output's and its input's gradient
        ("r", 30 + (20 + 20), 10 + 20),  # the relu's output is its own and b's saved tensor
        ("a", 30 + 100 + 20, 10),  # the input of the network needs no gradient
        ("optimizer", 130, 0),
    ]


def test_weights_buffers_and_optimizer_state_are_there_all_the_time() -> None:
    drafts = (X, layer("a", "x", elements=20, weights=100, buffers=7))
    for optimizer, states in zip(Optimizer, (0, 1, 2, 2), strict=True):
        found = list(moments(graph(*drafts), batch=1, element_bytes=1, optimizer=optimizer))
        assert {moment.weights for moment in found} == {107}
        assert {moment.optimizer_state for moment in found} == {100 * states}
    assert training(graph(*drafts), batch=1, element_bytes=1, optimizer=Optimizer.ADAM).bytes == 107 + 200 + 120 + 10


def test_the_largest_moment_is_named_with_its_parts() -> None:
    worst = training(graph(*CHAIN), batch=2, element_bytes=4, optimizer=Optimizer.MOMENTUM)
    assert worst.at == "a"
    assert (worst.weights, worst.optimizer_state) == (4 * 130, 4 * 130)
    assert (worst.gradients, worst.saved) == (4 * 130 + 8 * 20, 8 * 10)
    assert worst.bytes == 3 * (4 * 130) + 8 * 20 + 8 * 10


@pytest.mark.parametrize(
    ("batch", "worst"),
    [(1, "a"), (100, "r")],
)
def test_a_large_batch_moves_the_worst_moment_to_the_large_tensors(batch: int, worst: str) -> None:
    assert training(graph(*CHAIN), batch=batch, element_bytes=1, optimizer=Optimizer.SGD).at == worst


def test_a_frozen_layer_has_no_weight_gradient_and_no_state() -> None:
    drafts = (*CHAIN[:3], layer("b", "r", elements=4, weights=30, frozen=True))
    assert steps(*drafts, optimizer=Optimizer.ADAM) == [
        ("forward", 0, 30),
        ("b", 4 + 20, 30),
        ("r", 20 + 20, 30),
        ("a", 100 + 20, 10),
        ("optimizer", 100, 0),
    ]
    found = training(graph(*drafts), batch=1, element_bytes=1, optimizer=Optimizer.ADAM)
    assert (found.weights, found.optimizer_state) == (130, 200)


def test_the_backward_pass_ends_where_nothing_before_is_trained() -> None:
    drafts = (X, layer("a", "x", elements=20, weights=100, frozen=True), *CHAIN[2:])
    assert steps(*drafts) == [("forward", 0, 20), ("b", 30 + 4, 20), ("optimizer", 30, 0)]


def test_a_network_without_trained_weights_needs_its_weights_alone() -> None:
    frozen = graph(X, layer("a", "x", elements=20, weights=100, frozen=True))
    assert training(frozen, batch=8, element_bytes=4, optimizer=Optimizer.ADAM).bytes == 400


def test_shared_weights_have_one_gradient_and_one_state() -> None:
    drafts = (X, layer("a", "x", elements=10, weights=100), layer("b", "a", elements=10, weights=100, shares="a"))
    assert steps(*drafts) == [
        ("forward", 0, 20),
        ("b", 100 + (10 + 10), 20),
        ("a", 100 + 10, 10),
        ("optimizer", 100, 0),
    ]
    assert training(graph(*drafts), batch=1, element_bytes=1, optimizer=Optimizer.ADAM).weights == 100


def test_an_add_hands_its_gradient_on_and_a_second_one_is_summed() -> None:
    drafts = (
        X,
        layer("a", "x", elements=20, weights=1),
        layer("b", "a", elements=20, weights=1),
        merge("sum", "b", "a", elements=20),
    )
    assert steps(*drafts)[1:] == [
        ("sum", 20, 30),  # one buffer for the gradients of sum, b and a
        ("b", 1 + (20 + 20), 30),  # its input's gradient is new: the buffer is b's too
        ("a", 2 + 20, 10),
        ("optimizer", 2, 0),
    ]


def test_two_gradients_that_others_use_too_are_summed_into_a_new_buffer() -> None:
    drafts = (
        X,
        layer("a", "x", elements=20, weights=1),
        layer("b", "a", elements=20, weights=1),
        merge("one", "b", "a", elements=20),
        merge("two", "one", "a", elements=20),
    )
    assert [gradients for _, gradients, _ in steps(*drafts)[1:]] == [
        20,  # two: the same buffer for one and a
        40,  # one: handed on to b, for a added to what it has from two
        1 + 60,  # b: its output's, a's sum so far, and what it makes for a
        2 + 20,
        2,
    ]


def test_a_gradient_that_nobody_else_uses_is_added_to_in_place() -> None:
    drafts = (
        X,
        layer("a", "x", elements=20, weights=1),
        layer("b", "a", elements=20, weights=1),
        merge("one", "b", "a", elements=20),
        layer("c", "one", elements=20, weights=1),
        merge("two", "c", "a", elements=20),
    )
    assert [gradients for _, gradients, _ in steps(*drafts)[1:]] == [
        20,  # two: the same buffer for c and a
        1 + 40,  # c: and what it makes for one; two's buffer is a's alone from here on
        1 + 40,  # one: handed on to b, added to a's
        2 + 60,  # b: its output's, a's sum so far, and what it makes for a
        3 + 20,
        3,
    ]


def test_a_concat_hands_out_parts_of_its_gradient() -> None:
    drafts = (
        X,
        layer("a", "x", elements=20, weights=1),
        layer("b", "x", elements=5, weights=1),
        merge("cat", "a", "b", elements=25, kind=Merge.CONCAT),
        layer("c", "cat", elements=2, weights=1),
    )
    assert [gradients for _, gradients, _ in steps(*drafts)[1:]] == [1 + 27, 1 + 25, 2 + 25, 3 + 25, 3]


def test_a_broadcast_summand_gets_a_gradient_of_its_own_size() -> None:
    drafts = (
        X,
        layer("a", "x", elements=20, weights=1),
        layer("gate", "x", elements=2, weights=1),
        merge("sum", "a", "gate", elements=20),
    )
    assert [gradients for _, gradients, _ in steps(*drafts)[1:]] == [22, 1 + 22, 2 + 20, 2]


def test_an_output_in_the_middle_has_a_gradient_from_the_start() -> None:
    assert [gradients for _, gradients, _ in steps(*CHAIN, outputs=("b", "r"))[1:]] == [
        30 + (20 + 4 + 20),  # the outputs' two, and what b makes for r
        30 + (20 + 20),
        130 + 20,
        130,
    ]


def test_a_dead_branch_has_no_backward_step() -> None:
    drafts = (*CHAIN, layer("dead", "r", elements=50, weights=9))
    assert [at for at, _, _ in steps(*drafts, outputs=("b",))] == ["forward", "b", "r", "a", "optimizer"]
