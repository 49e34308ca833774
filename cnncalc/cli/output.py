"""Results to standard output or a file, messages to standard error."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cnncalc.cli.options import Output


def prepare_streams() -> None:
    """Write what an ASCII or legacy terminal cannot show as escapes instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def emit(text: str, output: Output) -> None:
    """The result, to where it is asked for."""
    write(text, output.output)


def write(text: str, path: str | None) -> None:
    """To a file, else to standard output; a reader that has gone away is no error, a full disk is a UsageError."""
    if path is not None and path != "-":
        write_file(path, text)
        return
    _print(lambda: sys.stdout.write(text))


def write_bytes(pieces: Iterable[bytes], path: str | None, *, what: str) -> None:
    """The same for a file that is no text; a UsageError where it would land on a screen."""
    if path is not None and path != "-":
        write_pieces(path, pieces)
        return
    if sys.stdout.isatty():
        reason = f"{what} is not text: give it a file (-o FILE) or a pipe, not the terminal"
        raise UsageError(reason)
    _print(lambda: sys.stdout.buffer.writelines(pieces))


def _print(send: Callable[[], object]) -> None:
    try:
        send()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        reason = f"cannot write to standard output: {error.strerror or error}"
        raise UsageError(reason) from error


def message(text: str) -> None:
    """A line on standard error."""
    sys.stderr.write(text if text.endswith("\n") else text + "\n")


def write_file(path: str, text: str) -> None:
    """All of the text or nothing; UsageError if it cannot be."""
    write_pieces(path, [text.encode()])


def write_pieces(path: str, pieces: Iterable[bytes]) -> None:
    """All or nothing: they are written beside the file, which this then replaces. UsageError if it cannot be."""
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 - a device or a pipe, or a folder
            with open(path, "wb") as device:  # noqa: PTH123
                device.writelines(pieces)
            return
        target = os.path.realpath(path)  # what a link points to is replaced, not the link
        folder, name = os.path.split(target)
        beside = os.path.join(folder, f".{name}.{os.getpid()}.tmp")  # noqa: PTH118 - pathlib costs more than it gives
        try:
            with open(beside, "xb") as file:  # noqa: PTH123
                file.writelines(pieces)
            if os.path.exists(target):  # noqa: PTH110
                os.chmod(beside, os.stat(target).st_mode & 0o7777)  # noqa: PTH101, PTH116
            os.replace(beside, target)  # noqa: PTH105
        except BaseException:
            if os.path.exists(beside):  # noqa: PTH110
                os.unlink(beside)  # noqa: PTH108
            raise
    except OSError as error:
        reason = f"cannot write {path}: {error.strerror or error}"
        raise UsageError(reason) from error


def colour_on(output: Output, stream: TextIO) -> bool:
    """`--color` over NO_COLOR over FORCE_COLOR over TERM=dumb over whether it is a terminal."""
    if output.color.value != "auto":
        return output.color.value == "always"
    if os.environ.get("NO_COLOR") or (stream is sys.stdout and output.output is not None):
        return False
    if os.environ.get("FORCE_COLOR", "0") != "0":
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def is_terminal(output: Output) -> bool:
    """The result is read on a screen."""
    return output.output is None and sys.stdout.isatty()


def width(output: Output) -> int | None:
    """Columns that a table has to fit: COLUMNS, or those of the terminal; None on a pipe and in a file."""
    if output.output is not None:
        return None
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns) > 0:
        return int(columns)
    if not is_terminal(output):
        return None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except OSError:
        return None
