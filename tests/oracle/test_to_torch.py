"""The exported PyTorch file, run: shapes of every layer, parameters, buffers and MACs are those of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cnncalc.export.program.bodies import Body, Planner
from cnncalc.export.pytorch.language import PYTORCH
from cnncalc.export.to_torch import to_torch
from tests.export.networks import NAMES, example, net, report
from tests.oracle.networks import document
from tests.oracle.pytorch import FlopCounterMode, torch
from tests.oracle.test_random_figures import STYLES, draw

if TYPE_CHECKING:
    from cnncalc.report import LayerReport, Report


AFTERWARDS = (
    "F.pad({module}({0}), {crop})",
    "{module}({0}.transpose(1, 2)).transpose(1, 2)",
    "{module}({0}.flatten(2).transpose(1, 2)).transpose(1, 2).reshape({0}.shape)",
)
"""Where what the module gives is not yet the output of the layer."""
ENDS = (".transpose(1, 2).unflatten(2, {0}.shape[2:])", ".squeeze(1)")


def load(made: Report) -> Any:
    """The network class of the file, made without memory for weights."""
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(to_torch(made), "exported.py", "exec"), names)  # noqa: S102 - it is our own file
    *_, last = names.values()
    with torch.device("meta"):
        return last().eval()


def modules(body: Body, path: str = "") -> list[tuple[str, LayerReport]]:
    """Paths of the modules in the file, with their layers."""
    found = []
    for step in body.steps:
        own = path + step.attribute + ("" if step.index is None else f".{step.index}")
        if isinstance(step.what, Body):
            found += modules(step.what, f"{own}.")
        elif step.what.make and step.row and not _goes_on(step.what.run):
            found.append((own, step.row))
    return found


def _goes_on(run: str) -> bool:
    return run in AFTERWARDS or run.endswith(ENDS)


def agrees(made: Report) -> None:
    """Run it, and compare everything that both sides know."""
    network = load(made)
    planner = Planner(made, PYTORCH)
    rows = modules(planner.network())
    parts = dict(network.named_modules(remove_duplicate=False))
    tokens = {row.name: row.inferences[-1].output.tokens for row in made}
    seen: dict[str, list[tuple[int, ...]]] = {}
    hooked = set()
    for path, row in rows:
        part = parts[path]
        if row.shares or id(part) in hooked:
            continue
        hooked.add(id(part))
        name = row.name

        def note(_module: Any, _inputs: Any, output: Any, name: str = name) -> None:
            seen.setdefault(name, []).append(tuple(output.shape))

        part.register_forward_hook(note)
    inputs = [torch.zeros(made.batch, *shape, device="meta") for shape in made.inputs.values()]
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        outputs = network(*inputs)
    if len(made.outputs) == 1:
        outputs = (outputs,)
    for output, (name, shape) in zip(outputs, made.outputs.items(), strict=True):
        index = made.scopes[name].output_layer
        is_tokens = index >= 0 and tokens[made.layers[index].name]
        assert tuple(output.shape) == (made.batch, *(shape[::-1] if is_tokens else shape))
    for row in made:
        shape = row.output_shape[::-1] if tokens[row.name] else row.output_shape
        assert set(seen.get(row.name, ())) <= {(made.batch, *shape)}, row.name
    assert sum(each.numel() for each in network.parameters()) == made.totals.params
    frozen = sum(row.params for row in made if row.frozen)
    assert sum(each.numel() for each in network.parameters() if not each.requires_grad) == frozen
    assert len(seen) == len(hooked)
    assert counter.get_total_flops() == 2 * made.totals.macs
    statistics = sum(each.numel() for name, each in network.named_buffers() if "running_" in name)
    assert statistics == made.totals.buffers


def test_no_layer_can_take_the_place_of_what_a_module_has() -> None:
    assert {name for name in dir(torch.nn.Module()) if not name.startswith("_")} <= PYTORCH.taken


@pytest.mark.parametrize("name", NAMES)
def test_the_file_of_an_example_runs_with_the_figures_of_the_report(name: str) -> None:
    agrees(example(name))


LAYERS = {
    "asymmetric padding": ("3x17x20", ["conv 8 k3 p0/1", "conv 8 k4 s2 same reflect", "conv 8 k3x2 same_lower"]),
    "padding modes": ("3x16x16", ["conv 4 k3 p1 reflect", "conv 4 k3 p1 replicate", "conv 4 k3 p1 circular"]),
    "causal convolutions": ("4x64", ["conv 8 k2 d4 causal", "conv 8 k3 causal replicate"]),
    "depthwise and separable": ("4x16x16", ["dwconv k3 m2 p1", "sepconv 8 k3 s2 p1", "sepconv 8 k4 same m3 nobias"]),
    "transposed": ("4x9x9", ["convt 8 k4 s2 p1", "convt 8 k3 s2 p1 op1 g4", "convt 4 k3 s2 same", "convt 4 k4 p0/1"]),
    "transposed volumes": ("4x5x5x5", ["convt 8 k2 s2 nobias", "convt 4 k3 s2 p1 op1"]),
    "max pools": ("4x31x30", ["maxpool 3 s2 p1", "maxpool 2 ceil", "maxpool 3 s2 p0/1 ceil", "maxpool 2 s1 p1"]),
    "average pools": ("4x31x30", ["avgpool 3 s2 p1", "avgpool 2 ceil", "avgpool 3 s1 same", "avgpool 4 s2 p0/1"]),
    "other pools": (
        "4x32x32",
        ["lppool 3 s2", "blurpool 3", "blurpool 4 s1 reflect", "adaptive 5x4", "adaptive_max 3", "gmp"],
    ),
    "pools of a signal": ("4x65", ["maxpool 3 p0/1", "lppool 2", "blurpool 3", "adaptive 3", "gap"]),
    "pools of a volume": ("4x16x16x16", ["lppool 2", "blurpool 3", "adaptive_max 2", "gap"]),
    "upsampling": (
        "4x7x9",
        [
            "upsample 2",
            "upsample 1.5 mode=linear",
            "upsample size=20x31 mode=cubic align_corners",
            "upsample 1/3",
            "upsample (2,1) mode=nearest_exact",
        ],
    ),
    "upsampling of a signal": ("4x7", ["upsample 2 mode=linear", "upsample size=40"]),
    "shuffles": ("4x8x8", ["pixelshuffle 2", "conv 6 k1", "pixelunshuffle 2", "channelshuffle 3", "slice 2:14"]),
    "shuffles of a signal": ("4x8", ["pixelshuffle 2", "pixelunshuffle 4"]),
    "shuffles of a volume": ("8x2x4x6", ["pixelshuffle 2", "pixelunshuffle 2"]),
    "borders": ("3x16x16", ["pad 3 reflect", "pad 0/1", "crop 1/2", "crop to=10x9"]),
    "norms": (
        "8x8x8",
        ["bn", "gn 4", "in", "in affine=true", "ln", "rms", "lrn 5", "bn affine=false", "scale", "shift"],
    ),
    "activations": (
        "8x8x8",
        [
            "relu",
            "relu6",
            "leaky",
            "elu",
            "selu",
            "celu",
            "silu",
            "gelu",
            "mish",
            "hswish",
            "hsigmoid",
            "hardtanh",
            "sigmoid",
            "tanh",
            "softplus",
            "softmax",
            "prelu",
            "prelu num_parameters=8",
        ],
    ),
    "gates": ("8x8x8", ["se 2", "se 4 act=silu gate=hsigmoid", "dropout 0.2", "identity"]),
    "heads": ("8x4x4", ["a: gap", "linear 16 relu", "linear 5 nobias", "softmax", "b: fc 3 from=a"]),
    "a vector": ("8x4x4", ["flatten", "bn", "ln", "gn 4", "prelu", "scale", "dropout", "fc 3"]),
    "tokens": (
        "8x4x4",
        [
            "a: tokens",
            "ln",
            "attention 2",
            "add a",
            "linear 16 gelu",
            "bn",
            "gn 4",
            "concat a",
            "scale",
            "slice 3:9",
            "softmax",
            "channelshuffle 3",
            "gap",
            "fc 3",
        ],
    ),
    "attention on a map": ("8x4x4", ["attention 4"]),
    "merges": (
        "3x16x16",
        [
            "a: conv 8 k1",
            "b: conv 8 k3 p1",
            "add a",
            "sub a",
            "mul a",
            "max a b",
            "concat a b",
            "c: conv 8 k3",
            "add a align=pad",
            "concat c align=crop",
            "conv 8 k3 p1",
            "d: gap",
            "mul d from=c",
            "e: conv 1 k1",
            "mul c",
        ],
    ),
    "functions of each element": ("8x8x8", ["exp", "log", "sqrt", "rsqrt", "square", "abs", "neg", "erf"]),
    "merges that broadcast": (
        "8x6x5",
        [
            "a: reduce max over=h",
            "b: reduce norm over=channels from=input",
            "c: mul a align=broadcast",
            "div input",
            "min input c",
            "sub b align=broadcast",
            "d: gap",
            "max c align=broadcast",
        ],
    ),
    "reductions": (
        "8x6x5",
        [
            *(
                f"reduce {kind} over={over} from=input"
                for kind in ("mean", "max", "min", "sum", "norm")
                for over in ("channels", "positions", "h", "w")
            ),
            "t: tokens from=input",
            *(
                f"reduce {kind} over={over} from=t"
                for kind in ("mean", "norm")
                for over in ("channels", "positions", "l")
            ),
            "flatten from=input",
            "reduce sum over=channels",
        ],
    ),
    "reductions of a volume": ("4x3x5x2", ["reduce mean over=d", "reduce max over=w", "reduce sum over=positions"]),
    "softmax over positions": (
        "8x6x5",
        ["softmax over=positions", "softmax over=w", "tokens", "softmax over=positions", "softmax over=channels"],
    ),
    "softmax along a signal": ("8x6", ["softmax over=l", "softmax over=positions"]),
    "weights of positions and elements": (
        "8x6x5",
        [
            *(f"{op} over={over}" for op in ("scale", "shift") for over in ("channels", "positions", "all")),
            "tokens",
            *(f"{op} over={over}" for op in ("scale", "shift") for over in ("channels", "positions", "all")),
            "flatten",
            "scale over=all",
            "shift frozen",
        ],
    ),
    "norms over all": (
        "8x6x5",
        ["ln over=all", "rms over=all", "ln over=all affine=false", "tokens", "ln over=all", "flatten", "rms over=all"],
    ),
    "other arrangements": (
        "8x6x4",
        [
            "rearrange 2x6x16",
            "rearrange 2x3x4x8",
            "rearrange 192",
            "rearrange 12x16 tokens",
            "linear 6",
            "rearrange 8x12",
            "rearrange 8x12 tokens=false",
            "conv 4 k3 p1",
            "rearrange 4x?x1",
        ],
    ),
    "class tokens": ("8x4x4", ["tokens", "prepend 1", "prepend 3 frozen", "attention 2", "crop 4/0", "crop 0/15"]),
    "attention without projections": (
        "8x4x6",
        [
            "q: conv 12 k1",
            "k: conv 6 k2 s2 from=input",
            "v: conv 8 k2 s2 from=input",
            "sdpa k v heads=4 kv_heads=2 from=q",
            "sdpa input input windows=3 from=input",
            "t: tokens from=input",
            "sdpa t t heads=2 windows=4",
            "linear 12",
            "sdpa k v heads=4 kv_heads=2",
            "sdpa t t from=v",
            "c: tokens",
            "g: gap from=t",
            "flatten",
            "sdpa c c heads=2",
        ],
    ),
    "products of maps": (
        "8x4x6",
        [
            "matmul input out=24x4x6 inner=8",
            "matmul input out=8x24 inner=24 tokens=true",
            "matmul input out=8x4x4 inner=12 from=input",
            "matmul input out=64 inner=24 from=input",
        ],
    ),
    "frozen layers": ("3x16x16", ["conv 8 k3 frozen", "bn frozen", "conv 8 k1", "fc 2"]),
    "shared layers": (
        "3x16x16",
        ["a: conv 3 k3 p1", "b: conv 3 k3 p1 share=a", "c: conv 3 k3 p2 d2 share=a", "d: bn", "bn share=d"],
    ),
    "names that Python has": ("3x16x16", ["pass: conv 4 k1", "forward: conv 4 k1", "out: relu", "torch: add pass"]),
    "nothing": ("3x16x16", ["identity"]),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("batch", [1, 2])
def test_every_op_gives_the_same_shapes_parameters_and_macs(name: str, batch: int) -> None:
    input_, layers = LAYERS[name]
    agrees(net(*layers, input_=input_, more=f"batch: {batch}\n"))


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(60))
def test_the_file_of_a_random_network_runs_with_the_figures_of_the_report(seed: int) -> None:
    tree, shape = draw(seed)
    agrees(report(document(tree, shape, STYLES[seed % 3])))


WIRINGS = {
    "outputs inside of a block": """
blocks: {b(c): [a: conv c k1, relu]}
layers: [l: b 4 *2, m: b 8]
outputs: [l.0.a, m, l.1.a]
""",
    "an input that is an output": """
layers: [conv 4 k1, e: relu]
outputs: [input, e]
""",
    "a branch that nobody reads": """
blocks: {b(c): [a: conv c k1, conv 2 k3 from=a, d: relu from=a]}
layers: [b 4, b 4, gap]
""",
    "blocks in blocks": """
blocks:
  in1(c, s): conv c k3 s=s p1 bn relu
  mid(c, s): [in1 c s, in1 c 1, {residual: [in1 c 1], shortcut: identity}]
  out1(c): [mid c 2, mid c 1 *2]
layers: [out1 8, out1 16, out1 16, gap, fc 3]
""",
    "blocks that read what is outside of them": """
blocks: {up(c): [upsample size=skip, conv c k3 p1, add skip]}
layers: [skip: conv 8 k1, maxpool 2, a: up 8, maxpool 2, b: up 8]
""",
    "names that are numbers": """
blocks: {b: [1: [0: conv 4 k1, relu], 2: conv 4 k1]}
layers: [0: conv 8 k3, f: [0: conv 4 k3, 1: relu, b, 2: b, 3: b *2], 1: add f.2.1.0 f.3.1]
""",
    "names that become the same": """
layers: [a: [b: conv 4 k1, conv 5 k1], a_b: conv 6 k1, relu]
""",
    "shared weights in copies": """
blocks: {b(c): [conv c k3 p1 bn relu]}
layers: [p: b 3 *2, q: b 3 share=p.1, r: conv 3 k3 p1 bn share=p.0.conv1, s: b 3 share=q]
""",
    "paddings that differ between the calls of a block": """
blocks: {b(c): [conv c k3 s2 same bn, maxpool 2 s1 same]}
layers: [b 4, b 5, b 6]
""",
    "a block without layers": """
blocks: {b(c): [{when: c > 3, do: [conv c k1]}]}
layers: [b 2, b 4, b 3]
""",
    "blocks that are called like what the file imports": """
blocks: {F(c): [conv c k3 same s=2], torch: relu, nn: tanh}
layers: [F 4, torch, nn]
""",
    "copies that read each other's middle": """
blocks: {b: [m: conv 4 k1, relu]}
layers: [l: b *3, add l.0.m l.1.m]
""",
}


@pytest.mark.parametrize("name", WIRINGS)
def test_the_file_has_the_wiring_of_the_report(name: str) -> None:
    agrees(report(f"cnncalc: 1\ninput: 3x16x18\n{WIRINGS[name]}"))
