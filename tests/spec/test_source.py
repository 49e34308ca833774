"""What the strict reader makes of a file: values, refusals with their exact places, comments."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cnncalc.errors import Location
from cnncalc.spec import yaml_build
from cnncalc.spec.source import Document, ListNode, MapNode, Node, ScalarNode, read

LIBYAML, PURE = yaml_build.PARSER, yaml_build._pure


@pytest.fixture(params=["libyaml", "pure"])
def both_parsers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_build, "PARSER", LIBYAML if request.param == "libyaml" else PURE)


def plain(node: Node | None) -> object:
    """The data without their places."""
    if isinstance(node, MapNode):
        return {key.raw: plain(value) for key, value in node.entries}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return node.value if node else None


def unmarked(text: str) -> tuple[str, Location]:
    """The text without its « and », and the place that they enclose (« alone: a place of no length)."""
    start = text.index("«")
    end = text.find("»")
    clean = text.replace("«", "").replace("»", "")
    before = text[:start].replace("\r\n", "\n").replace("\r", "\n")
    column = len(before) - (before.rfind("\n") + 1) + 1
    stop = None if end < 0 else column + end - start - 1
    return clean, Location(file="net.yaml", line=before.count("\n") + 1, column=column, end_column=stop)


def read_marked(text: str) -> tuple[Document, Location]:
    clean, place = unmarked(text)
    return read(clean, "net.yaml"), place


REFUSED = {
    # A layer line that holds `: `.
    "a second key on a line": (
        "layers:\n  - e: conv 8 k3 | «r:» concat e  # note\n",
        "CNN901",
        "takes `r:` for a key",
        "`- 'e: conv 8 k3 | r: concat e'  # note`",
    ),
    "a second key after a name without a pipe": (
        "layers:\n  - e: conv 8 «r:» relu\n",
        "CNN901",
        "takes `r:` for a key",
        "`- e: 'conv 8 r: relu'`",
    ),
    "a second key in `layers:`": (
        "layers: conv 8 | «r:» concat e\n",
        "CNN901",
        "takes `r:` for a key",
        "`layers: 'conv 8 | r: concat e'`",
    ),
    "a second key in brackets": (
        "layers: [e: conv 8 | «r:» concat e, b]\n",
        "CNN901",
        "takes `r:` for a key",
        "`layers: ['e: conv 8 | r: concat e', b]`",
    ),
    "a ternary": ("a: x ? y «:» z\n", "CNN901", "before this `:`", "`a: 'x ? y : z'`"),
    "an apostrophe in the corrected line": (
        "- e: it's | «r:» x\n",
        "CNN901",
        "takes `r:`",
        "`- 'e: it''s | r: x'`",
    ),
    "a key below a text": (
        "- conv 3\n  «s:» 2\n",
        "CNN901",
        "reads line 2 on from the text of line 1",
        "indent it like the keys",
    ),
    "a key behind a line without colon": (
        "layers\n«input:» 3\n",
        "CNN901",
        "where `input:` is no key",
        "end it with `:`",
    ),
    "a line among keys": ("name: x\n«foo»\nbar: 1\n", "CNN901", "`foo` stands among keys", "write `key: value`"),
    "a key that is too long": (f"«{'k' * 1500}:» 1\n", "CNN901", "a key of 1500 characters", "quote"),
    # Brackets.
    "brackets in brackets": (
        "- [conv 64 k=«[»3,5], b]\n",
        "CNN901",
        "`[` inside a text inside [...]",
        "`- ['conv 64 k=[3,5]', b]`",
    ),
    "brackets in braces": ("- {a: conv k=«[»3,5]}\n", "CNN901", "inside {...}", "`- {a: 'conv k=[3,5]'}`"),
    "an open bracket before a key": ("a: «[»1, 2\nb: 3\n", "CNN901", "`[` is never closed", "add `]`"),
    "an open bracket at the end": ("a: «[»1, 2\n", "CNN901", "`[` is never closed", "add `]`"),
    "an open brace at the end": ("a: «{»b: [1]\n", "CNN901", "`{` is never closed", "add `}`"),
    "an open bracket without content": ("a: 1\r\nb: «[»\r\n", "CNN901", "`[` is never closed", "add `]`"),
    "brackets of two kinds": ("a: {b: [1, 2«}»\n", "CNN901", "`[` is closed by `}`", None),
    "a bracket too many": ("a: [1]«]»\n", "CNN901", "`]` closes nothing", None),
    "two commas": ("[a,«,»b]\n", "CNN901", "a value is missing before `,`", None),
    # Quotes.
    "an open quote": ("a: «'»conv\nb: 3\n", "CNN901", "never closed", "add `'`"),
    "an open double quote": ('a: «"»conv\nb: 3\n', "CNN901", "never closed", 'add `"`'),
    "text behind a quote": ("- 'conv' «k»3\n", "CNN901", "text after a closing quote", "whole value in quotes"),
    "an apostrophe in quotes": ("a: 'it'«s»'\n", "CNN901", "text after a closing quote", "write `''`"),
    "an unknown escape": ('a: "x«\\d»"\n', "CNN901", "`\\d` is no escape", "single quotes"),
    "a short escape": ('a: "«\\x»4"\n', "CNN901", "`\\x` is no escape", "single quotes"),
    "an escaped control character": ('name: «"a\\e[31m"»\n', "CNN905", "U+001B", None),
    # Indentation.
    "a tab before a dash": ("a:\n«\t»- b\n", "CNN901", "a tab", "indent with spaces"),
    "a tab before a key": ("a:\n«\t»b: 1\n", "CNN901", "a tab", "indent with spaces"),
    "a tab among items": ("a:\n  - b\n«\t»- c\n", "CNN901", "a tab", "indent with spaces"),
    "a tab behind spaces": ("a:\n  b: 1\n  «\t»c: 2\n", "CNN901", "a tab", "indent with spaces"),
    "a tab behind a dash": ("-«\t»- b\n", "CNN901", "a tab", "indent with spaces"),
    "a dash indented deeper": ("- conv 3\n   «-» conv 4\n", "CNN901", "begins no item", "indent all items"),
    "a dash below a value": ("a: x\n «-» b\n", "CNN901", "line 2 on from the text of line 1", "indent all items"),
    "a dash below a key without colon": ("layers\n  «-» a\n", "CNN901", "begins no item", "end it with `:`"),
    "dashes without space": ("-a\n«-»b\n", "CNN901", "begins no item", "a space behind each `-`"),
    "a dash indented less": ("  - a\n «-» b\n", "CNN901", "line 2 is indented by 1", "indent it like"),
    "a key between two levels": ("a:\n  b: 1\n «c»: 2\n", "CNN901", "line 3 is indented by 1", "indent it like"),
    "a key among items": ("a:\n  - x\n  «b»: 1\n", "CNN901", "the list begun in line 2", "begin an item with `- `"),
    "a line behind a comment": ("- conv 3 # x\n  «k3»\n", "CNN901", "line 2 is indented by 2", "indent it like"),
    "a space of another kind": ("a:\n«\xa0»b: 1\n", "CNN901", "U+00A0", "indent with spaces"),
    # Characters with a meaning in YAML.
    "a bound as folded text": ("rf: «>5»\nb: 1\n", "CNN901", "`>5` begins a block of text", "`rf: '>5'`"),
    "a comparison": ("rf: «>»=5\n", "CNN901", "`>` at the start of a value", "`rf: '>=5'`"),
    "a comparison with a space": ("rf: «>» 5\n", "CNN901", "`>` at the start of a value", "`rf: '> 5'`"),
    "a pipe at the start of an item": ("- conv 3\n- «|» maxpool 2\n", "CNN901", "`|` at the start", "leave it out"),
    "an at sign": ("a: «@»x\n", "CNN901", "cannot begin with `@`", "`a: '@x'`"),
    "a backtick": ("a: «`»x`\n", "CNN901", "cannot begin with ```", "`a: '`x`'`"),
    "a percent sign": ("a: «%»x\n", "CNN901", "cannot begin with `%`", "`a: '%x'`"),
    "an ampersand": ("a: «&»\n", "CNN901", "`&` begins an anchor", "'&'"),
    "an unknown alias": ("conv: «*3»\n", "CNN901", "no anchor `&3` stands before it", "'*3'"),
    "a tag": ("a: «!x»\n", "CNN905", "tags are not read", "quote a text that begins with `!`"),
    "a tag that would run code": ("a: «!!python/object/apply:os.system» [x]\n", "CNN905", "tags are not read", None),
    "a tag behind an anchor": ("a: &b «!!str» x\n", "CNN905", "tags are not read", None),
    "a malformed tag": ("a: «!%» b\n", "CNN905", "tags are not read", None),
    "a tag with an unknown handle": ("a: «!x!y» b\n", "CNN905", "tags are not read", None),
    "a tag on a list": ("a: «!!set»\n  - b\n", "CNN905", "tags are not read", None),
    "an alias inside its anchor": ("a: &x [«*x»]\n", "CNN905", "inside what it is an alias of", None),
    "a key without text": ("«:» a\n", "CNN901", "a key is missing", None),
    "a key without text in braces": ("{«:» x, a: 2}\n", "CNN901", "a key is missing before `:`", None),
    "a second document": ("a: 1\n«---»\nb: 2\n", "CNN901", "a second document", "one network"),
    "another version of YAML": ("«%»YAML 2.0\n---\na: 1\n", "CNN901", "found incompatible YAML document", None),
    "text behind the end": ("a: 1\n...\n«b»: 2\n", "CNN901", "follows the end", "one mapping"),
    "an empty file": ("«", "CNN901", "the file is empty", "`cnncalc: 1`"),
    "blank lines": ("«\n\n  \n", "CNN901", "the file is empty", "`cnncalc: 1`"),
    "an empty document": ("«---\n", "CNN901", "nothing but comments", "`cnncalc: 1`"),
    "comments alone": ("«# cnncalc: ignore[CNN011]\n", "CNN901", "nothing but comments", "`cnncalc: 1`"),
    # Characters that no file should hold.
    "a line separator": ("a: x # c«\u2028»b: 2\n", "CNN901", "line separator U+2028", "delete it"),
    "a paragraph separator": ("a: x«\u2029»\n", "CNN901", "paragraph separator U+2029", "delete it"),
    "a next line": ("a: 1\nb: x«\x85»c: 2\n", "CNN901", "next line U+0085", "delete it"),
    "a control character": ("a: 1\r\nb: é«\x01»\n", "CNN901", "control character U+0001", "delete it"),
    "a null character": ("a: «\0»\n", "CNN901", "control character U+0000", "delete it"),
    "an escape character": ("a: 1\r# «\x1b»[31m\n", "CNN901", "control character U+001B", "delete it"),
    "a second byte order mark": ("a: 1\n«\ufeff»b: 2\n", "CNN901", "byte order mark U+FEFF", "delete it"),
    "half a character": ("a: «\ud83d»\n", "CNN901", "U+D83D is half", "delete it"),
    # Numbers without end.
    "an integer of 5,000 digits": (f"a: «{'9' * 5000}»\n", "CNN902", "more than 100 digits", "quote it"),
    "an exponent of ten digits": ("a: «1e9999999999»\n", "CNN902", "more than 100 digits", "quote it"),
}


@pytest.mark.usefixtures("both_parsers")
@pytest.mark.parametrize(("text", "code", "message", "help_"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_used_is_refused_at_the_place_to_mend(
    text: str, code: str, message: str, help_: str | None
) -> None:
    document, place = read_marked(text)
    (found,) = document.findings
    assert document.root is None
    assert (found.code, found.at) == (code, place)
    assert message in found.message
    assert (help_ or "") in (found.help or "")


REPAIRED = {
    "a name behind a pipe": (
        "layers:\n  - conv 8 k3 | «r:» concat e\n",
        "CNN901",
        "`- 'conv 8 k3 | r: concat e'`",
        {"layers": ["conv 8 k3 | r: concat e"]},
    ),
    "a name inside parentheses": (
        "- res(«a:» conv 3 | relu)\n",
        "CNN901",
        "`- 'res(a: conv 3 | relu)'`",
        ["res(a: conv 3 | relu)"],
    ),
    "a name behind a semicolon": ("- add(a; «b:» conv 3)\n", "CNN901", "'add(a; b: conv 3)'", ["add(a; b: conv 3)"]),
    "a name behind a pipe in brackets": (
        "- [conv 8 | «r:» relu, b]\n",
        "CNN901",
        "`- ['conv 8 | r: relu', b]`",
        [["conv 8 | r: relu", "b"]],
    ),
    "a name in a line over several keys": (
        "- conv 8 | «r:» relu\n  from: x\n",
        "CNN901",
        "quote a layer line",
        [{"from": "x"}],
    ),
    "a comma in a list": (
        "- [conv 64, «basic s=first(2,1)», b]\n",
        "CNN901",
        "`- [conv 64, 'basic s=first(2,1)', b]`",
        [["conv 64", "basic s=first(2,1)", "b"]],
    ),
    "two commas in a list": ("[«a(b,(c,d))», e]\n", "CNN901", "`['a(b,(c,d))', e]`", ["a(b,(c,d))", "e"]),
    "a comma behind a name in a list": (
        "- [e: «conv 8 s=first(2,1)», b]\n",
        "CNN901",
        "`- [e: 'conv 8 s=first(2,1)', b]`",
        [[{"e": "conv 8 s=first(2,1)"}, "b"]],
    ),
    "a comma in braces": (
        "- {use: basic, s: «first(2,1)», c: 8}\n",
        "CNN901",
        "`- {use: basic, s: 'first(2,1)', c: 8}`",
        [{"use": "basic", "s": "first(2,1)", "c": 8}],
    ),
    "commas in a key in braces": (
        "{«b(c, d=1, e=2)»: [conv c], a: 1}\n",
        "CNN901",
        "`{'b(c, d=1, e=2)': [conv c], a: 1}`",
        {"b(c, d=1, e=2)": ["conv c"], "a": 1},
    ),
    "a comma in the second key in braces": (
        "{a: 1, «b(c,d)»: x}\n",
        "CNN901",
        "`{a: 1, 'b(c,d)': x}`",
        {"a": 1, "b(c,d)": "x"},
    ),
    "numbers split off in braces": ("{s: «max(1,2,3)»}\n", "CNN901", "`{s: 'max(1,2,3)'}`", {"s": "max(1,2,3)"}),
    "a key twice": ("a: 1\nb: 2\n«a»: 3\n", "CNN903", "the first one is kept", {"a": 1, "b": 2}),
    "a key twice in braces": ("x: {a: 1, «'a'»: 3}\n", "CNN903", "the first one is kept", {"x": {"a": 1}}),
    "a merge": ("a: &x {b: 1}\nc:\n  «<<»: *x\n  d: 2\n", "CNN905", "`defaults:`", {"a": {"b": 1}, "c": {"d": 2}}),
    "a number as a key": ("«1»: x\na: 2\n", "CNN905", "`'1'`", {"a": 2}),
    "a decimal as a key": ("«1.0»: x\na: 2\n", "CNN905", "`'1.0'`", {"a": 2}),
    "a truth value as a key": ("«true»: x\na: 2\n", "CNN905", "`'true'`", {"a": 2}),
    "null as a key": ("«null»: x\na: 2\n", "CNN905", "`'null'`", {"a": 2}),
    "a list as a key": ("? «[a]»\n: b\nc: 1\n", "CNN905", "quote", {"c": 1}),
    "a mapping as a key": ("a: {«{ x }»}\n", "CNN905", "quote", {"a": {}}),
}


@pytest.mark.usefixtures("both_parsers")
@pytest.mark.parametrize(("text", "code", "help_", "data"), REPAIRED.values(), ids=REPAIRED)
def test_a_mistake_that_leaves_the_rest_readable_is_found_and_reading_goes_on(
    text: str, code: str, help_: str, data: object
) -> None:
    document, place = read_marked(text)
    (found,) = document.findings
    assert (found.code, found.at) == (code, place)
    assert help_ in (found.help or "")
    assert plain(document.root) == data


@pytest.mark.usefixtures("both_parsers")
def test_an_empty_key_is_found_and_left_out() -> None:
    document = read("? \n: x\na: 2\n", "net.yaml")
    assert [found.message for found in document.findings] == ["a key is missing before `:`"]
    assert plain(document.root) == {"a": 2}


def test_a_repeated_key_names_both_lines() -> None:
    (found,) = read("a: 1\nb: 2\n\na: 3\n", "net.yaml").findings
    assert found.message == "the key `a` stands twice: in line 1 and in line 4"


def test_every_mistake_of_a_file_is_found_in_the_order_of_the_text() -> None:
    document = read("a: {b: 1, b: 2}\n1: x\na: 3\nc: [f(1,2)]\n", "net.yaml")
    assert [(found.code, found.at.line if found.at else 0) for found in document.findings] == [
        ("CNN903", 1),
        ("CNN905", 2),
        ("CNN903", 3),
        ("CNN901", 4),
    ]


@pytest.mark.parametrize("text", ["- [conv 64 p«?», b]\n", "- [custom out=«?»x?x?, b]\n", "- {a: conv p«?»}\n"])
def test_a_question_mark_in_brackets_is_read_by_libyaml_and_explained_by_the_pure_parser(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean, place = unmarked(text)
    assert read(clean, "net.yaml").findings == ()
    monkeypatch.setattr(yaml_build, "PARSER", PURE)
    (found,) = read(clean, "net.yaml").findings
    assert found.at == place
    assert found.help
    (quoted,) = [line for line in found.help.split("`") if line.startswith("- ")]
    assert read(quoted, "net.yaml").findings == ()


@pytest.mark.usefixtures("both_parsers")
@pytest.mark.parametrize(
    "text", [text for text, _, _, help_ in REFUSED.values() if help_ and help_[0] == "`" and "'" in help_], ids=str
)
def test_the_corrected_line_of_a_message_can_be_read(text: str) -> None:
    (found,) = read_marked(text)[0].findings
    assert found.help
    corrected = found.help.partition(": `")[2][:-1]
    assert read(corrected, "net.yaml").findings == ()


@pytest.mark.usefixtures("both_parsers")
@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("1e6", Fraction(10**6)),
        ("1.5E-3", Fraction(3, 2000)),
        (".5", Fraction(1, 2)),
        ("-2.", Fraction(-2)),
        ("0.1", Fraction(1, 10)),
        ("1.0", Fraction(1)),
        # Text, whatever other readers make of it.
        ("0x1", "0x1"),
        ("010", "010"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("~", "~"),
        ("True", "True"),
        ("NULL", "NULL"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("2024-01-01", "2024-01-01"),
        ("3x224x224", "3x224x224"),
        ("1e", "1e"),
        (".", "."),
        ("+", "+"),
        ("\u0661", "\u0661"),  # a digit, not a decimal one of ASCII
        ("'1'", "1"),
        ('"true"', "true"),
        ("|-\n  1", "1"),
    ],
)
def test_only_decimal_numbers_truth_values_and_null_are_anything_but_text(raw: str, value: object) -> None:
    document = read(f"a: {raw}\n", "net.yaml")
    assert document.findings == ()
    assert isinstance(document.root, MapNode)
    node = document.root.entries[0][1]
    assert isinstance(node, ScalarNode)
    assert node.value == value
    assert type(node.value) is type(value)


def test_an_omitted_value_is_null_and_has_a_place() -> None:
    root = read("a:\nb: 1\n", "net.yaml").root
    assert isinstance(root, MapNode)
    value = root.entries[0][1]
    assert isinstance(value, ScalarNode)
    assert (value.value, value.raw) == (None, "")
    assert value.at == Location(file="net.yaml", line=1, column=3)


@pytest.mark.usefixtures("both_parsers")
def test_an_alias_is_what_its_anchor_stands_for_and_keeps_its_place() -> None:
    root = read("a: &x   conv 3\nb: *x\nc: &y  # why\n  - d\ne: *y\nf: &z [1]\n", "net.yaml").root
    assert plain(root) == {"a": "conv 3", "b": "conv 3", "c": ["d"], "e": ["d"], "f": [1]}
    assert isinstance(root, MapNode)
    values = [value.at for _, value in root.entries]
    assert values[:2] == [Location(file="net.yaml", line=1, column=9, end_column=15)] * 2
    assert values[2:4] == [Location(file="net.yaml", line=4, column=3, end_column=4)] * 2
    assert values[4] == Location(file="net.yaml", line=6, column=7, end_column=10)


def test_an_anchor_can_name_nothing() -> None:
    assert plain(read("a: &x\nb: *x\n", "net.yaml").root) == {"a": None, "b": None}


def test_an_anchor_can_be_given_again_inside_what_it_names() -> None:
    assert plain(read("- &x [&x a]\n- *x\n", "net.yaml").root) == [["a"], "a"]


@pytest.mark.usefixtures("both_parsers")
def test_lists_and_mappings_know_where_they_begin() -> None:
    root = read("a:\n  - b\nc: [1, 2]\nd: {e: 1}\nf: [1,\n  2]\ng: {}\nh:\n  i: 1\n", "net.yaml").root
    assert isinstance(root, MapNode)
    places = {key.raw: (value.at.line, value.at.column, value.at.end_column) for key, value in root.entries}
    assert places == {
        "a": (2, 3, 4),
        "c": (3, 4, 10),
        "d": (4, 4, 10),
        "f": (5, 4, 7),
        "g": (7, 4, 6),
        "h": (9, 3, 4),
    }
    assert (root.at.line, root.at.column, root.at.end_column) == (1, 1, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- conv 8 «# cnncalc: ignore[CNN011] why»\n", [("cnncalc: ignore[CNN011] why", False)]),
        ("«#cnncalc: ignore[CNN011]»  \n- conv 8\n", [("cnncalc: ignore[CNN011]", True)]),
        ("- a\n  «# cnncalc:  x»\r\n", [("cnncalc:  x", True)]),
        ("- a # noqa «# cnncalc: x»\n", [("cnncalc: x", False)]),
        ("# noqa «# cnncalc: x»\n- a\n", [("cnncalc: x", True)]),
        ("- [a, «# cnncalc: x»\n b]\n", [("cnncalc: x", False)]),
        ("- |  «# cnncalc: x»\n  # cnncalc: text\n", [("cnncalc: x", False)]),
        ("- a «# cnncalc: x» # cnncalc: y\n", [("cnncalc: x", False), ("cnncalc: y", False)]),
        ("- >-\n  b # cnncalc: text\n\n«# cnncalc: x»\n", [("cnncalc: x", True)]),
    ],
)
@pytest.mark.usefixtures("both_parsers")
def test_a_comment_for_cnncalc_is_found_outside_all_texts(text: str, expected: list[tuple[str, bool]]) -> None:
    document, place = read_marked(text)
    assert document.findings == ()
    assert [(comment.text, comment.alone) for comment in document.comments] == expected
    first = document.comments[0].at
    assert (first.line, first.column) == (place.line, place.column)
    assert first.end_column == place.end_column


@pytest.mark.usefixtures("both_parsers")
@pytest.mark.parametrize(
    "text",
    [
        "- 'a # cnncalc: x'\n",
        '- "a # cnncalc: x"\n',
        "- a#cnncalc: x\n",
        "- |\n  # cnncalc: x\n",
        "- >\n  a\n\n  # cnncalc: x\n- b\n",
        "- 'a\n  # cnncalc: x'\n",
    ],
)
def test_what_looks_like_a_comment_inside_a_text_is_text(text: str) -> None:
    document = read(text, "net.yaml")
    assert document.findings == ()
    assert document.comments == ()
