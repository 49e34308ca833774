"""From a layer item to its op: expressions evaluated, defaults and automatic values filled in, checked by pydantic."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from cnncalc.errors import finding
from cnncalc.graph.naming import UnknownNameError
from cnncalc.graph.wording import missing, not_whole, plain, shown, shown_range
from cnncalc.ops import OPS, SYNONYMS
from cnncalc.ops.over import AXIS_LETTERS
from cnncalc.spec.expression import Expression, ExpressionError
from cnncalc.spec.suggest import did_you_mean
from cnncalc.spec.syntax import RANGES
from cnncalc.spec.words import NONE, TRAILING
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cnncalc.errors import Finding, Location
    from cnncalc.graph.naming import Context
    from cnncalc.ops.base import Op
    from cnncalc.spec.items import Arg, BranchesItem, LayerItem, PlacedItem

CANCELS_BIAS = frozenset({"bn", "gn", "in", "ln", "rms"})
"""Norms after which a bias is off unless it is asked for: they subtract any constant or bring a bias of their own."""


class RefusedError(Exception):
    """An item cannot become an op; the findings say why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(*[found.message for found in findings])
        self.findings = findings


@value(kw_only=False)
class Environment:
    """What expressions read: variables and parameters, the copy, sizes of layers."""

    context: Context
    shape_of: Callable[[str, Context], tuple[int, tuple[int, ...]]]
    size_read: Callable[[str, Context], None]
    """Told which layer's sizes an expression depends on."""

    @property
    def copy(self) -> int:
        """Number of the copy, 0 outside any count."""
        return self.context.copy

    @property
    def copies(self) -> int:
        """How many copies there are, 1 outside any count."""
        return self.context.copies

    def variable(self, name: str) -> Any:
        """The value of a variable, parameter, table column or `i`; KeyError where there is none."""
        if name == "i":
            return self.context.copy
        variables = self.context.variables
        if name not in variables:
            raise KeyError(name, *variables)
        return variables[name]

    def size(self, layer: str, attribute: str) -> int:
        """`layer.c`, `.h`, `.w`, `.d`, `.l`; LookupError where the layer or the axis does not exist."""
        channels, sizes = self.shape_of(layer, self.context)
        if attribute != "c" or not sizes:  # the length of a vector may come from sizes
            self.size_read(layer, self.context)
        if attribute == "c":
            return channels
        letters = AXIS_LETTERS.get(len(sizes), "")
        if attribute not in letters:
            have = ", ".join(f".{letter}" for letter in ("c", *letters))
            raise LookupError(f"`{layer}` has no `.{attribute}`: it has {have}")
        return sizes[letters.index(attribute)]


@value(kw_only=False)
class Trailing:
    """A norm or activation behind a layer."""

    word: str
    op: Op
    at: Location


@dataclass(slots=True)
class OpMaker:
    """Makes ops, each distinct one once."""

    defaults: Mapping[str, Mapping[str, Arg]]
    shape_of: Callable[[str, Context], tuple[int, tuple[int, ...]]]
    size_read: Callable[[str, Context], None]
    sizes_from: dict[str, str] = field(default_factory=dict)
    """Options of the op made last that take the sizes of a layer, with its name as written."""
    _ops: dict[Any, Op] = field(default_factory=dict)
    _static: dict[int, bool] = field(default_factory=dict)
    _made: dict[int, tuple[Op, tuple[Trailing, ...]]] = field(default_factory=dict)

    def evaluate(self, arg: Arg, placed: PlacedItem, context: Context) -> Any:
        """The value of an argument; raises RefusedError at the word, or at the part of it, that is wrong."""
        try:
            return _evaluated(arg.value, Environment(context, self.shape_of, self.size_read))
        except ExpressionError as error:
            span = (error.start, error.end) if isinstance(arg.span, tuple) else arg.span
            found = finding(error.code, error.message, at=placed.locate(span), help=error.help, stack=context.stack)
            raise RefusedError([found]) from None

    def whole(self, arg: Arg, what: str, placed: PlacedItem, context: Context) -> int:
        """The value of an argument that must be a whole number."""
        value = self.evaluate(arg, placed, context)
        if isinstance(value, bool) or not isinstance(value, int):
            message, help_ = not_whole(what, arg, value)
            raise RefusedError(
                [finding("CNN905", message, at=placed.locate(arg.span), help=help_, stack=context.stack)]
            )
        return value

    def make(self, item: LayerItem, placed: PlacedItem, context: Context) -> tuple[Op, tuple[Trailing, ...]]:
        """The op of a layer item and the norms and activations behind it."""
        self.sizes_from = {}
        static = self._static.get(id(item))
        if static is None:
            static = self._static[id(item)] = self._is_static(item)
        if static and id(item) in self._made:
            return self._made[id(item)]
        trail = tuple(self._trail(item, placed, context))
        made = self._layer_op(item, trail, placed, context), trail
        if static:
            self._made[id(item)] = made
        return made

    def word(self, word: str, argument: Any = None) -> Op | None:
        """The op of a norm or activation word, None where it is no such word."""
        name = SYNONYMS.get(word, word)
        if name not in TRAILING:
            return None
        cls = OPS[name]
        options: dict[str, Any] = {}
        if argument is not None and cls.POSITIONAL:
            options[cls.POSITIONAL] = argument
        try:
            return self.op(name, options)
        except ValidationError:
            return None

    def op(self, name: str, options: Mapping[str, Any]) -> Op:
        """The validated op, equal ones made once; raises pydantic's ValidationError."""
        # The type is part of the key because True equals 1.
        key = (name, tuple((option, type(value), value) for option, value in options.items()))
        known = self._ops.get(key)
        if known is None:
            known = self._ops[key] = OPS[name].model_validate({"op": name, **options})
        return known

    def merge(self, item: BranchesItem, placed: PlacedItem, context: Context) -> Op:
        """The op that joins branches; raises RefusedError where nothing is to be done so with sizes that differ."""
        if item.align is None:
            return self.op(item.merge, {})
        align = self.evaluate(item.align, placed, context)
        try:
            return self.op(item.merge, {"align": align})
        except ValidationError as error:
            (problem,) = error.errors(include_url=False, include_input=False)
            message = f"`align` of {item.merge} is {shown(align)}: {plain(problem['msg'])}"
            at, help_ = placed.locate(item.align.span), problem.get("ctx", {}).get("help")
            raise RefusedError([finding("CNN905", message, at=at, help=help_, stack=context.stack)]) from None

    def _is_static(self, item: LayerItem) -> bool:
        options = item.options
        if any(name in options for name in OPS[item.op].SIZE_OPTIONS):
            return False
        defaults = self.defaults.get(item.op, {})
        values = [arg.value for arg in (*options.values(), *defaults.values(), *item.trail)]
        return not any(_has_expression(value) for value in values)

    def _trail(self, item: LayerItem, placed: PlacedItem, context: Context) -> Iterator[Trailing]:
        for arg in item.trail:
            value = self.evaluate(arg, placed, context)
            word, argument = value if isinstance(value, tuple) else (value, None)
            if word in (NONE, None):
                continue
            op = self.word(word, argument) if isinstance(word, str) else None
            if op is None:
                message = f"`{shown(value)}` is no norm or activation"
                help_ = (
                    did_you_mean(str(word), TRAILING) or "norms are bn gn ln in lrn rms; activations relu, silu, ..."
                )
                at = placed.locate(arg.span)
                raise RefusedError([finding("CNN904", message, at=at, help=help_, stack=context.stack)])
            yield Trailing(op.op, op, placed.locate(arg.span))

    def _layer_op(self, item: LayerItem, trail: tuple[Trailing, ...], placed: PlacedItem, context: Context) -> Op:
        cls = OPS[item.op]
        options: dict[str, Any] = {}
        args = {**self.defaults.get(item.op, {}), **item.options}
        for name, arg in args.items():
            if name in cls.SIZE_OPTIONS:
                options[name] = self._sizes(name, arg, placed, context)
            else:
                options[name] = self.evaluate(arg, placed, context)
        if "bias" in cls.model_fields and options.get("bias") is None:
            options["bias"] = not any(after.word in CANCELS_BIAS for after in trail)
        try:
            return self.op(item.op, options)
        except ValidationError as error:
            problems = list(_problems(error, item, args, options, placed, context))
            raise RefusedError(problems) from None

    def _sizes(self, option: str, arg: Arg, placed: PlacedItem, context: Context) -> Any:
        """Sizes given as numbers, or as the name of a layer whose sizes are meant."""
        name = arg.value.text if isinstance(arg.value, Expression) else arg.value
        if isinstance(name, str) and name not in context.variables:
            try:
                sizes = self.shape_of(name, context)[1]
            except UnknownNameError as error:
                if isinstance(arg.value, str) or not arg.value.attributes:  # type: ignore[union-attr]
                    at = placed.locate(arg.span)
                    found = finding("CNN904", error.message, at=at, help=error.help, stack=context.stack)
                    raise RefusedError([found]) from None
            else:
                self.sizes_from[option] = name
                return sizes
        return self.evaluate(arg, placed, context)


def _has_expression(value: object) -> bool:
    if isinstance(value, tuple):
        return any(_has_expression(part) for part in value)
    return isinstance(value, Expression)


def _evaluated(value: Any, environment: Environment) -> Any:
    if isinstance(value, Expression):
        return value.evaluate(environment)
    if isinstance(value, tuple):
        return tuple(_evaluated(part, environment) for part in value)
    return value


def _problems(  # noqa: PLR0913 - all of them are needed to say what is wrong and where
    error: ValidationError,
    item: LayerItem,
    args: Mapping[str, Arg],
    options: Mapping[str, Any],
    placed: PlacedItem,
    context: Context,
) -> Iterator[Finding]:
    """Pydantic errors as findings: at the option's value, or at the op where an option is missing."""
    seen: set[object] = set()
    for problem in error.errors(include_url=False, include_input=False):
        option = str(problem["loc"][0]) if problem["loc"] else ""
        if option in seen:
            continue  # one mistake is one finding
        seen.add(option)
        at: Location = placed.locate(item.span)
        help_: str | None = None
        if problem["type"] == "missing":
            code, message = "CNN906", f"{item.op} needs `{option}`"
            help_ = missing(item.op, option)
        elif option in args:
            arg, value = args[option], options.get(option)
            context_ = problem.get("ctx", {})
            at, code, help_ = placed.locate(arg.span), context_.get("code", "CNN905"), context_.get("help")
            if isinstance(value, Fraction) and "whole number" in problem["msg"]:
                message, help_ = not_whole(f"`{option}`", arg, value)
            else:
                written = f" (`{arg.value.text}`)" if isinstance(arg.value, Expression) else ""
                text = shown_range(value) if option in RANGES and isinstance(value, tuple) else shown(value)
                message = f"`{option}` of {item.op} is {text}{written}: {plain(problem['msg'])}"
        elif problem["type"] == "extra_forbidden":
            code, message = "CNN904", f"{item.op} has no option `{option}`"
            help_ = did_you_mean(str(option), OPS[item.op].model_fields)
        else:
            code, message = "CNN905", f"{item.op}: {plain(problem['msg'])}"
        yield finding(code, message, at=at, help=help_, stack=context.stack)
