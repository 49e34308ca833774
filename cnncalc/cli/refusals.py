"""What to say where a source is no model that can be read."""

from __future__ import annotations

import re
from pathlib import Path

from cnncalc.cli.sources import MODEL_ENDINGS, SPEC_ENDINGS

_CODE = "give the code that makes it, package.module:callable, or export it to ONNX"
_INSTEAD = {
    **dict.fromkeys((".pt", ".pth", ".ckpt", ".bin", ".safetensors"), f"it holds weights, not the network: {_CODE}"),
    ".pt2": f"exported programs are not read: {_CODE}",
    **dict.fromkeys((".h5", ".hdf5"), "save the model as .keras, or what model.to_json() gives as .json"),
    **dict.fromkeys((".pb", ".tflite", ".mlmodel", ".engine"), "convert it to ONNX"),
}
_IN_FILE = re.compile(r"(.+)\.py(?::(\w+(?:\.\w+)*))?")
_DOTTED = re.compile(r"((?:[A-Za-z_]\w*\.)+)([A-Za-z_]\w*)")
_EXPECTED = "an .onnx, .keras or Keras .json file, or package.module:callable, such as torchvision.models:resnet50"


def no_model(source: str) -> str:
    """Why a source is no model, and what would be one."""
    if python := _IN_FILE.fullmatch(source):
        return _in_python(source, python[1], python[2])
    path = Path(source)
    told = _of_ending(source, path.suffix.lower(), is_there=_is_file(path))
    if told is not None:
        return told
    if dotted := _DOTTED.fullmatch(source):
        return f"{source}: a colon stands before what makes the model: {dotted[1].rstrip('.')}:{dotted[2]}"
    return f"{source.strip() or 'the source is empty'}: expected {_EXPECTED}"


def _of_ending(source: str, ending: str, *, is_there: bool) -> str | None:
    """What the ending of a file says."""
    if instead := _INSTEAD.get(ending):
        return f"{source}: {instead}"
    if ending in MODEL_ENDINGS | SPEC_ENDINGS and not is_there:
        return f"no such file: {source}"
    if ending == ".json":
        return f"{source} is no Keras model; a spec in JSON needs no import: cnncalc summary {source}"
    if ending in SPEC_ENDINGS:
        return (
            f"{source} is a spec already, which every command reads as it is\n"
            f"  `cnncalc export {source} --to spec` formats it, `--to torch` and others write it as something else"
        )
    return None


def _in_python(source: str, stem: str, name: str | None) -> str:
    """A Python file in place of a module."""
    module = ".".join(part for part in re.split(r"[/\\]", stem) if part not in ("", "."))
    if not re.fullmatch(r"\w+(\.\w+)*", module) or stem.startswith(("/", "..")):
        return f"{source}: code is named as Python imports it, package.module:callable, from the folder at hand"
    names = [name] if name else _defined(Path(f"{stem}.py")) or ["NAME"]
    return f"{source}: code is named as Python imports it: {module}:{names[0]}" + (
        f"\n  it defines {', '.join(names)}" if len(names) > 1 else ""
    )


def _defined(path: Path) -> list[str]:
    """Classes and functions of a Python file, which is read, not run."""
    import ast

    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    kinds = (ast.ClassDef, ast.FunctionDef)
    return [each.name for each in tree.body if isinstance(each, kinds) and not each.name.startswith("_")]


def _is_file(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a long line is no possible file name
        return False
