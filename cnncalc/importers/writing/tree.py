"""Layers in the groups that their dotted names make: chains of layer, norm and activation; groups; names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Union

from cnncalc.importers.writing.words import NORMS, WINDOWED
from cnncalc.ops import OPS
from cnncalc.ops.activation import Activation
from cnncalc.spec.syntax import NUMBER, name_error
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from cnncalc.importers.layers import Imported, Layer, Shape


WEIGHTED = WINDOWED | {"linear"}
"""Norms are drawn to these; elsewhere they keep a line and a name of their own."""
WITH_WEIGHTS = NORMS | {"prelu"}
COMMUTES = frozenset({"add", "mul", "max", "min"})


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

    def reads(self, source: str) -> bool:
        """Whether it can take `source` as its stream."""
        inputs = self.layer.inputs
        return inputs[0] == source or (self.layer.op in COMMUTES and source in inputs)


@dataclass
class Group:
    """A module: the steps and groups inside it; mutable while the tree is made."""

    name: str
    path: str
    items: list[Item] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    """What is named in it, also on the paths of its forks."""
    call: object = None
    """Set where it becomes the call of a block."""

    @property
    def end(self) -> str:
        """What its name stands for."""
        return self.items[-1].end


@dataclass
class Fork:
    """Paths from one source and the merge of their ends."""

    source: str
    paths: list[list[Item]]
    """In the order in which they run; [] is the source itself."""
    merge: Step
    is_residual: bool
    """The first path is the main one, the second the shortcut."""
    after: list[Item]
    """What is behind the merge on its line."""

    @property
    def end(self) -> str:
        """The merge with what follows it."""
        return self.merge.end


Item = Union[Step, Group, Fork]


def steps(items: Iterable[Item]) -> Iterator[Step]:
    """All steps in execution order, also in groups and on the paths of forks; the merges of forks after those."""
    for item in items:
        if isinstance(item, Step):
            yield item
        elif isinstance(item, Group):
            yield from steps(item.items)
        else:
            for path in item.paths:
                yield from steps(path)
            yield item.merge


def scope(items: list[Item]) -> Iterator[list[Item]]:
    """The lists that share the scope of a list: itself and the paths of its forks."""
    yield items
    for item in items:
        if isinstance(item, Fork):
            for path in item.paths:
                yield from scope(path)


def here(items: list[Item]) -> Iterator[Item]:
    """What stands in the scope of a list: its items and those on the paths of its forks."""
    for inner in scope(items):
        yield from inner


def groups(items: list[Item]) -> Iterator[Group]:
    """The groups inside, innermost last."""
    for item in here(items):
        if isinstance(item, Group):
            yield item
            yield from groups(item.items)


def chains(network: Imported, *, flat: bool) -> list[Step]:
    """The layers with norms and activations drawn to the layer before; none are where `flat`."""
    readers: dict[str, int] = {}
    for layer in network.layers:
        for name in layer.inputs:
            readers[name] = readers.get(name, 0) + 1
    shared = {layer.shares for layer in network.layers}
    kept = {*network.outputs, *shared}
    shapes = {**network.inputs, **{layer.name: layer.shape for layer in network.layers}}
    found: list[Step] = []
    for layer in network.layers:
        last = found[-1] if found else None
        if last and not flat and layer.inputs == (last.end,) and readers[last.end] == 1 and last.end not in kept:
            word = _trailing(layer)
            parent = last.path[:-1]
            inside = tuple(layer.name.split("."))[: len(parent)] == parent
            is_drawn = word not in NORMS or (last.layer.op in WEIGHTED and not last.trail)
            if word in WITH_WEIGHTS and (last.layer.shares or layer.name in shared):  # both or none would share theirs
                is_drawn = False
            if word and inside and is_drawn:
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
    is_word = layer.op in NORMS or (layer.op in OPS and OPS[layer.op] is Activation) or layer.op == "prelu"
    return layer.op if is_word and not options and layer.shares is None else None


def _depthwise(layer: Layer, before: Shape) -> Layer:
    options = dict(layer.options)
    groups_ = options.get("groups", 1)
    out = options.get("out_channels")
    if layer.op != "conv" or groups_ != before[0] or groups_ == 1 or not isinstance(out, int) or out % before[0]:
        return layer
    del options["groups"], options["out_channels"]
    if out != before[0]:
        options["multiplier"] = out // before[0]
    return replace(layer, op="dwconv", options=options)


def input_names(inputs: Iterable[str]) -> dict[str, str]:
    """What the language calls the inputs of a network.

    >>> input_names(["input", "a-b", "a_b", "x"])
    {'input': 'input', 'a-b': 'a_b', 'a_b': 'a_b_2', 'x': 'x_'}
    """
    taken = Group(name="", path="")
    return {name: free_name(name, taken, is_root=True) for name in inputs}


def grouped(found: Sequence[Step], inputs: Collection[str] = (), avoided: Collection[str] = ()) -> Group:
    """The tree of all steps; a group that is left and entered again becomes two, one of a single step is that step.

    No layer is called like one of several inputs, and none at the top like one of `avoided`.
    """
    root = Group(name="", path="", names={*inputs, *avoided})
    open_: list[tuple[str, Group]] = []
    for step in found:
        parents = step.path[:-1]
        depth = 0
        while depth < min(len(open_), len(parents)) and open_[depth][0] == parents[depth]:
            depth += 1
        del open_[depth:]
        for segment in parents[depth:]:
            around = open_[-1][1] if open_ else root
            path = f"{around.path}.{segment}".lstrip(".")
            made = Group(name=free_name(segment, around, is_root=not open_), path=path)
            if len(inputs) > 1:  # they are read by name
                made.names.update(inputs)
            around.items.append(made)
            open_.append((segment, made))
        around = open_[-1][1] if open_ else root
        name = step.name and free_name(step.name, around, is_root=not open_)
        around.items.append(replace(step, name=name))
    _collapse(root)
    return root


def free_name(segment: str, around: Group, *, is_root: bool = False) -> str:
    """A name of the language for a part of a path, which then is taken."""
    stem = plain_name(segment, numbered=not is_root)
    name, number = stem, 1
    while name in around.names:
        number += 1
        name = plain_name(f"{stem}_{number}")
    around.names.add(name)
    return name


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
    if numbered and NUMBER.fullmatch(segment):
        return segment
    name = "".join(letter if letter.isascii() and (letter.isalnum() or letter == "_") else "_" for letter in segment)
    if not name or name[0].isdigit():
        name = f"_{name}"
    while name_error(name):
        name += "_"
    return name
