"""CNN044: what is taken away changes nothing that is left."""

from __future__ import annotations

import pytest

from cnncalc.cli.fixing import edited
from cnncalc.lint.base import RULES, Example
from tests.lint.rules.cases import of_example, problems, said, sound

CODE = "CNN044"
HEAD = "cnncalc: 1\ninput: 3x32x32\n"


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_what_is_read_is_silent(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_each_manual_shows_one_thing_that_nobody_reads(example: Example) -> None:
    assert len(of_example(CODE, example)) == 1


def test_a_dead_branch_is_named_by_its_last_layer_with_what_leads_only_there() -> None:
    text = HEAD + "layers:\n  - a: conv 8 k3 p1 relu\n  - b: conv 4 k1\n  - c: conv 4 k3\n  - conv 2 k1 from=a\n"
    ((name, problem),) = said(CODE, text, None)
    assert name == "c"
    # b: 8*4 + 4 parameters, 32*1024 MACs; c: 4*4*9 + 4 and 144*900.
    assert problem.message == "nothing reads `c`: 2 layers (184 parameters, 162,368 MACs) lead to no output"
    without = text.replace("  - b: conv 4 k1\n  - c: conv 4 k3\n", "")
    assert sound(without, None).totals.params == sound(text, None).totals.params - 184
    assert said(CODE, without, None) == []


@pytest.mark.parametrize("join", ["concat b", "add b"])
def test_joining_a_branch_makes_it_used(join: str) -> None:
    text = HEAD + f"layers:\n  - a: conv 8 k3 p1\n  - b: conv 8 k1\n  - conv 8 k1 from=a\n  - {join}\n"
    assert said(CODE, text, None) == []


def test_an_output_needs_no_reader() -> None:
    text = HEAD + "layers:\n  - a: conv 8 k3 p1\n  - b: conv 8 k1\noutputs: [a]\n"
    assert [name for name, _ in said(CODE, text, None)] == ["b"]
    assert said(CODE, text.replace("[a]", "[a, b]"), None) == []


def test_an_input_that_no_layer_reads_is_named() -> None:
    text = "cnncalc: 1\ninputs: {left: 3x8x8, right: 3x8x8}\nlayers: [conv 4 k1]\n"
    ((_, problem),) = said(CODE, text, None)
    assert problem.message == "no layer reads the input `right`"
    assert problem.at is not None
    assert problem.at.line == 2
    assert said(CODE, text.replace("[conv 4 k1]", "[conv 4 k1, conv 3 k1, add right]"), None) == []


def words(text: str) -> list[tuple[str, int, int]]:
    found = []
    for _, problem in said(CODE, text, None):
        assert problem.at is not None
        found.append((problem.message, problem.at.line, problem.at.column))
    return found


def test_blocks_parameters_and_columns_without_a_reader_are_named_at_their_place() -> None:
    text = (
        HEAD + "blocks:\n  used(c, s=1): conv c k3 p1\n  unused: inner 8\n  inner(c): conv c k1\n"
        "layers:\n  - used 8\n  - each: [c, n]\n    rows: [[8, 1], [16, 2]]\n    do: conv c k3 p1 relu\n"
    )
    assert words(text) == [
        ("block `used` never reads its parameter `s`", 4, 11),
        ("no layer calls block `unused`", 5, 3),
        ("no layer calls block `inner`", 6, 3),
        ("nothing reads column `n` of this table", 9, 5),
    ]


@pytest.mark.parametrize(
    "reader",
    [
        "conv 8*v k3", "conv 8 k=v", "conv 8 k3 *v", "conv 8 k3 when=v>1", "{repeat: v, do: conv 8 k1}",
        "{when: v > 1, do: conv 8 k1}", "{each: [c], rows: [[v]], do: conv c k1}", "{op: conv, out: v, kernel: 1}",
        "{branches: [conv v k1, []], merge: concat}", "{residual: [conv 3 k1], then: conv v k1}",
        "{residual: [conv v k1], shortcut: [conv v k1]}", "[conv 8 k1, [conv v k1]]", "b v", "b 1 d=v",
        "(conv v k1)*2", "add(conv v k1; conv v k1)",
    ],
)  # fmt: skip
def test_every_place_where_a_var_can_stand_reads_it(reader: str) -> None:
    quoted = reader if reader[0] in "{[" else f"'{reader}'"
    text = HEAD + f"vars: {{v: 2}}\nblocks:\n  b(c, d=2): conv c k=d\nlayers:\n  - {quoted}\n  - b 1\n"
    assert words(text) == []


@pytest.mark.parametrize(
    ("more", "layers"),
    [
        ("vars: {v: 2, w: v*2}\n", "conv w k1"),
        ("vars: {v: relu}\n", "[conv 8 k3 v]"),
        ("vars: {v: relu}\n", "[conv 8 k3, v]"),
        ("vars: {v: 2}\ndefaults: {conv: {stride: v}}\n", "conv 8 k3"),
        ("vars: {v: 2}\nblocks: {'b(c=v)': conv c k1}\n", "b"),
        ("vars: {v: 2}\nblocks: {b: conv v k1}\n", "b"),
        ("vars: {v: 16x16}\n", "upsample size=v"),
    ],
)
def test_vars_are_read_by_vars_words_defaults_blocks_and_sizes(more: str, layers: str) -> None:
    assert words(HEAD + more + f"layers: {layers}\n") == []


def test_defaults_of_an_op_that_no_layer_has_are_named() -> None:
    text = HEAD + "defaults: {conv: {stride: 2}, bn: {affine: false}, dwconv: {kernel_size: 3}}\n"
    text += "blocks: {b: dwconv}\nlayers: [conv 8 k3 bn, b]\n"
    assert words(text) == [("no layer takes the defaults of `bn`", 3, 44)]
    # What a word behind a layer is made of shows that it takes none.
    assert sound(text, None).layers[1].params == 2 * 8
    assert words(text.replace("k3 bn, b", "k3, bn, b")) == []


def test_a_parameter_or_column_of_the_same_name_hides_the_var() -> None:
    text = HEAD + "vars: {c: 4}\nblocks:\n  b(c): conv c k1\nlayers: [b 8, {each: [c], rows: [[8]], do: conv c k1}]\n"
    assert [message for message, _, _ in words(text)] == ["nothing reads the var `c`"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("vars: {a: 1}\n", "vars: {}\n"),
        ("vars: {a: 1, b: 2}\n", "vars: {b: 2}\n"),
        ("vars: {b: 2, a: 1}\n", "vars: {b: 2}\n"),
        ("vars: {b: 2, a: 1, ba: b}  # both\n", "vars: {b: 2, ba: b}  # both\n"),
        ("vars: {'a': '1*1', b: 2}\n", "vars: {b: 2}\n"),
        ("vars:\n  a: 1\n  b: 2\n", "vars:\n  b: 2\n"),
        ("vars:\n  b: 2\n  a: 1   # width\n", "vars:\n  b: 2\n  # width\n"),
        ("vars:\n  a: 1\n", "vars:\n"),
        ("vars: {\n  a: 1,\n  b: 2\n}\n", "vars: {\n  b: 2\n}\n"),
        ("vars: {\n  b: 2,\n  a: 1\n}\n", "vars: {\n  b: 2,\n}\n"),
    ],
)
def test_an_unread_var_is_cut_out_with_its_comma_and_comments_stay(before: str, after: str) -> None:
    layers = "layers: [conv 8*b k1, conv 8*ba k1]\n" if "ba" in before else "layers: [conv 8*b k1]\n"
    layers = layers if "b" in before.replace("vars", "") else "layers: [conv 8 k1]\n"
    text = HEAD + before + layers
    ((_, problem),) = said(CODE, text, None)
    result = edited(text, problem.edits)
    assert result is not None
    assert [line.rstrip() for line in result.split("\n")] == (HEAD + after + layers).split("\n")
    report = sound(result, None)
    assert problems(CODE, report) == []
    assert report.totals == sound(text, None).totals


@pytest.mark.parametrize(
    "entry",
    [
        "a: &x 1\n  b: *x",
        "a:\n    1\n  b: 2",
        "a: [1,\n    2]\n  b: 2",
        "a: '1+\n    1'\n  b: 2",
        "a: 1+\n    1\n  b: 2",
    ],
)
def test_a_var_with_an_anchor_or_on_several_lines_is_not_edited(entry: str) -> None:
    text = HEAD + f"vars:\n  {entry}\nlayers: [conv 8*b k1]\n"
    assert [problem.edits for _, problem in said(CODE, text, None)] == [()]
