"""The bytes of an ONNX file; weights are written as they go by, so that a large network takes no memory."""

from __future__ import annotations

from itertools import chain
from struct import pack
from typing import TYPE_CHECKING, Any

from cnncalc.errors import UsageError
from cnncalc.export.onnx.network import INT64
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.export.onnx.network import Dims, Network, Tensor

INSTALL = "writing ONNX files needs the onnx package: pip install 'cnncalc[onnx]'"
TYPES = {INT64: "INT64", "float64": "DOUBLE", "float32": "FLOAT", "bfloat16": "BFLOAT16", "float16": "FLOAT16"}
"""Number types as ONNX calls them."""
IR_VERSIONS = {20: 9, 22: 10}
"""The version of the file format that came with an operator set; readers of the one read the other."""
SMALL = 4096
"""Constants of so few elements stand with the structure."""
PIECE = 2**20
BATCH = "N"
"""What a batch of any size is called."""
_LENGTH_DELIMITED = 2


@value
class File:
    """What is to be written, piece by piece, and how much it is."""

    size: int
    head: tuple[bytes, ...]
    weights: tuple[tuple[bytes, Tensor], ...]

    def __iter__(self) -> Iterator[bytes]:
        """The bytes, in pieces."""
        yield from self.head
        for head, tensor in self.weights:
            yield head
            yield from contents(tensor)


def file_of(network: Network) -> File:
    """The file of a network; UsageError where the onnx package is missing.

    A message of protobuf is a list of fields, so that the weights, which come last, need not be there when the rest is
    put together: their number and length, which stand before them, are known.
    """
    onnx = _onnx()
    model = skeleton(network)
    structure = model.graph.SerializeToString()
    model.ClearField("graph")
    weights = []
    for tensor in large(network):
        bare = tensor_proto(tensor, onnx).SerializeToString() + _field(
            onnx.TensorProto.RAW_DATA_FIELD_NUMBER, byte_size(tensor)
        )
        size = len(bare) + byte_size(tensor)
        weights.append((_field(onnx.GraphProto.INITIALIZER_FIELD_NUMBER, size) + bare, tensor))
    inside = len(structure) + sum(len(head) + byte_size(tensor) for head, tensor in weights)
    head = (model.SerializeToString() + _field(onnx.ModelProto.GRAPH_FIELD_NUMBER, inside), structure)
    return File(size=sum(map(len, head)) + inside - len(structure), head=head, weights=tuple(weights))


def large(network: Network) -> Iterator[Tensor]:
    """The initializers that the skeleton leaves out."""
    return (tensor for tensor in network.tensors if tensor.numel > SMALL)


def skeleton(network: Network) -> Any:
    """The `ModelProto` without its large initializers."""
    onnx = _onnx()
    helper, number = onnx.helper, getattr(onnx.TensorProto, TYPES[network.dtype])
    batch: int | str = BATCH if network.batch is None else network.batch

    def declared(name: str, dims: Dims) -> Any:
        return helper.make_tensor_value_info(name, number, (batch, *dims))

    graph = helper.make_graph(
        [
            helper.make_node(node.kind, node.inputs, node.outputs, node.name, **node.attributes)
            for node in network.nodes
        ],
        network.name,
        [declared(port.name, port.dims) for port in network.inputs],
        [declared(port.name, port.dims) for port in network.outputs],
        value_info=[declared(port.name, port.dims) for port in network.between],
    )
    for tensor in network.tensors:
        if tensor.numel <= SMALL:
            graph.initializer.append(tensor_proto(tensor, onnx, b"".join(contents(tensor))))
    return helper.make_model(
        graph,
        ir_version=IR_VERSIONS[network.opset],
        opset_imports=[helper.make_opsetid("", network.opset)],
        producer_name="cnncalc",
        doc_string=network.about,
    )


def tensor_proto(tensor: Tensor, onnx: Any, raw: bytes | None = None) -> Any:
    """The `TensorProto`, with its contents if they are given."""
    number = getattr(onnx.TensorProto, TYPES[tensor.dtype])
    made = onnx.TensorProto(name=tensor.name, data_type=number, dims=tensor.dims)
    if raw is not None:
        made.raw_data = raw
    return made


def contents(tensor: Tensor) -> Iterator[bytes]:
    """The elements in the order and form of a file.

    >>> from cnncalc.export.onnx.network import Tensor
    >>> b"".join(contents(Tensor(name="w", dims=(3, 1), dtype="float16", fill=(0, 1)))).hex(" ", 2)
    '0000 003c 0000'
    """
    once = packed(tensor.fill, tensor.dtype)
    left = byte_size(tensor)
    piece = once * max(min(PIECE, left) // len(once), 1)
    while left > 0:
        yield piece[:left]
        left -= len(piece)


def byte_size(tensor: Tensor) -> int:
    """Of the elements."""
    return tensor.numel * len(packed((0,), tensor.dtype))


def packed(numbers: Sequence[float], dtype: str) -> bytes:
    """Numbers in the form of a file, lowest byte first; `bfloat16` is the upper half of `float32`, rounded to even."""
    if dtype == "bfloat16":
        words = (int.from_bytes(pack("<f", number), "little") for number in numbers)
        halves = ((word + 0x7FFF + (word >> 16 & 1)) >> 16 for word in words)
        return b"".join(half.to_bytes(2, "little") for half in halves)
    letter = {INT64: "q", "float64": "d", "float32": "f", "float16": "e"}[dtype]
    return pack(f"<{len(numbers)}{letter}", *numbers)


def _field(number: int, length: int) -> bytes:
    """What stands before the bytes of a field."""
    return bytes(chain(_varint(number << 3 | _LENGTH_DELIMITED), _varint(length)))


def _varint(number: int) -> Iterator[int]:
    """Seven bits a byte, the lowest first.

    >>> bytes(_varint(300)).hex()
    'ac02'
    """
    while number > 0x7F:  # noqa: PLR2004 - seven bits
        yield number & 0x7F | 0x80
        number >>= 7
    yield number


def _onnx() -> Any:
    try:
        import onnx
        import onnx.helper
    except ImportError as error:
        raise UsageError(INSTALL) from error
    return onnx
