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


def infer(op: str, inputs: Sequence[TensorShape], options: Mapping[str, Option]) -> TensorShape:
    """The output of an op; UnmappedError where it refuses its inputs or options."""
    from cnncalc.ops import OPS

    exact = {
        name: Fraction(given) if name in ("scale", "p") and isinstance(given, str) else given
        for name, given in options.items()
    }
    try:
        made = OPS[op].model_validate({"op": op, **exact})
        steps = made.expand(*inputs)
        if not steps:
            return made.infer(*inputs).output
        outputs = {"x": inputs[0]}
        for step in steps:
            outputs[step.name] = step.op.infer(*(outputs[name] for name in step.takes)).output
        return outputs[steps[-1].name]
    except LayerError as error:
        raise UnmappedError(f"as `{op}`: {error.message}") from None
    except ValueError as error:  # what pydantic raises says in `errors` what is wrong
        reasons = error.errors() if hasattr(error, "errors") else [{"msg": str(error)}]
        raise UnmappedError(f"as `{op}`: {reasons[0]['msg']}") from None
