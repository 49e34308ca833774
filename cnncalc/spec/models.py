"""The file-level parts of a network as pydantic models: what it is held to, its task, its lint settings."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from cnncalc.errors import Severity
from cnncalc.geometry.window import Boundary
from cnncalc.ops.options import MAX_SIZE, MAX_WINDOW, enum_schema, invalid, member, whole
from cnncalc.spec.quantities import AxisQuantity, Quantity, QuantityError, numbers, size_list
from cnncalc.spec.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = 1
"""Of the file format."""


class DType(str, Enum):
    """Number types."""

    FLOAT64 = "float64"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    FLOAT8 = "float8"
    INT8 = "int8"

    @property
    def bytes(self) -> int:
        """Size of one element.

        >>> DType.BFLOAT16.bytes
        2
        """
        return {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2, "float8": 1, "int8": 1}[self.value]


_DTYPES = {"fp64": "float64", "double": "float64", "fp32": "float32", "float": "float32", "single": "float32",
           "bf16": "bfloat16", "fp16": "float16", "half": "float16", "fp8": "float8", "uint8": "int8"}  # fmt: skip


def dtype_of(value: Any) -> DType:
    """The number type of that name; raises PydanticCustomError where there is none."""
    try:
        return DType(value)
    except ValueError:
        names = [known.value for known in DType]
        meant = _DTYPES.get(str(value).lower()) or nearest(str(value), names)
        help_ = f"did you mean `{meant}`?" if meant else None
        raise invalid(f"should be one of {', '.join(names)}", help=help_) from None


def batch_of(value: Any) -> int:
    """A number of samples; raises PydanticCustomError."""
    return whole(value, 1, MAX_WINDOW)


def _read(read: Callable[[Any], Any]) -> PlainValidator:
    """A validator that tells what is wrong with a quantity."""

    def check(value: Any) -> Any:
        try:
            return read(value)
        except QuantityError as error:
            raise invalid(error.message, help=error.help) from None

    return PlainValidator(check)


def _names(what: str, example: str) -> PlainValidator:
    def check(value: Any) -> tuple[str, ...]:
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise invalid(f"should be a list of {what}", help=f"write `{example}`")
        return tuple(names)

    return PlainValidator(check)


def _version(value: Any) -> int:
    if type(value) is not int or value != VERSION:
        raise invalid(f"should be {VERSION}, the only format version there is", help=f"write `cnncalc: {VERSION}`")
    return value


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise invalid("should be true or false")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise invalid("should be a text", help="put it in quotes")
    return value


def _output_shape(value: Any) -> tuple[int, ...]:
    sizes = numbers(value, "a shape: channels, or channels x sizes", 1, MAX_SIZE)
    if len(sizes) > 4:  # noqa: PLR2004 - channels and three axes
        raise QuantityError(f"should be channels and at most three sizes, found {len(sizes)} numbers")
    return sizes


_AMOUNT_PATTERN = r"[-+]?[0-9./]+([eE][-+]?[0-9]+)?\s*(K|M|G|T%s)?"


def _quantity_schema(units: str = "") -> dict[str, Any]:
    one = _AMOUNT_PATTERN % units
    return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": rf"^((min|max)\s+)?{one}$|^{one}\.\.{one}$"}]}


_SIZES_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "maximum": MAX_SIZE},
        {"type": "string", "pattern": "^[1-9][0-9]*(x[1-9][0-9]*){0,3}$"},
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 1, "maximum": MAX_SIZE},
            "minItems": 1,
            "maxItems": 4,
        },
    ]
}
_RANGE_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "maximum": MAX_SIZE},
        {"type": "string", "pattern": r"^[0-9]+\.\.[0-9]+(/[0-9]+)?$"},
        {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": MAX_SIZE}, "minItems": 1},
    ]
}
_AXIS_SCHEMA: dict[str, Any] = {
    "anyOf": [
        *_quantity_schema()["anyOf"],
        {"type": "string", "pattern": "^[0-9]+(x[0-9]+){1,2}$"},
        {"type": "array", "items": _quantity_schema(), "minItems": 1, "maxItems": 3},
    ]
}
_NAMES_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}

_FORMS = "`N`, `min N`, `max N` or `A..B`"
_PER_AXIS = "for all axes, or a list with one per axis"
Count = Annotated[Quantity | None, _read(Quantity.parse), WithJsonSchema(_quantity_schema())]
Bytes = Annotated[
    Quantity | None,
    _read(lambda value: Quantity.parse(value, in_bytes=True)),
    WithJsonSchema(_quantity_schema("|KiB|MiB|GiB")),
]
PerAxis = Annotated[AxisQuantity | None, _read(AxisQuantity.parse), WithJsonSchema(_AXIS_SCHEMA)]
Shape = Annotated[tuple[int, ...], _read(_output_shape), WithJsonSchema(_SIZES_SCHEMA)]
Axes = Annotated[
    tuple[int, ...],
    _read(lambda value: numbers(value, "a size, or one per axis", 1, MAX_SIZE)),
    WithJsonSchema(_SIZES_SCHEMA),
]
Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]
Codes = Annotated[tuple[str, ...], _names("codes", "[CNN012]"), WithJsonSchema(_NAMES_SCHEMA)]

Params = Annotated[Count, Field(description=f"Trainable parameters: {_FORMS}, with K M G T.", examples=["max 12M"])]
Buffers = Annotated[Count, Field(description=f"Running statistics: {_FORMS}.", examples=[9600])]
Macs = Annotated[Count, Field(description=f"Multiply-accumulates: {_FORMS}, with K M G T.", examples=["max 2G"])]
Flops = Annotated[Count, Field(description=f"FLOPs: {_FORMS}, with K M G T.", examples=["max 4G"])]
Activations = Annotated[
    Count, Field(description=f"Output elements of convolutions and linear layers: {_FORMS}.", examples=["max 3M"])
]
Rf = Annotated[PerAxis, Field(description=f"Receptive field in pixels, {_PER_AXIS}.", examples=[435, "min 200"])]
Jump = Annotated[PerAxis, Field(description=f"Input pixels between neighbouring units, {_PER_AXIS}.", examples=[32])]
Start = Annotated[PerAxis, Field(description=f"Centre of unit 0 in input pixels, {_PER_AXIS}.", examples=[0.5])]
OneShape = Annotated[Shape | None, Field(description="Shape: channels x sizes.", examples=["512x7x7", 1000])]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Figures(_Part):
    """What one layer, or all that a name covers, is held to."""

    params: Params = None
    buffers: Buffers = None
    macs: Macs = None
    flops: Flops = None
    activations: Activations = None
    rf: Rf = None
    jump: Jump = None
    start: Start = None
    shape: OneShape = None


class Expectations(_Part):
    """What `cnncalc check` holds the network to, at the file's batch; rf, jump, start and shape are the output's."""

    params: Params = None
    buffers: Buffers = None
    macs: Macs = None
    flops: Flops = None
    activations: Activations = None
    memory: Annotated[
        Bytes,
        Field(description=f"Weights and in-place peak in bytes: {_FORMS}, also KiB MiB GiB.", examples=["max 64MiB"]),
    ] = None
    peak: Annotated[
        Bytes, Field(description=f"In-place peak in bytes: {_FORMS}, also KiB MiB GiB.", examples=["max 10MiB"])
    ] = None
    rf: Rf = None
    jump: Jump = None
    start: Start = None
    shape: OneShape = None
    output: OneShape = None
    outputs: Annotated[
        dict[str, Shape] | None, Field(description="Shapes of the outputs by name.", examples=[{"head": 1000}])
    ] = None
    at: Annotated[
        dict[str, Figures] | None,
        Field(
            description="Figures of single layers or blocks by name.",
            examples=[{"layer4": {"shape": "512x7x7", "jump": 32}}],
        ),
    ] = None


class Task(_Part):
    """What the network is for; switches lint rules on."""

    dense: Annotated[Flag, Field(description="One answer per position (segmentation, detection, depth).")] = False
    stride: Annotated[Axes | None, Field(description="Input pixels between neighbouring answers.", examples=[4])] = None
    causal: Annotated[Flag, Field(description="No answer may read what comes after it.")] = False
    object: Annotated[
        Axes | None, Field(description="Size in pixels of what is to be seen as a whole.", examples=["96x96"])
    ] = None
    sizes: Annotated[
        tuple[int, ...] | None,
        _read(lambda value: size_list(value, MAX_SIZE)),
        WithJsonSchema(_RANGE_SCHEMA),
        Field(description="Input sizes it is used at: `A..B/STEP`, or a list.", examples=["320..640/32"]),
    ] = None
    boundary: Annotated[
        Boundary | None,
        PlainValidator(member(Boundary)),
        WithJsonSchema(enum_schema(Boundary)),
        Field(description="What lies outside the input.", examples=["zeros"]),
    ] = None


class Lint(_Part):
    """Which lint findings are wanted."""

    ignore: Annotated[Codes, Field(description="Codes to leave out.", examples=[["CNN012"]])] = ()
    select: Annotated[Codes | None, Field(description="The only codes to report.", examples=[["CNN010"]])] = None
    severity: Annotated[
        dict[str, Annotated[Severity, PlainValidator(member(Severity)), WithJsonSchema(enum_schema(Severity))]],
        Field(description="Severity by code: error, warning or info.", examples=[{"CNN013": "error"}]),
    ] = Field(default_factory=dict)


class NetworkFile(_Part):
    """A network file. What is Any here is read by the language itself."""

    cnncalc: Annotated[
        Literal[1],
        PlainValidator(_version),
        WithJsonSchema({"const": VERSION}),
        Field(description="Format version; tells the file from other YAML."),
    ] = 1
    name: Annotated[
        str | None,
        PlainValidator(_text),
        WithJsonSchema({"type": "string"}),
        Field(description="Name of the network.", examples=["ResNet-18"]),
    ] = None
    input: Annotated[
        Any, Field(description="Input shape: channels x one, two or three sizes.", examples=["3x224x224"])
    ] = None
    inputs: Annotated[
        Any, Field(description="Input shapes by name; the stream starts at the first.", examples=[{"left": "3x64x64"}])
    ] = None
    batch: Annotated[
        int,
        PlainValidator(batch_of),
        WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_WINDOW}),
        Field(description="Samples in a batch.", examples=[1]),
    ] = 1
    dtype: Annotated[
        DType, PlainValidator(dtype_of), WithJsonSchema(enum_schema(DType)), Field(description="Number type.")
    ] = DType.FLOAT32
    vars: Annotated[
        Any, Field(description="Values for expressions; `--set NAME=VALUE` overrides them.", examples=[{"width": 1.0}])
    ] = None
    defaults: Annotated[
        Any,
        Field(description="Per op the options that its layers start from.", examples=[{"conv": {"padding": "half"}}]),
    ] = None
    blocks: Annotated[
        Any, Field(description="Bodies by signature: `basic(c, s=1)`.", examples=[{"basic(c, s=1)": ["conv c k3 s=s"]}])
    ] = None
    layers: Annotated[Any, Field(description="The network: layer lines and items.", examples=[["conv 64 k3"]])] = None
    outputs: Annotated[
        tuple[str, ...],
        _names("names of layers", "[layer4, head]"),
        WithJsonSchema(_NAMES_SCHEMA),
        Field(description="Names of the outputs; the last layer if left out.", examples=[["layer4", "head"]]),
    ] = ()
    task: Annotated[Task | None, Field(description="What the network is for; switches lint rules on.")] = None
    expect: Annotated[Expectations | None, Field(description="Figures that `cnncalc check` holds it to.")] = None
    lint: Annotated[Lint | None, Field(description="Which lint findings are wanted.")] = None
