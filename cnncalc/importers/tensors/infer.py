"""What an op of the language makes of tensors, for importers that know only what goes in."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.errors import LayerError
from cnncalc.importers.tensors.trace import UnmappedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.geometry.shape import TensorShape
    from cnncalc.importers.layers import Option
    from cnncalc.ops.base import Inference


def infer(op: str, inputs: Sequence[TensorShape], options: Mapping[str, Option]) -> TensorShape:
    """The output of an op; UnmappedError where it refuses its inputs or options."""
    return inferences(op, inputs, options)[-1].output


def inferences(op: str, inputs: Sequence[TensorShape], options: Mapping[str, Option]) -> tuple[Inference, ...]:
    """All that follows from an op, or from its steps; UnmappedError where it refuses its inputs or options."""
    from cnncalc.ops import OPS

    exact = {
        name: Fraction(given) if name in ("scale", "p") and isinstance(given, str) else given
        for name, given in options.items()
    }
    try:
        made = OPS[op].model_validate({"op": op, **exact})
        steps = made.expand(*inputs)
        if not steps:
            return (made.infer(*inputs),)
        outputs = {"x": inputs[0]}
        found = []
        for step in steps:
            found.append(step.op.infer(*(outputs[name] for name in step.takes)))
            outputs[step.name] = found[-1].output
        return tuple(found)
    except LayerError as error:
        raise UnmappedError(f"as `{op}`: {error.message}") from None
    except ValueError as error:  # what pydantic raises says in `errors` what is wrong
        reasons = error.errors() if hasattr(error, "errors") else [{"msg": str(error)}]
        raise UnmappedError(f"as `{op}`: {reasons[0]['msg']}") from None
