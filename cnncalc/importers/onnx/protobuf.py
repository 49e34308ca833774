"""The wire format of Protocol Buffers: numbered fields over a view of the bytes. Nothing is copied, nothing trusted."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from collections.abc import Iterator

Number = Union[int, float]
Raw = Union[int, memoryview]
"""The contents of a field: a number, or bytes."""
MAX_LISTED = 65_536
"""Numbers that a list is read to."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_SHIFT = 70
_SINGLE = struct.Struct("<f")


class DamagedError(ValueError):
    """The bytes are not what they should be; the text says how."""


def fields(data: memoryview) -> Iterator[tuple[int, Raw]]:
    r"""Field numbers with their contents, in order; contents that are no number are views.

    >>> [(number, bytes(raw)) for number, raw in fields(memoryview(b"\x0a\x02hi"))]
    [(1, b'hi')]
    """
    at, end = 0, len(data)
    while at < end:
        key = data[at]
        at += 1
        if key > 127:  # noqa: PLR2004 - more than one byte
            key, at = _varint(data, at - 1)
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
            raise DamagedError(f"byte {at} is of a kind that does not exist")
        if size > end - at:
            raise DamagedError(f"it ends {size - (end - at):,} bytes too early")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        if at >= len(data):
            raise DamagedError("it ends inside a number")
        byte = data[at]
        at += 1
        found |= (byte & 127) << shift
        if byte < 128:  # noqa: PLR2004 - the last byte of a number
            return found, at
        shift += 7
        if shift >= _MAX_SHIFT:
            raise DamagedError("a number of more than 10 bytes")


def integers(raw: Raw) -> list[int]:
    """One number, or a packed list; refuses more than MAX_LISTED."""
    if isinstance(raw, int):
        return [integer(raw)]
    found, at = [], 0
    while at < len(raw):
        one, at = _varint(raw, at)
        found.append(integer(one))
        if len(found) > MAX_LISTED:
            raise DamagedError(f"a list of more than {MAX_LISTED:,} numbers")
    return found


def packed(raw: Raw, letter: str) -> list[Number]:
    """Numbers of a fixed size side by side; what is left over at the end is no number."""
    data = view(raw)
    size = struct.calcsize(f"<{letter}")
    return list(struct.unpack(f"<{len(data) // size}{letter}", data[: len(data) // size * size]))


def integer(raw: Raw) -> int:
    """A number, the upper half of 64 bits being negative."""
    if not isinstance(raw, int):
        raise DamagedError("bytes where a number should be")
    raw &= 2**64 - 1
    return raw - 2**64 if raw >= 2**63 else raw


def single(raw: Raw) -> float:
    """A number of 32 bits with a fraction."""
    data = view(raw)
    if len(data) != _SINGLE.size:
        raise DamagedError("a fraction that has not 4 bytes")
    return float(_SINGLE.unpack(data)[0])


def view(raw: Raw) -> memoryview:
    """The bytes of a field."""
    if isinstance(raw, int):
        raise DamagedError("a number where bytes should be")
    return raw


def text(raw: Raw) -> str:
    """The bytes as a text."""
    try:
        return str(view(raw), "utf-8")
    except UnicodeDecodeError:
        raise DamagedError("a text that is no UTF-8") from None
