"""From the layers that an importer found to the text of a spec: groups by name, repeated groups as blocks."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from cnncalc.importers.writing import references
from cnncalc.importers.writing.blocks import find_blocks, line_count
from cnncalc.importers.writing.compose import Composer, Spot
from cnncalc.importers.writing.forks import fork, hoist
from cnncalc.importers.writing.layout import calls, written
from cnncalc.importers.writing.references import NoNameError
from cnncalc.importers.writing.tree import chains, grouped, groups, input_names
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.layers import Imported
    from cnncalc.importers.writing.blocks import Block
    from cnncalc.importers.writing.nodes import Node
from cnncalc.importers.writing.tree import Group, Step

_ROUNDS = 3
"""Blocks that one place alone calls are written out there; that may leave others with one place."""


def to_yaml(network: Imported, *, flat: bool = False, annotate: bool = False) -> str:
    """The spec as text. `flat`: one line a layer; `annotate`: shapes as comments."""
    steps = chains(network, flat=flat)
    told = () if steps and network.outputs == (steps[-1].end,) else network.outputs
    if flat:
        steps = [replace(step, path=("_".join(step.path),), name="_".join(step.path)) for step in steps]
    try:
        root, composer = _tree(network, steps, told, flat=flat)
    except NoNameError:
        if flat:
            raise
        return to_yaml(network, flat=True, annotate=annotate)
    blocks: list[Block] = []
    body = composer.nodes(root.items, Spot(around=(root,)), composer.first)
    if not flat:
        blocks, body = _folded(network, root, composer)
    lines = ["cnncalc: 1", f"name: {_scalar(network.name)}", *_inputs(network)]
    lines += [f"# {remark}" for remark in network.remarks]
    if blocks:
        lines.append("blocks:")
        for block in blocks:
            lines += [f"  {block.head}:", *written(block.nodes, "    ")]
    lines += ["layers:", *(written(body, "  ", annotate=annotate, is_flat=flat) or ["  - identity"])]
    outputs = _outputs(told, root, composer)
    if outputs:
        lines.append(f"outputs: [{', '.join(outputs)}]")
    return "\n".join(lines) + "\n"


def _tree(network: Imported, steps: Sequence[Step], told: tuple[str, ...], *, flat: bool) -> tuple[Group, Composer]:
    """Groups and forks, with names for all that is referred to, and what writes them."""
    readers: dict[str, set[str]] = {}
    for layer in network.layers:
        for name in layer.inputs:
            readers.setdefault(name, set()).add(layer.name)
    for name in network.outputs:
        readers.setdefault(name, set()).add("")
    first = next(iter(network.inputs))
    shapes = {**network.inputs, **{layer.name: layer.shape for layer in network.layers}}
    inputs = input_names(network.inputs)
    solid: set[str] = set()
    avoided: set[str] = set()
    while True:
        root = grouped(steps, inputs.values(), avoided)
        if not flat:
            hoist(root, readers)
            fork(root, solid)
        lacking = references.name_steps(root, references.needed(root, told, first))
        solid |= lacking
        composer = Composer(where=references.places(root), shapes=shapes, inputs=inputs)
        if not lacking:
            try:
                composer.nodes(root.items, Spot(around=(root,)), first)
                _outputs(told, root, composer)
            except NoNameError:  # a name at the top is hidden by one of the same name
                more = {name for group in groups(root.items) for name in group.names} - avoided
                if more:
                    avoided |= more
                    continue
                raise
            return root, composer


def _outputs(told: tuple[str, ...], root: Group, composer: Composer) -> list[str]:
    """The names of outputs, where they have to be said."""
    spot = Spot(around=(root,))
    return [composer.inputs.get(name) or composer.name(name, spot) for name in told]


def _folded(network: Imported, root: Group, composer: Composer) -> tuple[list[Block], tuple[Node, ...]]:
    """Blocks, and the body that calls them; a block that one place alone would call stands there if that is shorter."""
    written_out: set[int] = set()
    best: tuple[list[Block], tuple[Node, ...]] | None = None
    least = 0
    for _ in range(_ROUNDS):
        for group in groups(root.items):
            group.call = None
        blocks = find_blocks(root, composer, network, written_out)
        body = composer.nodes(root.items, Spot(around=(root,)), composer.first)
        used = _used(blocks, body)
        blocks = [block for block in blocks if used[block.name]]
        lines = sum(1 + line_count(block.nodes) for block in blocks) + line_count(body)
        if best is None or lines <= least:
            best, least = (blocks, body), lines
        once = [block for block in blocks if used[block.name] == 1]
        if not once:
            break
        written_out |= {group for block in once for group in block.groups}
    if best is None:
        raise AssertionError
    return best


def _used(blocks: Sequence[Block], body: Sequence[Node]) -> Counter[str]:
    """How many places call each block; a call with a count is two."""
    used = Counter(calls(body))
    for block in reversed(blocks):
        if used[block.name]:
            used.update(calls(block.nodes))
    return used


def _inputs(network: Imported) -> list[str]:
    names = input_names(network.inputs)
    shapes = {names[name]: "x".join(map(str, shape)) for name, shape in network.inputs.items()}
    if list(shapes) == ["input"]:
        return [f"input: {shapes['input']}"]
    return [f"inputs: {{{', '.join(f'{name}: {shape}' for name, shape in shapes.items())}}}"]


def _scalar(name: str) -> str:
    is_word = re.fullmatch(r"[A-Za-z][\w.-]*", name) and name.lower() not in ("true", "false", "null")
    plain = "".join(letter if letter.isprintable() and letter not in '\\"' else "_" for letter in name)
    return name if is_word else f'"{plain}"'
