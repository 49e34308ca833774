"""What typer refuses: a wrong option, a missing argument, an unknown command."""

from __future__ import annotations

from typing import Any

import typer

Refused: type[Exception] = typer.BadParameter.__mro__[2]
"""click's base of all of them: typer carries a click of its own or imports it, and names neither."""


def show(error: Any) -> int:
    """Print it, with how the command is used; the exit status."""
    if isinstance(error, typer.BadParameter):
        error.message = _plain(str(error.message), error.__cause__)
    error.show()
    return int(error.exit_code)


def _plain(message: str, cause: Any) -> str:
    """The message without the words of pydantic, with which newer versions of typer read values."""
    message = message.removeprefix("Value error, ")
    if not message.startswith("Input ") or not hasattr(cause, "errors"):
        return message
    found = cause.errors()[0]["input"]
    return f"'{found}' {message.removeprefix('Input ').partition(', unable to parse')[0]}"
