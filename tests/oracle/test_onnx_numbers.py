"""The ONNX file and the PyTorch file of a network, run with the same random weights, give the same numbers."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from cnncalc.export.onnx.file import contents
from cnncalc.export.program.bodies import Body, Planner
from cnncalc.export.pytorch.language import PYTORCH
from cnncalc.export.to_torch import to_torch
from tests.export.networks import example, net, report
from tests.oracle.networks import document
from tests.oracle.onnx_files import TensorProto, holds, weightless
from tests.oracle.onnx_ops import DEFINED
from tests.oracle.pytorch import torch
from tests.oracle.test_random_figures import STYLES, draw
from tests.oracle.test_to_torch import LAYERS, WIRINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cnncalc.export.onnx.network import Network
    from cnncalc.report import LayerReport, Report

ReferenceEvaluator = import_module("onnx.reference").ReferenceEvaluator

pytestmark = pytest.mark.oracle

SAMPLES = 2
TOLERANCE = 1e-5
"""Of the largest number."""


def torch_module(made: Report) -> Any:
    """The network of the exported file, with random weights and statistics."""
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(to_torch(made), "exported.py", "exec"), names)  # noqa: S102 - it is our own file
    *_, last = names.values()
    torch.manual_seed(0)
    module = last().eval()
    with torch.no_grad():
        for weight in module.parameters():
            weight.normal_(std=(weight.shape[0] / weight.numel()) ** 0.5)
        for name, statistic in module.named_buffers():
            if "running_" in name:
                statistic.uniform_(0.5, 1.5)
    return module


def paths(body: Body, path: str = "") -> Iterator[tuple[str, LayerReport]]:
    """Where the modules of layers stand in the file."""
    for step in body.steps:
        own = path + step.attribute + ("" if step.index is None else f".{step.index}")
        if isinstance(step.what, Body):
            yield from paths(step.what, f"{own}.")
        elif step.what.make and step.row:
            yield own, step.row


def filled(made: Report, network: Network, module: Any, folder: Path) -> Any:
    """The ONNX model with the weights of the module; every one of them has to come from somewhere."""
    found = {}
    parts = dict(module.named_modules(remove_duplicate=False))
    for path, row in paths(Planner(made, PYTORCH).network()):
        for name, tensor in (*parts[path].named_parameters(), *parts[path].named_buffers()):
            found[f"{row.name}.{name.replace('out_proj.', 'out_proj_')}"] = tensor.detach().numpy()
    turned = {name for node in network.nodes if node.kind == "MatMul" for name in node.inputs}
    model = weightless(network, folder)
    del model.graph.initializer[:]
    for tensor in network.tensors:
        raw = b"".join(contents(tensor))
        if tensor.trained or tensor.name.rpartition(".")[2].startswith("running_"):
            array = found[tensor.name]
            raw = (array.T if tensor.name in turned else array).tobytes()
        number = TensorProto.INT64 if tensor.dtype == "int64" else TensorProto.FLOAT
        model.graph.initializer.append(TensorProto(name=tensor.name, data_type=number, dims=tensor.dims, raw_data=raw))
    return model


def agrees(made: Report, folder: Path) -> None:
    network = holds(made, folder)
    module = torch_module(made)
    model = filled(made, network, module, folder)
    inputs = [torch.randn(SAMPLES, *shape) for shape in made.inputs.values()]
    with torch.no_grad():
        expected = module(*inputs)
    fed = {name: tensor.numpy() for name, tensor in zip(made.inputs, inputs, strict=True)}
    given = ReferenceEvaluator(model, new_ops=DEFINED).run(None, fed)
    for name, ours, theirs in zip(made.outputs, given, (expected,) if len(given) == 1 else expected, strict=True):
        assert tuple(ours.shape) == tuple(theirs.shape), name
        scale = float(theirs.nan_to_num().abs().max())
        found, tolerance = torch.tensor(ours.copy()), TOLERANCE * max(scale, 1)
        assert torch.allclose(found, theirs, rtol=0, atol=tolerance, equal_nan=True), name


INSTEAD = {
    "upsample 1/3": "upsample 1/2",  # the PyTorch file asks for a size, by which other positions are the nearest
}


MORE = {
    "neighbours": ("6x3x5", ["lrn 4", "lrn 3", "lrn 6"]),
    "neighbours in a volume": ("6x3x4x5", ["lrn 4", "lrn 3"]),
    "new channels of zeros": ("4x5x7", ["{residual: [conv 6 k3 s2 p1 nobias], shortcut: pad}", "relu"]),
    "pads that crop": ("3x16x16", ["pad (-1, 2)", "pad (1, -2) reflect", "pad -1"]),
    "padding of a transposed convolution": ("4x6x7", ["convt 4 k3x5 s2x1 p0/1x2/1 op1x0 g2", "convt 6 k2 s3 same"]),
    "rounding up": (
        "4x31x30",
        ["maxpool 3 s2 ceil", "avgpool 2 s3 ceil", "maxpool 2 s2 p1 ceil", "avgpool 3 s2 p1 ceil"],
    ),
    "divisors without padding": (
        "4x9x9",
        ["{op: avgpool, kernel_size: 3, stride: 2, padding: 1, count_include_pad: false}"],
    ),
    "windows that overlap": ("4x31x30", ["adaptive 31x15", "adaptive_max 7x15", "adaptive 3x4", "adaptive_max 2x3"]),
    "cubic": ("3x7x9", ["upsample 2 mode=cubic", "upsample (1.25, 2.75) mode=cubic", "upsample size=9x31 mode=cubic"]),
}  # fmt: skip


@pytest.mark.parametrize("name", [*LAYERS, *MORE])
def test_every_op_gives_the_numbers_of_pytorch(name: str, tmp_path: Path) -> None:
    input_, given = {**LAYERS, **MORE}[name]
    layers = [INSTEAD.get(line, line) for line in given]
    names = ", ".join(row.name for row in net(*layers, input_=input_))
    agrees(net(*layers, input_=input_, more=f"outputs: [{names}]\n"), tmp_path)


@pytest.mark.parametrize("name", WIRINGS)
def test_the_wiring_is_that_of_pytorch(name: str, tmp_path: Path) -> None:
    agrees(report(f"cnncalc: 1\ninput: 3x16x18\n{WIRINGS[name]}"), tmp_path)


@pytest.mark.parametrize("seed", range(40))
def test_a_random_network_gives_the_numbers_of_pytorch(seed: int, tmp_path: Path) -> None:
    tree, shape = draw(seed)
    agrees(report(document(tree, shape, STYLES[seed % 3])), tmp_path)


@pytest.mark.parametrize("name", ["shufflenet_v2_x1_0", "squeezenet1_0", "vit_mask_encoder", "tcn", "espcn_x3"])
def test_an_example_gives_the_numbers_of_pytorch(name: str, tmp_path: Path) -> None:
    agrees(example(name), tmp_path)
