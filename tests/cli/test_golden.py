"""Whole outputs as users see them. Their numbers are checked against sources from outside in the same test.

After a change that is meant, `CNNCALC_WRITE_GOLDEN=1 python -m pytest tests/cli/test_golden.py` writes them anew.
"""

from __future__ import annotations

import csv
import os
import re
from typing import TYPE_CHECKING

import pytest

from tests.cli.program import ROOT

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

GOLDEN = ROOT / "tests" / "golden"
DATA = ROOT / "tests" / "data"


def reference(name: str, **where: str) -> dict[str, str]:
    """One row of a table of numbers from outside."""
    with (DATA / f"{name}.csv").open(newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    (found,) = [row for row in rows if all(row[key] == text for key, text in where.items())]
    return found


def grouped(text: str) -> str:
    return f"{int(text):,}"


def figures(network: str) -> list[str]:
    """Parameters and MACs as torchvision publishes them."""
    row = reference("networks", network=network)
    return [grouped(row["params"]), grouped(row["macs"])]


def peak(network: str) -> list[str]:
    """Bytes of memory as an interpreter counts them."""
    row = reference("memory", network=network)
    sizes = [int(row[key]) for key in ("peak_in_place", "peak_not_in_place", "peak_fused")]
    return [f"{round(size / 2**20, 2):.2f} MiB at" for size in sizes]


def field(network: str, at: str) -> str:
    return reference("receptive_fields", network=network, at=at)["rf"]


RESNET18 = figures("resnet18")
STAGES = [f"  {field('resnet18', f'layer{stage}')}  " for stage in (1, 2, 3, 4)]
UNET = ["188 in 4, 204 in 12"]  # receptive_fields.csv: "188 in 4 phases and 204 in 12"
TOOLS = reference("macs_by_tool", network="resnet50")

CASES = [
    # file, arguments, COLUMNS, what has to stand in it by a source from outside
    ("summary_resnet18.txt", "summary examples/configs/resnet18.yaml --depth 1", None, [*RESNET18, *STAGES]),
    ("summary_resnet18_80.txt", "summary examples/configs/resnet18.yaml --depth 1", 80, [*RESNET18, *STAGES]),
    ("summary_resnet18_140.txt", "summary examples/configs/resnet18.yaml --depth 1", 140, [*RESNET18, *STAGES]),
    ("summary_resnet18_40.txt", "summary examples/configs/resnet18.yaml --depth 1", 40, ["11.7M", *STAGES[2:]]),
    ("summary_resnet18.md", "summary examples/configs/resnet18.yaml --depth 1 -f markdown", None, RESNET18),
    ("summary_resnet18.csv", "summary examples/configs/resnet18.yaml --depth 1 -f csv", None, [",211,16,", ",435,32,"]),
    ("summary_siamese.txt", "summary examples/configs/siamese.yaml --depth 1", None, ["38,951,745"]),
    ("summary_efficientnet_80.txt", "summary examples/configs/efficientnet_b0.yaml --depth 2", 80,
     [f"{field('efficientnet_b0', 'last (local; SE adds global)')} (+", figures("efficientnet_b0")[0]]),
    ("rf_unet.txt", "rf examples/configs/unet.yaml --depth 1", None, [*UNET, "  140  "]),
    ("rf_unet_80.txt", "rf examples/configs/unet.yaml --depth 1", 80, [*UNET, "  140  "]),
    ("rf_unet_140.txt", "rf examples/configs/unet.yaml --depth 1", 140, UNET),
    ("rf_unet.csv", "rf examples/configs/unet.yaml --depth 1 -f csv", None, ["188:4 204:12"]),
    ("rf_siamese.txt", "rf examples/configs/siamese.yaml", None, ["left", "right"]),
    ("rf_dilated.txt", "rf -i 1x64 conv_1_k3_d2_|_conv_1_k3_d2_|_conv_1_k3_d2", None, ["7 of 13"]),
    ("shapes_alexnet_80.txt", "shapes examples/configs/alexnet.yaml", 80, ["256x6x6"]),
    ("shapes_dcgan.txt", "shapes examples/configs/dcgan_generator.yaml --layout channels_first,channels_last", None,
     ["3x64x64"]),
    ("params_resnet50.txt", "params examples/configs/resnet50.yaml --depth 1 --folded --init", None,
     figures("resnet50")[:1]),
    ("params_alexnet_80.txt", "params examples/configs/alexnet.yaml", 80, figures("alexnet")[:1]),
    ("flops_resnet50.txt", "flops examples/configs/resnet50.yaml --depth 1 --training --convention all", None,
     [f"{tool:<19} {grouped(TOOLS[tool])} " for tool in
      ("ptflops_aten", "fvcore", "ptflops_pytorch", "thop", "calflops")]),
    ("flops_resnet50_80.txt", "flops examples/configs/resnet50.yaml --depth 1", 80, figures("resnet50")[1:]),
    ("memory_mobilenet_v2.txt", "memory examples/configs/mobilenet_v2.yaml --depth 1", None, peak("mobilenet_v2")),
    ("memory_mobilenet_v2_80.txt", "memory examples/configs/mobilenet_v2.yaml --depth 1", 80,
     peak("mobilenet_v2")),
    ("explain_resnet18_layer3.txt", "explain examples/configs/resnet18.yaml --at layer3", None,
     [f"rf {field('resnet18', 'layer3')}, jump 16", "179 + 2 x 16 = 211"]),
    ("explain_resnet18_stem_80.txt", "explain examples/configs/resnet18.yaml --at stem", 80, ["1 + 6 x 1 = 7"]),
    ("explain_resnet18_layer1.json", "explain examples/configs/resnet18.yaml --at layer1 -f json", None,
     [f'"rf": {field("resnet18", "layer1")}, "jump": 4']),
    ("explain_conv_80.txt", "explain conv", 80, ["arXiv:1603.07285"]),
    ("lenet5.json", "rf examples/configs/lenet5.yaml -f json", None, ['"rf": [16, 16]']),
]  # fmt: skip


def steady(text: str) -> str:
    """Without the last digits of long decimals: how a sum of floats rounds is the Python version's business."""
    return re.sub(r"\d+\.\d{10,}", lambda number: f"{float(number[0]):.10g}", text)


@pytest.mark.parametrize(("name", "arguments", "columns", "facts"), CASES, ids=[case[0] for case in CASES])
def test_the_whole_output_is_the_one_that_was_read_and_found_right(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str, arguments: str, columns: int | None, facts: list[str]
) -> None:
    monkeypatch.chdir(ROOT)
    words = [word.replace("_", " ") if "|" in word else word for word in arguments.split(" ")]
    done = cli(*words, **({"COLUMNS": str(columns)} if columns else {}))
    assert (done.status, done.err) == (0, "")
    path = GOLDEN / name
    if os.environ.get("CNNCALC_WRITE_GOLDEN"):
        path.write_text(done.out, encoding="utf-8", newline="")
    assert steady(done.out) == steady(path.read_text(encoding="utf-8"))
    missing = [fact for fact in facts if fact not in done.out]
    assert not missing
    if columns:
        assert max(map(len, done.out.split("\n"))) <= columns


def test_every_golden_file_has_its_test() -> None:
    assert {path.name for path in GOLDEN.iterdir() if path.is_file()} == {name for name, *_ in CASES}
