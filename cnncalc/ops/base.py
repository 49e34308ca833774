"""What an op is: one frozen pydantic model that says its options and infers everything from its input shapes."""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from importlib import import_module
from typing import ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisRead, Boundary
from cnncalc.values import field, value


class Mix(str, Enum):
    """How an op mixes positions beyond its window."""

    NONE = "none"
    GATE = "gate"
    """The map stays, but every position depends on all: attention, instance and group norm."""
    REDUCE = "reduce"
    """The map itself is gone: global pool, flatten."""


class Merge(str, Enum):
    """How an op joins several inputs."""

    ADD = "add"
    SUB = "sub"
    CONCAT = "concat"
    MUL = "mul"
    DIV = "div"
    MAX = "max"
    MIN = "min"


class FlopClass(str, Enum):
    """Kinds of arithmetic; one multiply-accumulate (`mac`) is two FLOPs, any other one is one."""

    MAC = "mac"
    ADD = "add"
    MUL = "mul"
    COMPARE = "compare"
    DIVIDE = "divide"
    EXP = "exp"


class Storage(str, Enum):
    """Where the output of an op lives."""

    NEW = "new"
    IN_PLACE = "in_place"
    """May overwrite an input that nobody else reads (activations, adds)."""
    VIEW = "view"
    """Shares its input's storage (identity, flatten, dropout at inference)."""


@value
class Weight:
    """One parameter tensor of a layer."""

    name: str
    shape: tuple[int, ...]


@value
class Saved:
    """A tensor that training keeps for the backward pass."""

    what: str
    """`input` (of index `index`), `output`, or `extra` (a tensor of its own)."""
    index: int = 0
    elements: int = 0
    """Of an extra tensor, for one sample (or per layer where `per_sample` is False)."""
    element_bytes: int | None = None
    """Of an extra tensor; None: the size of the dtype."""
    per_sample: bool = True


SAVES_INPUT: tuple[Saved, ...] = (Saved(what="input"),)
SAVES_OUTPUT: tuple[Saved, ...] = (Saved(what="output"),)


@value
class Settings:
    """What a table prints of a window, in PyTorch's terms; one entry per axis."""

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    effective_kernel_size: tuple[int, ...]
    groups: int | None = None
    output_padding: tuple[int, ...] | None = None
    transposed: bool = False


@value
class Inference:
    """All that follows from an op and its input shapes; counts are for one sample."""

    output: TensorShape
    reads: tuple[tuple[AxisRead, ...] | None, ...] = ()
    """Per input and axis what an output position reads; () or None: the same position (identity)."""
    boundary: Boundary = Boundary.ZEROS
    mix: Mix = Mix.NONE
    merge: Merge | None = None
    settings: Settings | None = None
    weights: tuple[Weight, ...] = ()
    """Weight first, then bias."""
    buffers: int = 0
    fan_in: int | None = None
    fan_out: int | None = None
    macs: int = 0
    macs_valid: int = 0
    arithmetic: Mapping[FlopClass, int] = field(factory=dict)
    """Operations other than multiply-accumulates, at inference."""
    training_arithmetic: Mapping[FlopClass, int] | None = None
    """The same in training where it differs."""
    ledger: Mapping[str, int] = field(factory=dict)
    """Element counts that the conventions of other tools are made of; the keys are those of `ops.ledger`."""
    activations: int = 0
    """Output elements of convolutions, transposed convolutions and linear layers; 0 elsewhere."""
    im2col: int = 0
    """Elements of an explicit unfold, for one sample, all groups; 0 where none is needed."""
    storage: Storage = Storage.NEW
    fusable: bool = False
    """A runtime folds it into the producer of its input (norm, relu, relu6, silu, hswish)."""
    saved: tuple[Saved, ...] = ()
    unknown: frozenset[str] = frozenset()
    """Figures that a `custom` op leaves undeclared: `params`, `macs`."""


@value
class Step:
    """One primitive op of a composite; `takes` names `x` (the layer's input) or earlier steps."""

    name: str
    op: "Op"
    takes: tuple[str, ...] = ("x",)


class Op(BaseModel):
    """Base of all ops. A subclass is one family; `op` says which member.

    A primitive implements `infer`; a composite implements `expand` into primitives instead and appears as one row.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    op: str

    POSITIONAL: ClassVar[str | None] = None
    """The option that a bare value on a layer line sets."""
    REFERENCES: ClassVar[bool] = False
    """Bare words on a layer line are names of layers, further inputs (merges)."""
    TAKES: ClassVar[str] = ""
    """What the manual calls these names, where they must be given."""
    JOINS: ClassVar[bool] = False
    """It needs two inputs or more, and takes any number of them (merges)."""
    SIZE_OPTIONS: ClassVar[frozenset[str]] = frozenset()
    """Options that take sizes `HxW` or the name of a layer whose sizes are meant."""
    STEADY: ClassVar[bool] = False
    """Every op of the class is steady, see `is_steady`."""
    LEAD: ClassVar[str | None] = None
    """The step of a composite whose settings the tables show."""

    def is_steady(self) -> bool:
        """Whether it reads alike at every input size, and refuses no size but where nothing would be left of it.

        Where that is so, sizes can be followed by the reads of one inference alone.
        """
        return self.STEADY

    def infer(self, *inputs: TensorShape) -> Inference:
        """Everything about the layer; raises LayerError where the op cannot take these inputs."""
        raise NotImplementedError

    def expand(self, *inputs: TensorShape) -> tuple[Step, ...]:  # noqa: ARG002 - composites read them
        """The primitive steps of a composite, the last one giving the output; () for a primitive."""
        return ()


class Ops(Mapping[str, type[Op]]):
    """Every op by the name that the language knows it by; a file is loaded when one of its ops is asked for."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        """By name the module that registers it."""
        self.loaded: dict[str, type[Op]] = {}

    def __getitem__(self, name: str) -> type[Op]:
        if name not in self.loaded:
            import_module(self.files[name])
        return self.loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self.files

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


OPS = Ops()
SYNONYMS: dict[str, str] = {}
"""Other accepted spellings of an op (PyTorch's names of norms and activations)."""

OpClass = TypeVar("OpClass", bound=type[Op])


def register(*names: str, synonyms: Mapping[str, str] | None = None) -> Callable[[OpClass], OpClass]:
    """Class decorator: make an op known under its names; a name that is taken raises."""

    def add(cls: OpClass) -> OpClass:
        for name in names:
            if name in OPS.loaded or name in SYNONYMS:
                message = f"op {name!r} is registered twice"
                raise ValueError(message)
            if OPS.files.get(name) != cls.__module__:
                message = f"op {name!r} does not stand in the line of its file in cnncalc/ops/__init__.py"
                raise ValueError(message)
            OPS.loaded[name] = cls
        for other, name in (synonyms or {}).items():
            if other in OPS or other in SYNONYMS or name not in names:
                message = f"synonym {other!r} is taken or means no op of this family"
                raise ValueError(message)
            SYNONYMS[other] = name
        return cls

    return add
