"""Batch norms folded into the layer before them, as for deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.report import LayerReport, Report

TAKES_A_NORM = frozenset({"conv", "dwconv", "sepconv", "convt", "linear", "fc"})
"""Ops that end in one weighted sum per output channel."""


@value
class Fold:
    """A batch norm and the layer that takes it in."""

    norm: str
    into: str
    params: int
    """Parameters that go: those of the norm, less a bias that the layer gets."""
    buffers: int
    """Buffers that go."""


@value
class Kept:
    """A batch norm that has to stay."""

    norm: str
    because: str


@value
class Folding:
    """A network with its batch norms folded away: for inference only."""

    params: int
    """What is left."""
    buffers: int
    """What is left."""
    folds: tuple[Fold, ...]
    kept: tuple[Kept, ...]


def fold(report: Report) -> Folding:
    """Turn `norm(W x + b)` into `W' x + b'`, with `W' = W * g / sqrt(var + eps)` per output channel.

    The 2C parameters and 2C buffers of the norm go; the layer gets a bias of C where it had none. Groups do not matter.
    A norm is kept where its input is read elsewhere or does not come from a convolution or linear layer, and where
    shared weights would have to take in different norms. Layers that share weights and are followed by norms that
    share theirs fold into one.
    """
    search = _Search(report)
    folds: list[Fold] = []
    kept: list[Kept] = []
    for norm in search.norms:
        because = search.obstacle(norm)
        if because is None:
            layer = search.rows[norm.inputs[0]]
            gets = layer.output_shape[0] if layer.shares is None and not _has_bias(layer) else 0
            folds.append(Fold(norm=norm.name, into=layer.name, params=norm.params - gets, buffers=norm.buffers))
        else:
            kept.append(Kept(norm=norm.name, because=because))
    return Folding(
        params=report.totals.params - sum(each.params for each in folds),
        buffers=report.totals.buffers - sum(each.buffers for each in folds),
        folds=tuple(folds),
        kept=tuple(kept),
    )


class _Search:
    """Who reads whom, and who shares whose weights."""

    def __init__(self, report: Report) -> None:
        self.rows: Mapping[str, LayerReport] = {row.name: row for row in report.layers}
        self.norms = [row for row in report.layers if row.op == "bn"]
        self.outputs = {
            report.layers[scope.output_layer].name
            for name in report.outputs
            if (scope := report.scopes[name]).output_layer >= 0
        }
        self.readers: dict[str, list[LayerReport]] = {}
        self.sharers: dict[str, list[LayerReport]] = {}
        self.pairs: dict[tuple[str, str], str | None] = {}
        for row in report.layers:
            self.sharers.setdefault(_owner(row), []).append(row)
            for name in row.inputs:
                self.readers.setdefault(name, []).append(row)

    def obstacle(self, norm: LayerReport) -> str | None:
        """Why a norm cannot be folded; None where it can."""
        because = self._alone(norm)
        if because is not None:
            return because
        pair = _owner(self.rows[norm.inputs[0]]), _owner(norm)
        if pair not in self.pairs:
            self.pairs[pair] = self._together(*pair)
        return self.pairs[pair]

    def _together(self, layer: str, norm: str) -> str | None:
        """Why weights that several layers or norms share cannot be folded; both by the names of their owners."""
        for row in self.sharers[layer]:
            after = self.readers.get(row.name, [])
            if not after or _owner(after[0]) != norm or self._alone(after[0]) is not None:
                return f"the weights of `{layer}` are shared by `{row.name}`, which `{norm}` does not follow"
        for row in self.sharers[norm]:
            if self._alone(row) is not None or _owner(self.rows[row.inputs[0]]) != layer:
                return f"its weights are shared by `{row.name}`, which does not follow `{layer}`"
        return None

    def _alone(self, norm: LayerReport) -> str | None:
        """Why a norm could not be folded if no weights were shared."""
        source = norm.inputs[0]
        layer = self.rows.get(source)
        if layer is None:
            return f"its input `{source}` is an input of the network"
        if layer.op not in TAKES_A_NORM:
            return f"its input `{source}` ({layer.op}) is no convolution or linear layer"
        others = [row.name for row in self.readers[source] if row is not norm]
        if others:
            return f"its input `{source}` is read by `{others[0]}` too"
        if source in self.outputs:
            return f"its input `{source}` is an output of the network"
        return None


def _owner(row: LayerReport) -> str:
    return row.shares or row.name


def _has_bias(layer: LayerReport) -> bool:
    return any(weight.name == "bias" for weight in layer.inferences[-1].weights)
