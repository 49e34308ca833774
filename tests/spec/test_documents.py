"""What the language's page shows is read without a complaint."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cnncalc.graph import build
from cnncalc.spec import words
from cnncalc.spec.reader import parse, parse_line, parse_shape

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
FILES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
LINES = re.findall(r"^cnncalc \w+ -i (\S+) '([^']+)'", PAGE, re.MULTILINE)


@pytest.mark.parametrize("text", FILES)
def test_every_file_is_read_and_built(text: str) -> None:
    spec = parse(text)
    assert (spec.findings, build(spec).findings) == ((), ())


@pytest.mark.parametrize(("shape", "line"), LINES)
def test_every_shell_line_is_read_and_built(shape: str, line: str) -> None:
    spec = parse_line(line, {"input": parse_shape(shape)})
    assert (spec.findings, build(spec).findings) == ((), ())


def test_there_is_something_to_read() -> None:
    assert FILES
    assert len(LINES) > 1


def test_the_page_names_every_word_of_the_vocabulary() -> None:
    named = set(re.findall(r"[a-z_0-9]+", PAGE))
    assert (words.NORMS | words.ACTIVATIONS | set(words.FLAGS) | set(words.SHORTCUTS)) - named == set()
