"""Text is wrapped by what it takes on a terminal; rich's own tables of cell widths are the witness."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cnncalc.render.wide import columns, wrapped
from tests.cli.program import start

NAME = "畳み込みニューラルネットワーク 很长的名字 for wrapping 🎉 네트워크"
WORDS = st.text(st.sampled_from("ab 畳み 層 한국 e\N{COMBINING ACUTE ACCENT} 🎉 é"), max_size=60)


@pytest.mark.parametrize("text", ["conv", "畳み込み", "네트워크", "🎉", "é", "ﾊｰﾌ", "→Ω"])
def test_a_wide_character_takes_two_columns(text: str) -> None:
    assert columns(text) == cell_len(text)


def test_a_combining_character_takes_none() -> None:
    assert columns("e\N{COMBINING ACUTE ACCENT}a") == 2


@given(WORDS, st.integers(2, 30))
def test_no_line_takes_more_than_the_width_and_no_word_is_lost(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(columns(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.lists(st.text("ab-", min_size=1, max_size=8), max_size=20), st.integers(17, 40), st.integers(0, 7))
def test_words_are_wrapped_as_textwrap_does(words: list[str], width: int, indent: int) -> None:
    text = " ".join(words)
    lines = textwrap.wrap(text, width, subsequent_indent=" " * indent, break_on_hyphens=False)
    assert wrapped(text, width, indent) == (lines or [""])


@given(st.text("ab c-", max_size=60), st.integers(1, 30), st.integers(0, 8))
def test_a_word_longer_than_a_line_is_cut(text: str, width: int, indent: int) -> None:
    lines = wrapped(text, width, indent)
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.mark.parametrize("colour", ["never", "always"])
def test_the_title_of_a_table_fits_the_terminal(colour: str) -> None:
    text = f"cnncalc: 1\nname: {NAME}\ninput: 3x32x32\nlayers: [a: conv 8 k3]\n"
    done = start("rf", "-", "--color", colour, stdin=text.encode(), env={"COLUMNS": "40"})
    plain = done.out.replace("\x1b[1m", "").replace("\x1b[0m", "")
    title = plain.partition("\n\n")[0].splitlines()
    assert len(title) > 1
    assert all(cell_len(line) <= 40 for line in title)
    assert "".join("".join(title).split()).startswith("".join(NAME.split()))
