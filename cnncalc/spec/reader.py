"""Text -> NetworkSpec. Nothing here raises for a bad text: what is wrong stands in the findings of the spec."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError

from cnncalc.errors import UsageError
from cnncalc.geometry.shape import TensorShape
from cnncalc.spec.collect import Findings, TooManyError
from cnncalc.spec.file_reader import NO_INPUT, input_shape, read_network
from cnncalc.spec.item_reader import ItemReader
from cnncalc.spec.items import Variable
from cnncalc.spec.models import DType, batch_of, dtype_of
from cnncalc.spec.network import NetworkSpec
from cnncalc.spec.problems import TextError
from cnncalc.spec.quantities import QuantityError
from cnncalc.spec.source import MAX_BYTES, read, text_node
from cnncalc.spec.suggest import did_you_mean
from cnncalc.spec.values import plain_value
from cnncalc.spec.word_reader import Scope
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.spec.items import PlacedItem

STDIN = "<stdin>"
LINE = "<line>"


def parse(text: str | bytes, *, source: str = STDIN) -> NetworkSpec:
    r"""Read a network file, YAML or JSON.

    >>> spec = parse("cnncalc: 1\ninput: 3x32x32\nlayers: [conv 8 k3, fc 10]\n")
    >>> [placed.item.op for placed in spec.layers], spec.findings
    (['conv', 'fc'], ())
    """
    return read_network(read(text, source), source)


def parse_line(text: str, inputs: Mapping[str, TensorShape], *, source: str = LINE) -> NetworkSpec:
    """Read a layer line of the shell.

    >>> spec = parse_line("conv 8 k3 | fc 10", {"input": parse_shape("3x32x32")})
    >>> [placed.item.op for placed in spec.layers]
    ['conv', 'fc']
    """
    findings = Findings()
    node = text_node(text, source)
    layers: tuple[PlacedItem, ...] = ()
    if len(text) > MAX_BYTES:
        findings.add("CNN902", f"a line of {len(text):,} characters; the limit is {MAX_BYTES:,}", node.at)
    else:
        with suppress(TooManyError):
            layers = ItemReader(findings).items(node, Scope(blocks={}, variables=frozenset()))
    return NetworkSpec(
        name="network",
        source=source,
        text=text,
        inputs=dict(inputs),
        dtype=DType.FLOAT32,
        layers=layers,
        findings=tuple(findings.found),
    )


def parse_shape(text: str) -> TensorShape:
    """`3x224x224`: channels and one to three sizes; raises UsageError.

    >>> parse_shape("3x224x224")
    3x224x224
    """
    try:
        return input_shape(text)
    except QuantityError as error:
        help_ = f"; {error.help}" if error.help else ""
        raise UsageError(f"input shape `{text}`: {error.message}{help_}") from None


def with_overrides(  # noqa: PLR0913 - one for each option of the command line
    spec: NetworkSpec,
    *,
    inputs: Mapping[str, TensorShape] | None = None,
    batch: int | None = None,
    dtype: DType | str | None = None,
    variables: Mapping[str, str] | None = None,
    name: str | None = None,
) -> NetworkSpec:
    """The spec with parts of it replaced, as `-i`, `--batch`, `--dtype` and `--set` ask; raises UsageError.

    A single input without a name (`input`) replaces the only input of the network, whatever it is called.
    """
    changes: dict[str, Any] = {}
    if inputs:
        changes["inputs"] = _inputs(spec, inputs)
        changes["findings"] = tuple(found for found in spec.findings if found.message != NO_INPUT)
    try:
        if batch is not None:
            changes["batch"] = batch_of(batch)
        if dtype is not None:
            changes["dtype"] = dtype_of(dtype)
    except PydanticCustomError as error:
        key, value = ("dtype", dtype) if "batch" in changes or batch is None else ("batch", batch)
        help_ = (error.context or {}).get("help")
        raise UsageError(f"{key} {value}: {error.message()}" + (f"; {help_}" if help_ else "")) from None
    if variables:
        changes["variables"] = _variables(spec, variables)
    if name is not None:
        changes["name"] = name
    return replace(spec, **changes) if changes else spec


def _inputs(spec: NetworkSpec, inputs: Mapping[str, TensorShape]) -> dict[str, TensorShape]:
    if not spec.inputs:
        return dict(inputs)
    if list(inputs) == ["input"] and len(spec.inputs) == 1:
        return dict.fromkeys(spec.inputs, inputs["input"])
    for name in inputs:
        if name not in spec.inputs:
            help_ = did_you_mean(name, spec.inputs) or f"its inputs are {', '.join(spec.inputs)}"
            raise UsageError(f"{spec.source}: the network has no input `{name}`; {help_}")
    return {**spec.inputs, **inputs}


def _variables(spec: NetworkSpec, texts: Mapping[str, str]) -> dict[str, Variable]:
    variables = dict(spec.variables)
    for name, text in texts.items():
        if name not in variables:
            known = f"its vars are {', '.join(variables)}" if variables else "it has no vars"
            help_ = did_you_mean(name, variables) or known
            raise UsageError(f"{spec.source}: the network has no var `{name}` to set; {help_}")
        before = list(variables)[: list(variables).index(name)]
        try:
            value = plain_value(text.strip(), before)
        except TextError as error:
            help_ = f"; {error.help}" if error.help else ""
            raise UsageError(f"`{name}={text}`: {error.message}{help_}") from None
        variables[name] = replace(variables[name], value=value)
    return variables
