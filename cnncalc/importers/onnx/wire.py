"""The bytes of an ONNX file as records: nodes, shapes, and the few constants that are small enough to be arithmetic.

Only the structure is read. Weights are stepped over: a file of gigabytes costs what its graph costs, and nothing but
the standard library is needed. The wire format is that of Protocol Buffers; field numbers are those of `onnx.proto`.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Union

from cnncalc.errors import SpecError, finding
from cnncalc.values import field, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_NODES = 100_000
MAX_RANK = 16
MAX_KEPT = 4096
"""Elements of a constant whose values are kept; larger ones are weights."""
MAX_SIZE = 2**31
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT = 70
_INTEGERS = {2: "B", 3: "b", 4: "H", 5: "h", 6: "i", 7: "q", 9: "?", 12: "I", 13: "Q"}
_FLOATS = {1: "f", 10: "e", 11: "d"}
_EXTERNAL = 1

Number = Union[int, float]
Raw = Union[int, memoryview]


@value
class Tensor:
    """A constant: its dimensions, and its values where they are small and known."""

    name: str = ""
    dims: tuple[int, ...] = ()
    values: tuple[Number, ...] | None = None


Attribute = Union[int, float, str, "tuple[int, ...]", "tuple[float, ...]", Tensor, None]

_ZEROS: dict[int, Attribute] = {1: 0.0, 2: 0, 3: ""}
"""By AttributeType."""


@value
class Node:
    """One operation."""

    op: str
    domain: str = ""
    name: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    attributes: Mapping[str, Attribute] = field(factory=dict)


Dims = tuple[Union[int, str, None], ...]
"""A size, the name of a free one, or None for one that is free and has no name."""


@value
class Model:
    """What is read of a file."""

    name: str
    opset: int
    nodes: tuple[Node, ...]
    constants: Mapping[str, Tensor]
    inputs: Mapping[str, Dims]
    outputs: tuple[str, ...]
    known: Mapping[str, Dims]
    """Shapes that the file gives for tensors."""


class _Bad(ValueError):  # noqa: N818 - never leaves this file
    pass


def read_model(data: bytes | memoryview, source: str) -> Model:
    """The graph of a model; SpecError where the bytes are none."""
    try:
        model = _model(memoryview(data))
    except (_Bad, struct.error, UnicodeDecodeError, RecursionError) as error:
        what = str(error) if isinstance(error, _Bad) else "its bytes make no sense"
        message = f"{source} is no ONNX model, or a damaged one: {what}"
        raise SpecError([finding("CNN905", message, help="write it anew with the exporter")]) from None
    return model


def _model(data: memoryview) -> Model:
    graph, opset = None, 0
    for number, raw in _fields(data):
        if number == 7:  # noqa: PLR2004 - ModelProto.graph
            graph = _bytes(raw)
        elif number == 8:  # noqa: PLR2004 - ModelProto.opset_import
            domain, version = "", 0
            for inner, part in _fields(_bytes(raw)):
                if inner == 1:
                    domain = _text(part)
                elif inner == 2:  # noqa: PLR2004 - OperatorSetIdProto.version
                    version = _int(part)
            if domain in ("", "ai.onnx"):
                opset = version
    if graph is None:
        raise _Bad("it has no graph")
    return _graph(graph, opset)


def _graph(data: memoryview, opset: int) -> Model:
    name = ""
    nodes: list[Node] = []
    constants: dict[str, Tensor] = {}
    inputs: dict[str, Dims] = {}
    outputs: dict[str, Dims] = {}
    known: dict[str, Dims] = {}
    tables = {11: inputs, 12: outputs, 13: known}
    for number, raw in _fields(data):
        if number == 1:
            nodes.append(_node(_bytes(raw)))
            if len(nodes) > MAX_NODES:
                raise _Bad(f"it has more than {MAX_NODES:,} nodes")
        elif number == 2:  # noqa: PLR2004 - GraphProto.name
            name = _text(raw)
        elif number == 5:  # noqa: PLR2004 - GraphProto.initializer
            tensor = _tensor(_bytes(raw))
            constants[tensor.name] = tensor
        elif number in tables:
            found, dims = _value_info(_bytes(raw))
            tables[number][found] = dims
    return Model(
        name=name,
        opset=opset,
        nodes=tuple(nodes),
        constants=constants,
        inputs={given: dims for given, dims in inputs.items() if given not in constants},
        outputs=tuple(outputs),
        known={**known, **outputs},
    )


def _node(data: memoryview) -> Node:
    texts: dict[int, list[str]] = {1: [], 2: [], 3: [], 4: [], 7: []}
    attributes = {}
    for number, raw in _fields(data):
        if number in texts:
            texts[number].append(_text(raw))
        elif number == 5:  # noqa: PLR2004 - NodeProto.attribute
            name, attribute = _attribute(_bytes(raw))
            attributes[name] = attribute
    return Node(
        op="".join(texts[4][-1:]),
        domain="".join(texts[7][-1:]),
        name="".join(texts[3][-1:]),
        inputs=tuple(texts[1]),
        outputs=tuple(texts[2]),
        attributes=attributes,
    )


def _attribute(data: memoryview) -> tuple[str, Attribute]:  # noqa: C901 - a case for each field
    name, kind = "", 0
    found: Attribute = None
    floats: list[float] = []
    ints: list[int] = []
    for number, raw in _fields(data):
        if number == 1:
            name = _text(raw)
        elif number == 2:  # noqa: PLR2004 - AttributeProto.f
            found = _float(raw)
        elif number == 3:  # noqa: PLR2004 - AttributeProto.i
            found = _int(raw)
        elif number == 4:  # noqa: PLR2004 - AttributeProto.s
            found = bytes(_bytes(raw)).decode(errors="replace")
        elif number == 5:  # noqa: PLR2004 - AttributeProto.t
            found = _tensor(_bytes(raw))
        elif number == 7:  # noqa: PLR2004 - AttributeProto.floats
            floats += _packed(raw, "f") if isinstance(raw, memoryview) else [_float(raw)]
        elif number == 8:  # noqa: PLR2004 - AttributeProto.ints
            ints += _varints(raw) if isinstance(raw, memoryview) else [_int(raw)]
        elif number == 20:  # noqa: PLR2004 - AttributeProto.type
            kind = _int(raw)
    if ints or kind == 7:  # noqa: PLR2004 - AttributeType.INTS
        return name, tuple(ints)
    if floats or kind == 6:  # noqa: PLR2004 - AttributeType.FLOATS
        return name, tuple(floats)
    if found is None:  # numbers that are 0 are left out of the file
        found = _ZEROS.get(kind)
    return name, found


def _tensor(data: memoryview) -> Tensor:  # noqa: C901 - a case for each field
    dims: list[int] = []
    kind = place = 0
    name, raw_data = "", None
    lists: dict[int, list[memoryview | int]] = {4: [], 5: [], 7: [], 10: [], 11: []}
    for number, raw in _fields(data):
        if number == 1:
            dims += _varints(raw) if isinstance(raw, memoryview) else [_int(raw)]
            if len(dims) > MAX_RANK or not all(0 <= size <= MAX_SIZE for size in dims):
                raise _Bad(f"a tensor of dimensions {dims[: MAX_RANK + 1]}")
        elif number == 2:  # noqa: PLR2004 - TensorProto.data_type
            kind = _int(raw)
        elif number == 8:  # noqa: PLR2004 - TensorProto.name
            name = _text(raw)
        elif number == 9:  # noqa: PLR2004 - TensorProto.raw_data
            raw_data = _bytes(raw)
        elif number == 14:  # noqa: PLR2004 - TensorProto.data_location
            place = _int(raw)
        elif number in lists and len(lists[number]) <= MAX_KEPT:
            lists[number].append(raw)
    numel = 1
    for size in dims:
        numel *= size
    values: tuple[Number, ...] | None = None
    if numel <= MAX_KEPT and place != _EXTERNAL:
        values = _values(kind, raw_data, lists)
        if values is not None and len(values) != numel:
            raise _Bad(f"the tensor {name or '(without a name)'} of {numel} elements has {len(values)}")
    return Tensor(name=name, dims=tuple(dims), values=values)


def _values(
    kind: int, raw_data: memoryview | None, lists: Mapping[int, list[memoryview | int]]
) -> tuple[Number, ...] | None:
    letter = _INTEGERS.get(kind) or _FLOATS.get(kind)
    if letter is None:
        return None
    if raw_data is not None:
        return tuple(_packed(raw_data, letter))
    if kind in _FLOATS:
        number, form = (10, "d") if letter == "d" else (4, "f")
        if letter == "e":
            return None
        parts = lists[number]
        return tuple(one for part in parts for one in _packed(part, form))  # packed or single, the bytes are the same
    parts = lists[{7: 7, 12: 11, 13: 11}.get(kind, 5)]
    return tuple(one for part in parts for one in (_varints(part) if isinstance(part, memoryview) else [_int(part)]))


def _value_info(data: memoryview) -> tuple[str, Dims]:
    name = ""
    dims: Dims = ()
    for number, raw in _fields(data):
        if number == 1:
            name = _text(raw)
        elif number == 2:  # noqa: PLR2004 - ValueInfoProto.type
            for _, tensor_type in _chosen(_bytes(raw), 1):
                for _, shape in _chosen(tensor_type, 2):
                    dims = tuple(_dimension(dim) for _, dim in _chosen(shape, 1))
    if len(dims) > MAX_RANK:
        raise _Bad(f"{name} has {len(dims)} dimensions")
    return name, dims


def _dimension(data: memoryview) -> int | str | None:
    for number, raw in _fields(data):
        if number == 1:
            size = _int(raw)
            if size > MAX_SIZE:
                raise _Bad(f"a size of {size:,}")
            return size if size > 0 else None
        if number == 2:  # noqa: PLR2004 - Dimension.dim_param
            return _text(raw) or None
    return None


def _chosen(data: memoryview, wanted: int) -> Iterator[tuple[int, memoryview]]:
    return ((number, _bytes(raw)) for number, raw in _fields(data) if number == wanted)


def _fields(data: memoryview) -> Iterator[tuple[int, Raw]]:
    """Field numbers with their contents; contents that are no number are views, nothing is copied."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            number, at = _varint(data, at)
            yield key >> 3, number
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise _Bad(f"byte {at} is of a kind that does not exist")
        if size > end - at:
            raise _Bad(f"it ends {size - (end - at):,} bytes too early")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        if at >= len(data):
            raise _Bad("it ends inside a number")
        byte = data[at]
        at += 1
        found |= (byte & 127) << shift
        if byte < 128:  # noqa: PLR2004 - the last byte of a number
            return found, at
        shift += 7
        if shift >= _MAX_VARINT:
            raise _Bad("a number of more than 10 bytes")


def _varints(data: Raw) -> list[int]:
    view = _bytes(data)
    found, at = [], 0
    while at < len(view):
        one, at = _varint(view, at)
        found.append(_int(one))
        if len(found) > MAX_KEPT:
            break
    return found


def _packed(data: Raw, letter: str) -> list[Number]:
    view = _bytes(data)
    size = struct.calcsize(f"<{letter}")
    return list(struct.unpack(f"<{len(view) // size}{letter}", view[: len(view) // size * size]))


def _int(raw: Raw) -> int:
    if not isinstance(raw, int):
        raise _Bad("bytes where a number should be")
    return raw - 2**64 if raw >= 2**63 else raw


def _float(raw: Raw) -> float:
    (found,) = struct.unpack("<f", _bytes(raw))
    return float(found)


def _bytes(raw: Raw) -> memoryview:
    if isinstance(raw, int):
        raise _Bad("a number where bytes should be")
    return raw


def _text(raw: Raw) -> str:
    return bytes(_bytes(raw)).decode()
