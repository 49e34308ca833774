"""Networks for the tests of exporters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cnncalc.engine import analyze
from cnncalc.graph import build
from cnncalc.spec.reader import parse

if TYPE_CHECKING:
    from cnncalc.report import Report

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "golden" / "export"
CONFIGS = sorted((ROOT / "examples" / "configs").glob("*.yaml"), key=lambda path: path.stem)
NAMES = [path.stem for path in CONFIGS]


def example(name: str) -> Report:
    return report((ROOT / "examples" / "configs" / f"{name}.yaml").read_text())


def report(text: str) -> Report:
    made = analyze(build(parse(text, source="net.yaml")))
    assert not [found for found in made.findings if found.severity.value == "error"]
    return made


def net(*layers: str, input_: str = "3x32x32", more: str = "") -> Report:
    lines = "".join(f"  - {layer}\n" for layer in layers)
    return report(f"cnncalc: 1\ninput: {input_}\n{more}layers:\n{lines}")
