"""Layers in the groups that their dotted names make: chains of layer, norm and activation; groups; where names are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Union

from cnncalc.importers.writing.words import NORMS, WINDOWED
from cnncalc.ops import OPS
from cnncalc.ops.activation import Activation
from cnncalc.spec.syntax import name_error
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from cnncalc.importers.layers import Imported, Layer, Shape


WEIGHTED = WINDOWED | {"linear"}
"""Norms are drawn to these; elsewhere they keep a line and a name of their own."""


@value
class Step:
    """One line of the spec: a layer and the norms and activations that follow it."""

    name: str | None
    layer: Layer
    trail: tuple[str, ...] = ()
    end: str
    """Name of the last layer of the chain in the source: what others refer to."""
    shape: Shape
    path: tuple[str, ...]
    """In the source."""


@dataclass
class Group:
    """A module: the steps and groups inside it; mutable while the tree is made."""

    name: str
    path: str
    items: list[Item] = field(default_factory=list)
    call: object = None
    """Set where it becomes the call of a block."""

    def steps(self) -> Iterable[Step]:
        """All steps, also of groups inside."""
        for item in self.items:
            if isinstance(item, Group):
                yield from item.steps()
            else:
                yield item

    @property
    def end(self) -> str:
        """What its name stands for."""
        return self.items[-1].end

    @property
    def height(self) -> int:
        """How deep groups are nested in it."""
        return 1 + max((item.height for item in self.items if isinstance(item, Group)), default=0)

    def groups(self) -> Iterable[Group]:
        """The groups inside, innermost last."""
        for item in self.items:
            if isinstance(item, Group):
                yield item
                yield from item.groups()


Item = Union[Step, Group]


def chains(network: Imported, *, flat: bool) -> list[Step]:
    """The layers with norms and activations drawn to the layer before; none are where `flat`."""
    readers: dict[str, int] = {}
    for layer in network.layers:
        for name in layer.inputs:
            readers[name] = readers.get(name, 0) + 1
    kept = {*network.outputs, *(layer.shares for layer in network.layers)}
    shapes = {**network.inputs, **{layer.name: layer.shape for layer in network.layers}}
    found: list[Step] = []
    for layer in network.layers:
        last = found[-1] if found else None
        if last and not flat and layer.inputs == (last.end,) and readers[last.end] == 1 and last.end not in kept:
            word = _trailing(layer)
            parent = last.path[:-1]
            inside = tuple(layer.name.split("."))[: len(parent)] == parent
            if word and inside and (word not in NORMS or (last.layer.op in WEIGHTED and not last.trail)):
                found[-1] = replace(last, trail=(*last.trail, word), end=layer.name)
                continue
        made = _depthwise(layer, shapes[layer.inputs[0]])
        path = tuple(layer.name.split("."))
        found.append(
            Step(name=path[-1] if layer.is_named else None, layer=made, end=layer.name, shape=layer.shape, path=path)
        )
    return found


def _trailing(layer: Layer) -> str | None:
    """The word of a norm or activation without options of its own."""
    options = {key: found for key, found in layer.options.items() if (layer.op, key, found) != ("gn", "num_groups", 32)}
    is_word = layer.op in NORMS or (layer.op in OPS and OPS[layer.op] is Activation) or layer.op in ("prelu", "softmax")
    return layer.op if is_word and not options and layer.shares is None else None


def _depthwise(layer: Layer, before: Shape) -> Layer:
    options = dict(layer.options)
    groups = options.get("groups", 1)
    out = options.get("out_channels")
    if layer.op != "conv" or groups != before[0] or groups == 1 or not isinstance(out, int) or out % before[0]:
        return layer
    del options["groups"], options["out_channels"]
    if out != before[0]:
        options["multiplier"] = out // before[0]
    return replace(layer, op="dwconv", options=options)


def grouped(steps: Sequence[Step], needed: Mapping[str, Collection[str]]) -> Group:
    """The tree of all steps; a group that is left and entered again becomes two.

    `needed` says who refers to what: that gets a name, unless the name of a group can stand for it.
    """
    root = Group(name="", path="")
    open_: list[tuple[str, Group]] = []
    for step in steps:
        parents = step.path[:-1]
        depth = 0
        while depth < min(len(open_), len(parents)) and open_[depth][0] == parents[depth]:
            depth += 1
        del open_[depth:]
        for segment in parents[depth:]:
            around = open_[-1][1] if open_ else root
            path = f"{around.path}.{segment}".lstrip(".")
            made = Group(name=_free(segment, around, is_root=not open_), path=path)
            around.items.append(made)
            open_.append((segment, made))
        around = open_[-1][1] if open_ else root
        name = step.name and _free(step.name, around, is_root=not open_)
        around.items.append(replace(step, name=name))
    _name(root, needed, is_root=True)
    _collapse(root)
    return root


def _free(segment: str, around: Group, *, is_root: bool) -> str:
    taken = {item.name for item in around.items}
    stem = plain_name(segment, numbered=not is_root)
    name, number = stem, 1
    while name in taken:
        number += 1
        name = plain_name(f"{stem}_{number}")
    return name


def _name(group: Group, needed: Mapping[str, Collection[str]], *, is_root: bool = False) -> None:
    inside = {step.end for step in group.steps()}
    for place, item in enumerate(group.items):
        if isinstance(item, Group):
            _name(item, needed)
        elif item.name is None:
            is_end = place == len(group.items) - 1 and not is_root
            referred = item.end in needed and (not is_end or inside.intersection(needed[item.end]))
            numbered = re.compile(re.escape(item.layer.op) + "[0-9]+")  # as a layer without a name would be called
            if referred or any(numbered.fullmatch(other.name or "") for other in group.items):
                group.items[place] = replace(item, name=_numbered(item.layer.op, group))


def _numbered(word: str, around: Group) -> str:
    taken = {item.name for item in around.items}
    number = 1
    while f"{word}_{number}" in taken:
        number += 1
    return f"{word}_{number}"


def _collapse(group: Group) -> None:
    """A group of one step is that step under the group's name."""
    for place, item in enumerate(group.items):
        if isinstance(item, Group):
            _collapse(item)
            inner = item.items[0]
            if len(item.items) == 1 and isinstance(inner, Step):
                group.items[place] = replace(inner, name=item.name)


def plain_name(segment: str, *, numbered: bool = False) -> str:
    """A name of the language that is as near as possible.

    >>> plain_name("conv1"), plain_name("fc"), plain_name("0"), plain_name("0", numbered=True)
    ('conv1', 'fc_', '_0', '0')
    """
    if numbered and segment.isascii() and segment.isdigit() and str(int(segment)) == segment:
        return segment
    name = "".join(letter if letter.isascii() and (letter.isalnum() or letter == "_") else "_" for letter in segment)
    if not name or name[0].isdigit():
        name = f"_{name}"
    while name_error(name):
        name += "_"
    return name
