"""Model collections for PyTorch, and what PyTorch itself says of their models."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import cnncalc
from cnncalc.importers.pytorch.exporting import exported
from cnncalc.importers.pytorch.module import from_program
from cnncalc.importers.pytorch.nodes import depending, module_path
from cnncalc.importers.writing.to_yaml import to_yaml
from tests.frameworks import needed
from tests.oracle.pytorch import FlopCounterMode, nn, torch

if TYPE_CHECKING:
    from cnncalc.importers.layers import Shape

_LIBRARIES: list[Any] = []


def collection(name: str) -> Any:
    """`torchvision` or `timm`."""
    _declare_operators()
    return needed(name)


def _declare_operators() -> None:
    """The compiled operators of torchvision, which these models do not call: they may be missing."""
    if not hasattr(torch.ops.torchvision, "nms"):
        library = torch.library.Library("torchvision", "DEF")
        _LIBRARIES.append(library)
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


@dataclass
class Seen:
    """What PyTorch says of a forward pass of one sample."""

    macs: int
    """Half of what FlopCounterMode counts: convolutions, products of matrices, attention."""
    shapes: dict[str, tuple[int, tuple[int, ...]]]
    """By the name of each convolution and linear layer, channels and shape of what it gives when it is first called."""


def figures(module: Any, shape: Shape) -> tuple[dict[str, int], dict[str, int]]:
    """Parameters and MACs of a module: ours, and those that PyTorch counts; parameters that are never read left out."""
    program = exported(module, {"input": shape})
    totals = cnncalc.analyze(to_yaml(from_program(program, {"input": shape}))).totals
    ours = {"parameters": totals.params, "MACs": totals.macs}
    return ours, {"parameters": parameters_read(program), "MACs": forward(module, shape).macs}


def parameters_read(program: Any) -> int:
    """Those that the forward pass reads, each once."""
    names = program.graph_signature.inputs_to_parameters
    read = {
        id(program.state_dict[names[node.name]]): program.state_dict[names[node.name]].numel()
        for node in program.graph.nodes
        if node.op == "placeholder" and node.name in names and node.users
    }
    return sum(read.values())


def forward(module: Any, shape: Shape) -> Seen:
    """One forward pass of one sample, counted."""
    seen: dict[str, tuple[int, tuple[int, ...]]] = {}
    hooks = []
    for name, part in module.named_modules():
        if isinstance(part, (nn.modules.conv._ConvNd, nn.Linear)):

            def note(part: Any, _: Any, out: Any, name: str = name) -> None:
                channels = out.shape[-1] if isinstance(part, nn.Linear) else out.shape[1]
                seen.setdefault(name, (channels, tuple(out.shape)))

            hooks.append(part.register_forward_hook(note))
    device = next((parameter.device for parameter in module.parameters()), torch.device("meta"))
    module.requires_grad_(requires_grad=False)  # the counter follows gradients where there are any
    was_fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # the counter does not know its kernel
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module.eval()(torch.zeros((1, *shape), device=device))
    torch.backends.mha.set_fastpath_enabled(was_fused)
    for hook in hooks:
        hook.remove()
    return Seen(macs=counter.get_total_flops() // 2, shapes=seen)


def check(module: Any, shape: Shape) -> None:
    """Parameters, MACs and shapes of a module, to the integer."""
    program = exported(module, {"input": shape})
    found = from_program(program, {"input": shape})
    made = cnncalc.analyze(to_yaml(found))
    seen = forward(module, shape)
    assert not made.partial
    assert made.totals.params == parameters_read(program)
    assert made.totals.macs == seen.macs
    assert Counter(layer.output_shape for layer in made) == Counter(layer.shape for layer in found.layers)
    ours = {layer.name: layer.shape for layer in found.layers}
    for name in _called(program) & seen.shapes.keys():
        channels, theirs = seen.shapes[name]
        layer = next(ours[each] for each in (name, f"{name}.conv2d", f"{name}.linear") if each in ours)
        assert prod(layer) == prod(theirs), name
        assert layer[0] % channels == 0, name  # where heads stood in the batch there are several


def _called(program: Any) -> set[str]:
    """Modules that act on what depends on the input; others make constants."""
    depends = depending(program.graph.nodes, program.graph_signature.user_inputs)
    return {module_path(node)[0] for node in program.graph.nodes if node.name in depends}
