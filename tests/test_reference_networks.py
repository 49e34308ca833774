"""Every number of `tests/data` about whole networks: parameters, MACs, activations, memory, receptive fields."""

from __future__ import annotations

import csv
import re
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from cnncalc.engine import analyze
from cnncalc.graph import Graph, build
from cnncalc.memory import fused_sum, saved_bytes
from cnncalc.report import AxisReach, Report
from cnncalc.spec.reader import parse

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples" / "configs"
FLOAT32 = {"batch": 1, "element_bytes": 4}


def table(name: str) -> list[dict[str, str]]:
    lines = (HERE / "data" / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


@cache
def graph(source: str) -> Graph:
    """Of an example by its name, or of the text of a network."""
    path = EXAMPLES / f"{source}.yaml"
    found = build(parse(source if "\n" in source else path.read_text(encoding="utf-8"), source=path.name))
    assert not found.spec.findings
    assert not found.findings
    return found


@cache
def report(source: str) -> Report:
    return analyze(graph(source))


def figures(row: dict[str, str], *keys: str) -> dict[str, int]:
    """The figures of a row that are not left empty."""
    return {key: int(row[key]) for key in keys if row[key]}


NETWORKS = {row["network"]: row for row in table("networks.csv")}
EXAMPLE_OF = {"unet_padded_depth4": "unet"}


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_macs_and_activations_are_those_published(name: str) -> None:
    found = report(EXAMPLE_OF.get(name, name))
    wanted = figures(NETWORKS[name], "params", "macs", "activations")
    assert {key: getattr(found.totals, key) for key in wanted} == wanted
    assert next(iter(found.inputs.values())) == tuple(map(int, NETWORKS[name]["input"].split("x")))
    assert not found.partial


MEMORY = {row["network"]: row for row in table("memory.csv")}


@pytest.mark.parametrize("name", MEMORY)
def test_peaks_are_those_published(name: str) -> None:
    peaks = report(name).totals.peaks
    wanted = figures(MEMORY[name], "peak_in_place", "peak_not_in_place", "peak_fused")
    assert {key: peaks[key.removeprefix("peak_")].bytes for key in wanted} == wanted


@pytest.mark.parametrize("name", [name for name, row in MEMORY.items() if row["sum_fused"]])
def test_the_sum_of_fused_outputs_is_that_published(name: str) -> None:
    assert fused_sum(graph(name), **FLOAT32) == int(MEMORY[name]["sum_fused"])


@pytest.mark.parametrize("name", MEMORY)
def test_the_saved_tensors_are_those_that_autograd_holds(name: str) -> None:
    wanted = int(MEMORY[name]["saved_for_backward_batch2"])
    assert saved_bytes(graph(name), batch=2, element_bytes=4) == wanted


def lines(*layers: str, size: str = "3x224x224") -> str:
    body = "".join(f"  - {layer}\n" for layer in layers)
    return f"cnncalc: 1\ninput: {size}\nlayers:\n{body}"


ALEXNET_SLIM = lines(
    "conv1: conv 64 k11 s4", "pool1: maxpool 3 s2", "conv2: conv 192 k5 same", "pool2: maxpool 3 s2",
    "conv 384 k3 same", "conv 384 k3 same", "conv5: conv 256 k3 same", "pool5: maxpool 3 s2",
)  # fmt: skip
RESNET50_V1 = (
    (EXAMPLES / "resnet50.yaml")
    .read_text(encoding="utf-8")
    .partition("expect:")[0]
    .replace("[conv c k1 bn relu, conv c k3 s=s p1", "[conv c k1 s=s bn relu, conv c k3 p1")
)
RESNET50_SLIM = """cnncalc: 1
input: 3x224x224
blocks:
  unit(c, s=1):
    - residual: [conv c k1 bn relu, conv c k3 s=s p1 bn relu, conv 4*c k1 bn]
      shortcut: [conv 4*c k1 s=s]
      then: relu
layers:
  - conv 64 k7 s2 p3 bn relu
  - maxpool 3 s2 same
  - block1: unit 64 s=last(2) *3
  - block2: unit 128 s=last(2) *4
  - block3: unit 256 s=last(2) *6
  - block4: unit 512 *3
"""
YU_KOLTUN = lines(*(f"d{number}: conv 8 k3 d{d} half" for number, d in enumerate((1, 1, 2, 4, 8, 16, 1))))
WAVENET_THREE = """cnncalc: 1
input: 8x16000
layers:
  - {repeat: 3, do: [{repeat: 10, do: [conv 8 k2 d=2**i causal]}]}
"""
UNET_DEPTH_2 = lines(
    "e1: conv 8 k3 p1 *2", "maxpool 2", "e2: conv 8 k3 p1 *2", "maxpool 2", "bottleneck: conv 8 k3 p1 *2",
    "[convt 8 k2 s2, concat e2, conv 8 k3 p1 *2]", "last: [convt 8 k2 s2, concat e1, conv 8 k3 p1 *2]",
    size="3x64x64",
)  # fmt: skip
PARALLEL = lines("sum: add(conv 8 k1x3 half; conv 8 k3x1 half)")


def dilated(*dilations: int) -> str:
    return lines(*(f"conv 8 k3 d{d}" for d in dilations), size="8x200")


# Where each row of receptive_fields.csv is found: an example or a text, and the layer ("" for the last one).
FIELDS: dict[tuple[str, str], tuple[str, str]] = {
    **{("alexnet (TF-Slim v2)", at): (ALEXNET_SLIM, at) for at in ("conv1", "pool1", "conv2", "conv5", "pool5")},
    ("alexnet (torchvision)", "last pool"): ("alexnet", "pool5"),
    **{
        ("vgg16", at): ("vgg16", at)
        for at in ("conv1_1", "pool1", "conv2_1", "pool2", "conv3_1", "pool3", "pool4", "pool5")
    },
    **{("resnet18", f"layer{number}"): ("resnet18", f"layer{number}") for number in range(1, 5)},
    **{("resnet50 (stride in 3x3)", f"layer{number}"): ("resnet50", f"layer{number}") for number in range(1, 5)},
    ("resnet50 (stride in 1x1 as in the paper)", "layer4"): (RESNET50_V1, "layer4"),
    ("resnet50 (TF-Slim v1: stride in the last unit of a stage, SAME pool)", "block4"): (RESNET50_SLIM, "block4"),
    **{
        ("googlenet", at): ("googlenet", own)
        for at, own in {"mp1": "mp1", "3a": "i3a", "3b": "i3b", "mp4": "mp4", "5b": "i5b"}.items()
    },
    **{("densenet121", at): ("densenet121", at) for at in ("transition1", "transition2", "transition3", "last")},
    ("mobilenet_v2", "last"): ("mobilenet_v2", "last"),
    ("efficientnet_b0", "last (local; SE adds global)"): ("efficientnet_b0", "last"),
    ("squeezenet1_0", "last"): ("squeezenet1_0", "last"),
    ("lenet5", "last pool"): ("lenet5", "s4"),
    ("wavenet k2 d=1..512", "last"): ("wavenet", "last"),
    ("wavenet k2 d=1..512 three stacks", "last"): (WAVENET_THREE, ""),
    ("tcn k4 d=1..64 two convs a block", "last"): ("tcn", "last"),
    ("unet depth 4 (two 3x3 a level; 2x2 up-conv)", "bottleneck"): ("unet", "bottleneck"),
}
ROWS = {(row["network"], row["at"]): row for row in table("receptive_fields.csv")}


def reach(source: str, at: str) -> tuple[AxisReach, ...]:
    found = report(source)
    layer = found.scopes[at].output_layer if at else -1
    return found.layers[layer].reach


@pytest.mark.parametrize(("network", "at"), FIELDS)
def test_receptive_fields_jumps_and_left_paddings_are_those_published(network: str, at: str) -> None:
    wanted = ROWS[network, at]
    for axis in reach(*FIELDS[network, at]):
        assert axis.rf == int(wanted["rf"])
        assert axis.jump == int(wanted["jump"])
        if wanted["left_padding"]:
            assert axis.start is not None
            assert Fraction(axis.rf, 2) - axis.start == int(wanted["left_padding"])


def test_the_squeeze_and_excitation_of_efficientnet_adds_a_global_field() -> None:
    found = report("efficientnet_b0")
    assert found.layers[found.scopes["last"].output_layer].is_global


def numbers(text: str) -> list[int]:
    return list(map(int, re.findall(r"\d+", text)))


@pytest.mark.parametrize("depth", range(5))
def test_a_patchgan_of_every_depth_sees_what_its_closed_form_says(depth: int) -> None:
    row = ROWS["patchgan n=1..5", "last"]
    text = lines(*["conv 8 k4 s2 p1"] * (depth + 1), "conv 8 k4 p1", "conv 1 k4 p1", size="3x512x512")
    for axis in reach(text, ""):
        assert axis.start is not None
        assert axis.rf == numbers(row["rf"])[depth]
        assert axis.jump == numbers(row["jump"])[depth]
        assert Fraction(axis.rf, 2) - axis.start == numbers(row["left_padding"])[depth]
    if depth == 2:
        assert {axis.rf for axis in reach("patchgan70", "last")} == {numbers(row["rf"])[2]}


@pytest.mark.parametrize("layer", range(7))
def test_the_context_module_grows_as_its_table_says(layer: int) -> None:
    row = ROWS["yu-koltun context k3 d=1 1 2 4 8 16 1", "each"]
    assert {axis.rf for axis in reach(YU_KOLTUN, f"d{layer}")} == {numbers(row["rf"])[layer]}


@pytest.mark.parametrize(
    ("network", "source"),
    [
        ("unet depth 4 (two 3x3 a level; 2x2 up-conv)", "unet"),
        ("unet depth 2 (two 3x3 a level; 2x2 up-conv)", UNET_DEPTH_2),
    ],
)
def test_the_phases_of_a_unet_see_windows_of_different_sizes(network: str, source: str) -> None:
    row = ROWS[network, "last"]
    pairs = numbers(row["rf"])
    for axis in reach(source, "last"):
        assert axis.phases == tuple(zip(pairs[::2], pairs[1::2], strict=True))
        assert axis.jump == int(row["jump"])


@pytest.mark.parametrize(
    ("network", "source"),
    [
        ("parallel 1x3 + 3x1", PARALLEL),
        ("dilated 3-tap d=2 2 2", dilated(2, 2, 2)),
        ("dilated 3-tap d=1 2 5", dilated(1, 2, 5)),
        ("dilated 3-tap d=1 2 9", dilated(1, 2, 9)),
    ],
)
def test_dilated_and_parallel_windows_touch_what_the_definition_says(network: str, source: str) -> None:
    row = ROWS[network, "sum" if source is PARALLEL else "last"]
    for axis in reach(source, ""):
        assert [axis.rf, axis.touched] == numbers(row["rf"])[:2]
        assert axis.jump == int(row["jump"])


def test_every_row_about_receptive_fields_is_tested() -> None:
    others = {network for network, _ in ROWS} - {network for network, _ in FIELDS}
    assert others == {
        "patchgan n=1..5",
        "yu-koltun context k3 d=1 1 2 4 8 16 1",
        "unet depth 2 (two 3x3 a level; 2x2 up-conv)",
        "parallel 1x3 + 3x1",
        "dilated 3-tap d=2 2 2",
        "dilated 3-tap d=1 2 5",
        "dilated 3-tap d=1 2 9",
    }
    twice = ("unet depth 4 (two 3x3 a level; 2x2 up-conv)", "last")
    assert {at for at in ROWS if at[0] not in others} == {*FIELDS, twice}
