"""Every refusal of the layer language: the code, the characters at which it points, the fact, and the remedy."""

from __future__ import annotations

import pytest

from cnncalc.spec.line import parse_line
from tests.spec.tree import mistakes, scope

UNKNOWN, INVALID, MISSING, TWICE, LIMIT = "CNN904", "CNN905", "CNN906", "CNN903", "CNN902"

REFUSALS = [
    # the op
    ("cnv 64 k3", UNKNOWN, "cnv", "unknown op `cnv`", "did you mean `conv`?"),
    ("Conv2D 64", UNKNOWN, "Conv2D", "unknown op `Conv2D`", "did you mean `conv`?"),
    ("Conv2d 64", UNKNOWN, "Conv2d", "unknown op `Conv2d`", "did you mean `conv`?"),
    ("MaxPooling2D 2", UNKNOWN, "MaxPooling2D", "unknown op", "did you mean `maxpool`?"),
    ("Dense 10", UNKNOWN, "Dense", "unknown op", "did you mean `fc`?"),
    ("GlobalAveragePooling2D", UNKNOWN, "GlobalAveragePooling2D", "unknown op", "did you mean `gap`?"),
    ("ConvTranspose2d 8", UNKNOWN, "ConvTranspose2d", "unknown op", "did you mean `convt`?"),
    ("depth_to_space 2", UNKNOWN, "depth_to_space", "unknown op", "did you mean `pixelshuffle`?"),
    ("basc 64", UNKNOWN, "basc", "unknown op", "did you mean `basic`?"),
    ("qqqqqq", UNKNOWN, "qqqqqq", "unknown op", "`cnncalc ops` lists the ops"),
    ("conv(64, 3)", UNKNOWN, "conv(64, 3)", "unknown op", "write `conv ...`"),
    ("Conv2D(64, 3)", UNKNOWN, "Conv2D(64, 3)", "unknown op", "write `conv ...`"),
    ("stem:conv 64", UNKNOWN, "stem:conv", "unknown op", "a space belongs behind the colon"),
    ("nn.Conv2d(3, 64, 3)", UNKNOWN, "nn.Conv2d(3, 64, 3)", "unknown op", "write `conv ...`"),
    ("torch.nn.ReLU()", UNKNOWN, "torch.nn.ReLU()", "unknown op", "write `relu ...`"),
    ("3x conv 64 k3", UNKNOWN, "3x", "unknown op", "`*3` behind a layer"),
    ("sub(relu; gap)", UNKNOWN, "sub(relu; gap)", "unknown op", "write `sub"),
    # words
    ("conv 64 k3 bnn", UNKNOWN, "bnn", "unknown word `bnn`", "did you mean `bn`?"),
    ("conv 64 k3 rleu", UNKNOWN, "rleu", "unknown word", "did you mean `relu`?"),
    ("conv 64 k3 nobais", UNKNOWN, "nobais", "unknown word", "did you mean `nobias`?"),
    ("conv 64 k3 stride", UNKNOWN, "stride", "unknown word", "`stride=2` or `s2`"),
    ("conv 64 k3 strides", UNKNOWN, "strides", "unknown word", "`stride=2` or `s2`"),
    ("conv 64 k3 maxpool", UNKNOWN, "maxpool", "unknown word", "`maxpool` is an op and begins a layer of its own"),
    ("conv 64 k3 basic", UNKNOWN, "basic", "unknown word", "`basic` is a block and begins a layer of its own"),
    ("conv 64 k3 none", UNKNOWN, "none", "unknown word", "leave it out"),
    ("conv 64 k3 stride 2", UNKNOWN, "stride", "unknown word", "`stride=2` or `s2`"),
    ("conv 64 k3 dropout 0.5 relu", UNKNOWN, "dropout", "unknown word", "begins a layer of its own"),
    ("conv 64 k3 * 3", MISSING, "*", "a count is missing", "without a space"),
    ("conv 64, k3, s2, bn relu", INVALID, ",", "a comma behind `64`", "separated by spaces"),
    ("concat [a, b]", INVALID, "[a", "joins layers by name", "`concat a b`"),
    ("conv qq k3", UNKNOWN, "qq", "unknown word `qq`", "no flag, norm, activation or variable"),
    ("conv kc 64", UNKNOWN, "kc", "unknown word", "`k=c`"),
    ("gap ceil", UNKNOWN, "ceil", "`ceil` means nothing to gap", "it has no flags"),
    ("pad 1 same", UNKNOWN, "same", "`same` means nothing to pad", "`reflect`"),
    ("fc 10 frozn", UNKNOWN, "frozn", "unknown word", "did you mean `frozen`?"),
    # keys
    ("conv 64 k3 pading=1", UNKNOWN, "pading", "conv has no option `pading`", "did you mean `padding`?"),
    ("conv filters=64", UNKNOWN, "filters", "conv has no option `filters`", "did you mean `out_channels`?"),
    ("conv 64 strides=2", UNKNOWN, "strides", "no option", "did you mean `stride`?"),
    ("conv 64 pad=2", UNKNOWN, "pad", "no option", "did you mean `padding`?"),
    ("conv 64 kernelSize=2", UNKNOWN, "kernelSize", "no option", "did you mean `kernel_size`?"),
    ("conv 64 use_bias=true", UNKNOWN, "use_bias", "no option", "did you mean `bias`?"),
    ("conv 64 activation=relu", UNKNOWN, "activation", "no option", "did you mean `act`?"),
    ("conv 64 in_channels=3", UNKNOWN, "in_channels", "no option", "input channels are never typed"),
    ("conv 64 inplace=true", UNKNOWN, "inplace", "no option", "in_place"),
    ("convt 64 op=1", UNKNOWN, "op", "no option", "`op1` or `output_padding=1`"),
    ("conv 64 op=1", UNKNOWN, "op", "no option", "its options are"),
    ("conv 64 name=a", UNKNOWN, "name", "no option", "a name stands before its layer"),
    ("maxpool 2 ceil=true", UNKNOWN, "ceil", "no option", "`ceil` is a flag"),
    ("conv 64 k3 m=2", UNKNOWN, "m", "no option `m`", "its options are"),
    ("conv 64 k3 s=", MISSING, "", "a value is missing behind `s=`", None),
    ("conv 64 k3 from=", MISSING, "", "a value is missing behind `from=`", None),
    ("conv 64 k3 from=1x", INVALID, "1x", "`from=` takes the name of a layer", None),
    ("conv 64 k3 share=a..b", INVALID, "a..b", "`share=` takes the name of a layer", None),
    # shorts
    ("gap k3", UNKNOWN, "k3", "gap has no kernel_size", None),
    ("conv 64 m2", UNKNOWN, "m2", "conv has no multiplier", None),
    ("conv 64 k3*2", INVALID, "3*2", "`3*2` is no number", "expressions are written `k=...`"),
    ("conv 64 k3/2", INVALID, "3/2", "before/after is for padding", "`3x5`"),
    ("conv 64 k03", INVALID, "03", "leading zeros", "write `3`"),
    ("conv 64 k3x05", INVALID, "05", "leading zeros", "write `5`"),
    ("conv 64 k3 p1/2/3", INVALID, "1/2/3", "is no number", "`p=...`"),
    ("conv 64 k3 p-1", INVALID, "p-1", "padding cannot be negative", "`crop 1`"),
    ("conv 64 k3 d-2", INVALID, "d-2", "dilation cannot be negative", None),
    ("conv 64 k" + "9" * 30, LIMIT, "9" * 30, "a number of 30 digits", None),
    # values
    ("conv 64 3", INVALID, "3", "conv has its out_channels already: `64`", "kernel_size is `k3`; stride is `s3`"),
    ("conv 64 3x3", INVALID, "3x3", "conv has its out_channels already", "kernel_size is `k3x3`"),
    ("conv 3x3 64", INVALID, "64", "conv has its out_channels already: `3x3`", "`conv 64 k3x3`"),
    ("maxpool 2 2", INVALID, "2", "maxpool has its kernel_size already: `2`", "stride is `s2`"),
    ("conv c 64", INVALID, "64", "conv has its out_channels already: `c`", "kernel_size is `k64`"),
    ("conv 64 c+1 k3", INVALID, "c+1", "conv has its out_channels already", "key=value"),
    ("conv 64 k3 gn 8", INVALID, "8", "conv has its out_channels already: `64`", "`gn=8`"),
    ("dwconv k3 gn 8 relu", INVALID, "8", "dwconv takes no value", "`gn=8`"),
    ("conv 64 k3 relu 8", INVALID, "8", "conv has its out_channels already: `64`", "kernel_size is `k8`"),
    ("conv c k3 k", INVALID, "k", "`k` alone would be a norm or an activation", "kernel_size is written `k=k`"),
    ("gap 3", INVALID, "3", "gap takes no value", None),
    ("dwconv 64 k3", INVALID, "64", "dwconv takes no value", "`m2`"),
    ("relu 0.1", INVALID, "0.1", "relu takes no value", None),
    ("conv 64 k3 leaky=0.1", INVALID, "leaky=0.1", "`leaky` takes no value here", None),
    ("conv 64 k=q", UNKNOWN, "q", "unknown name `q`", "known here: act, c, k, nl, t"),
    ("conv 64 k=q+k", UNKNOWN, "q", "unknown name `q`", None),
    ("conv 64 k=(1,acct)", UNKNOWN, "acct", "unknown name `acct`", "did you mean `act`?"),
    ("conv 64 padding=smae", UNKNOWN, "smae", "unknown name `smae`", "did you mean `same`?"),
    ("se 8 gate=foo", UNKNOWN, "foo", "unknown name `foo`", "`hsigmoid`"),
    ("se 8 act=none", UNKNOWN, "none", "unknown name `none`", "it can be `act`"),
    ("conv 64 k3 padding_mode=none", UNKNOWN, "none", "unknown name `none`", "`circular`"),
    ("conv 64 when=", MISSING, "", "a value is missing", None),
    ("conv c* k3", MISSING, "", "the expression ends too early", None),
    ("conv 64, k3", INVALID, ",", "a comma behind `64`", "separated by spaces"),
    ("conv 010 k3", INVALID, "010", "leading zeros", "write `10`"),
    ("conv 2c k3", INVALID, "c", "unexpected `c`", "write `2*c`"),
    ("conv c/0*1 k3 d=1/0", INVALID, "0", "division by zero", None),
    ("conv 64 k=2**9999", LIMIT, "2**9999", "larger than 2**512", None),
    ("slice :", MISSING, ":", "a range without ends", None),
    ("slice 0:q", UNKNOWN, "q", "unknown name `q`", None),
    # the same thing twice
    ("conv 64 k3 k5", TWICE, "k5", "kernel_size is given twice: `k3` and `k5`", None),
    ("conv 64 out=32", TWICE, "out=32", "out_channels is given twice: `64` and `out=32`", None),
    ("conv 64 same p1", TWICE, "p1", "padding is given twice: `same` and `p1`", None),
    ("conv 64 bias nobias", TWICE, "nobias", "bias is given twice", None),
    ("conv 64 from=a from=b", TWICE, "from=b", "from is given twice", None),
    ("conv 64 *2 *3", TWICE, "*3", "repeat is given twice", None),
    ("conv 64 repeat=2 *3", TWICE, "*3", "repeat is given twice", None),
    # names
    ("relu: conv 64 k3", INVALID, "relu", "`relu` cannot be a name: it is a norm or activation", None),
    ("conv: conv 64 k3", INVALID, "conv", "it is an op", None),
    ("basic: conv 64 k3", INVALID, "basic", "it is a block", None),
    ("when: conv 64 k3", INVALID, "when", "it is a key of items", None),
    ("x: conv 64 k3", INVALID, "x", "it stands for the input", None),
    ("prev: conv 64 k3", INVALID, "prev", "it stands for the running stream", None),
    ("i: conv 64 k3", INVALID, "i", "it stands for the copy", None),
    ("1a: conv 64 k3", INVALID, "1a", "`1a` is no name", None),
    ("my-layer: conv 64 k3", INVALID, "my-layer", "`my-layer` is no name", None),
    ("relu | é: gap", INVALID, "é", "`é` is no name", None),
    ("a.b: conv 64 k3", INVALID, "a.b", "`a.b` is no name", None),
    # merges
    ("concat 3", INVALID, "3", "concat joins layers by name", None),
    ("add a,b", INVALID, "a,b", "add joins layers by name", None),
    ("add a aling=crop", UNKNOWN, "aling", "add has no option", "did you mean `align`?"),
    # counts
    ("conv 64 k3 *", MISSING, "*", "a count is missing", "without a space"),
    ("conv 64 k3 *q", UNKNOWN, "q", "unknown name `q`", None),
    ("(relu)*", MISSING, "*", "a count is missing", "without a space"),
    ("(relu)*q", UNKNOWN, "q", "unknown name `q`", None),
    ("(relu) bn", INVALID, "bn", "unexpected `bn` behind a group", "write `(...) | bn`"),
    ("add(relu; gap) relu", INVALID, "relu", "unexpected `relu` behind a group", "write `add(...) | relu`"),
    ("(relu)*2 *3", INVALID, "*3", "unexpected `*3` behind a group", None),
    # pipes and brackets
    ("", MISSING, "", "a layer is missing", None),
    ("   ", MISSING, "", "a layer is missing", None),
    ("stem:", MISSING, "", "a layer is missing", None),
    ("relu | | gap", MISSING, "|", "a layer is missing here", "`|` stands between two layers"),
    ("| relu", MISSING, "|", "a layer is missing here", None),
    ("relu |", MISSING, "", "a layer is missing here", None),
    ("a: | relu", MISSING, "|", "a layer is missing here", None),
    ("()", MISSING, ")", "a layer is missing here", None),
    ("relu )", INVALID, ")", "`)` closes no bracket", None),
    ("relu ; gap", INVALID, ";", "`;` outside of a group", "layers are separated by `|`"),
    ("(relu ; gap)", INVALID, ";", "`;` separates two paths, here is one", None),
    ("(relu | gap", INVALID, "(", "the bracket is never closed", None),
    ("conv 64 k=(1,3", INVALID, "(", "the bracket is never closed", None),
    ("res(relu; projekt)", UNKNOWN, "projekt", "unknown shortcut `projekt`", "did you mean `project`?"),
    ("res(relu; gap; gap)", INVALID, ";", "`;` separates two paths", None),
    ("(" * 60 + "relu" + ")" * 60, LIMIT, "(", "groups nested deeper than 50", None),
    # block calls
    ("basic 64 2 3", INVALID, "3", "basic(c, s) takes 2 values, this is one too many", None),
    ("single 64 2", INVALID, "2", "single(c) takes 1 value, this is one too many", None),
    ("basic 64 relu", INVALID, "relu", "`s` of basic(c, s) is a number", "a call takes no flags, norms or activations"),
    ("basic 64 same", INVALID, "same", "`s` of basic(c, s) is a number", None),
    ("basic 64 s2", INVALID, "s2", "a block call takes no shorts", "write `s=2`"),
    ("basic 64 k3", INVALID, "k3", "a block call takes no shorts", "its parameters are c, s"),
    ("plain k3", INVALID, "k3", "a block call takes no shorts", "it has no parameters"),
    ("basic 64 z=1", UNKNOWN, "z", "block basic(c, s) has no parameter `z`", "its parameters are c, s"),
    ("basic 64 c=1", TWICE, "c=1", "`c` of basic(c, s) is given twice", None),
    ("basic c=1 64", TWICE, "64", "`c` of basic(c, s) is given twice", None),
    ("basic s=2 s=3 c=1", TWICE, "s=3", "`s` of basic(c, s) is given twice", None),
    ("basic s=", MISSING, "", "a value is missing behind `s=`", None),
    ("basic qq", UNKNOWN, "qq", "unknown name `qq`", None),
    # a variable in the place of an op
    ("act 64", INVALID, "64", "`act` takes no options", "holds a norm, an activation or `none`"),
    ("act k=3", INVALID, "k=3", "`act` takes no options", None),
]


@pytest.mark.parametrize(("line", "code", "where", "fact", "remedy"), REFUSALS)
def test_it_is_refused(line: str, code: str, where: str, fact: str, remedy: str | None) -> None:
    (problem,) = parse_line(line, scope()).problems
    assert (problem.code, line[problem.start : problem.end]) == (code, where)
    assert fact in problem.message
    if remedy is not None:
        assert remedy in (problem.help or "")


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("conv 64 k3 pading=1", 11),
        ("relu | cnv 64", 7),
        ("(relu | gap)*q", 13),
        ("conv 64 k=(1, q)", 14),
        ("add(relu; conv 64 k3 k3)", 21),
        ("stem:  basic 64 z=1", 16),
        ("conv 64 s=", 10),
    ],
)
def test_it_points_at_the_character(line: str, column: int) -> None:
    (problem,) = parse_line(line, scope()).problems
    assert problem.start == column


def test_every_mistake_of_a_line_is_told() -> None:
    assert mistakes("a: cnv 3 | x: conv 64 k3 filters=3 kk | res(rleu; gap ceil)*q") == [
        (UNKNOWN, "cnv", "unknown op `cnv`"),
        (INVALID, "x", "`x` cannot be a name: it stands for the input"),
        (UNKNOWN, "filters", "conv has no option `filters`"),
        (UNKNOWN, "kk", "unknown word `kk`"),
        (UNKNOWN, "rleu", "unknown op `rleu`"),
        (UNKNOWN, "ceil", "`ceil` means nothing to gap"),
        (UNKNOWN, "q", "unknown name `q`"),
    ]


@pytest.mark.parametrize(
    ("line", "faulty"),
    [("conv 64 k3", False), ("conv 64 k3 zz", True), ("cnv 64", True), ("(relu)", False), ("(relu)*q", True)],
)
def test_an_item_that_was_read_in_part_says_so(line: str, *, faulty: bool) -> None:
    (item,) = parse_line(line, scope()).items
    assert item.faulty is faulty


def test_a_layer_with_an_unknown_op_keeps_its_name() -> None:
    (item,) = parse_line("stem: cnv 64", scope()).items
    assert item.name == "stem"


def test_equal_mistakes_in_equal_lines_are_each_told() -> None:
    here = scope()
    assert parse_line("cnv 64", here).problems == parse_line("cnv 64", here).problems != ()
