"""From a module to the graph that `torch.export` makes of it, on the meta device or on fake tensors."""

from __future__ import annotations

import dataclasses
import inspect
import logging
import sys
import warnings
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cnncalc.errors import UsageError
from cnncalc.importers.pytorch.nodes import depending, op_name
from cnncalc.importers.tensors.trace import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cnncalc.importers.layers import Shape

INSTALL = "reading PyTorch models needs PyTorch: pip install 'cnncalc[torch]'"
MUTATING = frozenset({"copy", "index_put", "fill", "zero", "index_fill", "index_copy", "index_add", "scatter"})
"""Ops that, in place, may change a tensor through a view of it."""


def call(target: str, args: Sequence[object] = (), kwargs: Mapping[str, object] | None = None) -> Any:
    """The module that `package.module:callable` makes. This runs the user's code. UsageError where it fails."""
    torch = _torch()
    module, _, path = target.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")  # the folder at hand, as `python -m` has it
    try:
        found: Any = import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except Exception as error:
        raise UsageError(f"{target}: cannot be imported: {type(error).__name__}: {_first_line(error)}") from error
    if isinstance(found, torch.nn.Module):
        return found
    try:
        try:
            with torch.device("meta"):
                return _module(target, found(*args, **(kwargs or {})))
        except (NotImplementedError, RuntimeError):  # code that reads numbers from tensors while it builds
            return _module(target, found(*args, **(kwargs or {})))
    except UsageError:
        raise
    except Exception as error:
        message = f"{target}: calling it failed: {type(error).__name__}: {_first_line(error)}"
        if isinstance(error, TypeError):
            message += "\n  its arguments are given with --args and --kwargs: --kwargs '{\"width\": 2}'"
        raise UsageError(message) from error


def exported(module: Any, shapes: Mapping[str, Shape]) -> Any:
    """The exported program for inputs of these shapes (of one sample), a batch of them; UsageError where that fails."""
    _torch()
    try:
        return _functional(_export(module, shapes))
    except UsageError:
        raise
    except Exception as error:
        reason = _first_line(error)
        message = f"torch.export cannot read {type(module).__name__}: {type(error).__name__}: {reason}"
        raise UsageError(message) from error


def _export(module: Any, shapes: Mapping[str, Shape]) -> Any:
    torch = _torch()
    tensors = (*module.parameters(), *module.buffers())
    device = next((tensor.device for tensor in tensors), torch.device("meta"))
    dtype = next((tensor.dtype for tensor in module.parameters() if tensor.is_floating_point()), torch.float32)
    given = {name: torch.empty((SAMPLES, *shape), device=device, dtype=dtype) for name, shape in shapes.items()}
    named = _are_named(module, given)
    args, kwargs = ((), given) if named else (tuple(given.values()), None)
    with _evaluating(module), _quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return torch.export.export(module, args, kwargs, strict=False)
        except Exception:
            if not _register_outputs(module, args, kwargs or {}):
                raise
            return torch.export.export(module, args, kwargs, strict=False)


def _are_named(module: Any, given: Mapping[str, object]) -> bool:
    """Whether the inputs are called as the parameters of `forward`, and not just the first one `input`."""
    try:
        known = inspect.signature(module.forward).parameters
    except (TypeError, ValueError):
        return False
    return bool(given) and all(name in known for name in given)


def _register_outputs(module: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Tell PyTorch of the dataclasses that a forward pass returns; whether there were any."""
    torch = _torch()
    try:
        from torch._subclasses.fake_tensor import FakeTensorMode

        with torch.no_grad(), FakeTensorMode(allow_non_fake_inputs=True):
            found = module(*args, **kwargs)
    except Exception:  # noqa: BLE001 - the reason why the export failed is the one to tell
        return False
    kinds = {type(each) for each in _inside(found) if dataclasses.is_dataclass(each)}
    fresh = [kind for kind in kinds if kind not in torch.utils._pytree.SUPPORTED_NODES]  # noqa: SLF001 - no public way to ask
    for kind in fresh:
        torch.export.register_dataclass(kind)
    return bool(fresh)


def _inside(found: Any) -> Iterator[Any]:
    yield found
    if dataclasses.is_dataclass(found):
        found = [getattr(found, field.name) for field in dataclasses.fields(found)]
    if isinstance(found, dict):
        found = list(found.values())
    if isinstance(found, (list, tuple)):
        for each in found:
            yield from _inside(each)


def _functional(program: Any) -> Any:
    """The program; without changes through views, where it makes such to what depends on an input."""
    depends = depending(program.graph.nodes, program.graph_signature.user_inputs)
    changes = any(
        node.name in depends
        and op_name(node) in MUTATING
        and str(node.target).split(".")[1:2] == [f"{op_name(node)}_"]
        for node in program.graph.nodes
    )
    return program.run_decompositions({}) if changes else program


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise UsageError(INSTALL) from error
    return torch


def _module(target: str, found: Any) -> Any:
    if not isinstance(found, _torch().nn.Module):
        message = f"{target} gave {type(found).__name__}, not a torch.nn.Module"
        raise UsageError(message)
    return found


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what PyTorch logs of an export that fails: the error says it."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def _evaluating(module: Any) -> Iterator[None]:
    """Inference mode for a while; each part gets its own mode back."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode
