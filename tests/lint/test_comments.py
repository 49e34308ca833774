"""`# cnncalc: ignore[CODE] reason`: at the end of a line, on the line before, in a block's body and at its call."""

from __future__ import annotations

import pytest

from cnncalc.lint.settings import Level, Settings
from tests.lint.linting import HEAD, brief, linted

pytestmark = pytest.mark.usefixtures("test_rules")

BLOCK = """cnncalc: 1
input: 8x32x32
blocks:
  b(c):
    - conv c k1{body}
layers:
  - one: b 8{first}
  - two: b 8{second}
"""
IGNORE = "  # cnncalc: ignore[CNN071] by design"


@pytest.mark.parametrize(
    "layers",
    [
        "  - conv 8 k1  # cnncalc: ignore[CNN071] by design\n",
        "  - conv 8 k1 #cnncalc:ignore[CNN071]\n",
        "  # cnncalc: ignore[CNN071] by design\n  - conv 8 k1\n",
        "  # cnncalc: ignore[CNN071] by design\n\n  # and more\n  - conv 8 k1\n",
        "  - {op: conv, out: 8,  # cnncalc: ignore[CNN071]\n     kernel_size: 1}\n",
        "  - {op: conv, out: 8,\n     kernel_size: 1}  # cnncalc: ignore[CNN071]\n",
    ],
)
def test_a_comment_silences_its_line_or_the_next_one(layers: str) -> None:
    assert linted(HEAD + "layers:\n" + layers) == ()


def test_a_comment_silences_only_the_codes_that_it_names() -> None:
    text = HEAD + "layers:\n  - conv 8 k1 s2  # cnncalc: ignore[CNN071]\n"
    assert brief(linted(text)) == ["4:15 CNN072"]
    assert linted(text.replace("[CNN071]", "[CNN071, CNN072] both")) == ()
    assert linted(text.replace("[CNN071]", "[CNN071 CNN072]")) == ()


def test_two_comments_on_one_line_both_count() -> None:
    text = HEAD + "layers:\n  - conv 8 k1 s2  # cnncalc: ignore[CNN071] a # cnncalc: ignore[CNN072] b\n"
    assert linted(text) == ()


def test_a_comment_elsewhere_silences_nothing_and_is_reported() -> None:
    text = HEAD + "layers:\n  - conv 8 k1\n  - relu  # cnncalc: ignore[CNN071]\n"
    assert brief(linted(text)) == ["4:12 CNN071", "5:29 CNN910"]


def test_of_several_codes_those_that_silence_nothing_are_reported_one_by_one() -> None:
    found = linted(HEAD + "layers:\n  - conv 8 k1  # cnncalc: ignore[CNN071, CNN072]\n")
    assert brief(found) == ["4:42 CNN910"]
    assert "CNN072" in found[0].message


def test_a_comment_in_the_body_of_a_block_silences_all_copies() -> None:
    assert linted(BLOCK.format(body=IGNORE, first="", second="")) == ()


def test_a_comment_at_a_call_silences_the_copies_of_that_call_alone() -> None:
    (found,) = linted(BLOCK.format(body="", first=IGNORE, second=""))
    assert (found.code, found.copies, found.layer) == ("CNN071", 1, "two.conv1")
    assert linted(BLOCK.format(body="", first=IGNORE, second=IGNORE)) == ()


def test_a_comment_at_one_of_two_calls_leaves_an_error_of_both() -> None:
    text = BLOCK.replace("k1", "k99")
    assert [each.code for each in linted(text.format(body="", first=IGNORE.replace("71", "02"), second=""))] == [
        "CNN002"
    ]
    assert linted(text.format(body=IGNORE.replace("71", "02"), first="", second="")) == ()


def test_a_comment_holds_against_whatever_is_selected() -> None:
    text = HEAD + "layers:\n  - conv 8 k1  # cnncalc: ignore[CNN071]\n"
    assert linted(text, Settings(command=Level(select=("CNN071",)))) == ()


def test_a_comment_for_a_rule_that_was_not_asked_is_not_called_useless() -> None:
    text = HEAD + "layers:\n  - conv 8 k3  # cnncalc: ignore[CNN071]\n"
    assert brief(linted(text)) == ["4:34 CNN910"]
    assert linted(text, Settings(command=Level(select=("CNN072",)))) == ()
    assert linted(text, Settings(command=Level(ignore=("CNN071",)))) == ()


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("ignore[CNN777]", "unknown code `CNN777`"),
        ("ignore[one-by-one]", "unknown code `one-by-one`"),
        ("ignore[CNN904]", "CNN904 cannot be ignored"),
        ("ignore[CNN910]", "CNN910 cannot be ignored"),
        ("ignore", "ignore names no code"),
        ("ignore[]", "ignore names no code"),
        ("ignore[CNN071", "the bracket stays open"),
        ("ignroe[CNN071]", "unknown instruction `ignroe`"),
        ("", "a comment for cnncalc that says nothing"),
    ],
)
def test_a_comment_that_says_nothing_useful_is_reported(comment: str, message: str) -> None:
    found = linted(HEAD + f"layers:\n  - conv 8 k3  # cnncalc: {comment}\n")
    assert [(each.code, each.message) for each in found] == [("CNN911", message)]


def test_a_hash_inside_a_text_is_no_comment() -> None:
    assert brief(linted(HEAD + 'name: "# cnncalc: ignore[CNN071]"\nlayers: [conv 8 k1]\n')) == ["4:17 CNN071"]


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("  # cnncalc: ignore[CNN072] why", "  - conv 8 k1"),
        ("  # cnncalc: ignore[CNN071, CNN072] why", "  - conv 8 k1  # cnncalc: ignore[CNN071] why"),
        ("  # cnncalc: ignore[CNN072, CNN071]", "  - conv 8 k1  # cnncalc: ignore[CNN071]"),
    ],
)
def test_the_remedy_of_a_useless_ignore_cuts_it_out(comment: str, left: str) -> None:
    line = f"  - conv 8 k1{comment}"
    useless = [each for each in linted(HEAD + f"layers:\n{line}\n") if each.code == "CNN910"]
    (edit,) = useless[0].edits
    assert edit.at.end_column is not None
    assert line[: edit.at.column - 1] + edit.replacement + line[edit.at.end_column - 1 :] == left
