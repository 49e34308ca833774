"""Frozen values: `@value` is `@dataclass(frozen=True, slots=True, kw_only=True)` without its price at import.

The standard decorator writes and compiles six methods a class, half a millisecond each time; a hundred classes were a
quarter of a cold start. Here a method is compiled when it is first called, and most never are. Only what this project
needs is there: annotated fields, defaults, `field(factory=...)`, inheritance, `replace`, equality, hashing, pickling.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: object) -> object:
        """What type checkers read; nothing at run time."""
        return lambda decorator: decorator


T = TypeVar("T")


class _Factory:
    """A default that is made anew for every instance."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def field(*, factory: Callable[[], T]) -> T:
    """A default that is made anew for every instance."""
    return cast("T", _Factory(factory))


@overload
def value(cls: type[T]) -> type[T]: ...
@overload
def value(*, kw_only: bool = True) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def value(cls: type[T] | None = None, *, kw_only: bool = True) -> Any:
    """Class decorator: instances cannot change, compare and hash by their fields, and are made by keyword.

    >>> @value
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> Point(x=1), Point(x=1) == Point(x=1, y=0)
    (Point(x=1, y=0), True)
    """
    return _value(cls, kw_only) if cls is not None else lambda decorated: _value(decorated, kw_only)


def replace(original: T, **changes: Any) -> T:
    """A copy of a value, or of a dataclass, with some fields changed.

    >>> @value
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> replace(Point(x=1), y=2)
    Point(x=1, y=2)
    """
    cls: Any = type(original)
    fields = cls.__fields__ if hasattr(cls, "__fields__") else cls.__dataclass_fields__
    kept = {name: getattr(original, name) for name in fields if name not in changes}
    return cast("T", cls(**kept, **changes))


def _value(cls: type, kw_only: bool) -> type:  # noqa: FBT001 - passed on
    inherited: tuple[str, ...] = getattr(cls, "__fields__", ())
    body = dict(cls.__dict__)
    annotated = body.get("__annotations__", {})
    own = tuple(name for name in annotated if name not in inherited)
    defaults = {**getattr(cls, "__defaults__", {}), **{name: body.pop(name) for name in annotated if name in body}}
    for name in ("__dict__", "__weakref__"):  # those of the class as it was written
        body.pop(name, None)
    shared = {name: method for name, method in _SHARED.items() if name not in body or name == "__hash__"}
    body.update(shared, __slots__=own, __fields__=(*inherited, *own), __defaults__=defaults, __kw_only__=kw_only)
    return type(cls)(cls.__name__, cls.__bases__, {**body, "__qualname__": cls.__qualname__})


def _init(self: Any, *given: Any, **named: Any) -> None:
    """The first instance of a class compiles the `__init__` that all others use."""
    cls: Any = type(self)
    names: dict[str, Any] = {"_set": object.__setattr__}
    required, optional, lines = [], [], []
    for name in cls.__fields__:
        text = name
        if name in cls.__defaults__:
            default = names[f"_{name}_default"] = cls.__defaults__[name]
            optional.append(f"{name}=_{name}_default")
            if isinstance(default, _Factory):
                text = f"_{name}_default.make() if {name} is _{name}_default else {name}"
        else:
            required.append(name)
        lines.append(f"_set(self, {name!r}, {text})")
    star = ["*"] if cls.__kw_only__ and cls.__fields__ else []
    cls.__init__ = _compiled("__init__", ["self", *star, *required, *optional], "; ".join(lines) or "pass", names)
    cls.__init__(self, *given, **named)


def _eq(self: Any, other: object) -> bool:
    """The first comparison compiles the `__eq__` that all others use."""
    cls: Any = type(self)
    ours, theirs = _tuple("self", cls), _tuple("other", cls)
    body = f"return {ours} == {theirs} if type(self) is type(other) else NotImplemented"
    cls.__eq__ = _compiled("__eq__", ["self", "other"], body, {})
    return cast("bool", cls.__eq__(self, other))


def _hash(self: Any) -> int:
    """The first hashing compiles the `__hash__` that all others use."""
    cls: Any = type(self)
    cls.__hash__ = _compiled("__hash__", ["self"], f"return hash({_tuple('self', cls)})", {})
    return cast("int", cls.__hash__(self))


def _tuple(of: str, cls: Any) -> str:
    return f"({''.join(f'{of}.{name}, ' for name in cls.__fields__)})"


def _compiled(name: str, parameters: list[str], body: str, names: dict[str, Any]) -> Any:
    exec(f"def {name}({', '.join(parameters)}):\n    {body}", names)  # noqa: S102 - made of names of fields alone
    return names[name]


def _refuse(self: Any, name: str, _given: Any = None) -> NoReturn:
    message = f"{type(self).__name__}.{name} cannot be changed: values are frozen"
    raise AttributeError(message)


def _repr(self: Any) -> str:
    fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__fields__)
    return f"{type(self).__qualname__}({fields})"


def _reduce(self: Any) -> tuple[Any, ...]:
    fields = {name: getattr(self, name) for name in self.__fields__}
    views = {name: dict(each) for name, each in fields.items() if isinstance(each, MappingProxyType)}
    return _rebuilt, (type(self), {**fields, **views}, tuple(views))


def _rebuilt(cls: type[T], fields: dict[str, Any], views: tuple[str, ...]) -> T:
    """What was pickled; read-only views of a dict, which pickle refuses, are made anew."""
    return cls(**fields | {name: MappingProxyType(fields[name]) for name in views})


_SHARED = {
    "__init__": _init,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__reduce__": _reduce,
    "__replace__": replace,
}
