"""Measure everything and write docs/benchmarks.md; `--quick` measures less and only prints."""

from __future__ import annotations

import argparse
import platform
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.networks import EXAMPLES, ROOT, SPECIAL, line_by_line, repeated, residual
from benchmarks.processes import MIB, json_of, ratio, run, written

if TYPE_CHECKING:
    from collections.abc import Callable

STAGES = ("parse", "build", "analyze", "json")
PACKAGES = "import typer, yaml, pydantic, rich.table, rich.console"
MODELS = "import typer, yaml, rich.table, rich.console; from pydantic import BaseModel, Field"
RESNET = "examples/configs/resnet50.yaml"
FORMS = {"line by line": line_by_line, "by a count": repeated, "residual units": residual}


def start_up(pairs: int) -> list[str]:
    """Cold processes against importing the four packages."""
    lines = ["## Start-up", "", "| process | ms | times `A` | target | times `B` |", "|---|---|---|---|---|"]
    commands = {
        f"`cnncalc rf {RESNET}`": (("rf", RESNET), "1.3"),
        f"`cnncalc summary {RESNET} --format json`": (("summary", RESNET, "--format", "json"), ""),
        "`cnncalc rf -i 3x224x224 'conv 64 k7 s2'`": (("rf", "-i", "3x224x224", "conv 64 k7 s2"), ""),
        "`cnncalc --version`": (("--version",), ""),
        "`cnncalc --help`": (("--help",), ""),
    }
    for name, (arguments, target) in commands.items():
        by_packages, ours = ratio(("-m", "cnncalc", *arguments), ("-c", PACKAGES), pairs)
        by_models, _ = ratio(("-m", "cnncalc", *arguments), ("-c", MODELS), pairs)
        lines.append(f"| {name} | {1000 * ours:.0f} | {by_packages:.2f} | {target} | {by_models:.2f} |")
    note = f"Medians of {pairs} interleaved pairs. `A`: `{PACKAGES}`, which loads none of pydantic's model classes."
    return [*lines, "", note, f"`B`: `{MODELS}`.", ""]


def per_layer(repeats: int) -> list[str]:
    """Microseconds per layer and stage, and how they grow."""
    head = " | ".join(STAGES)
    lines = [
        "## Time per layer",
        "",
        f"| network | layers | {head} | sum, us | growth |",
        "|---|---" + "|---" * 6 + "|",
    ]
    for form, make in FORMS.items():
        before = 0.0
        for layers in (1000, 10_000):
            with written(make(layers)) as path:
                found = json_of("-m", "benchmarks.stages", path, str(repeats))
            count = found["layers"]
            micro = [1e6 * found[stage] / count for stage in STAGES]
            growth = f"{sum(micro) / before:.2f}" if before else ""
            cells = " | ".join(f"{value:.1f}" for value in micro)
            lines.append(f"| {form} | {count} | {cells} | **{sum(micro):.1f}** | {growth} |")
            before = sum(micro)
    return [
        *lines,
        "",
        "Processor time from text to JSON; growth is time per layer at 10,000 by 1,000. Target: below 100.",
        "",
    ]


def memory() -> list[str]:
    """Peak memory of whole processes."""
    lines = ["## Peak memory of `cnncalc summary`", "", "| network | MiB | target |", "|---|---|---|"]
    bare = run("-c", "pass").peak_bytes / MIB
    lines.append(f"| (Python alone) | {bare:.0f} | |")
    peaks = {
        path.name: run("-m", "cnncalc", "summary", str(path)).peak_bytes for path in sorted(EXAMPLES.glob("*.yaml"))
    }
    worst = max(peaks, key=lambda name: peaks[name])
    lines.append(f"| worst of {len(peaks)} examples, {worst} | {peaks[worst] / MIB:.0f} | 60 |")
    for form, make in FORMS.items():
        with written(make(10_000)) as path:
            lines.append(
                f"| 10,000 layers, {form} | {run('-m', 'cnncalc', 'summary', path).peak_bytes / MIB:.0f} | 400 |"
            )
    return [*lines, ""]


def special(repeats: int) -> list[str]:
    """Networks that are hard on exact sets."""
    lines = ["## Large fields", "", "| network | layers | text to report, ms | peak, MiB |", "|---|---|---|---|"]
    for name, text in SPECIAL.items():
        with written(text) as path:
            found = json_of("-m", "benchmarks.stages", path, str(repeats))
            peak = run("-m", "cnncalc", "rf", path).peak_bytes / MIB
        lines.append(f"| {name} | {found['layers']} | {1000 * found['report']:.0f} | {peak:.0f} |")
    return [*lines, ""]


def warm() -> list[str]:
    """ResNet-50 in a running process, beside tools that run the model."""
    found = json_of("-m", "benchmarks.frameworks")
    ours = found.pop("cnncalc")
    lines = ["## ResNet-50 in a running process", "", "| tool | times cnncalc |", "|---|---|"]
    lines.append(f"| cnncalc, text to report: {1000 * ours:.1f} ms (target 15) | 1 |")
    for name, seconds in found.items():
        lines.append(f"| {name} | {f'{seconds / ours:.1f}' if seconds is not None else 'not installed'} |")
    return [*lines, "", "The others are timed with the model already made; they report no receptive fields.", ""]


def importing() -> list[str]:
    """ResNet-50 as a spec, beside the tools whose files it is read from."""
    found = json_of("-m", "benchmarks.importing")
    return [*_from_torch(found["torch"]), *_from_onnx(found["onnx"])]


def _from_torch(found: dict[str, float] | None) -> list[str]:
    lines = ["## Import of a PyTorch ResNet-50", "", "| step | ms | times the export | target |", "|---|---|---|---|"]
    if found is None:
        return [*lines, "| (PyTorch is not installed) | | | |", ""]
    export, whole = 1000 * found["export"], 1000 * found["import"]
    lines.append(f"| `torch.export.export` alone | {export:.0f} | 1 | |")
    lines.append(f"| export, layers and text | {whole:.0f} | {whole / export:.2f} | 1.5 |")
    return [*lines, "", "Medians of interleaved rounds of processor time, on the meta device.", ""]


def _from_onnx(found: dict[str, float] | None) -> list[str]:
    lines = ["## Import of an ONNX ResNet-50", "", "| step | ms | times `onnx.load` | target |", "|---|---|---|---|"]
    if found is None:
        return [*lines, "| (onnx is not installed) | | | |", ""]
    load = found["load"]
    steps = {
        "`onnx.load` alone": ("load", ""),
        "layers and text": ("import", "1"),
        "the first time, with what it imports": ("first", ""),
        "the spec of the example to its report": ("report", ""),
    }
    for name, (key, target) in steps.items():
        lines.append(f"| {name} | {1000 * found[key]:.0f} | {found[key] / load:.2f} | {target} |")
    return [*lines, "", "A file of 98 MiB, whose weights are stepped over. Target of a first reading: 500 ms.", ""]


def many_files(count: int) -> list[str]:
    """`check` over a folder."""
    with tempfile.TemporaryDirectory() as folder:
        for index in range(count):
            shutil.copy(EXAMPLES / "resnet50.yaml", Path(folder, f"{index}.yaml"))
        one = run("-m", "cnncalc", "check", str(Path(folder, "0.yaml"))).seconds
        all_of_them = run("-m", "cnncalc", "check", folder).seconds
    each = 1000 * (all_of_them - one) / (count - 1)
    return [
        "## Many files",
        "",
        f"`cnncalc check` over {count} copies of ResNet-50: {each:.1f} ms for each further file.",
        "",
    ]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds; prints and writes nothing")
    quick = parser.parse_args().quick
    lines = ["# Benchmarks", "", f"Made by `python -m benchmarks` with Python {platform.python_version()}.", ""]
    lines += ["Ratios hold across machines better than times; compare times only within one run.", ""]
    parts: tuple[Callable[[], list[str]], ...] = (
        lambda: start_up(3 if quick else 20),
        lambda: per_layer(1 if quick else 5),
        warm,
        importing,
        memory,
        lambda: special(1 if quick else 5),
        lambda: many_files(20 if quick else 500),
    )
    for part in parts:
        made = part()
        print("\n".join(made), flush=True)
        lines += made
    if not quick:
        (ROOT / "docs" / "benchmarks.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
