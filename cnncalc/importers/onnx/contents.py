"""Constants of an ONNX file: dimensions of all, values of small ones."""

# ruff: noqa: PLR2004 - fields have numbers

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from cnncalc.importers.onnx.protobuf import DamagedError, Number, Raw, fields, integer, integers, packed, text, view
from cnncalc.importers.onnx.records import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_RANK = 16
MAX_SIZE = 2**31
MAX_KEPT = 4096
"""Elements of a constant whose values are kept; larger ones are weights."""
MAX_MASK = 2**24
"""Bytes that are looked through for a mask."""
_INTEGERS = {2: "B", 3: "b", 4: "H", 5: "h", 6: "i", 7: "q", 9: "?", 12: "I", 13: "Q"}
_FLOATS = {1: "f", 10: "e", 11: "d"}
_BFLOAT16 = 16
_EXTERNAL = 1
_NO_WEIGHTS = frozenset({7, 8, 9})
"""Of TensorProto.DataType: 64 bit integers, texts, truth values."""


def tensor(data: memoryview) -> Tensor:  # noqa: C901 - a case for each field
    """A constant: its name, its dimensions and, where they are few, its values."""
    dims: list[int] = []
    kind = place = 0
    name, contents = "", None
    lists: dict[int, list[Raw]] = {4: [], 5: [], 7: [], 10: [], 11: []}
    for number, raw in fields(data):
        if number == 1:
            dims += integers(raw)
            _check(dims)
        elif number == 2:  # TensorProto.data_type
            kind = integer(raw)
        elif number == 8:  # TensorProto.name
            name = text(raw)
        elif number == 9:  # TensorProto.raw_data
            contents = view(raw)
        elif number == 14:  # TensorProto.data_location
            place = integer(raw)
        elif number in lists and len(lists[number]) <= MAX_KEPT:
            lists[number].append(raw)
    numel = 1
    for size in dims:
        numel *= size
    values: tuple[Number, ...] | None = None
    if numel <= MAX_KEPT and place != _EXTERNAL:
        values = _values(kind, contents, lists)
        if values is not None and len(values) != numel:
            raise DamagedError(f"the tensor {name or '(without a name)'} of {numel} elements has {len(values)}")
    size = struct.calcsize(_FLOATS[kind]) if kind in _FLOATS else 0
    keeps = values is None and contents is not None and size in (2, 4) and len(contents) == numel * size
    return Tensor(
        name=name,
        dims=tuple(dims),
        values=values,
        parts=() if kind in _NO_WEIGHTS else None,
        raw=contents if keeps else None,
    )


def is_mask(made: Tensor) -> bool:
    """Whether a constant has just two values, 0 and either 1 or one that is large and negative: no weight has."""
    found: set[Number] = set(made.values or ())
    if made.raw is not None and len(made.raw) <= MAX_MASK:
        size = len(made.raw) // (math.prod(made.dims) or 1)
        words: memoryview[int] = made.raw.cast("H") if size == 2 else made.raw.cast("I")
        if len(set(words[:MAX_KEPT])) > 2:
            return False
        form = {2: ("<H", "<e"), 4: ("<I", "<f")}[size]
        found = {struct.unpack(form[1], struct.pack(form[0], word))[0] for word in list(set(words))[:3]}
    return len(found) == 2 and 0 in found and any(other == 1 or other <= -1 for other in found)


def _check(dims: list[int]) -> None:
    if len(dims) > MAX_RANK or not all(0 <= size <= MAX_SIZE for size in dims):
        raise DamagedError(f"a tensor of dimensions {dims[: MAX_RANK + 1]}")


def sparse_tensor(data: memoryview) -> Tensor:
    """A weight of which only the elements other than 0 are in the file; it is as large as it says."""
    name = ""
    dims: list[int] = []
    for number, raw in fields(data):
        if number == 1:  # SparseTensorProto.values
            name = tensor(view(raw)).name
        elif number == 3:  # SparseTensorProto.dims
            dims += integers(raw)
            _check(dims)
    return Tensor(name=name, dims=tuple(dims))


def _values(kind: int, contents: memoryview | None, lists: Mapping[int, list[Raw]]) -> tuple[Number, ...] | None:
    if kind == _BFLOAT16:
        halves = packed(contents, "H") if contents is not None else [one for part in lists[5] for one in integers(part)]
        return tuple(struct.unpack("<f", struct.pack("<I", (int(half) & 0xFFFF) << 16))[0] for half in halves)
    letter = _INTEGERS.get(kind) or _FLOATS.get(kind)
    if letter is None:
        return None
    if contents is not None:
        return tuple(packed(contents, letter))
    if letter == "e":
        halves = [one for part in lists[5] for one in integers(part)]
        return tuple(struct.unpack("<e", struct.pack("<H", int(half) & 0xFFFF))[0] for half in halves)
    if kind in _FLOATS:  # packed or single, the bytes are the same
        number, form = (10, "d") if letter == "d" else (4, "f")
        return tuple(one for part in lists[number] for one in packed(part, form))
    return tuple(one for part in lists[{7: 7, 12: 11, 13: 11}.get(kind, 5)] for one in integers(part))
