"""CNN044: what nobody reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.errors import Edit, Location, Severity
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow
from cnncalc.lint.names import all_items, called_blocks, free_names, read_in_block, read_in_file
from cnncalc.lint.written import line_of, on_line, stretch
from cnncalc.spec.items import EachItem, LayerItem
from cnncalc.spec.words import TRAILING
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.lint.flow import Flow
    from cnncalc.report import LayerReport, Report
    from cnncalc.spec.items import Variable
    from cnncalc.spec.network import NetworkSpec


@rule("CNN044", Severity.WARNING)
def unused_layer(report: Report) -> Iterator[Problem]:
    """Something that nobody reads: a layer that leads to no output, an input, a block, a var, a parameter, a column.

    A branch that goes nowhere costs time and memory, and mostly a merge forgot it (`concat` without its name) or
    `from=` left the stream behind. A block, var or parameter without a reader is a leftover, or the place that should
    read it has a number instead; `defaults:` reach no words behind a layer (`conv 8 k3 bn`). Of a dead branch the last
    layer is named. Names of layers are labels and need no reader.

    Bad:
        cnncalc: 1
        input: 3x32x32
        layers:
          - a: conv 8 k3 p1 relu
          - b: conv 8 k5 p2 relu
          - conv 8 k3 p1 from=a

    Bad:
        cnncalc: 1
        input: 3x32x32
        vars: {width: 2}
        layers: [conv 8 k3 p1]

    Good:
        cnncalc: 1
        input: 3x32x32
        vars: {width: 2}
        layers:
          - a: conv 8*width k3 p1 relu
          - b: conv 8 k5 p2 relu
          - conv 8 k3 p1 from=a
          - concat b
    """
    yield from _layers(report)
    yield from _blocks(report.spec)
    yield from _columns(report.spec)
    yield from _defaults(report.spec)
    yield from _variables(report.spec)


def _layers(report: Report) -> Iterator[Problem]:
    net = flow(report)
    used = net.leading_to(net.results)
    for layer in report.layers:
        if layer.name in used or net.readers[layer.name]:
            continue
        wasted = _leading_only_to(net, layer, used)
        params, macs = (sum(getattr(each, key) for each in wasted) for key in ("params", "macs"))
        cost = f" ({params:,} parameters, {macs:,} MACs)" if params or macs else ""
        name = net.titles[layer.name]
        lead = f"{len(wasted)} layers{cost} lead" if len(wasted) > 1 else f"1 layer{cost} leads"
        yield Problem(
            message=f"nothing reads `{name}`: {lead} to no output",
            help=f"join it (`concat {name}`), list it in `outputs:`, or delete it",
            layer=report.layers[report.scopes[name].first].name,
        )
    for name in report.inputs:
        if not net.readers[name] and name not in net.results:
            places = report.spec.places
            yield Problem(
                message=f"no layer reads the input `{name}`",
                help=f"take it with `from={name}`, join it (`concat {name}`), or delete it",
                at=places.get("inputs") or places.get("input"),
            )


def _leading_only_to(net: Flow, layer: LayerReport, used: set[str]) -> list[LayerReport]:
    """A dead layer and the dead ones that it depends on."""
    found = {layer.name: layer}
    waiting = [layer]
    while waiting:
        for source in net.sources(waiting.pop()):
            if source.name not in used and source.name not in found:
                found[source.name] = source
                waiting.append(source)
    return list(found.values())


def _blocks(spec: NetworkSpec) -> Iterator[Problem]:
    called = called_blocks(spec)
    for block in spec.blocks.values():
        if block.name not in called:
            yield Problem(message=f"no layer calls block `{block.name}`", help="delete it, or call it", at=block.at)
        read = read_in_block(block)
        for parameter in block.parameters:
            if parameter.name not in read:
                yield Problem(
                    message=f"block `{block.name}` never reads its parameter `{parameter.name}`",
                    help="delete it here and in the calls, or use it in the body",
                    at=parameter.at,
                )


def _columns(spec: NetworkSpec) -> Iterator[Problem]:
    for body in (spec.layers, *(block.body for block in spec.blocks.values())):
        for placed in all_items(body):
            item = placed.item
            if not isinstance(item, EachItem):
                continue
            for column in sorted(set(item.columns) - free_names(item.body), key=item.columns.index):
                yield Problem(
                    message=f"nothing reads column `{column}` of this table",
                    help="delete it from `each:` and the rows, or use it in `do:`",
                    at=placed.locate(item.span),
                )


def _defaults(spec: NetworkSpec) -> Iterator[Problem]:
    bodies = (spec.layers, *(block.body for block in spec.blocks.values()))
    ops = {placed.item.op for body in bodies for placed in all_items(body) if isinstance(placed.item, LayerItem)}
    for op, options in spec.defaults.items():
        at = next((arg.span for arg in options.values() if isinstance(arg.span, Location)), None)
        if op not in ops:
            words = "; words behind a layer take none" if op in TRAILING else ""
            yield Problem(
                message=f"no layer takes the defaults of `{op}`",
                help=f"delete them, or write `{op}` as a layer of its own{words}",
                at=at or spec.places.get("defaults"),
            )


def _variables(spec: NetworkSpec) -> Iterator[Problem]:
    read = read_in_file(spec)
    for variable in spec.variables.values():
        if variable.name not in read:
            yield Problem(
                message=f"nothing reads the var `{variable.name}`",
                help="delete it, or use it in an expression",
                at=_key(spec, variable) or variable.at,
                edits=_removal(spec, variable),
            )


def _key(spec: NetworkSpec, variable: Variable) -> Location | None:
    """Where the name of a var stands, None where it is not on the line of its value."""
    before = line_of(spec, variable.at)[: variable.at.column - 1]
    key = re.search(rf"""(?:^|(?<=[\s{{,]))(["']?){re.escape(variable.name)}\1(?=\s*:\s+$)""", before)
    return on_line(variable.at, *key.span()) if key else None


def _removal(spec: NetworkSpec, variable: Variable) -> tuple[Edit, ...]:
    """Cut `name: value` out of `vars:`, with its comma or with the line that it leaves empty; a comment stays."""
    at, line = variable.at, line_of(spec, variable.at)
    key, value = _key(spec, variable), stretch(spec, at)
    if key is None or not value or not _is_whole(value):
        return ()
    start, end = key.column - 1, at.column - 1 + len(value)
    if comma := re.match(r"\s*,\s*", line[end:]):
        end += comma.end()
    elif comma := re.search(r"\s*,\s*$", line[:start]):
        start = comma.start()
    elif not line[:start].strip() and _goes_on(spec, at, start):
        return ()
    before, behind = line[:start], line[end:]
    if not before.strip() and not behind.strip():
        start, end = 0, len(line)
    elif behind.lstrip().startswith("#"):
        end = len(line) - len(behind.lstrip())
    return (Edit(at=on_line(at, start, end), replacement=""),)


def _is_whole(value: str) -> bool:
    """A value that ends on its line and has no anchor that others may use."""
    quoted = value[0] in "\"'"
    brackets = all(value.count(left) == value.count(right) for left, right in ("[]", "{}"))
    return value[0] not in "&*|>!" and brackets and (not quoted or value[-1] == value[0] != value)


def _goes_on(spec: NetworkSpec, at: Location, indentation: int) -> bool:
    """Whether the next line is deeper and so belongs to the value."""
    below = line_of(spec, replace(at, line=at.line + 1))
    return len(below) - len(below.lstrip()) > indentation and not below.lstrip().startswith("#")
