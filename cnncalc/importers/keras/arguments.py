"""How the calls of a layer stand in a file: `inbound_nodes` of Keras 2 and 3, as arguments and the tensors in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.keras.call import Constant, shown
from cnncalc.importers.keras.config import bad
from cnncalc.importers.keras.layout import Stretch
from cnncalc.values import field, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TypeGuard

Reference = tuple[str, int, int]
"""Name of a layer, which call of it, which of its tensors."""
_CONSTANT = "_CONSTANT_VALUE"


@value
class Tensor:
    """A tensor of the network among the arguments."""

    at: Reference
    shape: Any = None
    """As the file says, if it does."""


@value
class Arguments:
    """Of one call; a Tensor where a tensor of the network stands, Constant and Stretch where the file has those."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(factory=dict)

    def tensors(self) -> Iterator[Tensor]:
        """All tensors of the network, in order."""
        yield from _tensors((self.args, self.kwargs))


def arguments(node: Any) -> Arguments:
    """One entry of `inbound_nodes`."""
    if isinstance(node, dict) and ("args" in node or "kwargs" in node):  # Keras 3
        args, kwargs = node.get("args") or [], node.get("kwargs") or {}
        if not isinstance(args, list) or not isinstance(kwargs, dict):
            raise bad(f"{shown(node)} should be the arguments of a call")
        return Arguments(
            args=tuple(_argument(one) for one in args), kwargs={key: _argument(one) for key, one in kwargs.items()}
        )
    if _is_reference(node):
        return Arguments(args=(_argument(node),), kwargs=_named(node))
    if isinstance(node, list):
        kwargs = _named(node[0]) if node and _is_reference(node[0]) else {}
        parts = [_argument(one) for one in node]
        return Arguments(args=(parts[0] if len(parts) == 1 else parts,), kwargs=kwargs)
    if isinstance(node, dict):
        return Arguments(args=(_argument(node),))
    raise bad(f"{shown(node)} should be the arguments of a call")


def references(found: Any) -> list[Reference]:
    """The layers that `input_layers` or `output_layers` name."""
    return [tensor.at for tensor in _tensors(_argument(found))]


def filled(found: Any, values: Mapping[Reference, Any]) -> Any:
    """Arguments with what the tensors stand for."""
    if isinstance(found, Tensor):
        return values[found.at]
    if isinstance(found, (list, tuple)):
        return type(found)(filled(one, values) for one in found)
    if isinstance(found, dict):
        return {key: filled(one, values) for key, one in found.items()}
    return found


def _named(node: Any) -> dict[str, Any]:
    """Arguments by name, which Keras 2 puts behind the first tensor."""
    found = node[3] if len(node) > 3 else None  # noqa: PLR2004 - name, call, tensor
    return {key: _argument(one) for key, one in found.items()} if isinstance(found, dict) else {}


def _argument(found: Any) -> Any:
    if _is_reference(found):
        return Constant(shape=()) if found[0] == _CONSTANT else Tensor(at=(found[0], found[1], found[2]))
    if isinstance(found, list):
        return [_argument(one) for one in found]
    return _object(found) if isinstance(found, dict) else found


def _object(found: dict[str, Any]) -> Any:
    kind, config = found.get("class_name"), found.get("config")
    inner: dict[str, Any] = config if isinstance(config, dict) else {}
    if kind == "__keras_tensor__":
        history = inner.get("keras_history")
        if not _is_reference(history):
            raise bad(f"{shown(history)} should name a layer, a call and a tensor")
        return Tensor(at=(history[0], history[1], history[2]), shape=inner.get("shape"))
    if kind == "__slice__" or found.keys() == {"start", "stop", "step"}:
        return _stretch(inner if kind else found)
    if kind == "__ellipsis__" or found.get("value") == "Ellipsis":
        return "Ellipsis"
    if kind in ("__tensor__", "__numpy__"):
        return Constant(shape=_shape(inner.get("value")))
    return {key: _argument(one) for key, one in found.items()}


def _stretch(config: dict[str, Any]) -> Any:
    parts = {name: config.get(name) for name in ("start", "stop", "step")}
    if not all(one is None or type(one) is int for one in parts.values()):
        return Constant(shape=())  # refused where it is used
    return Stretch(**parts)


def _shape(found: Any) -> tuple[int, ...]:
    shape: list[int] = []
    while isinstance(found, list):
        shape.append(len(found))
        found = found[0] if found else None
    return tuple(shape)


def _is_reference(found: Any) -> TypeGuard[list[Any]]:
    return (
        isinstance(found, list)
        and len(found) >= 3  # noqa: PLR2004 - name, call, tensor
        and isinstance(found[0], str)
        and type(found[1]) is int
        and (type(found[2]) is int or found[0] == _CONSTANT)
    )


def _tensors(found: Any) -> Iterator[Tensor]:
    if isinstance(found, Tensor):
        yield found
    elif isinstance(found, (list, tuple)):
        for one in found:
            yield from _tensors(one)
    elif isinstance(found, dict):
        for one in found.values():
            yield from _tensors(one)
