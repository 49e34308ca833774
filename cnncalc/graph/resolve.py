"""What a layer name stands for, from where it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.graph.naming import UnknownNameError
from cnncalc.spec.suggest import meant_layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.graph.model import Scope
    from cnncalc.graph.naming import Context


def resolve(dotted: str, scopes: Mapping[str, Scope], context: Context, stream: int, *, behind: bool = False) -> int:
    """The node that a name stands for; `prev` is the running stream, `x` the input of the enclosing block."""
    if dotted == "prev":
        return stream
    if dotted == "x":
        return context.x
    return scopes[full_name(dotted, scopes, context, behind=behind)].output


def full_name(dotted: str, scopes: Mapping[str, Scope], context: Context, *, behind: bool = False) -> str:
    """The full path of a name: its head is looked up in the scope at hand, then outwards; the rest reaches inwards.

    `behind`: asked behind the whole network. Raises UnknownNameError where nothing of that name stands before.
    """
    before = "" if behind else " before this line"
    head, _, rest = dotted.partition(".")
    for names in context.names.outwards():
        if head in names.full:
            outer = names.full[head]
            full = f"{outer}.{rest}" if rest else outer
            if full in scopes:
                return full
            inside = [name for name in scopes if name.startswith(f"{outer}.")]
            raise UnknownNameError(f"`{head}` has no layer `{rest}`{before}", meant_layer(rest, inside))
        if head in names.dropped:
            raise UnknownNameError(f"`{head}` is left out here by its `when`")
        if rest and names.path.rpartition(".")[2] == head and f"{names.path}.{rest}" in scopes:
            return f"{names.path}.{rest}"  # from inside the scope of that name, which is not complete yet
    visible = [name for names in context.names.outwards() for name in names.full]
    raise UnknownNameError(f"no layer `{dotted}`{before}", meant_layer(dotted, [*visible, *scopes]))
