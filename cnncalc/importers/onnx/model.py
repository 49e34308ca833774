"""ONNX models: operator sets 7 and up, read without their weights and without the onnx package."""

from __future__ import annotations

import mmap
import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from cnncalc.errors import SpecError, UsageError, finding
from cnncalc.importers.layers import Imported
from cnncalc.importers.onnx.constants import constant_of, folded
from cnncalc.importers.onnx.layers import MAPPERS
from cnncalc.importers.onnx.nodes import Call
from cnncalc.importers.onnx.wire import Tensor, read_model
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.trace import SAMPLES, Held, Trace, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.importers.layers import Option, Shape
    from cnncalc.importers.onnx.wire import Dims, Model, Node

Source = Union[str, "os.PathLike[str]", bytes]
OLDEST = 7
"""Operator sets before it broadcast and pad in other ways."""
MAX_AXES = 3
_WORD = re.compile(r"[^0-9A-Za-z_]+")
_LOST = object()
"""Stands for what an unmapped node would have made."""


def read_onnx(
    source: Source,
    shapes: Mapping[str, Shape] | None = None,
    *,
    name: str | None = None,
    allow_unknown: bool = False,
) -> Imported:
    """The layers of a model file, or of its bytes; `shapes` gives the inputs (of one sample) whose sizes are free.

    SpecError with one finding per node that has no counterpart, or where the bytes are no model; UsageError where the
    file cannot be read or a free size is not given.
    """
    shown = "the model" if isinstance(source, bytes) else os.fspath(source)
    model = _read(source, shown)
    if model.opset and model.opset < OLDEST:
        message = f"{shown} is of operator set {model.opset}; those from {OLDEST} on can be read"
        raise SpecError([finding("CNN905", message, help="`onnx.version_converter` brings it up")])
    found, batch = _inputs(model, dict(shapes or {}))
    # A single input is called as in a spec, whatever the file calls it.
    called = {given: "input" if len(found) == 1 else given for given in found}
    nodes = tuple(replace(node, name=f"{number}/{node.name}") for number, node in enumerate(model.nodes))
    trace = Trace(*_names(nodes, model))
    walk = _Walk(model, trace, batch)
    for given, (shape, dims) in found.items():
        trace.shapes[called[given]] = shape
        walk.values[given] = Held(layer=called[given], dims=dims)
    for node in nodes:
        walk.visit(node, allow_unknown=allow_unknown)
    walk.refuse(allow_unknown=allow_unknown)
    outputs = walk.outputs()  # may add layers
    if not trace.layers:
        raise SpecError([finding("CNN906", f"{shown} has no layer")])
    return Imported(
        name=name or _word(model.name) or "network",
        inputs={called[given]: shape for given, (shape, _) in found.items()},
        layers=tuple(trace.layers.values()),
        outputs=outputs,
    )


def _read(source: Source, shown: str) -> Model:
    if isinstance(source, bytes):
        return read_model(source, shown)
    try:
        with Path(source).open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                return read_model(b"", shown)
            # Mapped, not read: the pages of the weights are never touched. It closes with the last view of it, which
            # an error may hold on to.
            return read_model(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)), shown)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {shown}: {getattr(error, 'strerror', None) or error}") from error


def _inputs(model: Model, given: dict[str, Shape]) -> tuple[dict[str, tuple[Shape, axes.Dims]], int]:
    """Per input its shape and where its axes stand; and the size of the batch in the file (2 where it is free)."""
    if list(given) == ["input"] and "input" not in model.inputs and len(model.inputs) == 1:
        given = {next(iter(model.inputs)): given["input"]}
    unknown = given.keys() - model.inputs.keys()
    if unknown:
        raise UsageError(f"the model has no input `{min(unknown)}`; it has {', '.join(model.inputs) or 'none'}")
    if not model.inputs:
        raise SpecError([finding("CNN906", "the model has no input")])
    found = {}
    batches = set()
    for name, dims in model.inputs.items():
        last = _channels_last(model, name, dims)
        order = (dims[0], dims[-1], *dims[1:-1]) if last else dims
        shape = _shape(name, order, given.get(name))
        whole = axes.whole((SAMPLES, *shape))
        # The language has no input without sizes; a vector stands on a map of one position.
        found[name] = shape if shape[1:] else (*shape, 1, 1), ((whole[0], *whole[2:], whole[1]) if last else whole)
        batches.add(dims[0] if dims and isinstance(dims[0], int) else SAMPLES)
    if len(batches) > 1:
        raise SpecError([finding("CNN905", "the inputs have batches of different sizes")])
    return found, batches.pop()


def _channels_last(model: Model, name: str, dims: Dims) -> bool:
    """Whether the first thing that happens to an input is that its channels are brought forward."""
    readers = [node for node in model.nodes if name in node.inputs]
    forward = (0, len(dims) - 1, *range(1, len(dims) - 1))
    return (
        len(dims) > 2  # noqa: PLR2004 - batch and channels
        and bool(readers)
        and all(node.op == "Transpose" and node.attributes.get("perm") == forward for node in readers)
    )


def _shape(name: str, dims: Dims, given: Shape | None) -> Shape:
    sizes = dims[1:]
    if given is not None:
        channels = sizes[0] if sizes else None
        if dims and (len(given) != len(sizes) or (isinstance(channels, int) and channels != given[0])):
            shown = "x".join(str(size or "?") for size in sizes)
            raise UsageError(f"input {'x'.join(map(str, given))} for `{name}`, which takes {shown}")
        return given
    if not 1 <= len(sizes) <= 1 + MAX_AXES:
        raise SpecError([finding("CNN905", f"input `{name}` has {len(dims)} dimensions; 2 to 5 can be read")])
    fixed = tuple(size for size in sizes if isinstance(size, int))
    if len(fixed) < len(sizes):
        shown = "x".join(str(size or "?") for size in sizes)
        sample = "x".join(str(size if isinstance(size, int) else 224) for size in sizes)
        message = f"the sizes of input `{name}` are free ({shown}): give them, as in -i {name}={sample}"
        raise UsageError(message)
    return fixed


class _Walk:
    """Node after node in the order of the file."""

    def __init__(self, model: Model, trace: Trace, batch: int) -> None:
        self.model, self.trace, self.batch = model, trace, batch
        self.values: dict[str, Any] = {**model.constants}
        self.uses = Counter(name for node in model.nodes for name in node.inputs)
        self.uses.update(model.outputs)
        self.makers: dict[str, Node] = {}

    def visit(self, node: Node, *, allow_unknown: bool) -> None:
        """Map one node; what cannot be mapped is remembered."""
        for name in node.outputs:
            self.makers[name] = node
        given = [self.values.get(name) if name else None for name in node.inputs]
        missing = [name for name, found in zip(node.inputs, given, strict=True) if name and found is None]
        if missing:
            self._lose(node, f"its input `{missing[0]}` comes from nowhere, or from further on")
            return
        known = node.op in MAPPERS and node.domain in ("", "ai.onnx")
        if any(found is _LOST for found in given) and (known or any(isinstance(found, Held) for found in given)):
            for name in node.outputs:
                self.values[name] = _LOST
            if known:
                return
        try:
            made = self._made(node, given)
        except UnmappedError as error:
            if allow_unknown and self._keep(node, given):
                self.trace.problems[node.name] = str(error)
            else:
                self._lose(node, str(error))
            return
        results = made if isinstance(made, tuple) else (made,)
        for name, result in zip(node.outputs, results, strict=False):
            self.values[name] = result

    def _made(self, node: Node, given: list[Any]) -> Any:
        if node.op == "Constant" and not given:
            # Exporters give all such tensors one name; only that of the output tells them apart.
            held = constant_of(node.attributes) or Tensor()
            return replace(held, name=node.outputs[0] if node.outputs else "")
        standard = node.domain in ("", "ai.onnx")
        if standard and given and not any(isinstance(found, Held) for found in given):
            tensors = [found for found in given if isinstance(found, Tensor)]
            made = folded(node, tensors) if len(tensors) == len(given) else None
            if made is None:
                raise UnmappedError("arithmetic of constants that is not understood")
            return made
        mapper = MAPPERS.get(node.op) if standard else None
        if mapper is None:
            raise UnmappedError("has no counterpart")
        call = Call(
            trace=self.trace,
            node=node,
            given=tuple(given),
            batch=self.batch,
            opset=self.model.opset or OLDEST,
            uses=self.uses,
            makers=self.makers,
        )
        try:
            return mapper(call)
        except (IndexError, ValueError, ZeroDivisionError, OverflowError, TypeError) as error:
            raise UnmappedError(f"its inputs or attributes do not fit ({error})") from error

    def _lose(self, node: Node, why: str) -> None:
        self.trace.problems[node.name] = why
        for name in node.outputs:
            self.values[name] = _LOST

    def _keep(self, node: Node, given: list[Any]) -> bool:
        """Whether the node could be kept as `custom`, with the shapes that the file knows."""
        source = next((found for found in given if isinstance(found, Held)), None)
        if source is None:
            return False
        before = self.trace.shapes[source.layer]
        for number, name in enumerate(node.outputs):
            dims = self.model.known.get(name, ())
            shape = tuple(size for size in dims[1:] if isinstance(size, int)) or None
            if shape is None or len(shape) != len(dims) - 1 or len(shape) > 1 + MAX_AXES:
                return False
            options: dict[str, Option] = {"out": "x".join(map(str, shape))}
            if len(shape) > 1 and len(before) == len(shape) and shape[1:] != before[1:]:
                # A window over everything: what it reads is not known, so that all of it counts.
                options["kernel_size"] = tuple(before[1:])
            suffix = f".{number}" if number else ""
            self.values[name] = self.trace.emit(node, "custom", (source.layer,), shape, options, suffix=suffix)
        return True

    def refuse(self, *, allow_unknown: bool) -> None:
        """Raise what could not be mapped, all at once."""
        nodes = {node.outputs[0]: node for node in self.makers.values() if node.outputs}
        lost = {node.name: node for name, node in nodes.items() if self.values.get(name) is _LOST}
        found = []
        for name, why in self.trace.problems.items():
            node = lost.get(name)
            if node is None and allow_unknown:
                continue
            op = next((each.op for each in self.makers.values() if each.name == name), "")
            where = name.partition("/")[2] or (node.outputs[0] if node else name)
            help_ = (
                "the file does not give its shape; run `onnx.shape_inference` on it first"
                if allow_unknown
                else "`--allow-unknown` keeps it as `custom`"
            )
            found.append(finding("CNN904", f"{op} `{where}`: {why}", help=help_, layer=where))
        if found:
            raise SpecError(found)

    def outputs(self) -> tuple[str, ...]:
        """The layers that the model gives out."""
        names = []
        for name in self.model.outputs:
            held = self.values.get(name)
            if not isinstance(held, Held):
                raise SpecError([finding("CNN905", f"output `{name}` is not computed from the inputs")])
            try:
                last = self.makers.get(name)
                names.append(self.trace.plain(last, held) if last is not None else held.layer)
            except UnmappedError:
                names.append(held.layer)  # its axes stand elsewhere; the figures are the same
        return tuple(dict.fromkeys(names))


def _names(nodes: Sequence[Node], model: Model) -> tuple[dict[str, str], frozenset[str]]:
    """A layer name for every node, and those that the file itself has."""
    paths = [_path(node, model) for node in nodes]
    counts = Counter(path for path, _ in paths)
    inner = {".".join(path.split(".")[:at]) for path, _ in paths for at in range(1, path.count(".") + 1)}
    names: dict[str, str] = {}
    named, taken = set(), {*model.inputs, "input"}
    for node, (path, given) in zip(nodes, paths, strict=True):
        leaf = given and path and path not in inner and counts[path] == 1
        kind = _word(node.op).lower() or "op"
        name = path if leaf else f"{path}.{kind}".lstrip(".") if given else kind
        stem, more = name, 1
        while name in taken:
            more += 1
            name = f"{stem}_{more}"
        taken.add(name)
        if leaf:
            named.add(name)
        names[node.name] = name
    return names, frozenset(named)


def _path(node: Node, model: Model) -> tuple[str, bool]:
    """The path of the module that a node belongs to: that of its weight, or as its name says."""
    for given in node.inputs[1:]:
        if given in model.constants and given.endswith((".weight", ".kernel")):
            return _dotted(given.rpartition(".")[0]), True
    scopes = node.name.partition("/")[2].strip("/").split("/")
    path: list[str] = []
    for scope in scopes[:-1]:
        if path and scope.startswith(f"{path[-1]}."):
            path[-1] = scope
        else:
            path.append(scope)
    if len(scopes) > 1:
        return _dotted(".".join(path)), True
    own = scopes[0] if scopes else ""
    generic = re.fullmatch(rf"(?:{re.escape(node.op)})?_?\d*|n\d+", own, re.IGNORECASE)
    return (_dotted(own), True) if own and not generic else ("", False)


def _dotted(path: str) -> str:
    return ".".join(part for part in map(_word, path.split(".")) if part)


def _word(text: str) -> str:
    return _WORD.sub("_", text).strip("_")
