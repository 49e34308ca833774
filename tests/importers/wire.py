"""A writer of ONNX files, field by field as `onnx.proto` numbers them, so that these tests need no package."""

from __future__ import annotations

from typing import Union

Field = tuple[int, Union[int, str, bytes]]


def message(*fields: Field) -> bytes:
    return b"".join(_field(number, content) for number, content in fields)


def varint(number: int) -> bytes:
    number %= 2**64
    found = b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])


def _field(number: int, content: int | str | bytes) -> bytes:
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    data = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(data)) + data


def value_info(name: str, *dims: int | str) -> bytes:
    shape = message(*((1, message((1, dim) if isinstance(dim, int) else (2, dim))) for dim in dims))
    return message((1, name), (2, message((1, message((1, 1), (2, shape))))))


def tensor(name: str, *dims: int, raw: bytes | None = None, kind: int = 1) -> bytes:
    """A weight; without contents it says that they are elsewhere."""
    contents: Field = (14, 1) if raw is None else (9, raw)
    return message(*((1, dim) for dim in dims), (2, kind), (8, name), contents)


def node(op: str, inputs: str, outputs: str, **attributes: int | str | tuple[int, ...]) -> bytes:
    given = [(5, _attribute(name, content)) for name, content in attributes.items()]
    return message(*((1, name) for name in inputs.split()), *((2, name) for name in outputs.split()), (4, op), *given)


def _attribute(name: str, content: int | str | tuple[int, ...]) -> bytes:
    if isinstance(content, int):
        return message((1, name), (3, content), (20, 2))
    if isinstance(content, str):
        return message((1, name), (4, content), (20, 3))
    return message((1, name), *((8, one) for one in content), (20, 7))


def model(
    nodes: list[bytes], inputs: list[bytes], outputs: list[str], weights: list[bytes] | None = None, opset: int = 17
) -> bytes:
    graph = message(
        *((1, one) for one in nodes),
        (2, "net"),
        *((5, one) for one in weights or []),
        *((11, one) for one in inputs),
        *((12, message((1, name))) for name in outputs),
    )
    return message((1, 8), (7, graph), (8, message((2, opset))))
