"""What importers write, read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hypothesis
import pytest
from hypothesis import given, settings

import cnncalc
from cnncalc.importers.layers import Imported, Layer
from cnncalc.importers.writing.to_yaml import to_yaml
from cnncalc.values import replace
from tests.importers.comparing import COMMUTES, figures
from tests.importers.trees import networks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.importers.layers import Option, Shape
    from cnncalc.report import Report


def read(text: str) -> Report:
    """The report of a text."""
    return cnncalc.analyze(cnncalc.parse(text))


def agrees(report: Report, network: Imported) -> None:
    """Every layer is a row, in order, with the shape and the inputs that the source knows."""
    names = {layer.name: row.name for layer, row in zip(network.layers, report, strict=True)}
    names |= dict(zip(network.inputs, report.inputs, strict=True))
    for layer, row in zip(network.layers, report, strict=True):
        inputs = [names[name] for name in layer.inputs]
        assert row.output_shape == layer.shape
        assert sorted(row.inputs) == sorted(inputs)
        assert layer.op in COMMUTES or list(row.inputs) == inputs
    assert [
        report.layers[report.scopes[name].output_layer].name for name in report.outputs if name not in report.inputs
    ] == [names[name] for name in network.outputs if name not in network.inputs]


@settings(max_examples=150, deadline=None)
@given(networks())
def test_with_and_without_blocks_it_is_the_same_network(network: Imported) -> None:
    texts = to_yaml(network, flat=True), to_yaml(network)
    hypothesis.note("\n".join(texts))
    flat, grouped = map(read, texts)
    agrees(flat, network)
    agrees(grouped, network)
    assert figures(grouped) == figures(flat)


def made(*lines: str, kinds: dict[str, str] | None = None, input_: str = "3x16x16") -> Imported:
    """A network of lines `name: op ... < input input`, without a name `.name`; shapes are those of the report."""
    shape = tuple(map(int, input_.split("x")))
    layers: list[Layer] = []
    shapes: dict[str, Shape] = {"input": shape}
    for line in lines:
        head, _, inputs = line.partition(" < ")
        name, _, words = head.partition(": ")
        read = tuple(inputs.split()) or ((layers[-1].name if layers else "input"),)
        op, options = _read(words)
        shapes[name.lstrip(".")] = _given(op, options, [shapes[each] for each in read])
        layers.append(
            Layer(
                name=name.lstrip("."),
                op=op,
                options=options,
                inputs=read,
                shape=shapes[name.lstrip(".")],
                is_named=not name.startswith("."),
            )
        )
    return Imported(
        name="net", inputs={"input": shape}, layers=tuple(layers), outputs=(layers[-1].name,), kinds=kinds or {}
    )


def _read(words: str) -> tuple[str, dict[str, Option]]:
    op, *rest = words.split()
    long = {"c": "out_channels", "k": "kernel_size", "s": "stride", "p": "padding", "g": "groups"}
    options: dict[str, Option] = {
        long[word[0]]: int(word[1:]) for word in rest if word[0] in long and word[1:].isdigit()
    }
    options |= dict.fromkeys(["channels"] if op == "slice" else [], rest[-1] if rest else "")
    return op, {**options, "bias": "bias" in rest} if op == "conv" else options


def _given(op: str, options: Mapping[str, Option], inputs: list[Shape]) -> Shape:
    channels, *sizes = inputs[0]
    if op == "gap":
        return (channels, 1, 1)
    if op == "concat":
        return (sum(shape[0] for shape in inputs), *sizes)
    if op == "slice":
        start, stop = map(int, str(options["channels"]).split(":"))
        return (stop - start, *sizes)
    if "kernel_size" not in options:
        return inputs[0] if op != "mul" else max(inputs)
    k, s, p = (options.get(key, usual) for key, usual in (("kernel_size", 1), ("stride", 1), ("padding", 0)))
    numbers = [
        (size + 2 * p - k) // s + 1
        for size in sizes
        if isinstance(k, int) and isinstance(s, int) and isinstance(p, int)
    ]
    out = options.get("out_channels", channels)
    assert isinstance(out, int)
    return (out, *numbers)


def basic(path: str, c: int, s: int, *, down: bool, before: str) -> list[str]:
    """A block of a ResNet as PyTorch names it."""
    return [
        f"{path}.conv1: conv c{c} k3 s{s} p1 < {before}",
        f"{path}.bn1: bn",
        f"{path}.relu: relu",
        f"{path}.conv2: conv c{c} k3 p1",
        f"{path}.bn2: bn",
        *([f"{path}.downsample.0: conv c{c} k1 s{s} < {before}", f"{path}.downsample.1: bn"] if down else []),
        f".{path}.add: add < {path}.bn2 {f'{path}.downsample.1' if down else before}",
        f"{path}.relu_2: relu",
    ]


def written(network: Imported, **options: bool) -> list[str]:
    """The lines between `input` and the end, read back and compared with the flat form."""
    text = to_yaml(network, **options)
    assert figures(read(text)) == figures(read(to_yaml(network, flat=True)))
    return text.splitlines()[3:]


def test_modules_with_and_without_a_projection_are_one_block() -> None:
    lines = ["conv1: conv c8 k3 p1", "bn1: bn", "relu: relu"]
    before = "relu"
    for stage, (c, s) in enumerate([(8, 1), (16, 2)], 1):
        for copy in range(2):
            path = f"layer{stage}.{copy}"
            lines += basic(path, c, s if copy == 0 else 1, down=copy == 0 and s == 2, before=before)
            before = f"{path}.relu_2"
    lines += [".avgpool: gap", "fc: flatten"]
    kinds = {f"layer{stage}.{copy}": "BasicBlock" for stage in (1, 2) for copy in range(2)}
    assert written(made(*lines, kinds=kinds)) == [
        "blocks:",
        "  BasicBlock(c, s=1):",
        "    - residual:",
        "        - conv1: conv c k3 s=s p1 bn relu",
        "        - conv2: conv c k3 p1 bn",
        "      shortcut:",
        "        - downsample: conv c k1 s=s bn when=s!=1",
        "      then: relu",
        "layers:",
        "  - conv1: conv 8 k3 p1 bn relu",
        "  - layer1: BasicBlock 8 *2",
        "  - layer2: BasicBlock 16 s=first(2) *2",
        "  - gap",
        "  - fc_: flatten",
    ]
    without = written(made(*lines))
    assert [line.strip() for line in without if "_block" in line] == [
        "layer_block(c, s=1):", "- layer1: layer_block 8 *2", "- layer2: layer_block 16 s=first(2) *2",
    ]  # fmt: skip


def test_a_projection_for_channels_alone_is_told_by_the_channels() -> None:
    lines, before = ["stem: conv c8 k1"], "stem"
    for copy, down in enumerate([True, False, False]):
        lines += basic(f"layer.{copy}", 16, 1, down=down, before=before)
        before = f"layer.{copy}.relu_2"
    kinds = {f"layer.{copy}": "Block" for copy in range(3)}
    found = written(made(*lines, kinds=kinds))
    assert "        - downsample: conv 16 k1 bn when=x.c!=16" in found
    assert found[-1] == "  - layer: Block *3"


def inverted(path: str, before: str, c: int, s: int, *, skip: bool) -> list[str]:
    """A block of a MobileNetV2."""
    return [
        f"{path}.dw: conv c{c} k3 s{s} p1 < {before}",
        f"{path}.pw: conv c{c} k1",
        *([f".{path}.add: add < {path}.pw {before}"] if skip else []),
    ]


def test_a_skip_only_where_shapes_agree_is_if_same() -> None:
    lines, before = ["stem: conv c8 k3 s2 p1"], "stem"
    for at, (c, s) in enumerate([(8, 1), (16, 2), (16, 1), (24, 2), (24, 1)]):
        lines += inverted(f"features.{at}", before, c, s, skip=s == 1)
        before = f"features.{at}.add" if s == 1 else f"features.{at}.pw"
    kinds = {f"features.{at}": "InvertedResidual" for at in range(5)}
    assert written(made(*lines, kinds=kinds)) == [
        "blocks:",
        "  InvertedResidual(c, s=1):",
        "    - residual:",
        "        - dw: conv c k3 s=s p1 nobias",
        "        - pw: conv c k1 nobias",
        "      shortcut: if_same",
        "layers:",
        "  - stem: conv 8 k3 s2 p1 nobias",
        "  - features:",
        "      - 0: InvertedResidual 8",
        "      - 1: InvertedResidual 16 s=2",
        "      - 2: InvertedResidual 16",
        "      - 3: InvertedResidual 24 s=2",
        "      - 4: InvertedResidual 24",
    ]


def test_a_skip_that_is_missing_though_shapes_agree_is_not_if_same() -> None:
    lines = ["stem: conv c8 k1", *inverted("a", "stem", 8, 1, skip=True), *inverted("b", "a.add", 8, 1, skip=False)]
    assert "if_same" not in "\n".join(written(made(*lines, kinds={"a": "Block", "b": "Block"})))


def test_paths_that_meet_are_branches() -> None:
    lines, before = ["stem: conv c8 k1"], "stem"
    for name, c in (("a", 4), ("b", 6)):
        lines += [
            f"{name}.left: conv c{c} k1 < {before}",
            f"{name}.right1: conv c{c} k1 < {before}",
            f"{name}.right2: conv c{2 * c} k3 p1",
            f".{name}.pool: maxpool k3 s1 p1 < {before}",
            f"{name}.proj: conv c{c} k1",
            f".{name}.cat: concat < {name}.left {name}.right2 {name}.proj",
        ]
        before = f"{name}.cat"
    kinds = {"a": "Mixed", "b": "Mixed"}
    assert written(made(*lines, kinds=kinds)) == [
        "blocks:",
        "  Mixed(c):",
        "    - branches:",
        "        - left: conv c k1 nobias",
        "        - - right1: conv c k1 nobias",
        "          - right2: conv 2*c k3 p1 nobias",
        "        - - maxpool 3 s1 p1",
        "          - proj: conv c k1 nobias",
        "      merge: concat",
        "layers:",
        "  - stem: conv 8 k1 nobias",
        "  - a: Mixed 4",
        "  - b: Mixed 6",
    ]


def test_a_gate_takes_the_channels_of_its_input() -> None:
    lines, before = [], "input"
    for at, (c, squeeze) in enumerate([(8, 2), (12, 3), (16, 8)]):
        lines += [
            f"conv_{at}: conv c{c} k1 < {before}",
            f"se{at}.pool: gap",
            f"se{at}.down: conv c{squeeze} k1",
            f"se{at}.up: conv c{c} k1",
            f".se{at}.mul: mul < conv_{at} se{at}.up",
        ]
        before = f"se{at}.mul"
    found = written(made(*lines, kinds={f"se{at}": "Gate" for at in range(3)}))
    assert found[:6] == [
        "blocks:",
        "  Gate(c):",
        "    - pool: gap",
        "    - down: conv c k1 nobias",
        "    - up: conv x.c k1 nobias",
        "    - mul x",
    ]


def test_numbers_that_grow_from_copy_to_copy_and_kernels_with_their_padding() -> None:
    lines = ["stem: conv c8 k1"]
    for copy, c in enumerate([8, 12, 16, 20]):
        lines += [f"layers.{copy}.a: conv c{c} k3 p1", f"layers.{copy}.b: conv c{c} k1"]
    for copy, k in enumerate([3, 5, 3]):
        lines += [f"more.{copy}.a: conv c20 k{k} p{k // 2}", f"more.{copy}.b: conv c20 k1"]
    kinds = {f"layers.{copy}": "Grow" for copy in range(4)} | {f"more.{copy}": "Wide" for copy in range(3)}
    found = written(made(*lines, kinds=kinds))
    assert "  - layers: Grow 8+4*i *4" in found
    assert "  Wide(k=3):" in found
    assert "    - a: conv 20 k=k p=k//2 nobias" in found


def test_layers_of_one_line_are_counted_too() -> None:
    lines = [line for at in range(4) for line in (f"stack.{at}.conv: conv c8 k3 p1", f"stack.{at}.relu: relu")]
    assert written(made(*lines)) == ["layers:", "  - stack: conv 8 k3 p1 nobias relu *4"]


def test_names_are_those_of_the_modules_as_far_as_the_language_has_them() -> None:
    network = made(*(f"{name}: conv c4 k1" for name in ("層.conv", "層.0", "x", "a-b", "3x3", "conv", "7", "_")))
    assert [row.name for row in read(to_yaml(network))] == ["_.conv_", "_.0", "x_", "a_b", "_3x3", "conv_", "_7", "__2"]
    assert [row.name for row in read(to_yaml(network, flat=True))][:3] == ["__conv", "__0", "x_"]


def test_comments_stand_beside_what_they_are_about_and_change_nothing() -> None:
    lines, before = ["stem: conv c8 k3 p1", "stem2.conv: conv c8 k1", "stem2.bn: bn"], "stem2.bn"
    for stage, (c, s) in enumerate([(8, 1), (16, 2)]):
        for copy in range(2):
            lines += basic(f"l{stage}.{copy}", c, s if copy == 0 else 1, down=s == 2 and copy == 0, before=before)
            before = f"l{stage}.{copy}.relu_2"
    network = made(*lines, kinds={f"l{stage}.{copy}": "B" for stage in (0, 1) for copy in range(2)})
    found = written(network, annotate=True)
    body = found[found.index("layers:") + 1 :]
    assert [line.split(" # ") for line in body] == [
        [f"{'  - stem: conv 8 k3 p1 nobias':<59}", "8x16x16"],
        [f"{'  - stem2: conv 8 k1 bn':<59}", "8x16x16"],
        [f"{'  - l0: B 8 *2':<59}", "8x16x16"],
        [f"{'  - l1: B 16 s=first(2) *2':<59}", "16x8x8"],
    ]
    assert not any("#" in line for line in found[: found.index("layers:")])
    plain = to_yaml(network).splitlines()
    assert [line.partition(" #")[0].rstrip() for line in to_yaml(network, annotate=True).splitlines()] == plain


def test_a_long_line_is_broken_between_words_and_still_points_at_each_of_them() -> None:
    ends = [f"a_branch_with_a_long_name_{at}" for at in range(9)]
    lines = [line for name in ends for line in (f"{name}: conv c4 k1 < input",)]
    network = made(*lines, "before: conv c2 k1 < input", f".cat: concat < {' '.join(reversed(ends))}")
    text = to_yaml(network)
    assert max(map(len, text.splitlines())) <= 120
    assert figures(read(text)) == figures(read(to_yaml(network, flat=True)))
    at = text.rindex(" a_branch_with_a_long_name_") + 1
    broken = f"{text[:at]}no_{text[at:]}"
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.analyze(cnncalc.parse(broken))
    (found,) = caught.value.findings
    assert found.at is not None
    line = broken.splitlines()[found.at.line - 1]
    assert line[found.at.column - 1 :].startswith("no_a_branch_with_a_long_name_")
    flat = to_yaml(network, flat=True).splitlines()
    assert len(flat) == 4 + len(network.layers)


def test_outputs_have_their_names() -> None:
    network = made("a.conv: conv c4 k1", "a.bn: bn", "b: conv c4 k1", ".add: add < a.bn b", "c: relu")
    several = replace(network, outputs=("a.bn", "add", "c", "input"))
    report = read(to_yaml(several))
    assert list(report.outputs) == ["a", "add_1", "c", "input"]
    assert figures(report) == figures(read(to_yaml(several, flat=True)))


def test_remarks_are_comments_at_the_top() -> None:
    network = replace(made("a: conv c4 k1"), remarks=("fields are upper bounds", "behind a"))
    assert to_yaml(network).splitlines()[:5] == [
        "cnncalc: 1", "name: net", "input: 3x16x16", "# fields are upper bounds", "# behind a",
    ]  # fmt: skip
    assert read(to_yaml(network)).totals == read(to_yaml(made("a: conv c4 k1"))).totals


def test_a_layer_without_a_name_does_not_hide_what_is_shared_from_outside_its_group() -> None:
    conv: dict[str, Option] = {"out_channels": 8, "kernel_size": 3, "padding": 1, "bias": False}
    shape = (8, 8, 8)
    layers = (
        Layer(name="a.conv1.conv", op="conv", options=conv, inputs=("input",), shape=shape),
        Layer(name="a.conv1.bn", op="bn", inputs=("a.conv1.conv",), shape=shape),
        Layer(name="a.conv1.act", op="relu", inputs=("a.conv1.bn",), shape=shape),
        Layer(name="a.c2.one", op="conv", options=conv, inputs=("a.conv1.act",), shape=shape, is_named=False),
        Layer(name="a.c2.bn", op="bn", inputs=("a.c2.one",), shape=shape, shares="a.conv1.bn"),
    )
    text = to_yaml(Imported(name="net", inputs={"input": shape}, layers=layers, outputs=("a.c2.bn",)))
    assert read(text).totals.params == 2 * 8 * 8 * 9 + 2 * 8


def test_a_model_that_does_nothing_is_a_network_too() -> None:
    network = Imported(name="nothing", inputs={"a": (3, 8, 8)}, layers=(), outputs=("a",))
    for flat in (True, False):
        report = read(to_yaml(network, flat=flat))
        assert [row.op for row in report] == ["identity"]
        assert list(report.outputs.values()) == [(3, 8, 8)]
