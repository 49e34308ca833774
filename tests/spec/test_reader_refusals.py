"""Every refusal of a network file: where, the code, the fact, and the remedy."""
# ruff: noqa: E501 - one case is one line

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.errors import Finding, Severity
from cnncalc.graph import build
from cnncalc.spec.reader import parse
from tests.spec.tree import placed

HEAD = "cnncalc: 1\ninput: 3x32x32\n"


def findings(text: str) -> list[Finding]:
    return list(parse(text, source="net.yaml").findings)


def only(text: str) -> Finding:
    (found,) = findings(text)
    return found


def place(found: Finding) -> str:
    assert found.at is not None
    return f"{found.at.line}:{found.at.column}"


# items of `layers:`; the first one stands on line 8, its dash in column 3
ITEMS = [
    ("- 3", "8:5", "CNN905", "a layer expected, found `3`", "conv 64 k3"),
    ("- true", "8:5", "CNN905", "a layer expected, found `true`", None),
    ("-", "8:4", "CNN906", "an empty item", "`[]` for none"),
    ("- null", "8:5", "CNN906", "an empty item", None),
    ("- {}", "8:5", "CNN906", "an empty mapping", None),
    ("- conv 64 k3 pading=1", "8:16", "CNN904", "conv has no option `pading`", "`padding`"),
    ("- stem: cnv 64", "8:11", "CNN904", "unknown op `cnv`", "`conv`"),
    ("- stem:", "8:5", "CNN906", "nothing stands behind `stem:`", None),
    ("- stem: 3", "8:11", "CNN905", "a layer expected, found `3`", None),
    ("- relu: conv 8 k3", "8:5", "CNN905", "`relu` cannot be a name", "`{op: relu, ...}`"),
    ("- conv: {out: 64}", "8:5", "CNN905", "`conv` cannot be a name: it is an op", "`- conv ...`"),
    ("- conv: 64", "8:5", "CNN905", "`conv` cannot be a name: it is an op", "`- conv ...`"),
    ("- basic: {c: 64}", "8:5", "CNN905", "`basic` cannot be a name: it is a block", "`{use: basic, ...}`"),
    ("- my-layer: relu", "8:5", "CNN905", "`my-layer` is no name", None),
    ("- x: relu", "8:5", "CNN905", "it stands for the input", None),
    ("- e: conv 8 k3 p1 | maxpool 2 | upsample 2 | concat e", "8:55", "CNN904", "`e` names the whole line here", "in quotes"),
    ("- a: {op: relu, name: b}", "8:5", "CNN903", "two names: `a` and `b`", None),
    ("- stem: relu\n  repeat: 2", "9:5", "CNN904", "`repeat` stands beside the name `stem`", "`name: stem`"),
    ("- foo: relu\n  bar: gap", "8:5", "CNN904", "an item with the keys `foo` and `bar`", "`- foo: ...`"),
    ("- filters: 8\n  kernel: 3", "8:5", "CNN904", "an item with the keys `filters` and `kernel`", "says what an item is"),
    ("- Conv2d: {filters: 8, kernel: 3}", "8:5", "CNN904", "`Conv2d` with options is no item", "`- conv ...`"),
    ("- add: [a, b]", "8:5", "CNN905", "`add` cannot be a name: it is an op", "`- add a b`"),
    ("- residul: [relu]\n  then: gap", "8:5", "CNN904", "unknown key `residul` of an item", "`residual`"),
    ("- {repeat: 2}", "8:6", "CNN906", "`repeat` without `do`", "`do:`"),
    ("- {when: false}", "8:6", "CNN906", "`when` without `do`", None),
    ("- {rows: [[1]]}", "8:6", "CNN906", "`rows` without `each`", None),
    ("- {merge: add}", "8:6", "CNN906", "`merge` without `branches`", None),
    ("- {shortcut: pad, then: relu}", "8:6", "CNN906", "`shortcut` without `residual`", None),
    ("- {repeat: q, do: [relu]}", "8:14", "CNN904", "unknown name `q`", None),
    ("- {when: w + q == 2, do: [relu]}", "8:16", "CNN904", "unknown name `q`", None),
    ("- {repeat: {a: 1}, do: [relu]}", "8:14", "CNN905", "a value expected, found a mapping", None),
    ("- {repeat: , do: [relu]}", "8:14", "CNN906", "a value is missing", None),
    ("- {do: [relu], name: conv}", "8:24", "CNN905", "it is an op", None),
    ("- {do: [relu], name: 3}", "8:24", "CNN905", "a name expected, found `3`", None),
    ("- {do: [relu], from: 1x}", "8:24", "CNN905", "the name of a layer expected, found `1x`", None),
    ("- {do: [relu], share: [a]}", "8:25", "CNN905", "the name of a layer expected", None),
    ("- {do: [relu], tmes: 2}", "8:18", "CNN904", "`do` has no key `tmes`", "its keys are"),
    ("- {do: [relu], times: 2}", "8:18", "CNN904", "`do` has no key `times`", "did you mean `repeat`?"),
    # residual
    ("- residual: [relu]\n  shortcut: projekt", "9:15", "CNN904", "unknown shortcut `projekt`", "`project`"),
    ("- residual: [relu]\n  shorcut: project", "9:5", "CNN904", "`residual` has no key `shorcut`", "`shortcut`"),
    ("- residual: [relu]\n  downsample: project", "9:5", "CNN904", "no key `downsample`", "`shortcut`"),
    ("- residual: [relu]\n  then: [rleu]", "9:12", "CNN904", "unknown op `rleu`", "`relu`"),
    ("- residual:", "8:14", "CNN906", "an empty item", None),
    # branches
    ("- branches: [[relu], [gap]]", "8:5", "CNN906", "`branches` without `merge`", "`concat`, `add`, `mul`, `max` or `min`"),
    ("- branches: [[relu], [gap]]\n  merge: cat", "9:12", "CNN904", "unknown merge `cat`", "`concat`"),
    ("- branches: [[relu], [gap]]\n  merge: [add]", "9:12", "CNN905", "expected", None),
    ("- branches: [[relu], [gap]]\n  merge: add\n  align: q", "10:12", "CNN904", "unknown `align: q`", "`crop`"),
    ("- branches: [[relu], [gap]]\n  merge: add\n  align: 3", "10:12", "CNN905", "`crop`, `error` or `pad` expected, found `3`", None),
    ("- branches: relu\n  merge: add", "8:15", "CNN905", "a list of paths expected", None),
    ("- branches: {add: [relu], b: [gap]}\n  merge: add", "8:16", "CNN905", "`add` cannot be a name", None),
    ("- branches: [[relu], ]\n  merge: add\n  agn: crop", "10:5", "CNN904", "no key `agn`", "`align`"),
    # tables
    ("- each: [c]\n  do: [relu]", "8:5", "CNN906", "`each` without `rows`", None),
    ("- each: [c]\n  rows: [[1]]", "8:5", "CNN906", "`each` without `do`", None),
    ("- each: []\n  rows: [[1]]\n  do: [relu]", "8:11", "CNN906", "a table without columns", None),
    ("- each: [c, k3]\n  rows: [[1, 2]]\n  do: [relu]", "8:15", "CNN905", "reads as the short for kernel_size 3", None),
    ("- each: [c, c]\n  rows: [[1, 2]]\n  do: [relu]", "8:15", "CNN903", "two columns are called `c`", None),
    ("- each: [c, relu]\n  rows: [[1, 2]]\n  do: [relu]", "8:15", "CNN905", "it is a norm or activation", None),
    ("- each: [c, 3]\n  rows: [[1, 2]]\n  do: [relu]", "8:15", "CNN905", "the name of a column expected, found `3`", None),
    ("- each: [c, n]\n  rows: [[1, 2], [3]]\n  do: [relu]", "9:20", "CNN905", "1 value for 2 columns (c, n)", None),
    ("- each: [c, n]\n  rows: [[1, 2], [3, q]]\n  do: [relu]", "9:24", "CNN904", "unknown name `q`", None),
    ("- each: [c]\n  rows: 3\n  do: [relu]", "9:11", "CNN905", "a list of rows expected", None),
    ("- each: [c]\n  rows: [[1]]\n  do: [conv q k1]", "10:15", "CNN904", "unknown word `q`", None),
    # long forms
    ("- {op: cnv}", "8:10", "CNN904", "unknown op `cnv`", "`conv`"),
    ("- {op: Conv2d}", "8:10", "CNN904", "unknown op `Conv2d`", "`conv`"),
    ("- {op: basic}", "8:10", "CNN904", "`basic` is a block", "`{use: basic, ...}`"),
    ("- {op: 3}", "8:10", "CNN905", "an op expected, found `3`", None),
    ("- {op: conv, out_chanels: 8}", "8:16", "CNN904", "conv has no option `out_chanels`", "`out_channels`"),
    ("- {op: conv, in_channels: 8}", "8:16", "CNN904", "no option `in_channels`", "never typed"),
    ("- {op: conv, filters: 8}", "8:16", "CNN904", "no option `filters`", "`out_channels`"),
    ("- {op: conv, kernel: 3, kernel_size: 3}", "8:27", "CNN903", "kernel_size is given twice: `kernel` and `kernel_size`", None),
    ("- {op: conv, padding: [[0, 1], [2, q]]}", "8:38", "CNN904", "unknown name `q`", None),
    ("- {op: conv, padding: hlaf}", "8:25", "CNN904", "unknown name `hlaf`", "`half`"),
    ("- {op: conv, padding: []}", "8:25", "CNN906", "an empty list", None),
    ("- {op: conv, stride: null}", "8:24", "CNN906", "a value is missing", None),
    ("- {op: conv, stride: c*}", "8:26", "CNN906", "the expression ends too early", None),
    ("- {op: conv, norm: {relu: 3}}", "8:23", "CNN904", "`relu` is no norm with a value", "`{gn: 16}`"),
    ("- {op: conv, act: rleu}", "8:21", "CNN904", "unknown name `rleu`", "`relu`"),
    ("- {op: concat, from: [a, 3]}", "8:28", "CNN905", "the name of a layer expected, found `3`", None),
    ("- {use: basc}", "8:11", "CNN904", "unknown block `basc`", "`basic`"),
    ("- {use: conv}", "8:11", "CNN904", "unknown block `conv`", "`{op: conv, ...}`"),
    ("- {use: basic, c: 8, z: 1}", "8:24", "CNN904", "block basic(c, s) has no parameter `z`", "`c` and `s`"),
    ("- {use: basic, c: q}", "8:21", "CNN904", "unknown name `q`", None),
]  # fmt: skip


@pytest.mark.parametrize(("items", "where", "code", "fact", "remedy"), ITEMS)
def test_an_item_is_refused(items: str, where: str, code: str, fact: str, remedy: str | None) -> None:
    head = HEAD + "vars: {w: 2}\nblocks:\n  basic(c, s=1):\n    - conv c k3 s=s\nlayers:\n"
    found = only(head + indent(items, "  ") + "\n")
    assert (place(found), found.code) == (where, code)
    assert fact in found.message
    assert remedy is None or remedy in (found.help or "")


FILES = [
    # the file as a whole
    ("- conv 8 k3\n", "1:1", "CNN905", "no network file", "a network file is a mapping"),
    ("conv 8 k3\n", "1:1", "CNN905", "no network file", "on the command line itself"),
    ("cnncalc: 1\ninput: 3x8x8\n", "1:1", "CNN906", "the layers are missing", "`layers:`"),
    ("cnncalc: 2\ninput: 3x8x8\nlayers: relu\n", "1:10", "CNN905", "`cnncalc` should be 1", "`cnncalc: 1`"),
    ("cnncalc: '1'\ninput: 3x8x8\nlayers: relu\n", "1:10", "CNN905", "`cnncalc` should be 1", None),
    (HEAD + "layer: [relu]\nlayers: relu\n", "3:1", "CNN904", "unknown key `layer`", "`layers`"),
    (HEAD + "backbone: x\nlayers: relu\n", "3:1", "CNN904", "unknown key `backbone`", "`layers`"),
    (HEAD + "zzz: x\nlayers: relu\n", "3:1", "CNN904", "unknown key `zzz`", "its keys are"),
    # inputs
    ("cnncalc: 1\nlayers: relu\n", "1:1", "CNN906", "the input shape is missing", "`input: 3x224x224`"),
    ("cnncalc: 1\ninput:\nlayers: relu\n", "2:7", "CNN906", "the input shape is missing", None),
    ("cnncalc: 1\ninput: 3,8,8\nlayers: relu\n", "2:8", "CNN905", "found `3,8,8`", "write `3x8x8`"),
    ("cnncalc: 1\ninput: 784\nlayers: relu\n", "2:8", "CNN905", "784 is no channels x sizes", "`784x1x1`"),
    ("cnncalc: 1\ninput: 8x3x2x32x32\nlayers: relu\n", "2:8", "CNN905", "found 5 numbers", "`batch: 8`"),
    ("cnncalc: 1\ninput: [3, 8.5]\nlayers: relu\n", "2:8", "CNN905", "channels x sizes", None),
    ("cnncalc: 1\ninput: 3x0\nlayers: relu\n", "2:8", "CNN905", "at least 1, found 0", None),
    ("cnncalc: 1\ninput: 3x9999999999\nlayers: relu\n", "2:8", "CNN905", "at most 2,147,483,648", None),
    ("cnncalc: 1\ninput: {a: 3x8}\nlayers: relu\n", "2:8", "CNN905", "channels x sizes", None),
    ("cnncalc: 1\ninputs: 3x8\nlayers: relu\n", "2:9", "CNN905", "a mapping of names to shapes", "`input:`"),
    ("cnncalc: 1\ninputs: {conv: 3x8}\nlayers: relu\n", "2:10", "CNN905", "`conv` cannot be a name", None),
    ("cnncalc: 1\ninput: 3x8\ninputs: {a: 3x8}\nlayers: relu\n", "3:1", "CNN905", "`input` and `inputs` both", None),
    # figures of the file
    (HEAD + "batch: 0\nlayers: relu\n", "3:8", "CNN905", "`batch` should be at least 1, found `0`", None),
    (HEAD + "batch: true\nlayers: relu\n", "3:8", "CNN905", "`batch` should be a whole number", None),
    (HEAD + "batch: 2.0\nlayers: relu\n", "3:8", "CNN905", "`batch` should be a whole number", None),
    (HEAD + "batch: '2'\nlayers: relu\n", "3:8", "CNN905", "`batch` should be a whole number", None),
    (HEAD + "batch: 99999999\nlayers: relu\n", "3:8", "CNN902", "`batch` should be at most", None),
    (HEAD + "batch:\nlayers: relu\n", "3:1", "CNN905", "found nothing", None),
    (HEAD + "dtype: fp16\nlayers: relu\n", "3:8", "CNN905", "`dtype` should be one of", "`float16`"),
    (HEAD + "dtype: flaot32\nlayers: relu\n", "3:8", "CNN905", "`dtype` should be one of", "`float32`"),
    (HEAD + "name: 3\nlayers: relu\n", "3:7", "CNN905", "`name` should be a text", "in quotes"),
    # vars
    (HEAD + "vars: 3\nlayers: relu\n", "3:7", "CNN905", "`vars` should be a mapping", "`vars: {width: 1.0}`"),
    (HEAD + "vars: {k3: 1}\nlayers: relu\n", "3:8", "CNN905", "reads as the short for kernel_size 3", None),
    (HEAD + "vars: {op1: 1}\nlayers: relu\n", "3:8", "CNN905", "reads as the short for output_padding 1", None),
    (HEAD + "vars: {same: 1}\nlayers: relu\n", "3:8", "CNN905", "it is a flag", None),
    (HEAD + "vars: {conv: 1}\nlayers: relu\n", "3:8", "CNN905", "it is an op", None),
    (HEAD + "vars: {relu: 1}\nlayers: relu\n", "3:8", "CNN905", "it is a norm or activation", None),
    (HEAD + "vars: {i: 1}\nlayers: relu\n", "3:8", "CNN905", "it stands for the copy", None),
    (HEAD + "vars: {if: 1}\nlayers: relu\n", "3:8", "CNN905", "it is a word of expressions", None),
    (HEAD + "vars: {when: 1}\nlayers: relu\n", "3:8", "CNN905", "it is a key of items", None),
    (HEAD + "vars: {a: b, b: 1}\nlayers: relu\n", "3:11", "CNN904", "unknown name `b`", None),
    (HEAD + "vars: {a: 1+}\nlayers: relu\n", "3:13", "CNN906", "ends too early", None),
    (HEAD + "vars: {a: x.c}\nlayers: relu\n", "3:11", "CNN905", "a var cannot read the size of a layer", None),
    (HEAD + "vars: {a: {b: 1}}\nlayers: relu\n", "3:11", "CNN905", "found a mapping", None),
    # defaults
    (HEAD + "defaults: {Conv2d: {padding: half}}\nlayers: relu\n", "3:12", "CNN904", "unknown op `Conv2d`", "`conv`"),
    (HEAD + "defaults: {conv: {pad: 1}}\nlayers: relu\n", "3:19", "CNN904", "conv has no option `pad`", "`padding`"),
    (HEAD + "defaults: {conv: half}\nlayers: relu\n", "3:18", "CNN905", "a mapping of options", None),
    (HEAD + "defaults: half\nlayers: relu\n", "3:11", "CNN905", "`defaults` should be a mapping", None),
    # blocks
    (HEAD + "blocks: []\nlayers: relu\n", "3:9", "CNN905", "`blocks` should be a mapping", None),
    (HEAD + "blocks:\n  conv(c): relu\nlayers: relu\n", "4:3", "CNN905", "`conv` cannot be a name: it is an op", None),
    (HEAD + "blocks:\n  res(c): relu\nlayers: relu\n", "4:3", "CNN905", "it begins a group", None),
    (HEAD + "blocks:\n  a b: relu\nlayers: relu\n", "4:3", "CNN905", "`a b` is no signature", None),
    (HEAD + "blocks:\n  a(): relu\n  a(c): relu\nlayers: relu\n", "5:3", "CNN903", "two blocks are called `a`", None),
    (HEAD + "blocks:\n  a(k3): relu\nlayers: relu\n", "4:5", "CNN905", "reads as the short", None),
    (HEAD + "blocks:\n  a(c, relu): relu\nlayers: relu\n", "4:8", "CNN905", "it is a norm or activation", None),
    (HEAD + "blocks:\n  a(c, c): relu\nlayers: relu\n", "4:8", "CNN903", "two parameters are called `c`", None),
    (HEAD + "blocks:\n  a(c, ): relu\nlayers: relu\n", "4:8", "CNN906", "a parameter is missing", None),
    (HEAD + "blocks:\n  a(c=1, d): relu\nlayers: relu\n", "4:10", "CNN905", "`d` has no default behind one that has", None),
    (HEAD + "blocks:\n  a(c=d, d=1): relu\nlayers: relu\n", "4:7", "CNN904", "unknown name `d`", None),
    (HEAD + "blocks:\n  a(c, s=c*): relu\nlayers: relu\n", "4:12", "CNN906", "ends too early", None),
    (HEAD + "blocks:\n  a(c): [conv d k1]\nlayers: relu\n", "4:15", "CNN904", "unknown word `d`", None),
    (HEAD + "blocks:\n  a: a\nlayers: relu\n", "4:6", "CNN905", "a block calls itself: `a` calls `a`", None),
    (HEAD + "blocks:\n  a: b\n  b: [residual: [c]]\n  c: {repeat: 2, do: a}\nlayers: relu\n",
     "6:22", "CNN905", "a block calls itself: `a` calls `b` calls `c` calls `a`", "no recursion"),
    (HEAD + "blocks:\n  a: add(relu; res(relu; a))\nlayers: relu\n", "4:26", "CNN905", "a block calls itself", None),
    (HEAD + "blocks:\n  a:\nlayers: relu\n", "4:5", "CNN906", "an empty item", None),
    # outputs
    (HEAD + "layers: relu\noutputs: 3\n", "4:10", "CNN905", "should be a list of names of layers", "`[layer4, head]`"),
    (HEAD + "layers: relu\noutputs: [a, 3]\n", "4:10", "CNN905", "should be a list of names", None),
    (HEAD + "layers: relu\noutputs: [a, b c]\n", "4:14", "CNN905", "`b c` is no name of a layer", None),
    (HEAD + "layers: relu\noutputs: [a, a]\n", "4:14", "CNN903", "the output `a` stands twice", None),
    # task, expect, lint
    (HEAD + "layers: relu\ntask: dense\n", "4:7", "CNN905", "`task` should be a mapping", "`dense`"),
    (HEAD + "layers: relu\ntask: {dens: true}\n", "4:8", "CNN904", "unknown key `dens` in `task`", "`dense`"),
    (HEAD + "layers: relu\ntask: {dense: 1}\n", "4:15", "CNN905", "`dense` should be true or false, found `1`", None),
    (HEAD + "layers: relu\ntask: {stride: 4.5}\n", "4:16", "CNN905", "`stride` should be a size", None),
    (HEAD + "layers: relu\ntask: {sizes: 9..3}\n", "4:15", "CNN905", "`9..3` holds no size", None),
    (HEAD + "layers: relu\ntask: {boundary: zero}\n", "4:18", "CNN905", "should be one of zeros", None),
    (HEAD + "layers: relu\nexpect: {parms: 3}\n", "4:10", "CNN904", "unknown key `parms` in `expect`", "`params`"),
    (HEAD + "layers: relu\nexpect: {params: max 2m}\n", "4:18", "CNN905", "`params`: `m` is no unit", "`2M`"),
    (HEAD + "layers: relu\nexpect: {params: 64MiB}\n", "4:18", "CNN905", "`MiB` is no unit", "`64M`"),
    (HEAD + "layers: relu\nexpect: {peak: 64MB}\n", "4:16", "CNN905", "`MB` is no unit", "`64MiB`"),
    (HEAD + "layers: relu\nexpect: {params: true}\n", "4:18", "CNN905", "should be `N`, `min N`", None),
    (HEAD + "layers: relu\nexpect: {outputs: {a: 3y}}\n", "4:23", "CNN905", "`a` should be a shape", None),
    (HEAD + "layers: relu\nexpect: {outputs: [3]}\n", "4:19", "CNN905", "`outputs` should be a mapping", None),
    (HEAD + "layers: relu\nexpect: {at: {l: 3}}\n", "4:18", "CNN905", "`l` should be a mapping", "`params`"),
    (HEAD + "layers: relu\nexpect: {at: {l: {shap: 3}}}\n", "4:19", "CNN904", "unknown key `shap` in `l`", "`shape`"),
    (HEAD + "layers: relu\nexpect: {at: {rf: {receptive_field: 3}}}\n", "4:20", "CNN904", "in `rf`", "`rf`"),
    (HEAD + "layers: relu\nexpect: {at: {l: {rf: [1, x]}}}\n", "4:23", "CNN905", "`rf`: `x` is no number", None),
    (HEAD + "layers: relu\nlint: {ignore: CNN012, severity: {CNN013: bad}}\n", "4:43", "CNN905", "should be one of error", None),
    (HEAD + "layers: relu\nlint: {ignore: [3]}\n", "4:16", "CNN905", "should be a list of codes", "`[CNN012]`"),
    (HEAD + "layers: relu\nlint: [CNN012]\n", "4:7", "CNN905", "`lint` should be a mapping", "`ignore`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "where", "code", "fact", "remedy"), FILES)
def test_a_file_is_refused(text: str, where: str, code: str, fact: str, remedy: str | None) -> None:
    found = only(text)
    assert (place(found), found.code) == (where, code)
    assert found.severity is Severity.ERROR
    assert fact in found.message
    assert remedy is None or remedy in (found.help or "")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("cnncalc: 1\ninput: 3x8x8\nlayer: [relu]\n", "layers"),
        ("cnncalc: 1\ninput_shape: 3x8x8\nlayers: [relu]\n", "input"),
        ("cnncalc: 1\ninpts: {a: 3x8x8}\nlayers: [relu]\n", "inputs"),
    ],
)
def test_a_key_that_is_misspelt_is_not_missing_too(text: str, key: str) -> None:
    assert only(text).help == f"did you mean `{key}`?"


def test_layers_without_dashes_are_told_once_and_read() -> None:
    spec = parse("cnncalc: 1\ninput: 3x8x8\nlayers:\n  a: conv 8 k3\n  b: relu\n")
    assert [found.help for found in spec.findings] == ["each layer begins with a dash: `- a: ...`"]
    assert [placed.item.name for placed in spec.layers] == ["a", "b"]


def test_a_file_that_does_not_say_what_it_is_is_told_without_being_refused() -> None:
    found = only("input: 3x8x8\nlayers: relu\n")
    assert (found.code, found.severity) == ("CNN906", Severity.INFO)
    assert "`cnncalc: 1`" in (found.help or "")


def test_all_independent_mistakes_are_told_in_one_run() -> None:
    text = """\
    cnncalc: 1
    input: 3,8
    batch: 0
    vars: {k3: 1}
    defaults: {conv: {pad: 1}}
    blocks:
      a(c): conv d k1
    layers:
      - cnv 8
      - {op: conv, filters: 8}
      - a 1 2
    outputs: [a b]
    expect: {parms: 3}
    """
    assert [place(found) for found in findings(dedent(text))] == [
        "2:8",
        "3:8",
        "4:8",
        "5:19",
        "7:14",
        "9:5",
        "10:16",
        "11:9",
        "12:11",
        "13:10",
    ]


def test_what_can_be_read_is_read() -> None:
    spec = parse(HEAD + "batch: 0\ndtype: int8\nlayers:\n  - a: cnv 8\n  - conv 8 k3 zz\n  - relu\noutputs: [a]\n")
    assert (spec.batch, spec.dtype.value) == (1, "int8")
    assert placed(spec.layers) == "a: identity | conv out_channels=8 kernel_size=3 | relu"
    assert [each.item.faulty for each in spec.layers] == [True, True, False]
    assert [output.name for output in spec.outputs] == ["a"]


def test_a_block_that_calls_itself_has_no_body_left_to_expand() -> None:
    spec = parse(HEAD + "blocks:\n  a: [relu, b]\n  b: [gap, a]\nlayers: a\n")
    assert [block.body for block in spec.blocks.values()].count(()) == 1


def test_the_same_mistake_in_several_places_is_told_at_each() -> None:
    found = findings(HEAD + "layers:\n  - cnv 8\n  - cnv 8\n")
    assert [place(each) for each in found] == ["4:5", "5:5"]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{" * 100_000,
        "- " * 100_000,
        "a: &a [*a]",
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nlayers: [*b,*b,*b,*b,*b,*b,*b,*b]\n" * 1,
        HEAD + "layers: " + "(" * 100_000 + "\n",
        HEAD + "layers: [" + "a: " * 40 + "]\n",
        HEAD + "vars: {a: " + "-" * 10_000 + "1}\nlayers: relu\n",
        HEAD + "layers: conv " + "9" * 100_000 + "\n",
        "\x00",
        "\ud800",
        HEAD + "layers: [\u2028]\n",
    ],
)
def test_nothing_hangs_or_crashes_it(text: str) -> None:
    assert parse(text).findings


LINES = "\n".join(f"  - c{number}" for number in range(2_000))
LARGE = [
    ("layers:\n" + LINES, "more than 1,000 mistakes: the rest is not read"),
    ("layers: " + "relu|" * 100_001 + "relu", "more than 100,000 layers in one line"),
    ("layers: add(" + "relu;" * 100_001 + "relu)", "more than 100,000 layers in one line"),
    ("layers: relu\nvars: {" + ", ".join(f"a{number}: 1" for number in range(1_001)) + "}", "more than 1,000 vars"),
    ("layers: relu\nblocks: {" + ", ".join(f"a{number}: relu" for number in range(1_001)) + "}", "more than 1,000 blocks"),
    ("layers: [{each: [" + ", ".join(f"a{number}" for number in range(101)) + "], rows: [], do: relu}]", "more than 100 columns"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), LARGE)
def test_what_is_larger_than_any_network_is_refused(text: str, message: str) -> None:
    found = findings(HEAD + text + "\n")
    assert [each.code for each in found if message in each.message] == ["CNN902"]


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    spec = parse(text)
    assert spec.findings or spec.layers


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    spec = parse(data)
    assert spec.findings or spec.layers


KEYS = [
    "layers", "input", "inputs", "vars", "defaults", "blocks", "outputs", "task", "expect", "lint", "name", "batch", "op",
    "use", "do", "repeat", "each", "rows", "residual", "shortcut", "then", "branches", "merge", "align", "norm", "act",
    "from", "when", "share", "a", "conv", "basic(c, s=1)", "at", "params",
]  # fmt: skip
SCALARS = ["conv 8 k3 bn", "relu", "a", "basic 3", "3", "0.5", "true", "null", "''", "3x8x8", "c*2", "add", "k3", "x.c"]
YAML = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=4).map(
            lambda entries: "{" + ", ".join(f"'{key}': {item}" for key, item in entries.items()) + "}"
        ),
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(KEYS), YAML, max_size=6))
def test_any_data_is_read_or_refused(entries: dict[str, str]) -> None:
    text = "".join(f"'{key}': {item}\n" for key, item in entries.items())
    spec = parse(text)
    assert spec.findings or spec.layers
    for found in spec.findings:
        assert found.message
        assert found.at is not None


@given(YAML)
def test_whatever_was_read_can_be_built(item: str) -> None:
    text = HEAD + f"vars: {{c: 3}}\nblocks: {{'basic(c, s=1)': relu}}\nlayers: [{item}]\n"
    spec = parse(text)
    graph = build(spec)
    assert graph.layers or graph.findings or spec.findings or not spec.layers
