"""What a layer name stands for, from where it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.graph.naming import UnknownNameError
from cnncalc.spec.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.graph.model import Scope
    from cnncalc.graph.naming import Context


def resolve(dotted: str, scopes: Mapping[str, Scope], context: Context, stream: int) -> int:
    """The node that a name stands for; `prev` is the running stream, `x` the input of the enclosing block."""
    if dotted == "prev":
        return stream
    if dotted == "x":
        return context.x
    return scopes[full_name(dotted, scopes, context)].output


def full_name(dotted: str, scopes: Mapping[str, Scope], context: Context) -> str:
    """The full path of a name: its head is looked up in the scope at hand, then outwards; the rest reaches inwards.

    Raises UnknownNameError where nothing of that name stands before this place.
    """
    head, _, rest = dotted.partition(".")
    for names in context.names.outwards():
        if head in names.full:
            outer = names.full[head]
            full = f"{outer}.{rest}" if rest else outer
            if full in scopes:
                return full
            inside = [name for name in scopes if name.startswith(f"{outer}.")]
            raise UnknownNameError(f"`{head}` has no layer `{rest}` before this line", did_you_mean(full, inside))
        if head in names.dropped:
            raise UnknownNameError(f"`{head}` is left out here by its `when`")
        if rest and names.path.rpartition(".")[2] == head and f"{names.path}.{rest}" in scopes:
            return f"{names.path}.{rest}"  # from inside the scope of that name, which is not complete yet
    visible = [name for names in context.names.outwards() for name in names.full]
    raise UnknownNameError(f"no layer `{dotted}` before this line", did_you_mean(head, visible))
