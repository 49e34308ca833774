# ruff: noqa: E501 - one case is one line
from __future__ import annotations

from fractions import Fraction
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.errors import Severity, UsageError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import Boundary
from cnncalc.spec.expression import Expression
from cnncalc.spec.items import LayerItem, SequenceItem
from cnncalc.spec.models import DType
from cnncalc.spec.network import NetworkSpec
from cnncalc.spec.reader import parse, parse_line, parse_shape, with_overrides
from tests.spec.tree import placed, shown, value

HEAD = "cnncalc: 1\ninput: 3x32x32\n"


def network(text: str) -> NetworkSpec:
    """A network file without mistakes."""
    spec = parse(dedent(text), source="net.yaml")
    assert not spec.findings, spec.findings
    return spec


def layers(items: str) -> str:
    """What the items under `layers:` are read as."""
    return placed(network(HEAD + "vars: {w: 2, t: relu6}\n" + BLOCK + "layers:\n" + items).layers)


BLOCK = "blocks:\n  basic(c, s=1):\n    - conv c k3 s=s\n  plain: relu\n"

ITEMS = [
    # the table "Items of a list"
    ("- conv 64 k3", "conv out_channels=64 kernel_size=3"),
    ("- stem: conv 64 k3", "stem: conv out_channels=64 kernel_size=3"),
    ("- stem: [relu, gap]", "stem: (relu | gap)"),
    ("- stem: [relu]", "stem: (relu)"),
    ("- [relu, gap, fc 10]", "(relu | gap | fc out_channels=10)"),
    ("- {repeat: 3, do: [relu]}", "(relu) *3"),
    ("- {repeat: w+1, do: relu | gap}", "(relu | gap) *{w+1}"),
    ("- {when: w != 1, do: [relu]}", "(relu) when={w != 1}"),
    ("- {when: false, name: a, from: prev, share: b, do: [relu]}", "a: (relu) from=prev when=False share=b"),
    ("- each: [c, s]\n  rows: [[16, 1], [w*4, 2]]\n  do: conv c k3 s=s",
     "each(c,s; (16,1) ({w*4},2); conv out_channels={c} kernel_size=3 stride={s})"),
    ("- each: [a, n]\n  rows:\n  - [relu, none]\n  - [t, ~none]\n  - [hswish, null]\n  do: [conv 8 k3 n a]".replace("~", ""),
     "each(a,n; (relu,none) ({t},none) (hswish,none); conv out_channels=8 kernel_size=3 +{n} +{a})"),
    ("- each: k\n  rows: [1, [3]]\n  name: t2\n  do: [maxpool k]", "t2: each(k; (1) (3); maxpool kernel_size={k})"),
    ("- each: [k]\n  rows: [[[1, 3]]]\n  do: [maxpool k]", "each(k; ((1,3)); maxpool kernel_size={k})"),
    ("- residual: [conv 8 k3]", "res(conv out_channels=8 kernel_size=3; identity)"),
    ("- residual: conv 8 k3 | relu\n  shortcut: project\n  then: relu",
     "res(conv out_channels=8 kernel_size=3 | relu; project; then relu)"),
    ("- residual: [relu]\n  shortcut: if_same", "res(relu; if_same)"),
    ("- residual: [relu]\n  shortcut: pad", "res(relu; pad)"),
    ("- residual: [relu]\n  shortcut: [avgpool 2, conv 8 k1]", "res(relu; [avgpool kernel_size=2 | conv out_channels=8 kernel_size=1])"),
    ("- residual: [relu]\n  shortcut: pad 1", "res(relu; [pad padding=1])"),
    ("- residual: [relu]\n  shortcut: []", "res(relu; identity)"),
    ("- res1:\n    residual: [relu]\n    then: [relu, gap]", "res1: res(relu; identity; then relu | gap)"),
    ("- branches: [[relu], gap, []]\n  merge: concat", "concat(relu; gap; )"),
    ("- branches: {a: [relu], b: relu | gap, c: []}\n  merge: add\n  align: crop", "add(a: relu; b: relu | gap; c: ) align=crop"),
    ("- branches: [[relu], [gap]]\n  merge: max\n  name: m", "m: max(relu; gap)"),
    ("- basic 64 *2", "call basic 64 *2"),
    ("- {use: basic, c: 64}", "call basic c=64"),
    ("- {use: basic, c: w*2, s: first(2), repeat: 2, name: a}", "a: call basic c={w*2} s={first(2)} *2"),
    ("- {use: plain}", "call plain"),
    # any item may be the value of a name, and `name:` works on every mapping
    ("- a: basic 64 *2", "a: call basic 64 *2"),
    ("- a: {use: basic, c: 64}", "a: call basic c=64"),
    ("- a: {repeat: 2, do: [relu]}", "a: (relu) *2"),
    ("- a: {b: relu}", "a: (b: relu)"),
    ("- a: {op: relu}", "a: relu"),
    ("- a:\n    - b: relu\n    - gap", "a: (b: relu | gap)"),
    # the long form
    ("- {op: conv, out_channels: 64, kernel_size: [3, 5], padding: [[0, 1], [2, 2]], norm: bn, act: relu, name: a}",
     "a: conv out_channels=64 kernel_size=(3,5) padding=((0,1),(2,2)) +bn +relu"),
    ("- {op: conv, act: relu, norm: bn, out: 8, kernel: 3, s: 2, bias: false}",
     "conv out_channels=8 kernel_size=3 stride=2 bias=False +bn +relu"),
    ("- {op: conv, out_channels: 8*w, kernel_size: [1, w], padding: half, repeat: w, when: w > 1, from: x, share: a}",
     "conv out_channels={8*w} kernel_size=(1,{w}) padding=half from=x when={w > 1} share=a *{w}"),
    ("- {op: conv, out_channels: 8, kernel_size: 3x5, padding: 0/1}", "conv out_channels=8 kernel_size=(3,5) padding=((0,1))"),
    ("- {op: conv, out_channels: 8, kernel_size: 3, norm: {gn: 16}, act: t}", "conv out_channels=8 kernel_size=3 +(gn,16) +{t}"),
    ("- {op: conv, out_channels: 8, kernel_size: 3, norm: none, act: null}", "conv out_channels=8 kernel_size=3"),
    ("- {op: concat, from: [a, b, c.d]}", "concat @b @c.d from=a"),
    ("- {op: add, from: a}", "add from=a"),
    ("- {op: se, squeeze_channels: 4, act: silu}", "se squeeze_channels=4 act=silu"),
    ("- {op: slice, channels: [0, 32]}", "slice channels=(0,32)"),
    ("- {op: slice, channels: '0:32'}", "slice channels=(0,32)"),
    ("- {op: upsample, size: stem, mode: linear}", "upsample size=stem mode=linear"),
    ("- {op: upsample, scale: 1.5}", "upsample scale=3/2"),
    ("- {op: custom, out: '64x?x?', macs: 1e3}", "custom out=(64,?,?) macs=1000"),
    ("- {op: ReLU}", "relu"),
    # lines in YAML
    ("- relu | gap", "relu | gap"),
    ("- 'e: conv 8 k3 p1 | maxpool 2 | upsample 2 | concat e'",
     "e: conv out_channels=8 kernel_size=3 padding=1 | maxpool kernel_size=2 | upsample scale=2 | concat @e"),
    ("- stem: relu | gap", "stem: (relu | gap)"),
    ("- stem: 'a: relu'", "stem: (a: relu)"),
    ("- >\n  relu\n  | gap", "relu | gap"),
    ("relu | gap", "relu | gap"),
    ("residual: relu", "res(relu; identity)"),
    ("- res(relu; project) | add(relu; )", "res(relu; project) | add(relu; )"),
]  # fmt: skip


@pytest.mark.parametrize(("items", "tree"), ITEMS)
def test_an_item_reads_as(items: str, tree: str) -> None:
    indented = "\n".join("  " + line for line in items.splitlines())
    assert layers(indented) == tree


class TestFile:
    TEXT = """\
    # yaml-language-server: $schema=cnncalc.schema.json
    cnncalc: 1
    name: ResNet-18
    input: 3x224x224                 # channels x spatial
    batch: 2
    dtype: bfloat16
    vars: {width: 1.0, act: relu6, ks: [3, 5], twice: width*2, none_: null}
    defaults: {conv: {padding: half, k: 3}, bn: {}}
    blocks:
      basic(c, s=1, t=c*2):
        - conv c k3 s=s
    layers:
      - stem: conv 64 k7
    outputs: [stem]
    task: {dense: true, stride: 4, causal: false, object: 96x96, sizes: 320..384/32, boundary: zeros}
    expect:
      params: max 12M
      outputs: {stem: 64x224x224}
      at: {stem: {shape: 64x224x224, jump: 1, rf: 7}}
    lint: {ignore: [CNN012], severity: {CNN013: error}}
    """

    def test_every_key_is_read(self) -> None:
        spec = network(self.TEXT)
        assert (spec.name, spec.batch, spec.dtype) == ("ResNet-18", 2, DType.BFLOAT16)
        assert spec.inputs == {"input": TensorShape(3, (224, 224))}
        assert {name: value(variable.value) for name, variable in spec.variables.items()} == {
            "width": "1",
            "act": "relu6",
            "ks": "(3,5)",
            "twice": "{width*2}",
            "none_": "none",
        }
        assert {name: value(arg.value) for name, arg in spec.defaults["conv"].items()} == {
            "padding": "half",
            "kernel_size": "3",
        }
        (block,) = spec.blocks.values()
        assert [(each.name, each.has_default, value(each.default)) for each in block.parameters] == [
            ("c", False, "None"),
            ("s", True, "1"),
            ("t", True, "{c*2}"),
        ]
        assert [output.name for output in spec.outputs] == ["stem"]
        assert spec.task is not None
        assert (spec.task.stride, spec.task.object, spec.task.sizes) == ((4,), (96, 96), (320, 352, 384))
        assert (spec.task.dense, spec.task.causal, spec.task.boundary) == (True, False, Boundary.ZEROS)
        assert spec.expect is not None
        assert spec.expect.at is not None
        assert spec.expect.at["stem"].shape == (64, 224, 224)
        assert spec.lint is not None
        assert spec.lint.ignore == ("CNN012",)
        assert spec.lint.severity == {"CNN013": Severity.ERROR}
        assert spec.text == dedent(self.TEXT)
        assert spec.source == "net.yaml"

    def test_places_are_those_of_the_keys_and_of_what_is_expected(self) -> None:
        places = network(self.TEXT).places
        found = {name: (places[name].line, places[name].column) for name in places}
        assert found["input"] == (4, 1)
        assert found["expect.params"] == (17, 11)
        assert found["expect.at.stem.rf"] == (19, 47)
        assert found["lint.ignore.0"] == (20, 17)
        assert found["task.stride"] == (15, 29)

    @pytest.mark.parametrize("shape", ["3x32", "3x32x32", "3x8x32x32", "[3, 32, 32]"])
    def test_inputs_have_one_two_or_three_axes(self, shape: str) -> None:
        spec = network(f"cnncalc: 1\ninput: {shape}\nlayers: [relu]\n")
        assert spec.inputs["input"].channels == 3

    def test_several_inputs_stand_in_their_order(self) -> None:
        spec = network("cnncalc: 1\ninputs: {right: 3x8x8, left: 1x8x8}\nlayers: [relu]\n")
        assert list(spec.inputs) == ["right", "left"]

    @pytest.mark.parametrize(
        ("source", "name"), [("a/net.v2.yaml", "net.v2"), ("<stdin>", "network"), ("HEAD~1:models/r.yaml", "r")]
    )
    def test_a_network_without_a_name_is_called_after_its_file(self, source: str, name: str) -> None:
        assert parse(HEAD + "layers: [relu]\n", source=source).name == name

    def test_json_is_read_too(self) -> None:
        text = '{"cnncalc": 1, "input": [3, 8, 8], "layers": ["conv 8 k3", {"op": "relu", "name": "a"}, ["gap"]]}'
        assert placed(network(text).layers) == "conv out_channels=8 kernel_size=3 | a: relu | (gap)"

    def test_bytes_and_text_are_the_same(self) -> None:
        text = dedent(self.TEXT)
        assert parse(text.encode(), source="net.yaml") == parse(text, source="net.yaml")

    def test_blocks_may_be_called_before_they_are_defined(self) -> None:
        spec = network(HEAD + "blocks:\n  a: b\n  b(): [relu]\nlayers: [a]\n")
        assert placed(spec.blocks["a"].body) == "call b"

    def test_a_parameter_hides_a_var_of_the_same_name(self) -> None:
        spec = network(HEAD + "vars: {c: 3}\nblocks:\n  a(c): conv c k1\nlayers: [a 4]\n")
        assert placed(spec.blocks["a"].body) == "conv out_channels={c} kernel_size=1"

    def test_comments_that_speak_to_cnncalc_are_kept(self) -> None:
        spec = network(HEAD + "layers:\n  - conv 8 k3  # cnncalc: ignore[CNN012] on purpose\n")
        assert [comment.text for comment in spec.comments] == ["cnncalc: ignore[CNN012] on purpose"]


class TestPlaces:
    def test_a_word_of_a_line_is_located_in_the_file(self) -> None:
        spec = network(HEAD + "layers:\n  - stem: conv 64 k3\n  - {op: fc, out: 10}\n  - (relu | gap)*2\n")
        first, second, third = spec.layers
        assert str(first.locate(first.item.span)) == "net.yaml:4:11"
        assert isinstance(first.item, LayerItem)
        assert str(first.locate(first.item.options["kernel_size"].span)) == "net.yaml:4:19"
        assert first.item.name_span is not None
        assert str(first.locate(first.item.name_span)) == "net.yaml:4:5"
        assert str(second.locate(second.item.span)) == "net.yaml:5:10"
        assert isinstance(third.item, SequenceItem)
        inner = third.item.items[1]
        assert str(inner.locate(inner.item.span)) == "net.yaml:6:13"

    def test_equal_lines_share_their_item_but_not_their_place(self) -> None:
        spec = network(HEAD + "layers:\n  - conv 8 k3\n  - conv 8 k3\n")
        one, other = spec.layers
        assert one.item is other.item
        assert one.locate(one.item.span).line + 1 == other.locate(other.item.span).line

    def test_a_parameter_is_located_in_its_signature(self) -> None:
        spec = network(HEAD + "blocks:\n  a(c, s=1): relu\nlayers: [a 3]\n")
        assert [str(parameter.at) for parameter in spec.blocks["a"].parameters] == ["net.yaml:4:5", "net.yaml:4:8"]


class TestLine:
    def test_it_is_a_network_of_its_own(self) -> None:
        spec = parse_line("conv 8 k3 | fc 10", {"input": TensorShape(3, (8, 8))})
        assert placed(spec.layers) == "conv out_channels=8 kernel_size=3 | fc out_channels=10"
        assert (spec.source, spec.text, spec.findings) == ("<line>", "conv 8 k3 | fc 10", ())
        assert spec.inputs == {"input": TensorShape(3, (8, 8))}

    def test_mistakes_have_their_column(self) -> None:
        (found,) = parse_line("conv 8 k3 | rleu", {}).findings
        assert str(found.at) == "<line>:1:13"

    def test_line_breaks_count(self) -> None:
        (found,) = parse_line("conv 8 k3\n| rleu", {}).findings
        assert str(found.at) == "<line>:2:3"

    @given(st.text(max_size=60))
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        spec = parse_line(text, {})
        assert spec.layers or spec.findings


class TestShape:
    def test_it_reads_as(self) -> None:
        assert parse_shape("3x224x224") == TensorShape(3, (224, 224))

    @pytest.mark.parametrize("text", ["", "3", "3x", "3,4,5", "1x3x224x224x2", "0x3", "axb", "3x-1", "3 x 4", "3x4.5"])
    def test_what_is_none_is_a_wrong_command(self, text: str) -> None:
        with pytest.raises(UsageError, match="input shape"):
            parse_shape(text)


class TestOverrides:
    SPEC = HEAD + "vars: {width: 1, depth: width*2, act: relu}\nlayers: [relu]\n"

    def test_nothing_changes_nothing(self) -> None:
        spec = parse(self.SPEC)
        assert with_overrides(spec) is spec

    def test_each_replaces_its_part(self) -> None:
        spec = with_overrides(
            parse(self.SPEC),
            inputs={"input": TensorShape(1, (8,))},
            batch=4,
            dtype="int8",
            variables={"width": "0.5", "depth": "width+1", "act": "silu"},
            name="other",
        )
        assert spec.inputs == {"input": TensorShape(1, (8,))}
        assert (spec.batch, spec.dtype, spec.name) == (4, DType.INT8, "other")
        assert spec.variables["width"].value == Fraction(1, 2)
        depth = spec.variables["depth"].value
        assert isinstance(depth, Expression)
        assert depth.text == "width+1"
        assert spec.variables["act"].value == "silu"

    def test_a_single_input_is_meant_whatever_it_is_called(self) -> None:
        spec = parse("cnncalc: 1\ninputs: {image: 3x8x8}\nlayers: [relu]\n")
        assert with_overrides(spec, inputs={"input": TensorShape(1, (4,))}).inputs == {"image": TensorShape(1, (4,))}

    def test_of_several_inputs_those_that_are_named_change(self) -> None:
        spec = parse("cnncalc: 1\ninputs: {a: 3x8x8, b: 3x8x8}\nlayers: [relu]\n")
        assert with_overrides(spec, inputs={"b": TensorShape(1, (4,))}).inputs == {
            "a": TensorShape(3, (8, 8)),
            "b": TensorShape(1, (4,)),
        }

    def test_a_file_without_an_input_can_be_given_one(self) -> None:
        spec = parse("cnncalc: 1\nlayers: [relu]\n")
        assert [found.code for found in spec.findings] == ["CNN906"]
        spec = with_overrides(spec, inputs={"input": TensorShape(1, (4,))})
        assert (spec.inputs, spec.findings) == ({"input": TensorShape(1, (4,))}, ())

    @pytest.mark.parametrize(
        ("variables", "message"),
        [
            ({"widht": "1"}, "no var `widht` to set; did you mean `width`?"),
            ({"q": "1"}, "its vars are width, depth, act"),
            ({"width": "3x"}, "unexpected `x`"),
            ({"width": "depth"}, "unknown name `depth`"),
            ({"width": ""}, "an expression is missing"),
        ],
    )
    def test_a_wrong_variable_is_a_wrong_command(self, variables: dict[str, str], message: str) -> None:
        with pytest.raises(UsageError) as caught:
            with_overrides(parse(self.SPEC), variables=variables)
        assert message in str(caught.value)

    def test_a_network_without_vars_says_so(self) -> None:
        with pytest.raises(UsageError, match="it has no vars"):
            with_overrides(parse(HEAD + "layers: [relu]\n"), variables={"a": "1"})

    def test_an_unknown_input_is_a_wrong_command(self) -> None:
        text = "cnncalc: 1\ninputs: {left: 3x8x8, right: 3x8x8}\nlayers: [relu]\n"
        spec = parse(text, source="net.yaml")
        with pytest.raises(UsageError, match=r"net\.yaml: the network has no input `lefft`; did you mean `left`\?"):
            with_overrides(spec, inputs={"lefft": TensorShape(1, (4,))})

    def test_a_wrong_batch_or_type_is_a_wrong_command(self) -> None:
        with pytest.raises(UsageError, match="batch 0: should be at least 1"):
            with_overrides(parse(self.SPEC), batch=0)
        with pytest.raises(UsageError, match=r"dtype fp16: .*did you mean `float16`"):
            with_overrides(parse(self.SPEC), batch=1, dtype="fp16")


def test_the_item_of_a_name_is_shown_with_it() -> None:
    (item,) = network(HEAD + "layers: [stem: relu]\n").layers
    assert shown(item.item) == "stem: relu"
