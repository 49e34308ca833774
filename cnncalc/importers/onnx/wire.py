"""The bytes of an ONNX file as records.

Only the structure is read. Weights are stepped over: a file of gigabytes costs what its graph costs, and nothing but
the standard library is needed. Field numbers are those of `onnx.proto`.
"""

# ruff: noqa: PLR2004 - fields have numbers

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from cnncalc.errors import SpecError, finding
from cnncalc.importers.onnx.contents import MAX_RANK, MAX_SIZE, sparse_tensor, tensor
from cnncalc.importers.onnx.protobuf import (
    MAX_LISTED,
    DamagedError,
    Number,
    fields,
    integer,
    integers,
    packed,
    single,
    text,
    view,
)
from cnncalc.importers.onnx.records import STANDARD, Attribute, Dims, Function, Graph, Model, Node, Reference, Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_NODES = 100_000
MAX_DEPTH = 20
"""Of graphs inside of nodes."""
_ZEROS: dict[int, Attribute] = {1: 0.0, 2: 0, 3: ""}
"""By AttributeType: numbers that are 0 are left out of the file."""


def read_model(data: bytes | memoryview, source: str) -> Model:
    """The graph of a model; SpecError where the bytes are none."""
    try:
        return _Parser().model(memoryview(data))
    except (DamagedError, struct.error) as error:
        what = str(error) if isinstance(error, DamagedError) else "its bytes make no sense"
        message = f"{source} is no ONNX model, or a damaged one: {what}"
        raise SpecError([finding("CNN905", message, help="write it anew with the exporter")]) from None


class _Parser:
    """Counts nodes over all graphs, so that no file costs more than its limit."""

    def __init__(self) -> None:
        self.nodes = 0

    def model(self, data: memoryview) -> Model:
        graph, opset = None, 0
        functions = {}
        for number, raw in fields(data):
            if number == 7:  # ModelProto.graph
                graph = view(raw)
            elif number == 8:  # ModelProto.opset_import
                opset = _opset(view(raw)) or opset
            elif number == 25:  # ModelProto.functions
                made = self.function(view(raw))
                functions[made.domain, made.name, made.overload] = made
        if graph is None:
            raise DamagedError("it has no graph")
        return Model(graph=self.graph(graph), opset=opset, functions=functions)

    def function(self, data: memoryview) -> Function:
        texts: dict[int, list[str]] = {1: [], 4: [], 5: [], 10: [], 13: []}
        nodes, defaults, opset = [], {}, 0
        for number, raw in fields(data):
            if number in texts:
                texts[number].append(text(raw))
            elif number == 7:  # FunctionProto.node
                nodes.append(self.node(view(raw), 1))
            elif number == 9:  # FunctionProto.opset_import
                opset = _opset(view(raw)) or opset
            elif number == 11:  # FunctionProto.attribute_proto
                name, attribute = self.attribute(view(raw), 1)
                defaults[name] = attribute
        return Function(
            name="".join(texts[1][-1:]),
            domain="".join(texts[10][-1:]),
            overload="".join(texts[13][-1:]),
            inputs=tuple(texts[4]),
            outputs=tuple(texts[5]),
            nodes=tuple(nodes),
            defaults=defaults,
            opset=opset,
        )

    def graph(self, data: memoryview, depth: int = 0) -> Graph:
        if depth > MAX_DEPTH:
            raise DamagedError(f"graphs inside of graphs, more than {MAX_DEPTH} deep")
        name = ""
        nodes: list[Node] = []
        constants: dict[str, Tensor] = {}
        inputs: dict[str, Dims] = {}
        outputs: dict[str, Dims] = {}
        known: dict[str, Dims] = {}
        tables = {11: inputs, 12: outputs, 13: known}
        for number, raw in fields(data):
            if number == 1:
                nodes.append(self.node(view(raw), depth))
            elif number == 2:  # GraphProto.name
                name = text(raw)
            elif number == 5:  # GraphProto.initializer
                made = tensor(view(raw))
                constants[made.name] = made
            elif number == 15:  # GraphProto.sparse_initializer
                made = sparse_tensor(view(raw))
                constants[made.name] = made
            elif number in tables:
                found, dims = _value_info(view(raw))
                tables[number][found] = dims
        return Graph(
            name=name,
            nodes=tuple(nodes),
            constants=constants,
            inputs={given: dims for given, dims in inputs.items() if given not in constants},
            outputs=tuple(outputs),
            known={**known, **outputs},
        )

    def node(self, data: memoryview, depth: int) -> Node:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise DamagedError(f"it has more than {MAX_NODES:,} nodes")
        inputs, outputs = [], []
        own = {3: "", 4: "", 7: "", 8: ""}
        attributes = {}
        for number, raw in fields(data):
            if number == 1:
                inputs.append(text(raw))
            elif number == 2:
                outputs.append(text(raw))
            elif number in own:
                own[number] = text(raw)
            elif number == 5:  # NodeProto.attribute
                name, attribute = self.attribute(view(raw), depth)
                attributes[name] = attribute
        return Node(
            op=own[4],
            domain=own[7],
            overload=own[8],
            name=own[3],
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            attributes=attributes,
        )

    def attribute(self, data: memoryview, depth: int) -> tuple[str, Attribute]:  # noqa: C901, PLR0912 - a case for each field
        name, kind = "", 0
        found: Attribute = None
        lists: dict[int, list[Number]] = {7: [], 8: []}
        for number, raw in fields(data):
            if number == 1:
                name = text(raw)
            elif number == 2:  # AttributeProto.f
                found = single(raw)
            elif number == 3:  # AttributeProto.i
                found = integer(raw)
            elif number == 4:  # AttributeProto.s
                found = bytes(view(raw)).decode(errors="replace")
            elif number == 5:  # AttributeProto.t
                found = tensor(view(raw))
            elif number == 6:  # AttributeProto.g
                found = self.graph(view(raw), depth + 1)
            elif number == 7:  # AttributeProto.floats
                lists[7] += packed(raw, "f")
            elif number == 8:  # AttributeProto.ints
                lists[8] += integers(raw)
            elif number == 20:  # AttributeProto.type
                kind = integer(raw)
            elif number == 21:  # AttributeProto.ref_attr_name
                found = Reference(text(raw))
        if any(len(found_) > MAX_LISTED for found_ in lists.values()):
            raise DamagedError(f"a list of more than {MAX_LISTED:,} numbers")
        if found is None:
            if lists[8] or kind == 7:  # AttributeType.INTS
                return name, tuple(int(one) for one in lists[8])
            if lists[7] or kind == 6:  # AttributeType.FLOATS
                return name, tuple(lists[7])
            found = _ZEROS.get(kind)
        return name, found


def _opset(data: memoryview) -> int:
    """The version, if it is that of the standard's own operators."""
    domain, version = "", 0
    for number, raw in fields(data):
        if number == 1:
            domain = text(raw)
        elif number == 2:  # OperatorSetIdProto.version
            version = integer(raw)
    return version if domain in STANDARD else 0


def _value_info(data: memoryview) -> tuple[str, Dims]:
    name = ""
    dims: Dims = ()
    for number, raw in fields(data):
        if number == 1:
            name = text(raw)
        elif number == 2:  # ValueInfoProto.type
            for tensor_type in _chosen(view(raw), 1):
                for shape in _chosen(tensor_type, 2):
                    dims = tuple(_dimension(dim) for dim in _chosen(shape, 1))
    if len(dims) > MAX_RANK:
        raise DamagedError(f"{name} has {len(dims)} dimensions")
    return name, dims


def _dimension(data: memoryview) -> int | str | None:
    for number, raw in fields(data):
        if number == 1:
            size = integer(raw)
            if size > MAX_SIZE:
                raise DamagedError(f"a size of {size:,}")
            return size if size > 0 else None
        if number == 2:  # Dimension.dim_param
            return text(raw) or None
    return None


def _chosen(data: memoryview, wanted: int) -> Iterator[memoryview]:
    return (view(raw) for number, raw in fields(data) if number == wanted)
