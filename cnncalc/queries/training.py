"""What a training step costs in arithmetic: forward, gradient of the weights, gradient of the input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.ops import ledger
from cnncalc.values import value

if TYPE_CHECKING:
    from cnncalc.ops.base import Inference
    from cnncalc.report import Report


@value
class Work:
    """An amount of arithmetic, for the whole batch."""

    macs: int = 0
    flops: int = 0
    """Twice the MACs and all other operations."""

    def __add__(self, other: Work) -> Work:
        return Work(macs=self.macs + other.macs, flops=self.flops + other.flops)


@value
class TrainingWork:
    """A training step of one layer, or of a network."""

    forward: Work = Work()
    weight_gradient: Work = Work()
    input_gradient: Work = Work()

    @property
    def total(self) -> Work:
        """All three."""
        return self.forward + self.weight_gradient + self.input_gradient

    def __add__(self, other: TrainingWork) -> TrainingWork:
        return TrainingWork(
            forward=self.forward + other.forward,
            weight_gradient=self.weight_gradient + other.weight_gradient,
            input_gradient=self.input_gradient + other.input_gradient,
        )


def training_work(report: Report) -> tuple[TrainingWork, ...]:
    """Per layer of the report: forward, and as much again for each gradient that is needed.

    The gradient of the weights is needed where weights are trained, the gradient of the input where anything before the
    layer is: the first layer has only the former, a `frozen` one only the latter, and neither is needed where no
    output follows. Layers that share weights cost each use. Bias adds have a weight gradient alone (a sum). A product
    of two activations (attention) has two gradients wherever one passes. Norms count as in training.
    """
    leading = _leading(report)
    frozen = {row.name for row in report.layers if row.frozen}
    trained: dict[str, bool] = {}
    result: list[TrainingWork] = []
    for row in report.layers:
        before = any(trained.get(name, False) for name in row.inputs)
        work = TrainingWork()
        # Steps of a composite follow each other: what is trained in one makes a gradient pass all later ones.
        for inference in row.inferences:
            learns = bool(inference.weights) and not {row.name, row.shares} & frozen
            work += _step(inference, report.batch, learns=learns, before=before, backward=row.name in leading)
            before = before or learns
        trained[row.name] = before
        result.append(work)
    return tuple(result)


def _step(inference: Inference, batch: int, *, learns: bool, before: bool, backward: bool) -> TrainingWork:
    arithmetic = inference.arithmetic if inference.training_arithmetic is None else inference.training_arithmetic
    counts = inference.ledger
    products = batch * counts.get(ledger.ATTENTION_MATMUL, 0)
    macs = batch * inference.macs - products
    biases = batch * (counts.get(ledger.CONV_BIAS, 0) + counts.get(ledger.LINEAR_BIAS, 0))
    others = batch * sum(arithmetic.values()) - biases
    passes = before or learns
    forward = Work(macs=macs + products, flops=2 * (macs + products) + biases + others)
    if not backward or not passes:
        return TrainingWork(forward=forward)
    by_weight = macs * learns + products
    by_input = macs * before + products
    return TrainingWork(
        forward=forward,
        weight_gradient=Work(
            macs=by_weight, flops=2 * by_weight + (biases + (0 if inference.macs else others)) * learns
        ),
        # NB: the projection behind an attention that starts a network passes a gradient too, a quarter of its `macs`.
        input_gradient=Work(macs=by_input, flops=2 * by_input + others * (before or bool(products))),
    )


def _leading(report: Report) -> set[str]:
    """Names of the layers on which an output of the network depends."""
    leading = {
        report.layers[scope.output_layer].name
        for name in report.outputs
        if (scope := report.scopes[name]).output_layer >= 0
    }
    for row in reversed(report.layers):
        if row.name in leading:
            leading.update(row.inputs)
    return leading
