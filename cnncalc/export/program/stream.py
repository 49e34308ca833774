"""Which variable holds which value in a forward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.export.program.bodies import Body, identifier

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cnncalc.export.program.bodies import Step


class Stream:
    """Values by variable: what the next statement alone reads is the stream, anything else has a name of its own."""

    def __init__(
        self,
        body: Body,
        statements: Sequence[tuple[Step, ...]],
        names: Mapping[str, str],
        taken: Collection[str],
    ) -> None:
        """The steps of each statement, one after the other; the variables of the inputs; names that are not free."""
        self.variables = dict(names)
        self._body, self._statements = body, statements
        self._readers: dict[str, set[int]] = {}
        for number, steps in enumerate(statements):
            for source in steps[0].inputs:
                self._readers.setdefault(source, set()).add(number)
        for output in body.outputs:
            self._readers.setdefault(output, set()).add(len(statements))
        kept = any(variable == "x" and self._readers.get(source, set()) - {0} for source, variable in names.items())
        self._stream = "out" if kept else "x"
        self._taken = frozenset(taken)
        self._given = {*names.values(), self._stream}

    def is_read(self, number: int) -> bool:
        """Whether anything reads what a statement gives."""
        return any(self._readers.get(output) for output in self._statements[number][-1].outputs)

    def targets(self, number: int) -> str:
        """What stands left of `=`."""
        step = self._statements[number][-1]
        for output in step.outputs:
            alone = len(step.outputs) == 1 and self._readers.get(output, set()) <= {number + 1}
            self.variables[output] = self._stream if alone else self._named(output, step)
        return ", ".join(self.variables[output] for output in step.outputs)

    def returned(self) -> str:
        """The outputs of the body."""
        return ", ".join(self.variables[output] for output in self._body.outputs)

    def _named(self, output: str, step: Step) -> str:
        """As the layer; a call that gives one value as the call."""
        is_call = isinstance(step.what, Body) and len(step.outputs) == 1
        local = step.label if is_call else output[len(self._body.scope) :].lstrip(".").replace(".", "_")
        name = identifier(local, self._taken)
        while name in self._given:
            name += "_"
        self._given.add(name)
        return name
