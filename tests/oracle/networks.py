"""Random networks as trees of layers, each with the text that says it and the PyTorch modules that run it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

from tests.oracle.pytorch import nn, torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A layer line and the modules of its rows: the op, then what trails it."""

    text: str
    rows: tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Chain:
    """One thing after the other."""

    items: tuple[Tree, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """Copies of one chain, as texts equal, as modules not."""

    copies: tuple[Chain, ...]


@dataclass(frozen=True, kw_only=True)
class Parallel:
    """Paths from the same tensor and the merge that joins them; an empty path is the identity."""

    merge: str
    paths: tuple[Chain, ...]
    join: Any
    align: str | None = None


NOISE = 1e-12
"""Share of the largest gradient below which a gradient is the rounding of an interpolation's weights."""

Tree = Union[Leaf, Chain, Repeat, Parallel]


def modules(tree: Tree) -> list[Any]:
    """The modules of all rows, in the order in which they run and are written."""
    if isinstance(tree, Leaf):
        return list(tree.rows)
    if isinstance(tree, Chain):
        return [module for item in tree.items for module in modules(item)]
    if isinstance(tree, Repeat):
        return [module for copy in tree.copies for module in modules(copy)]
    return [module for path in tree.paths for module in modules(path)] + [tree.join]


def run(tree: Tree, x: Any, seen: Callable[[Any, tuple[Any, ...]], Any]) -> Any:
    """The output of the tree; `seen(module, inputs)` is how each row is run."""
    if isinstance(tree, Leaf):
        for module in tree.rows:
            x = seen(module, (x,))
        return x
    if isinstance(tree, Parallel):
        return seen(tree.join, tuple(run(path, x, seen) for path in tree.paths))
    for item in tree.items if isinstance(tree, Chain) else tree.copies:
        x = run(item, x, seen)
    return x


class Network(nn.Module):
    """A tree as one module: every row's output of one run."""

    def __init__(self, tree: Tree) -> None:
        super().__init__()
        self.rows = nn.ModuleList(modules(tree))
        self.tree = tree

    def forward(self, x: Any) -> list[Any]:
        outputs: list[Any] = []

        def call(module: Any, inputs: tuple[Any, ...]) -> Any:
            outputs.append(module(*inputs))
            return outputs[-1]

        run(self.tree, x, call)
        return outputs


@dataclass(kw_only=True)
class Flat:
    """Writes a tree as a list of named lines that speak of each other by name only."""

    lines: list[str] = field(default_factory=list)
    count: int = 0

    def name(self) -> str:
        """A new layer name."""
        self.count += 1
        return f"n{self.count}"

    def write(self, tree: Tree, source: str) -> str:
        """Append the lines of the tree; the name of its output."""
        if isinstance(tree, Leaf):
            name = self.name()
            self.lines.append(f"{name}: {tree.text} from={source}")
            return name
        if isinstance(tree, Parallel):
            first, *others = [self.write(path, source) for path in tree.paths]
            name = self.name()
            align = f" align={tree.align}" if tree.align else ""
            self.lines.append(f"{name}: {tree.merge} {' '.join(others)} from={first}{align}")
            return name
        for item in tree.items if isinstance(tree, Chain) else tree.copies:
            source = self.write(item, source)
        return source


def nested(tree: Tree) -> Any:
    """The tree as YAML items: sequences, repeats, branches and residuals."""
    if isinstance(tree, Leaf):
        return tree.text
    if isinstance(tree, Chain):
        return [nested(item) for item in tree.items]
    if isinstance(tree, Repeat):
        return {"repeat": len(tree.copies), "do": nested(tree.copies[0])}
    if is_residual(tree):
        return {"residual": nested(tree.paths[0])}
    item = {"branches": [nested(path) for path in tree.paths], "merge": tree.merge}
    return item | ({"align": tree.align} if tree.align else {})


def shell(tree: Tree) -> str:
    """The tree as one line of the shell form."""
    if isinstance(tree, Leaf):
        return tree.text
    if isinstance(tree, Chain):
        return " | ".join(shell(item) for item in tree.items)
    if isinstance(tree, Repeat):
        return f"({shell(tree.copies[0])})*{len(tree.copies)}"
    if is_residual(tree):
        return f"res({shell(tree.paths[0])})"
    return f"{tree.merge}({'; '.join(shell(path) for path in tree.paths)})"


def is_residual(tree: Parallel) -> bool:
    """Whether it is a path, added to what went into it."""
    first, *others = tree.paths
    return tree.merge == "add" and tree.align is None and bool(first.items) and [p.items for p in others] == [()]


def aligns(tree: Tree) -> bool:
    """Whether any merge aligns sizes, which the shell form cannot say."""
    if isinstance(tree, Leaf):
        return False
    if isinstance(tree, Parallel):
        return tree.align is not None or any(aligns(path) for path in tree.paths)
    return any(aligns(item) for item in (tree.items if isinstance(tree, Chain) else tree.copies))


def document(tree: Tree, shape: tuple[int, ...], style: str) -> str:
    """A whole file; JSON is YAML. `style` is flat, nested or shell."""
    if style == "flat":
        flat = Flat()
        flat.write(tree, "x")
        layers: Any = flat.lines
    elif style == "shell" and not aligns(tree):
        layers = shell(tree)
    else:
        layers = nested(tree)
    size = "x".join(map(str, shape))
    return json.dumps({"cnncalc": 1, "name": "random", "input": size, "layers": layers}, indent=1)


Pick = tuple["int | slice", ...]
"""An index or a slice per axis."""


def reads_of_units(network: Network, shape: tuple[int, ...], picks: Sequence[Pick]) -> list[list[set[int]]]:
    """Per pick and axis the input positions with influence on the picked part of the output, by autograd.

    All picks go backwards at once, one per sample of a batch; samples never meet in linear mode. The gradient is summed
    over the output's channels.
    """
    x = (torch.rand(1, *shape, dtype=torch.float64) + 0.5).repeat(len(picks), *([1] * len(shape)))
    x.requires_grad_()
    output = network(x)[-1]
    places = [(sample, slice(None), *pick) for sample, pick in enumerate(picks)]
    total = sum(output[place].sum() for place in places)
    (gradient,) = torch.autograd.grad(total, x)
    found = []
    for influence in gradient.abs().amax(dim=1):
        hits = (influence > NOISE * influence.max()).nonzero()
        found.append([set(indices) for indices in hits.T.tolist()])
    return found
