"""Keras files as plain data: `.keras` archives and what `model.to_json()` writes. Nothing in them is executed."""

from __future__ import annotations

import json
import os
import re
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any, Union

from cnncalc.errors import SpecError, UsageError, finding

Source = Union[str, "os.PathLike[str]", bytes]
MAX_BYTES = 32 * 2**20
"""Of a configuration; that of a network of a thousand layers has half a mebibyte."""
MAX_DEPTH = 60
MAX_DIGITS = 20
CONFIG = "config.json"
PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BRACKET = re.compile(rb"\"(?:[^\"\\]|\\.)*\"|[\[\]{}]", re.DOTALL)
"""Texts are matched whole, so that brackets inside them do not count."""


def read_config(source: Source) -> dict[str, Any]:
    """The configuration of a model; UsageError where the file cannot be read, SpecError where it holds none."""
    shown = "the model" if isinstance(source, bytes) else os.fspath(source)
    if isinstance(source, bytes):
        text = _unpacked(BytesIO(source), shown) if source[:2] == b"PK" else source
    else:
        text = _file(Path(source), shown)
    if len(text) > MAX_BYTES:
        raise bad(f"{shown}: a configuration above the limit of {MAX_BYTES // 2**20} MiB", code="CNN902")
    _check_depth(text, shown)
    try:
        config = json.loads(text, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        raise bad(f"{shown}: its configuration is no JSON: {error}") from None
    if not isinstance(config, dict) or "class_name" not in config or not isinstance(config.get("config"), (dict, list)):
        raise bad(f"{shown} is no Keras model: `class_name` and `config` are missing")
    return config


def is_config(data: bytes) -> bool:
    """Whether the bytes of a JSON file look like a Keras model, not like a spec."""
    return b'"class_name"' in data and b'"config"' in data and b'"cnncalc"' not in data[:1024]


def bad(message: str, *, code: str = "CNN905", layer: str | None = None) -> SpecError:
    """What is wrong with a file."""
    return SpecError([finding(code, message, layer=layer)])


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        message = f"a number of {len(text)} digits"
        raise ValueError(message)
    return int(text)


def _file(path: Path, shown: str) -> bytes:
    try:
        with path.open("rb") as file:
            if file.read(2) == b"PK":
                file.seek(0)
                return _unpacked(file, shown)
            file.seek(0)
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {shown}: {error.strerror or error}") from error


def _unpacked(file: Any, shown: str) -> bytes:
    """The configuration of an archive, and not a byte more than the limit; the weights are not touched."""
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo(CONFIG).compress_type not in PLAIN:  # others may ask for any amount of memory
                raise bad(f"{shown}: {CONFIG} is packed in a way that Keras does not use")
            with archive.open(CONFIG) as member:
                return member.read(MAX_BYTES + 1)
    except KeyError:
        raise bad(f"{shown} is no Keras model: the archive has no {CONFIG}") from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError, OSError) as error:
        raise bad(f"{shown} is a damaged archive: {error}") from None


def _check_depth(text: bytes, shown: str) -> None:
    depth = 0
    for match in _BRACKET.finditer(text):
        mark = match[0]
        if mark in (b"[", b"{"):
            depth += 1
            if depth > MAX_DEPTH:
                raise bad(f"{shown}: nested deeper than {MAX_DEPTH}", code="CNN902")
        elif mark in (b"]", b"}"):
            depth -= 1
