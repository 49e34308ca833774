"""`build`: the network as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Location, finding
from cnncalc.graph.calls import value_at
from cnncalc.graph.model import Graph
from cnncalc.graph.naming import Context, Names, UnknownNameError
from cnncalc.graph.options import RefusedError
from cnncalc.graph.resolve import resolve
from cnncalc.graph.walk import Walk
from cnncalc.graph.wiring import LimitError

if TYPE_CHECKING:
    from cnncalc.spec.network import NetworkSpec


def build(spec: NetworkSpec) -> Graph:
    """Expand, name, order and infer a network.

    What is wrong is collected in `Graph.findings`; behind a refused layer the walk goes on with an assumed shape.
    """
    walk = Walk(spec)
    wiring = walk.wiring
    inputs = {name: wiring.add_input(name, shape) for name, shape in spec.inputs.items()}
    outputs: dict[str, int] = {}
    if inputs:
        names = Names("", full={name: name for name in inputs})
        first = next(iter(inputs.values()))
        context = Context(names=names, variables=walk.variables, x=first)
        try:
            _set_variables(walk, context)
            last = walk.run(spec.layers, first, context)
            outputs = _outputs(walk, last, context)
        except LimitError as error:
            wiring.report(error.found)
    return Graph(
        spec=spec,
        nodes=tuple(wiring.nodes),
        layers=tuple(wiring.layers),
        scopes=wiring.scopes,
        inputs=inputs,
        outputs=outputs,
        findings=tuple(wiring.findings.values()),
        sizes_read=tuple(wiring.sizes_read),
        compared=tuple(wiring.compared),
    )


def _set_variables(walk: Walk, context: Context) -> None:
    for variable in walk.spec.variables.values():
        try:
            walk.variables[variable.name] = value_at(walk, variable.value, variable.at, context)
        except RefusedError as error:
            walk.refused(error)
            walk.variables[variable.name] = 1  # so that what reads it is still looked at


def _outputs(walk: Walk, last: int, context: Context) -> dict[str, int]:
    wiring, spec = walk.wiring, walk.spec
    if not wiring.layers and not wiring.findings and not spec.findings:
        at = spec.places.get("layers") or Location(file=spec.source, line=1, column=1)
        wiring.report(finding("CNN906", "the network has no layers", at=at, help="add a line such as `- conv 64 k3`"))
    if not spec.outputs:
        return {_outermost_name(walk, last, context): last}
    outputs: dict[str, int] = {}
    for output in spec.outputs:
        try:
            outputs[output.name] = resolve(output.name, wiring.scopes, context, last, behind=True)
        except UnknownNameError as error:
            wiring.report(finding("CNN904", error.message, at=output.at, help=error.help))
    return outputs


def _outermost_name(walk: Walk, node: int, context: Context) -> str:
    """The name of the top level that stands for a node, the last one given to it."""
    for name in reversed(context.names.full.values()):
        if walk.wiring.scopes[name].output == node:
            return name
    return walk.wiring.nodes[node].name
