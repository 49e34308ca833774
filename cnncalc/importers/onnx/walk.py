"""Node after node in the order of the file: each becomes layers, a constant, or a reason why it cannot."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from cnncalc.errors import SpecError, finding
from cnncalc.importers.onnx.arithmetic import ARITHMETIC
from cnncalc.importers.onnx.composed import KEEPING
from cnncalc.importers.onnx.constants import constant_of, folded, numel
from cnncalc.importers.onnx.functions import renamed
from cnncalc.importers.onnx.fusing import fused
from cnncalc.importers.onnx.moves import MOVES
from cnncalc.importers.onnx.nodes import Call
from cnncalc.importers.onnx.records import STANDARD, Graph, Tensor
from cnncalc.importers.onnx.spreading import SPREADS
from cnncalc.importers.onnx.table import MAPPERS
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import plan, text
from cnncalc.importers.tensors.trace import Held, Trace, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.layers import Option
    from cnncalc.importers.onnx.records import Node

MAX_AXES = 3
MAX_DEPTH = 20
OLDEST = 6
"""Operator sets before it have other attributes for much."""
KNOWN = MAPPERS.keys() | ARITHMETIC.keys() | MOVES.keys() | SPREADS.keys() | KEEPING | {"Constant", "If"}
"""Ops that are understood, of tensors of the network or of constants."""
LOST = object()
"""Stands for what an unmapped node would have made."""
_MISFITS = (IndexError, ValueError, ZeroDivisionError, OverflowError, TypeError, KeyError, AttributeError)
"""What a mapper meets where a file lies about its tensors."""


class Walk:
    """The state: what every tensor of the graph stands for."""

    def __init__(self, graph: Graph, opset: int, trace: Trace, *, allow_unknown: bool) -> None:
        self.graph, self.opset, self.trace, self.allow_unknown = graph, opset or OLDEST, trace, allow_unknown
        self.values: dict[str, Any] = trace.values
        self._constants(graph)
        self.known = dict(graph.known)
        self.uses: Counter[str] = Counter()
        self.makers: dict[str, Node] = {}
        self.lost: dict[str, Node] = {}
        """Nodes that could not be mapped, by their names."""

    def _constants(self, graph: Graph) -> None:
        self.values.update(graph.constants)
        self.trace.counts.update({name: numel(tensor) for name, tensor in graph.constants.items()})

    def run(self, graph: Graph, depth: int = 0) -> None:
        """Map all nodes of a graph."""
        ready = fused(graph)
        self._count(ready)
        for node in ready.nodes:
            self.visit(node, depth)

    def _count(self, graph: Graph) -> None:
        self.uses.update(graph.outputs)
        for node in (part for whole in graph.nodes for part in whole.parts or (whole,)):
            self.uses.update(node.inputs)
            for found in node.attributes.values():
                if isinstance(found, Graph):
                    self._count(found)

    def visit(self, node: Node, depth: int = 0) -> None:
        """Map one node; what cannot be mapped is remembered."""
        self.makers.update(dict.fromkeys(node.outputs, node))
        given = [self.values.get(name) if name else None for name in node.inputs]
        missing = [name for name, found in zip(node.inputs, given, strict=True) if name and found is None]
        if missing:
            self._lose(node, f"its input `{missing[0]}` comes from nowhere, or from further on")
            return
        known = node.op in KNOWN and node.domain in STANDARD
        if any(found is LOST for found in given) and (known or any(isinstance(found, Held) for found in given)):
            self.values.update(dict.fromkeys(node.outputs, LOST))
            if known:
                return
        try:
            made = self._made(node, given, depth)
        except UnmappedError as error:
            if node.parts:
                for part in node.parts:
                    self.visit(part, depth)
            elif not (self.allow_unknown and self._keep(node, given)):
                self._lose(node, str(error))
            return
        results = made if isinstance(made, tuple) else (made,)
        self.values.update(zip(node.outputs, results, strict=False))

    def _made(self, node: Node, given: list[Any], depth: int) -> Any:
        standard = node.domain in STANDARD
        if standard and node.op == "Constant" and not given:
            # Exporters give all such tensors one name; only that of the output tells them apart.
            held = constant_of(node.attributes) or Tensor()
            name = node.outputs[0] if node.outputs else ""
            self.trace.counts[name] = numel(held)
            return replace(held, name=name)
        if standard and node.op == "If":
            return self._branch(node, given, depth)
        if standard and given and all(found is None or isinstance(found, Tensor) for found in given):
            made = folded(node, given, self.trace.samples)
            if made is None:
                raise UnmappedError("arithmetic of constants that is not understood")
            return made
        own = "." in node.op and not node.parts  # only what was put together here may have such a name
        mapper = MAPPERS.get(node.op) if standard and not own else None
        if mapper is None:
            raise UnmappedError("has no counterpart")
        call = Call(
            trace=self.trace,
            node=node,
            given=tuple(given),
            opset=node.opset or self.opset,
            uses=self.uses,
            makers=self.makers,
        )
        try:
            return mapper(call)
        except _MISFITS as error:
            why = f" ({error})" if type(error) is ValueError else ""  # the others speak of Python
            raise UnmappedError(f"its inputs or attributes do not fit{why}") from error

    def _branch(self, node: Node, given: list[Any], depth: int) -> tuple[Any, ...]:
        """The branch of an If whose condition is known."""
        test = given[0].values if given and isinstance(given[0], Tensor) else None
        if not test:
            raise UnmappedError("its condition is computed by the network")
        branch = node.attributes.get("then_branch" if test[0] else "else_branch")
        if not isinstance(branch, Graph) or depth >= MAX_DEPTH:
            raise UnmappedError("its branch is missing" if depth < MAX_DEPTH else "branches inside of branches")
        # Two branches may give one name to two things.
        inner = {*branch.constants, *(name for each in branch.nodes for name in each.outputs)}
        names = {name: f"{node.name}/{name}" for name in inner}
        outer = {name: name for each in branch.nodes for name in _read(each) if name not in inner}
        both = {**outer, **names}
        prefix = f"{node.name}/"
        made = Graph(
            nodes=tuple(renamed(each, both, prefix) for each in branch.nodes),
            constants={both[name]: replace(tensor, name=both[name]) for name, tensor in branch.constants.items()},
            outputs=tuple(both.get(name, name) for name in branch.outputs),
        )
        self._constants(made)
        self.known.update({both[name]: dims for name, dims in branch.known.items() if name in both})
        self.run(made, depth + 1)
        return tuple(self.values.get(name, LOST) for name in made.outputs)

    def _lose(self, node: Node, why: str) -> None:
        self.trace.problems[node.name] = why
        self.lost[node.name] = node
        self.values.update(dict.fromkeys(node.outputs, LOST))

    def _keep(self, node: Node, given: Sequence[Any]) -> bool:
        """Whether the node could be kept as `custom`, with the shapes that the file knows."""
        sources = [found for found in given if isinstance(found, Held)]
        if not sources:
            return False
        before = self.trace.shapes[sources[0].layer]
        for number, name in enumerate(node.outputs):
            dims = self.known.get(name, ())
            shape = tuple(size for size in dims[1:] if isinstance(size, int))
            if not shape or len(shape) != len(dims) - 1 or len(shape) > 1 + MAX_AXES:
                return False
            options: dict[str, Option] = {"out": text(shape)}
            if shape[1:] != before[1:] or len(sources) > 1:
                options["sees_all"] = True  # what it reads is not known, so that all of it counts
            names = tuple(dict.fromkeys(each.layer for each in sources))
            suffix = f".{number}" if number else ""
            self.values[name] = self.trace.emit(node, "custom", names, shape, options, suffix=suffix)
        return True

    def refuse(self) -> None:
        """Raise what could not be mapped, all at once."""
        found = []
        for name, why in self.trace.problems.items():
            node = self.lost[name]
            where = name.partition("/")[2] or (node.outputs[0] if node.outputs else name)
            help_ = (
                "the file does not give its shape; run `onnx.shape_inference` on it first"
                if self.allow_unknown
                else "`--allow-unknown` keeps it as `custom`"
            )
            op = _line(node.op if node.domain in STANDARD else f"{node.domain}.{node.op}")
            found.append(finding("CNN904", f"{op} `{_line(where)}`: {why}", help=help_, layer=_line(where)))
        if found:
            raise SpecError(found)

    def outputs(self) -> tuple[str, ...]:
        """The layers that the model gives out; constants are left out."""
        names = []
        for name in self.graph.outputs:
            held = self.values.get(name)
            if held is None or held is LOST:
                raise SpecError([finding("CNN905", f"output `{_line(name)}` is not computed from the inputs")])
            if not isinstance(held, Held):
                continue
            names.append(self._settled(name, held))
        if not names:
            raise SpecError([finding("CNN906", "no output is computed from the inputs")])
        return tuple(dict.fromkeys(names))

    def _settled(self, name: str, held: Held) -> str:
        """The layer that an output is; that its axes stand elsewhere changes no figure, and it is left at that."""
        last = self.makers.get(name)
        batch, *dims = self._sample(held).dims
        first = [dim for dim in dims if axes.has([dim], axes.CHANNELS)]
        for order in (dims, [*first, *(dim for dim in dims if dim not in first)]) if last is not None and dims else ():
            try:
                found = plan(self.trace, held.layer, tuple(order))
                if found is None or found.cost <= 1 or axes.has(order, axes.REPEAT):
                    return self.trace.plain(last, replace(held, dims=(batch, *order)))
            except UnmappedError:
                continue
        return held.layer

    def _sample(self, held: Held) -> Held:
        """The tensor with its samples in front, wherever they stand in the file."""
        batch = axes.whole((self.trace.samples,))
        if self.trace.samples == 1:
            return held if held.dims[:1] == batch else replace(held, dims=(*batch, *held.dims))
        rest = [axes.without(dim, axes.BATCH) for dim in held.dims if dim != batch[0]]
        return replace(held, dims=(*batch, *rest))


def _read(node: Node) -> set[str]:
    """Names that a node reads, also in graphs inside of it."""
    found = {name for name in node.inputs if name}
    for each in node.attributes.values():
        if isinstance(each, Graph):
            found.update(each.outputs)
            for inner in each.nodes:
                found |= _read(inner)
    return found


def _line(name: str) -> str:
    """A name of the file as messages show it: on one line, not too long."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in name)
    return shown if len(shown) <= 100 else f"{shown[:100]}..."  # noqa: PLR2004 - a line of a terminal
