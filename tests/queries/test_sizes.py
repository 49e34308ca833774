"""Sizes followed through a network, against the network built anew at every size."""

from __future__ import annotations

import re
from pathlib import Path
from time import process_time

import pytest

import cnncalc
from cnncalc.errors import Severity, SpecError, UsageError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisWindow
from cnncalc.graph import Graph, build
from cnncalc.queries.sizes import AxisSizes, sizes
from cnncalc.spec.network import NetworkSpec
from cnncalc.spec.reader import parse, parse_line, with_overrides
from tests.graph.building import yaml

CONFIGS = Path(__file__).parent.parent.parent / "examples" / "configs"

LINES = {
    "plain": ("3x40x24", "conv 4 k3 | maxpool 2 | conv 4 k5 d2 | avgpool 3 s2 p1"),
    "ceil": ("3x40x24", "maxpool 3 s2 ceil | maxpool 2 ceil | conv 4 k3"),
    "same": ("3x40x24", "conv 4 k5 s3 same | conv 4 k4 s2 same_lower | maxpool 3 s2"),
    "encoder-decoder": (
        "3x40x24",
        "a: conv 4 k3 p1 | maxpool 2 | b: conv 4 k3 p1 | maxpool 2 | convt 4 k2 s2 | concat b",
    ),
    "odd strides": ("3x45x30", "a: conv 4 k3 p1 | maxpool 3 | upsample 3 | concat a | maxpool 5 | conv 4 k2"),
    "crop": ("3x40x24", "a: conv 4 k3 | maxpool 2 | conv 4 k3 | upsample 2 mode=linear | pad 3 | crop to=a | concat a"),
    "to": ("3x41x25", "a: conv 4 k3 | maxpool 2 | convt 4 k3 s2 to=a | concat a"),
    "size": ("3x40x24", "a: conv 4 k3 | conv 4 k3 s4 | upsample size=a mode=linear | concat a"),
    "reflect": ("3x40x24", "conv 4 k7 p5 reflect | maxpool 4 | conv 4 k3 p2 circular"),
    "replicate": ("3x40x24", "conv 4 k7 s2 p5 replicate | pad 3 replicate"),
    "adaptive": ("3x40x24", "maxpool 3 | adaptive 7 | conv 4 k3"),
    "gate": ("3x40x24", "conv 8 k3 s2 p1 | se 4 | conv 4 k3"),
    "pooled branch": ("3x40x24", "a: conv 8 k3 s3 | concat(conv 4 k1; gap | upsample size=a) | gap"),
    "head": ("3x40x24", "conv 8 k3 s3 | flatten | linear 10"),
    "vectors": ("3x40x24", "a: (conv 8 k3 s3 | flatten) | (maxpool 3 s3 from=x | conv 8 k1 | flatten) | add a"),
    "shuffle": ("4x40x24", "pixelunshuffle 4 | conv 8 k3 p1 | pixelshuffle 2"),
    "scale": ("3x40x24", "upsample 1.5 mode=linear | conv 4 k3 s2 | upsample 0.5"),
    "negative pads": ("3x40x24", "pad -3 | conv 4 k3 p1 | pad 0/2 | crop 2/1"),
    "one channel map": ("3x40x24", "a: conv 4 k3 p1 | mul(identity; conv 4 k41x25 s40x24 p20x12)"),
    "causal": ("3x50", "conv 4 k3 d4 causal | conv 4 k2 s2 full | maxpool 4"),
    "volume": ("1x20x16x12", "conv 2 k3 | maxpool 2 | upsample 2"),
    "skip if same": ("4x40x24", "res(maxpool 2 | upsample 2; if_same) | conv 4 k3 s2"),
    "project": (
        "4x40x24",
        "res(maxpool 2 | upsample 2; project) | res(conv 8 k3 s2 p1; project) | res(conv 8 k3 p1; pad)",
    ),
    "custom": ("3x40x24", "custom out=8x?x? | custom out=8x9x5 k3 s4"),
    "reduced axis": (
        "3x40x24",
        "a: conv 4 k3 s2 p1 | reduce max over=h | conv 4 k1x3 p0x1 | add a align=broadcast | softmax over=w",
    ),
    "repeated": ("3x40x24", "a: conv 4 k3 p1 | conv 4 k40x24 s40x24 | add a align=broadcast | maxpool 2"),
    "attends": ("4x40x24", "q: conv 8 k3 s2 p1 | k: conv 8 k4 s4 from=x | sdpa k k heads=2 from=q"),
    "windows": ("4x40x24", "q: conv 8 k3 s2 p1 | sdpa q q heads=2 windows=15"),
    "class token": ("3x40x24", "conv 4 k4 s4 | tokens | prepend 1 | attention 2 | crop 1/0 | reduce mean over=l"),
    "rearranged": ("3x40x24", "conv 4 k4 s4 | rearrange 4x6x10 | conv 4 k3"),
    "rearranged behind a size": ("3x40x24", "adaptive 6x10 | rearrange 3x10x6"),
    "product": ("3x40x24", "a: conv 4 k4 s4 | matmul a out=4x4 inner=60"),
    "norm over all": ("3x40x24", "conv 4 k4 s4 | ln over=all | maxpool 2"),
    "custom of several": ("3x40x24", "a: conv 4 k4 s4 | conv 4 k2 s2 from=x | custom a out=8x?x? global | maxpool 2"),
    "no axis left": ("3x7x5", "conv 4 k7x5 | linear 3"),
}
FILES = {
    "reads sizes": yaml(
        "- a: conv 4 k3\n- {op: conv, out: 4, k: a.h//4, when: a.h > 10}\n- maxpool 2", input="3x30x24"
    ),
    "vector of another length": yaml("- a: [conv 4 k3 s2, flatten]\n- linear a.c//8\n- linear 3", input="3x16x16"),
}


def spec_of(name: str) -> NetworkSpec:
    if name in FILES:
        return parse(FILES[name], source="net.yaml")
    shape, line = LINES[name]
    return parse_line(line, {"input": TensorShape(*_split(shape))})


def _split(shape: str) -> tuple[int, tuple[int, ...]]:
    channels, *rest = map(int, shape.split("x"))
    return channels, tuple(rest)


def at(spec: NetworkSpec, axis: int, size: int) -> Graph | None:
    """The network at a size of one axis of every input, built; None where it has errors."""
    shapes = {}
    for name, shape in spec.inputs.items():
        changed = (*shape.sizes[:axis], size, *shape.sizes[axis + 1 :])
        shapes[name] = TensorShape(shape.channels, changed)
    graph = build(with_overrides(spec, inputs=shapes))
    return None if any(found.severity is Severity.ERROR for found in graph.findings) else graph


def output_size(graph: Graph, axis: int, name: str) -> int | None:
    shape = graph.nodes[graph.outputs[name]].inference.output
    return shape.sizes[axis] if axis < shape.ndim else None


def leaves_rows(graph: Graph, axis: int) -> bool:
    """Some strided window ends before the end of its map, further than the gap between any two of its windows."""
    for node in graph.nodes:
        for source, reads in zip(node.inputs, node.inference.reads, strict=False):
            read = reads[axis] if reads and axis < len(reads) else None
            if not isinstance(read, AxisWindow) or read.stride == 1 or node.inference.output.ndim <= axis:
                continue
            size = graph.nodes[source].inference.output.sizes[axis]
            taps = [tap for o in range(node.inference.output.sizes[axis]) for tap in read.taps(o)]
            rest = size - 1 - max(taps)
            if rest > max(read.stride - read.effective_kernel_size, 0):
                return True
    return False


def numbers(axis: AxisSizes, kind: str) -> set[int]:
    return {size for run in getattr(axis, kind) or () for size in run}


HIGH = 60


@pytest.mark.parametrize("name", [*LINES, *FILES])
def test_sizes_are_those_at_which_the_network_can_be_built(name: str) -> None:
    spec = spec_of(name)
    answer = sizes(spec, high=HIGH)
    for axis in answer.axes:
        built = {size: at(spec, axis.axis, size) for size in range(1, HIGH + 1)}
        works = {size: graph for size, graph in built.items() if graph is not None}
        assert numbers(axis, "legal") == set(works)
        assert numbers(axis, "even") == {size for size, graph in works.items() if not leaves_rows(graph, axis.axis)}
        outs = {size: output_size(graph, axis.axis, answer.output) for size, graph in works.items()}
        assert numbers(axis, "same") == {size for size, out in outs.items() if out == size}
        assert sum(each.count for each in axis.refusers) == HIGH - len(works)


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_work_at_the_sizes_that_are_named(path: Path) -> None:
    spec = cnncalc.load(path)
    answer = sizes(spec, high=700)
    (first, *_) = answer.axes
    legal = numbers(first, "legal")
    own = next(iter(spec.inputs.values())).sizes[0]
    assert own in legal or own > answer.high
    moving = {name: spec.inputs[name] for name in first.inputs}
    for size in (1, 7, 32, 63, 64, 65, 100, 160, 188, 189, 224, 225, 333):
        shapes = {name: TensorShape(shape.channels, (size, *shape.sizes[1:])) for name, shape in moving.items()}
        graph = build(with_overrides(spec, inputs={**spec.inputs, **shapes}))
        works = not any(found.severity is Severity.ERROR for found in graph.findings)
        assert (size in legal) == works, size


def test_ten_thousand_sizes_of_a_unet_take_less_than_a_second() -> None:
    spec = cnncalc.load(CONFIGS / "unet.yaml")
    began = process_time()
    answer = sizes(spec, high=10_000)
    assert process_time() - began < len(answer.axes)
    assert [(run.first, run.step, run.last, run.goes_on) for run in answer.axes[0].legal] == [(16, 16, 10_000, True)]


def test_the_unpadded_unet_leaves_no_row_at_572_as_its_paper_says() -> None:
    # Ronneberger et al. 2015, arXiv:1505.04597: "the input tile size [is] such that all 2x2 max-pooling operations are
    # applied to a layer with an even x- and y-size"; 572 is their example.
    (height, _) = sizes(cnncalc.load(CONFIGS / "unet_valid.yaml")).axes
    assert 572 in numbers(height, "even")
    assert not {570, 571, 573, 574} & numbers(height, "even")
    assert {570, 571, 573, 574} <= numbers(height, "legal")


# ---------------------------------------------------------------- one size


def asked(text: str, size: int) -> AxisSizes:
    return sizes(parse_line(text, {"input": TensorShape(3, (64, 64))}), size=(size,)).axes[0]


UNET = "a: conv 4 k3 p1 | maxpool 2 | b: conv 4 k3 p1 | maxpool 2 | upsample 2 | up: concat b | upsample 2 | concat a"


@pytest.mark.parametrize("size", [5, 17, 18, 19, 250])
def test_every_remedy_makes_the_size_work(size: int) -> None:
    found = asked(UNET, size).asked
    assert found is not None
    assert not found.works
    assert found.because is not None
    whats = []
    for remedy in found.remedies:
        line = UNET
        if remedy.what == "align":
            assert remedy.size == size
            for layer in remedy.layers:
                line = line.replace("up: concat b", "up: concat b align=crop") if layer == "up" else line
                line = re.sub(r"concat a$", "concat a align=crop", line) if layer != "up" else line
        else:
            assert abs(remedy.size - size) == remedy.by > 0
        graph = build(parse_line(line, {"input": TensorShape(3, (remedy.size, 64))}))
        assert not graph.findings
        assert output_size(graph, 0, "concat1") == remedy.output
        whats.append(remedy.what)
    assert whats == ["pad", "crop", "align"]


def test_the_nearest_size_is_offered() -> None:
    found = asked(UNET, 250).asked
    assert found is not None
    assert [(each.what, each.by, each.size) for each in found.remedies[:2]] == [("pad", 2, 252), ("crop", 2, 248)]


def test_only_the_merges_that_need_it_are_told_to_crop() -> None:
    found = asked(UNET, 17).asked
    assert found is not None
    assert found.remedies[-1].layers == ("concat1",)


def test_a_size_that_leaves_rows_unread_is_offered_others() -> None:
    found = asked("conv 4 k3 s4", 21).asked
    assert found is not None
    assert found.works
    assert found.unread_at == "conv1"
    assert [(each.what, each.size) for each in found.remedies] == [("pad", 23), ("crop", 20)]


def test_a_network_that_does_not_fit_its_own_input_is_asked_about_it() -> None:
    answer = sizes(parse_line(UNET, {"input": TensorShape(3, (250, 64))}))
    (height, width) = answer.axes
    assert height.asked is not None
    assert width.asked is not None
    assert not height.asked.works
    assert width.asked.works
    assert numbers(height, "legal") == numbers(width, "legal") == set(range(4, 1025, 4))


def test_inputs_of_one_size_move_together() -> None:
    text = (
        "cnncalc: 1\ninputs: {a: 3x32x32, b: 3x32x32}\nlayers: [conv 4 k3 p1, maxpool 2, l: upsample 2, add l from=l]\n"
    )
    assert sizes(parse(text)).axes[0].inputs == ("a", "b")


def test_weights_that_depend_on_the_size_are_named() -> None:
    assert asked("conv 4 k3 | f: fc 10", 40).resized == ("f",)
    assert asked("conv 4 k3 | gap | linear 10", 40).resized == ()


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"low": 0}, "the range 0..1024 is none: sizes go from 1"),
        ({"low": 9, "high": 8}, "the range 9..8 is none"),
        ({"low": 2**31, "high": 2**31 + 1}, "sizes go from 1 to 2,147,483,648"),
        ({"high": 2**40}, "has 1,099,511,627,776 sizes, more than the limit of 1,000,000"),
        ({"size": (2**40,)}, "sizes are limited to 2,147,483,648"),
        ({"size": (3, 4, 5)}, "size 3x4x5: the input has 2 axes, give one size of at least 1 for each"),
        ({"size": (0,)}, "give one size of at least 1"),
    ],
)
def test_a_range_or_size_that_cannot_be_is_refused(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        sizes(parse_line("conv 4 k3", {"input": TensorShape(3, (64, 64))}), **arguments)  # type: ignore[arg-type]


def test_a_network_that_is_wrong_at_every_size_is_refused() -> None:
    with pytest.raises(SpecError, match="groups"):
        sizes(parse_line("conv 4 k3 g2", {"input": TensorShape(3, (64, 64))}))
