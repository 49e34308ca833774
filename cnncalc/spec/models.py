"""The file-level parts of a network as pydantic models: what it is held to, its task, its lint settings."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cnncalc.errors import Severity
from cnncalc.geometry.window import Boundary
from cnncalc.ops.checked import Checked
from cnncalc.ops.options import MAX_SIZE, MAX_WINDOW, enum_schema, invalid, member, whole
from cnncalc.spec.fields import (
    RANGE_SCHEMA,
    VERSION,
    Activations,
    Axes,
    Buffers,
    Bytes,
    Codes,
    Flag,
    Flops,
    Jump,
    Macs,
    OneShape,
    Params,
    Rf,
    Shape,
    Start,
    checked,
    names,
    text,
    version,
)
from cnncalc.spec.quantities import size_list
from cnncalc.spec.suggest import nearest


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
        known = [dtype.value for dtype in DType]
        meant = _DTYPES.get(str(value).lower()) or nearest(str(value), known)
        help_ = f"did you mean `{meant}`?" if meant else None
        raise invalid(f"should be one of {', '.join(known)}", help=help_) from None


def batch_of(value: Any) -> int:
    """A number of samples; raises PydanticCustomError."""
    return whole(value, 1, MAX_WINDOW)


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
        Field(
            description="Weights and in-place peak in bytes: `N`, `min N`, `max N` or `A..B`, also KiB MiB GiB.",
            examples=["max 64MiB"],
        ),
    ] = None
    peak: Annotated[
        Bytes,
        Field(
            description="In-place peak in bytes: `N`, `min N`, `max N` or `A..B`, also KiB MiB GiB.",
            examples=["max 10MiB"],
        ),
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
        checked(lambda value: size_list(value, MAX_SIZE), RANGE_SCHEMA),
        Field(description="Input sizes it is used at: `A..B/STEP`, or a list.", examples=["320..640/32"]),
    ] = None
    boundary: Annotated[
        Boundary | None,
        Checked(member(Boundary), enum_schema(Boundary)),
        Field(description="What lies outside the input.", examples=["zeros"]),
    ] = None


class Lint(_Part):
    """Which lint findings are wanted."""

    ignore: Annotated[Codes, Field(description="Codes to leave out.", examples=[["CNN012"]])] = ()
    select: Annotated[Codes | None, Field(description="The only codes to report.", examples=[["CNN010"]])] = None
    severity: Annotated[
        dict[str, Annotated[Severity, Checked(member(Severity), enum_schema(Severity))]],
        Field(description="Severity by code: error, warning or info.", examples=[{"CNN013": "error"}]),
    ] = Field(default_factory=dict)


class NetworkFile(_Part):
    """A network file. What is Any here is read by the language itself."""

    cnncalc: Annotated[
        Literal[1],
        Checked(version, {"const": VERSION}),
        Field(description="Format version; tells the file from other YAML."),
    ] = 1
    name: Annotated[
        str | None,
        Checked(text, {"type": "string"}),
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
        Checked(batch_of, {"type": "integer", "minimum": 1, "maximum": MAX_WINDOW}),
        Field(description="Samples in a batch.", examples=[1]),
    ] = 1
    dtype: Annotated[DType, Checked(dtype_of, enum_schema(DType)), Field(description="Number type.")] = DType.FLOAT32
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
        names("names of layers", "[layer4, head]"),
        Field(description="Names of the outputs; the last layer if left out.", examples=[["layer4", "head"]]),
    ] = ()
    task: Annotated[Task | None, Field(description="What the network is for; switches lint rules on.")] = None
    expect: Annotated[Expectations | None, Field(description="Figures that `cnncalc check` holds it to.")] = None
    lint: Annotated[Lint | None, Field(description="Which lint findings are wanted.")] = None
