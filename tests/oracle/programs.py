"""Runs PyTorch modules as an inference runtime would and asks PyTorch which storages are alive or saved."""

from __future__ import annotations

from typing import Any

from tests.oracle.layers import Merge
from tests.oracle.networks import Tree, run
from tests.oracle.pytorch import nn, torch

Program = list[tuple[Any, tuple[int, ...]]]
"""Modules in order, each with the values that it reads: 0 is the network's input, i the output of module i - 1."""

ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SiLU, nn.Hardswish, nn.Sigmoid, nn.Tanh, nn.GELU)


def program(tree: Tree) -> Program:
    """The rows of a tree in order."""
    steps: Program = []

    def record(module: Any, inputs: tuple[int, ...]) -> int:
        steps.append((module, inputs))
        return len(steps)

    run(tree, 0, record)
    return steps


def alive_bytes(steps: Program, x: Any, *, in_place: bool) -> int:
    """Largest sum of storages alive right after a module ran, while its inputs are still there.

    A value is dropped after its last reader. With `in_place`, activations and adds write into an input of the output's
    shape whose storage no value that is read later shares.
    """
    last = {value: index for index, (_, inputs) in enumerate(steps) for value in inputs} | {len(steps): len(steps)}
    values, most = {0: x}, 0
    del x
    with torch.no_grad():
        for index, (module, inputs) in enumerate(steps):
            later = {storage_key(value) for name, value in values.items() if last[name] > index}
            arguments = tuple(values[name] for name in inputs)
            output = module(*arguments)
            if in_place and overwrites(module):
                free = [value for value in arguments if storage_key(value) not in later and value.shape == output.shape]
                output = free[0].copy_(output) if free else output
            values[index + 1] = output
            del arguments, output
            # Bytes of the tensor, not of its storage: some kernels of PyTorch allocate more than they use.
            most = max(most, sum({storage_key(value): value.nbytes for value in values.values()}.values()))
            values = {name: value for name, value in values.items() if last.get(name, -1) > index}
    return most


def overwrites(module: Any) -> bool:
    """Whether it is an activation or an add."""
    return isinstance(module, ACTIVATIONS) or (isinstance(module, Merge) and module.merge == "add")


def storage_key(tensor: Any) -> int:
    """What two tensors share if one is a view of the other."""
    return int(tensor.untyped_storage()._cdata)


def saved_bytes(module: Any, x: Any) -> int:
    """Storages that autograd holds after a forward pass: each once, parameters and buffers not."""
    own = {storage_key(tensor) for tensor in (*module.parameters(), *module.buffers())}
    kept: dict[int, Any] = {}

    def pack(tensor: Any) -> Any:
        kept[storage_key(tensor)] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = module(x)
    found = sum(int(tensor.nbytes) for key, tensor in kept.items() if key not in own)
    del output
    return found


DispatchMode: Any = torch.utils._python_dispatch.TorchDispatchMode


class AliveMode(DispatchMode):
    """Follows every storage that an operation makes until PyTorch frees it; `most` is the largest sum of bytes.

    Parameters and buffers are left out, and of several results (max-pool's indices) all but the first.
    """

    def __init__(self, module: Any, inputs: list[Any]) -> None:
        super().__init__()
        self.own = {storage_key(tensor) for tensor in (*module.parameters(), *module.buffers())}
        self.alive: dict[int, tuple[Any, int]] = {}
        self.most = 0
        for tensor in inputs:
            self.follow(tensor)

    def follow(self, tensor: Any) -> None:
        """Count the storage of the tensor from now on."""
        key = storage_key(tensor)
        if key not in self.own:
            reference = torch.multiprocessing.reductions.StorageWeakRef(tensor.untyped_storage())
            self.alive[key] = (reference, tensor.nbytes)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation, then look at what is still there."""
        result = func(*args, **(kwargs or {}))
        self.alive = {key: entry for key, entry in self.alive.items() if not entry[0].expired()}
        self.follow(result[0] if isinstance(result, (tuple, list)) else result)
        self.most = max(self.most, sum(size for _, size in self.alive.values()))
        return result
