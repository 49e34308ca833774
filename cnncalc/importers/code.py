"""Models in code: what `package.module:name` means, which runs the code, and what to say where it means nothing."""

from __future__ import annotations

import inspect
import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from cnncalc.errors import UsageError
from cnncalc.spec.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cnncalc.importers.layers import Shape

_MOST_NAMES = 6


def located(target: str) -> Any:
    """The object that `package.module:name` means, from the folder at hand or among the installed packages.

    This imports the module, which runs its code. UsageError with the nearest names where there is none.
    """
    module, _, path = target.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")  # the folder at hand, as `python -m` has it
    found = _imported(target, module)
    at = f"{module}:"
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            raise UsageError(f"{target}: {_no_name(at, found, part)}") from error
        at = f"{at}{part}."
    if not callable(found):
        kind = type(found).__name__
        article = "an" if kind[0] in "aeiou" else "a"
        raise UsageError(f"{target} is {article} {kind}; expected what makes a torch.nn.Module")
    return found


def check_inputs(target: str, module: Any, shapes: Mapping[str, Shape]) -> None:
    """Whether a module takes as many inputs as there are shapes; UsageError where it does not."""
    try:
        parameters = list(inspect.signature(module.forward).parameters.values())
    except (TypeError, ValueError):  # it does not say
        return
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return
    takes = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    needed = [each for each in takes if each.default is each.empty]
    if len(needed) <= len(shapes) <= len(takes):
        return
    given = "1 size is given" if len(shapes) == 1 else f"{len(shapes)} sizes are given"
    least = len(needed) if len(needed) > len(shapes) else len(takes)
    names = [each.name for each in takes[:least]]
    shown = " ".join(f"-i {name}=3x224x224" for name in names) if least != 1 else "-i 3x224x224"
    inputs = f"{least} input{'' if least == 1 else 's'} ({', '.join(names)})" if names else "no inputs"
    raise UsageError(f"{target} takes {inputs}, {given}; name each of them: {shown}")


def _imported(target: str, module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        if not f"{module}.".startswith(f"{missing}."):
            raise UsageError(f"{target}: {module} needs the module {missing}, which is not installed") from error
        raise UsageError(f"{target}: {_no_module(module, missing, target.partition(':')[2])}") from error
    except Exception as error:
        reason = str(error).strip().split("\n", 1)[0]
        raise UsageError(f"{target}: importing {module} failed: {type(error).__name__}: {reason}") from error


def _no_module(module: str, missing: str, path: str) -> str:
    around, _, name = missing.rpartition(".")
    if name == "py":
        return f"a module is named without .py: {around}:{path}"
    where = around or f"{os.getcwd()} or among the installed packages"  # noqa: PTH109 - it is only shown
    told = f"no module {missing} in {where}"
    meant = nearest(name, _modules(around))
    if meant is None:
        return told
    rest = module[len(missing) :]
    return f"{told}\n  did you mean {f'{around}.' if around else ''}{meant}{rest}?"


def _modules(around: str) -> Iterable[str]:
    """Names of the modules in a package, or of those that can be imported from here."""
    if not around:
        return [each.name for each in iter_modules()]
    spec = find_spec(around)
    return [each.name for each in iter_modules(spec.submodule_search_locations)] if spec else ()


def _no_name(at: str, holder: Any, name: str) -> str:
    told = f"{at.rstrip(':.')} has no {name}"
    known = [each for each in dir(holder) if not each.startswith("_")]
    meant = nearest(name, known)
    if meant is not None:
        return f"{told}\n  did you mean {at}{meant}?"
    own = [each for each in known if _is_own(holder, each)]
    if not own:
        return told
    more = f" and {len(own) - _MOST_NAMES} more" if len(own) > _MOST_NAMES else ""
    return f"{told}\n  it has {', '.join(own[:_MOST_NAMES])}{more}"


def _is_own(holder: Any, name: str) -> bool:
    """Whether it is a class or function that the module itself defines."""
    found = getattr(holder, name, None)
    return callable(found) and getattr(found, "__module__", None) == getattr(holder, "__name__", "")
