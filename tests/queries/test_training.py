"""The arithmetic of a training step, layer by layer."""

from __future__ import annotations

from cnncalc.queries.training import TrainingWork, training_work
from tests.graph.building import report_of


def works(layers: str, *, input: str = "8x32x32", head: str = "") -> dict[str, TrainingWork]:  # noqa: A002
    report = report_of(layers, input=input, head=head)
    return dict(zip((row.name for row in report.layers), training_work(report), strict=True))


def macs(work: TrainingWork) -> tuple[int, int, int]:
    return work.forward.macs, work.weight_gradient.macs, work.input_gradient.macs


A = 8 * 8 * 9 * 32 * 32


def test_the_first_layer_needs_no_gradient_of_its_input() -> None:
    found = works("- a: conv 8 k3 p1\n- b: conv 8 k3 p1")
    assert macs(found["a"]) == (A, A, 0)
    assert macs(found["b"]) == (A, A, A)
    assert found["a"].total.macs + found["b"].total.macs == 5 * A


def test_a_frozen_layer_has_only_the_gradient_of_its_input() -> None:
    found = works("- a: conv 8 k3 p1\n- b: conv 8 k3 p1 frozen\n- c: conv 8 k3 p1")
    assert [macs(work) for work in found.values()] == [(A, A, 0), (A, 0, A), (A, A, A)]


def test_frozen_layers_at_the_start_have_no_gradients() -> None:
    found = works("- a: conv 8 k3 p1 frozen\n- b: conv 8 k3 p1 frozen\n- c: conv 8 k3 p1")
    assert [macs(work) for work in found.values()] == [(A, 0, 0), (A, 0, 0), (A, A, 0)]


def test_a_norm_before_a_layer_is_something_that_trains() -> None:
    found = works("- n: bn\n- a: conv 8 k3 p1")
    assert macs(found["a"]) == (A, A, A)


def test_layers_that_share_weights_cost_each_use() -> None:
    found = works("- a: conv 8 k3 p1\n- b: conv 8 k3 p1 share=a")
    assert macs(found["b"]) == (A, A, A)


def test_a_layer_that_shares_frozen_weights_is_frozen() -> None:
    found = works("- c: conv 8 k3 p1\n- a: conv 8 k3 p1 frozen\n- b: conv 8 k3 p1 share=a")
    assert macs(found["b"]) == (A, 0, A)


def test_a_branch_that_leads_nowhere_has_no_backward_pass() -> None:
    found = works("- a: conv 8 k3 p1\n- b: conv 8 k3 p1\n- c: conv 8 k3 p1 from=a", head="outputs: [c]")
    assert macs(found["b"]) == (A, 0, 0)


def test_a_merge_passes_what_any_branch_trains() -> None:
    found = works("- a: conv 8 k3 p1\n- add x\n- c: conv 8 k3 p1")
    assert macs(found["c"]) == (A, A, A)


def test_steps_of_a_composite_train_each_other() -> None:
    # Depthwise 8*9 and pointwise 8*16 per position; only the pointwise one has something trained before it.
    depthwise, pointwise = 8 * 9 * 32 * 32, 8 * 16 * 32 * 32
    found = works("- a: sepconv 16 k3 p1")
    assert macs(found["a"]) == (depthwise + pointwise, depthwise + pointwise, pointwise)


def test_products_of_activations_have_two_gradients() -> None:
    # 4 N C^2 with weights and 2 N^2 C without, N = 16 positions, C = 8 channels.
    linear, products = 4 * 16 * 8 * 8, 2 * 16 * 16 * 8
    found = works("- a: conv 8 k1\n- b: attention 2 frozen", input="8x4x4")
    assert macs(found["b"]) == (linear + products, products, linear + products)


def test_flops_are_two_a_mac_and_a_bias_is_added_and_summed() -> None:
    found = works("- a: conv 8 k3 p1\n- b: conv 8 k3 p1")
    elements = 8 * 32 * 32
    assert found["b"].forward.flops == 2 * A + elements
    assert found["b"].weight_gradient.flops == 2 * A + elements
    assert found["b"].input_gradient.flops == 2 * A


def test_norms_count_as_in_training_and_activations_once_each_way() -> None:
    found = works("- a: conv 8 k3 p1\n- n: bn\n- r: relu")
    elements = 8 * 32 * 32
    norm, relu = found["n"], found["r"]
    assert [part.flops for part in (norm.forward, norm.weight_gradient, norm.input_gradient)] == [5 * elements] * 3
    parts = (relu.forward, relu.weight_gradient, relu.input_gradient)
    assert [part.flops for part in parts] == [elements, 0, elements]


def test_everything_grows_with_the_batch() -> None:
    layers = "- conv 8 k3 bn relu\n- se 4\n- gap\n- fc 10"
    one, four = works(layers), works(layers, head="batch: 4")
    for name, work in one.items():
        assert four[name] == work + work + work + work


def test_training_a_whole_residual_network_costs_three_forwards_less_the_first_input_gradient() -> None:
    layers = """
- stem: conv 8 k3 p1 bn relu
- residual: [conv 8 k3 p1 bn relu, conv 8 k3 p1 bn]
- gap
- head: fc 10
"""
    found = works(layers)
    forward = 3 * A + 80
    assert sum(work.forward.macs for work in found.values()) == forward
    assert sum(work.total.macs for work in found.values()) == 3 * forward - A
