from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.spec.line import parse_line
from tests.spec.tree import read, scope

LAYERS = [
    # shorts: axes by x, before and after by /
    ("conv 64 k3", "conv out_channels=64 kernel_size=3"),
    ("conv 64 k3x5 p1x2", "conv out_channels=64 kernel_size=(3,5) padding=(1,2)"),
    ("conv 64 k3 p0/1", "conv out_channels=64 kernel_size=3 padding=((0,1))"),
    ("conv 64 k3 p0/1x2/2", "conv out_channels=64 kernel_size=3 padding=((0,1),(2,2))"),
    ("conv 64 k3 p0/1x2", "conv out_channels=64 kernel_size=3 padding=((0,1),(2,2))"),
    ("conv 64 k1x3x3 s1x2x2 d2 g32", "conv out_channels=64 kernel_size=(1,3,3) stride=(1,2,2) dilation=2 groups=32"),
    ("convt 64 k3 s2 p1 op1", "convt out_channels=64 kernel_size=3 stride=2 padding=1 output_padding=1"),
    ("dwconv k3 m2", "dwconv kernel_size=3 multiplier=2"),
    # words may stand in any order
    ("conv k3 s2 64", "conv kernel_size=3 stride=2 out_channels=64"),
    ("conv bn relu 64 k3", "conv out_channels=64 kernel_size=3 +bn +relu"),
    # flags
    ("conv 8 k3 same", "conv out_channels=8 kernel_size=3 padding=same"),
    ("conv 8 k3 same_lower", "conv out_channels=8 kernel_size=3 padding=same_lower"),
    ("conv 8 k3 half", "conv out_channels=8 kernel_size=3 padding=half"),
    ("conv 8 k3 valid", "conv out_channels=8 kernel_size=3 padding=valid"),
    ("conv 8 k3 full", "conv out_channels=8 kernel_size=3 padding=full"),
    ("conv 8 k3 causal", "conv out_channels=8 kernel_size=3 padding=causal"),
    ("maxpool 3 s2 ceil", "maxpool kernel_size=3 stride=2 ceil_mode=True"),
    ("conv 8 k3 bias", "conv out_channels=8 kernel_size=3 bias=True"),
    ("conv 8 k3 nobias frozen", "conv out_channels=8 kernel_size=3 bias=False frozen=True"),
    ("conv 8 k3 zeros", "conv out_channels=8 kernel_size=3 padding_mode=zeros"),
    ("conv 8 k3 p1 reflect", "conv out_channels=8 kernel_size=3 padding=1 padding_mode=reflect"),
    ("conv 8 k3 p1 replicate", "conv out_channels=8 kernel_size=3 padding=1 padding_mode=replicate"),
    ("conv 8 k3 p1 circular", "conv out_channels=8 kernel_size=3 padding=1 padding_mode=circular"),
    ("upsample 2 mode=linear align_corners", "upsample scale=2 mode=linear align_corners=True"),
    # keys: PyTorch's long names, the letters, `out` and `kernel`
    ("conv out_channels=64 kernel_size=3 stride=2", "conv out_channels=64 kernel_size=3 stride=2"),
    ("conv out=64 kernel=3", "conv out_channels=64 kernel_size=3"),
    (
        "conv 8 k=k s=c p=k//2 d=1 g=c",
        "conv out_channels=8 kernel_size={k} stride={c} padding={k//2} dilation=1 groups={c}",
    ),
    ("conv 8 k=(1,k)", "conv out_channels=8 kernel_size={(1,k)}"),
    ("conv 8 k=(1, k)", "conv out_channels=8 kernel_size={(1, k)}"),
    ("conv 8 k=(1,3)", "conv out_channels=8 kernel_size=(1,3)"),
    ("conv 8 k=3x5 p=0/1", "conv out_channels=8 kernel_size=(3,5) padding=((0,1))"),
    ("conv 8 k3 p=((0,1),(2,2))", "conv out_channels=8 kernel_size=3 padding=((0,1),(2,2))"),
    ("conv 8 k3 padding=same bias=false", "conv out_channels=8 kernel_size=3 padding=same bias=False"),
    ("conv 8 k3 groups=c", "conv out_channels=8 kernel_size=3 groups={c}"),
    ("gn g=8", "gn num_groups=8"),
    # positionals
    ("conv c*2 k3", "conv out_channels={c*2} kernel_size=3"),
    ("conv 64*2 k3", "conv out_channels=128 kernel_size=3"),
    ("conv (c + 1) k3", "conv out_channels={(c + 1)} kernel_size=3"),
    ("conv round8(c * 3) k3", "conv out_channels={round8(c * 3)} kernel_size=3"),
    ("conv x.c k3", "conv out_channels={x.c} kernel_size=3"),
    ("conv i+1 k3", "conv out_channels={i+1} kernel_size=3"),
    ("conv c k3", "conv out_channels={c} kernel_size=3"),
    ("conv 9/2 k3", "conv out_channels={9/2} kernel_size=3"),
    ("maxpool 3x2 s2", "maxpool kernel_size=(3,2) stride=2"),
    ("adaptive 7x5", "adaptive size=(7,5)"),
    ("slice 0:32", "slice channels=(0,32)"),
    ("slice 32:", "slice channels=(32,None)"),
    ("slice c//2:c", "slice channels=({c//2},{c})"),
    ("crop 2", "crop cropping=2"),
    ("crop 1/2", "crop cropping=((1,2))"),
    ("crop to=enc.1", "crop to=enc.1"),
    ("crop to=prev", "crop to=prev"),
    ("pad 0/1 reflect", "pad padding=((0,1)) padding_mode=reflect"),
    ("upsample 3/2", "upsample scale={3/2}"),
    ("upsample 1.5", "upsample scale=3/2"),
    ("upsample size=56x56", "upsample size=(56,56)"),
    ("upsample size=enc mode=bilinear", "upsample size=enc mode=bilinear"),
    ("upsample size=(stem.h,stem.w)", "upsample size={(stem.h,stem.w)}"),
    ("convt 8 k3 s2 to=x", "convt out_channels=8 kernel_size=3 stride=2 to=x"),
    ("dropout 0.5", "dropout p=1/2"),
    ("se 4 act=relu gate=hsigmoid", "se squeeze_channels=4 act=relu gate=hsigmoid"),
    ("se x.c//4 act=ReLU", "se squeeze_channels={x.c//4} act=relu"),
    ("gn 8", "gn num_groups=8"),
    ("custom out=?x?x? k3 params=12 macs=1000", "custom out=(?,?,?) kernel_size=3 params=12 macs=1000"),
    ("custom out=64x28x28", "custom out=(64,28,28)"),
    ("custom out=64x?x?", "custom out=(64,?,?)"),
    # trailing norms and activations
    ("conv 8 k3 bn relu", "conv out_channels=8 kernel_size=3 +bn +relu"),
    ("conv 8 k3 relu bn", "conv out_channels=8 kernel_size=3 +relu +bn"),
    ("conv 8 k3 BatchNorm2d ReLU", "conv out_channels=8 kernel_size=3 +bn +relu"),
    ("conv 8 k3 gn=16 silu", "conv out_channels=8 kernel_size=3 +(gn,16) +silu"),
    ("conv 8 k3 bn act", "conv out_channels=8 kernel_size=3 +bn +{act}"),
    ("conv 8 k3 norm=nl act=act", "conv out_channels=8 kernel_size=3 +{nl} +{act}"),
    ("conv 8 k3 act=relu norm=bn", "conv out_channels=8 kernel_size=3 +relu +bn"),
    ("conv 8 k3 act=none", "conv out_channels=8 kernel_size=3 +none"),
    ("dwconv k3 act", "dwconv kernel_size=3 +{act}"),
    # merges: names, and what is a short or flag elsewhere is a name here
    ("concat e4", "concat @e4"),
    ("concat p3 s1 same", "concat @p3 @s1 @same"),
    ("add enc.0 prev x", "add @enc.0 @prev @x"),
    ("concat r from=l", "concat @r from=l"),
    ("add a relu", "add @a +relu"),
    ("add a align=crop", "add align=crop @a"),
    ("mul gate", "mul @gate"),
    # what every layer may have
    ("stem: conv 8 k3", "stem: conv out_channels=8 kernel_size=3"),
    ("conv1_1: conv 8 k3 *3", "conv1_1: conv out_channels=8 kernel_size=3 *3"),
    ("conv 8 k3 *c", "conv out_channels=8 kernel_size=3 *{c}"),
    ("conv 8 k3 *(c + 1)", "conv out_channels=8 kernel_size=3 *{(c + 1)}"),
    ("conv 8 k3 repeat=2", "conv out_channels=8 kernel_size=3 *2"),
    ("conv 8 k3 from=a.b", "conv out_channels=8 kernel_size=3 from=a.b"),
    ("conv 8 k3 when=c!=1", "conv out_channels=8 kernel_size=3 when={c!=1}"),
    ("conv 8 k3 when=(c == 1 and k > 2)", "conv out_channels=8 kernel_size=3 when={(c == 1 and k > 2)}"),
    ("conv 8 k3 when=true", "conv out_channels=8 kernel_size=3 when=True"),
    ("conv 8 k3 share=stem", "conv out_channels=8 kernel_size=3 share=stem"),
    # a name may be what is a flag elsewhere
    ("same: conv 8 k3 same", "same: conv out_channels=8 kernel_size=3 padding=same"),
    # other words than ops
    ("act", "word act"),
    ("a1: act from=stem *2", "a1: word act from=stem *2"),
    ("ReLU", "relu"),
    ("plain", "call plain"),
    ("basic 64", "call basic 64"),
    ("basic 64 2 *2", "call basic 64 2 *2"),
    ("layer2: basic 128 s=first(2) *2", "layer2: call basic 128 s={first(2)} *2"),
    ("basic s=2 c=c*2", "call basic s=2 c={c*2}"),
    ("unit 64 relu", "call unit 64 relu"),
    ("unit 64 ReLU", "call unit 64 relu"),
    ("unit 64 none", "call unit 64 none"),
    ("unit c=64 act=act share=a", "call unit c=64 act={act} share=a"),
    ("unit 3x5", "call unit (3,5)"),
]

GROUPS = [
    ("conv 8 k3 | relu", "conv out_channels=8 kernel_size=3 | relu"),
    ("conv 8 k3|relu", "conv out_channels=8 kernel_size=3 | relu"),
    ("(conv 8 k3 | relu)*3 | gap | fc 10", "(conv out_channels=8 kernel_size=3 | relu) *3 | gap | fc out_channels=10"),
    ("(relu) *c", "(relu) *{c}"),
    ("(relu)", "(relu)"),
    ("a: (relu | gap)", "a: (relu | gap)"),
    ("((relu)*2 | gap)*3", "((relu) *2 | gap) *3"),
    ("add(conv 8 k1; dwconv k3 p1)", "add(conv out_channels=8 kernel_size=1; dwconv kernel_size=3 padding=1)"),
    ("concat(; relu; gap | relu)", "concat(; relu; gap | relu)"),
    ("mul(; gap)", "mul(; gap)"),
    ("max(relu; )", "max(relu; )"),
    ("max(a: relu; b: gap) *2", "max(a: relu; b: gap) *2"),
    ("res(conv 8 k3 p1 bn)", "res(conv out_channels=8 kernel_size=3 padding=1 +bn; identity)"),
    ("res(relu; project)", "res(relu; project)"),
    ("res(relu; if_same)", "res(relu; if_same)"),
    ("res(relu; pad)", "res(relu; pad)"),
    ("res(relu; identity)", "res(relu; identity)"),
    ("res(relu; pad 1)", "res(relu; [pad padding=1])"),
    ("res(relu; gap)", "res(relu; [gap])"),
    ("res(relu; act)", "res(relu; [word act])"),
    ("res(relu; avgpool 2 | conv 8 k1)", "res(relu; [avgpool kernel_size=2 | conv out_channels=8 kernel_size=1])"),
    ("l1: res(res(relu) | gap; project) *2", "l1: res(res(relu; identity) | gap; project) *2"),
    ("e: conv 8 k3 p1 | maxpool 2 | upsample 2 | concat e",
     "e: conv out_channels=8 kernel_size=3 padding=1 | maxpool kernel_size=2 | upsample scale=2 | concat @e"),
    ("conv\n64\tk3  |\n relu", "conv out_channels=64 kernel_size=3 | relu"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "tree"), LAYERS)
def test_a_layer_reads_as(line: str, tree: str) -> None:
    assert read(line) == tree


@pytest.mark.parametrize(("line", "tree"), GROUPS)
def test_pipes_and_groups_read_as(line: str, tree: str) -> None:
    assert read(line) == tree


@pytest.mark.parametrize("line", [line for line, _ in LAYERS])
def test_a_layer_means_the_same_in_a_group(line: str) -> None:
    assert read(f"({line} | relu)") == f"({read(line)} | relu)"


def test_spans_are_the_characters_of_the_words() -> None:
    line = "stem: conv 64 k=(1, 3) bn from=a *2"
    (item,) = parse_line(line, scope()).items
    spans = [item.name_span, item.span, *(arg.span for arg in item.options.values())]  # type: ignore[union-attr]
    spans += [item.trail[0].span, item.from_ and item.from_.span, item.repeat and item.repeat.span]  # type: ignore[union-attr]
    assert [line[span[0] : span[1]] for span in spans if isinstance(span, tuple)] == [
        "stem",
        "conv",
        "64",
        "k=(1, 3)",
        "bn",
        "from=a",
        "*2",
    ]


def test_expressions_know_where_they_start() -> None:
    line = "conv c*2 k=(1,k) when=c!=1 *c"
    (item,) = parse_line(line, scope()).items
    args = [*item.options.values(), item.when, item.repeat]  # type: ignore[union-attr]
    expressions = [arg.value for arg in args if arg]
    assert [line[each.offset : each.offset + len(each.text)] for each in expressions] == ["c*2", "(1,k)", "c!=1", "c"]


def test_equal_lines_share_one_tree() -> None:
    here = scope()
    assert parse_line("conv 64 k3 bn", here) is parse_line("conv 64 k3 bn", here)


def test_no_spaces_are_needed_nor_forbidden_around_pipes_and_brackets() -> None:
    assert read("( conv 8 k3|relu ) *2|res( relu ; project )") == read("(conv 8 k3 | relu)*2 | res(relu; project)")


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_within_itself(text: str) -> None:
    parsed = parse_line(text, scope())
    for problem in parsed.problems:
        assert 0 <= problem.start <= problem.end <= len(text)
        assert problem.message


WORDS = [
    "conv", "64", "k3", "bn", "relu", "|", "(", ")", ";", "*2", "*", "add(", "res(", "s=", "k=(1,", "c", "basic", "act",
    "p0/1", "when=c", "from=a", "a:", "a.b", "x", "=", "concat", "slice", "0:3", "?", "first(2", "out=?x?", "3x", "/",
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_any_words_of_the_language_are_read_or_refused_within_the_line(text: str) -> None:
    parsed = parse_line(text, scope())
    assert parsed.problems or parsed.items
    for problem in parsed.problems:
        assert 0 <= problem.start <= problem.end <= len(text)


@given(st.lists(st.sampled_from(WORDS), max_size=14).map("".join))
def test_any_words_without_spaces_neither(text: str) -> None:
    for problem in parse_line(text, scope()).problems:
        assert 0 <= problem.start <= problem.end <= len(text)
