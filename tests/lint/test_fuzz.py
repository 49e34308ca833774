"""From bytes to findings: whatever the input is, there is an answer and no exception, and every format can write it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnncalc.engine import analyze
from cnncalc.errors import Finding, Severity
from cnncalc.export.to_findings import to_json
from cnncalc.export.to_github import to_github
from cnncalc.export.to_gitlab import to_gitlab
from cnncalc.export.to_junit import to_junit
from cnncalc.export.to_sarif import to_sarif
from cnncalc.graph import build
from cnncalc.lint.base import RULES
from cnncalc.lint.driver import lint
from cnncalc.lint.outcome import Checked
from cnncalc.lint.rules.errors import manuals
from cnncalc.lint.settings import Level, Settings
from cnncalc.render.check import frames
from cnncalc.spec.reader import parse, parse_line, parse_shape

CONFIGS = [
    path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parents[2] / "examples/configs").iterdir())
]
MANUALS = [example for rule in manuals().values() for example in (*rule.bad, *rule.good)]
FILES = [*CONFIGS, *(example.text for example in MANUALS if example.input is None)]
LINES = [example.text for example in MANUALS if example.input is not None]
EVERYTHING = Settings(command=Level(select=("all",)))
ODD = "0 -1 1 3 4096 99999999999 1.5 k0 s0 d0 g0 p0/9 x prev | ( ) *0 *3 concat from=a a: b: ; same gap bn ? ' `"
WORDS = st.sampled_from(
    [
        *(word for text in LINES for word in text.split()),
        *ODD.split(),
        *("\u00e9", "fc 10", "custom out=8x?x?", "upsample 2", "slice 0:4", "crop 1", "tokens", "attention 2", "se 4"),
        *("flatten", "linear 8"),
    ]
)
BITS = st.sampled_from(
    [
        *(
            "\n",
            "\n  ",
            "  ",
            "- ",
            ": ",
            "[",
            "]",
            "{",
            "}",
            "'",
            '"',
            "#",
            " # cnncalc: ignore[CNN012] x",
            "&a ",
            "*a",
            "\t",
        ),
        *(
            "expect: {rf: 3}\n",
            "task: {dense: true, sizes: 8..16}\n",
            "task: {causal: true}\n",
            "lint: {ignore: [CNN01]}\n",
        ),
        *("params: ", "k3", "s2", "0", "9", "c", "\x00", "\ud7ff", "null", "~", "yes", "1e6", "<<: "),
    ]
)
SHAPES = st.sampled_from(["3x32x32", "8x1x1", "1x100", "2x8x8x8", "4x7x9", "100x1x1", "3x224x224"])
moderate = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A file of ours with a few stretches cut, doubled or replaced."""
    text = draw(st.sampled_from(FILES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        text = text[:start] + draw(st.one_of(BITS, WORDS, st.just(text[start:end] * 2), st.just(""))) + text[end:]
    return text


def check(data: str | bytes) -> None:
    spec = parse(data, source="net.yaml")
    hold(spec.text, lint(analyze(build(spec)), EVERYTHING))


def hold(text: str, found: tuple[Finding, ...]) -> None:
    """Every finding is complete and every format can write it."""
    for each in found:
        assert each.code in manuals()
        assert each.message
        assert isinstance(each.severity, Severity)
    assert frames(found, [Checked(source="net.yaml", text=text)]) or not found
    assert len(json.loads(to_json(found, 1))["findings"]) == len(found)
    assert len(json.loads(to_gitlab(found))) == len(found)
    assert len(json.loads(to_sarif(found))["runs"][0]["results"]) == len(found)
    assert ET.fromstring(to_junit(found, ["net.yaml"]).encode()).tag == "testsuites"  # noqa: S314 - our own output
    assert to_github(found).count("\n") <= len(found) + 1


@given(st.binary(max_size=300))
@moderate
def test_any_bytes(data: bytes) -> None:
    check(data)


@given(st.binary(max_size=60), st.sampled_from(FILES), st.integers(0, 2000))
@moderate
def test_any_bytes_inside_a_network_file(data: bytes, text: str, place: int) -> None:
    encoded = text.encode()
    check(encoded[:place] + data + encoded[place:])


@given(mutated())
@moderate
def test_network_files_with_mistakes(text: str) -> None:
    check(text)


@given(st.lists(WORDS, max_size=14), SHAPES)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_layer_lines_made_of_any_words(words: list[str], shape: str) -> None:
    line = " ".join(words)
    spec = parse_line(line, {"input": parse_shape(shape)})
    hold(line, lint(analyze(build(spec)), EVERYTHING))


@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=5), SHAPES)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_layer_lines_made_of_the_examples_of_the_manuals(lines: list[str], shape: str) -> None:
    line = " | ".join(lines)
    spec = parse_line(line, {"input": parse_shape(shape)})
    hold(line, lint(analyze(build(spec)), EVERYTHING))


def test_all_rules_take_part() -> None:
    assert len(RULES) > 20
