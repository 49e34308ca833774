"""From a module to the graph that `torch.export` makes of it, on the meta device or on fake tensors."""

from __future__ import annotations

import dataclasses
import inspect
import logging
import re
import sys
import traceback
import warnings
from contextlib import contextmanager, redirect_stderr
from importlib import import_module
from io import StringIO
from pathlib import Path
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
_RAISED = re.compile(r'File "(?:[^"]*[/\\])?([^"/\\]+)", line (\d+), in [^\n]*\n([^\n]*)')


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


def unwrapped(module: Any) -> Any:
    """The module inside of `torch.compile` or `DataParallel`, whose names are those that people know."""
    kinds = ("OptimizedModule", "DataParallel", "DistributedDataParallel")
    while type(module).__name__ in kinds:
        module = getattr(module, "_orig_mod", None) or module.module
    return module


def exported(module: Any, shapes: Mapping[str, Shape]) -> Any:
    """The exported program for inputs of these shapes (of one sample), a batch of them; UsageError where that fails."""
    _torch()
    kind = type(module).__name__
    quantised = [name or kind for name, part in module.named_modules() if "quantized" in type(part).__module__]
    if quantised:
        more = f" and {len(quantised) - 1} more" if len(quantised) > 1 else ""
        message = (
            f"{kind} is quantised ({quantised[0]}{more}): its weights are packed; give the model before quantisation"
        )
        raise UsageError(message)
    lazy = [name or kind for name, part in module.named_modules() if getattr(part, "has_uninitialized_params", bool)()]
    if lazy:
        message = f"{kind} has lazy layers ({lazy[0]}): call it once with an example, so that they know their sizes"
        raise UsageError(message)
    try:
        return _functional(_export(module, shapes))
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"torch.export cannot read {kind}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """In one line: what went wrong, and where in the code of the model."""
    told = str(error)
    place = _RAISED.search(told)
    if "data-dependent" in told and place:
        return (
            f"its forward pass depends on the numbers in a tensor ({place[1]}, line {place[2]}: `{place[3].strip()}`)"
        )
    where = ""
    foreign = ("<", *(str(Path(file).parent) for file in (_torch().__file__, inspect.__file__, __file__)))
    for frame in traceback.extract_tb(error.__traceback__):
        if not frame.filename.startswith(foreign):
            where = f" ({Path(frame.filename).name}, line {frame.lineno})"
    return f"{type(error).__name__}: {_first_line(error)}{where}"


def _export(module: Any, shapes: Mapping[str, Shape]) -> Any:
    torch = _torch()
    tensors = (*module.parameters(), *module.buffers())
    device = next((tensor.device for tensor in tensors), torch.device("meta"))
    dtype = next((tensor.dtype for tensor in module.parameters() if tensor.is_floating_point()), torch.float32)
    given = {name: torch.empty((SAMPLES, *shape), device=device, dtype=dtype) for name, shape in shapes.items()}
    args, kwargs = _arguments(module, given)
    with _evaluating(module), _quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return torch.export.export(module, args, kwargs, strict=False)
        except Exception:
            if not _register_outputs(module, args, kwargs or {}):
                raise
            return torch.export.export(module, args, kwargs, strict=False)


def _arguments(module: Any, given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any] | None]:
    """The inputs by name where `forward` has such parameters, one after the other, or as the dict that it takes."""
    try:
        signature = inspect.signature(module.forward)
    except (TypeError, ValueError):
        return tuple(given.values()), None
    if given and all(name in signature.parameters for name in given):
        return (), given
    try:
        signature.bind(*given.values())
    except TypeError:
        required = [each for each in signature.parameters.values() if each.default is each.empty]
        if len(required) == 1 and len(given) > 1:
            return (given,), None
    return tuple(given.values()), None


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
        node.name in depends and op_name(node) in MUTATING and str(node.target).split(".")[1:2] == [f"{op_name(node)}_"]
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
    """Without what PyTorch tells of an export that fails: the error says it."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stderr(StringIO()):
            yield
    finally:
        logging.disable(before)


@contextmanager
def _evaluating(module: Any) -> Iterator[None]:
    """Inference mode for a while, attention written out; each part gets its own mode back."""
    modes = [(part, part.training) for part in module.modules()]
    fused = getattr(_torch().backends, "mha", None)
    was_fused = fused.get_fastpath_enabled() if fused else False
    module.eval()
    if fused:
        fused.set_fastpath_enabled(False)
    try:
        yield
    finally:
        if fused:
            fused.set_fastpath_enabled(was_fused)
        for part, mode in modes:
            part.training = mode
