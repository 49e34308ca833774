"""The manual of an op, from the op itself: its docstring, its options, its other names."""

from __future__ import annotations

from enum import Enum
from fractions import Fraction
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

from cnncalc.errors import UsageError
from cnncalc.ops import OPS, SYNONYMS
from cnncalc.spec.syntax import known_op, op_syntax
from cnncalc.values import value

if TYPE_CHECKING:
    from cnncalc.spec.syntax import OpSyntax

_FLAGGED = {
    "ceil_mode": "ceil",
    "bias": "bias, nobias",
    "frozen": "frozen",
    "align_corners": "align_corners",
    "sees_all": "global",
    "tokens": "tokens",
}


@value
class Option:
    """One option of an op."""

    name: str
    written: str
    """As on a layer line: `k3`, `out_channels=...`; for the positional its place."""
    default: str | None
    """None: it must be given."""
    text: str


@value
class Manual:
    """What an op is."""

    op: str
    usage: str
    """How a layer line with all that must be given looks."""
    summary: str
    """First line of its docstring."""
    text: str
    """All of it, without the doctests."""
    options: tuple[Option, ...]
    synonyms: tuple[str, ...]


def manuals() -> tuple[Manual, ...]:
    """All ops that can be written on a layer line, by name."""
    return tuple(manual(name) for name in sorted(OPS) if name.isidentifier())


def manual(word: str) -> Manual:
    """The manual of an op, by its own name or PyTorch's; UsageError where there is none."""
    op = known_op(word)
    if op is None or not op.isidentifier():
        from cnncalc.spec.suggest import did_you_mean  # needed for mistakes only

        help_ = did_you_mean(word, [*OPS, *SYNONYMS])
        message = f"no op `{word}`" + (f": {help_}" if help_ else "; `cnncalc ops` lists them")
        raise UsageError(message)
    syntax = op_syntax(op)
    text = cleandoc(OPS[op].__doc__ or "")
    options = tuple(_option(syntax, name, info) for name, info in OPS[op].model_fields.items() if name != "op")
    return Manual(
        op=op,
        usage=_usage(syntax, options),
        summary=text.partition("\n")[0],
        text=_without_doctests(text),
        options=options,
        synonyms=tuple(sorted(other for other, name in SYNONYMS.items() if name == op)),
    )


def _option(syntax: OpSyntax, name: str, info: Any) -> Option:
    short = syntax.short(name)
    if name == syntax.positional:
        written = name.upper()
    elif name in _FLAGGED:
        written = _FLAGGED[name]
    elif short:
        written = f"{short}N"
    else:
        written = f"{name}="
    default = None if info.is_required() else _shown(info.default)
    return Option(name=name, written=written, default=default, text=info.description or "")


def _usage(syntax: OpSyntax, options: tuple[Option, ...]) -> str:
    needed = [option.written for option in options if option.default is None or option.name == syntax.positional]
    takes = OPS[syntax.op].TAKES
    return " ".join([syntax.op, *([takes] if takes else []), *needed])


def _shown(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Fraction):
        return str(float(value))
    return "none" if value is None else str(value)


def _without_doctests(text: str) -> str:
    return "\n\n".join(part for part in text.split("\n\n") if not part.lstrip().startswith(">>>"))
