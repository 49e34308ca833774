"""What a SOURCE on the command line is, and the network that it holds.

In this order: `-`, standard input; an existing path; REVISION:PATH, read through git; a word with the ending of a file
(which then does not exist); `package.module:callable`; else a layer line, which needs `--input`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cnncalc.errors import UsageError
from cnncalc.values import field, value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.cli.options import Reading
    from cnncalc.geometry.shape import TensorShape
    from cnncalc.importers.layers import Imported
    from cnncalc.spec.network import NetworkSpec

SPEC_ENDINGS = frozenset({".yaml", ".yml", ".json"})
MODEL_ENDINGS = frozenset({".onnx", ".pt", ".pth", ".pt2", ".keras", ".h5", ".py", ".safetensors"})
READABLE_ENDINGS = frozenset({".onnx", ".keras", ".json"})
"""Of model files; a JSON file may also be a spec."""
STDIN = "<stdin>"
LINE = "<line>"
_REVISION = re.compile(r"([^\s:-][^\s:]*):([^\s:].*)")
_CALLABLE = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*:[A-Za-z_]\w*(?:\.\w+)*")
_SIZE = re.compile(r"[1-9][0-9]{0,9}")
_INPUT = re.compile(r"(?:([^\s=]+)=)?(.*)", re.DOTALL)


@value
class Text:
    """A source that says something: bytes of a file, or a layer line."""

    name: str
    """As messages name it."""
    data: str | bytes
    is_line: bool = False
    is_model: bool = False
    """`package.module:callable` or a model file, which the import has still to read."""


@value
class Importing:
    """How a model becomes a spec."""

    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = field(factory=dict)
    flat: bool = False
    annotate: bool = False
    allow_unknown: bool = False


def imported(source: str, how: Importing, inputs: Mapping[str, TensorShape]) -> str:
    """The text of a spec for a model file, or for the module that `package.module:callable` makes.

    The latter runs the user's code; files are read as data. UsageError where that fails or the size of an input is
    missing; SpecError where an op has no counterpart.
    """
    from cnncalc.importers.writing.to_yaml import to_yaml

    return to_yaml(layers_of(source, how, inputs), flat=how.flat, annotate=how.annotate)


def layers_of(source: str, how: Importing, inputs: Mapping[str, TensorShape]) -> Imported:
    """The layers of a model file, or of what `package.module:callable` makes; raises what `imported` does."""
    shapes = {key: tuple(shape) for key, shape in inputs.items()}
    if not is_callable(source):
        from cnncalc.importers.files import read_file

        return read_file(source, shapes, allow_unknown=how.allow_unknown)
    if not inputs:
        message = f"{source}: a model needs the size of its input: -i CHANNELSxHEIGHTxWIDTH, such as -i 3x224x224"
        raise UsageError(message)
    from cnncalc.cli.progress import waiting
    from cnncalc.importers.code import check_inputs, located
    from cnncalc.importers.pytorch.module import call, from_module

    name = source.rpartition(":")[2].rpartition(".")[2]
    with waiting(f"exporting {source}"):
        located(source)
        module = call(source, how.args, how.kwargs)
        check_inputs(source, module, shapes)
        return from_module(module, shapes, name=name, allow_unknown=how.allow_unknown)


def is_callable(source: str) -> bool:
    """Whether a source is `package.module:callable`."""
    return _CALLABLE.fullmatch(source) is not None and not _exists(Path(source))


def is_model_file(source: str) -> bool:
    """Whether a source is the file of a model that can be read."""
    path = Path(source)
    if path.suffix.lower() not in READABLE_ENDINGS or not _exists(path) or path.is_dir():
        return False
    from cnncalc.importers.files import is_model

    return is_model(path)


def read(source: str, reading: Reading) -> NetworkSpec:
    """The network of a source, with the options of the command line applied.

    UsageError where there is no such source or an option is wrong; SpecError where the options do not fit the network.
    What is wrong with the text itself stands in the findings of the spec.
    """
    return read_text(open_source(source), reading)


def read_text(found: Text, reading: Reading) -> NetworkSpec:
    """The network of a text, with the options of the command line applied; raises what `read` does."""
    from cnncalc.spec.reader import parse, parse_line, with_overrides

    inputs = input_shapes(reading.input, found.name if found.is_model else "")
    if found.is_model:
        found = Text(name=found.name, data=imported(found.name, Importing(), inputs))
        inputs = {}
    if found.is_line:
        if not inputs:
            raise UsageError(_no_input(str(found.data)))
        spec = parse_line(str(found.data), inputs, source=LINE)
        inputs = {}
    else:
        spec = parse(found.data, source=found.name)
    return with_overrides(
        spec,
        inputs=inputs or None,
        batch=reading.batch,
        dtype=reading.dtype.value if reading.dtype else None,
        variables=_variables(reading.set),
    )


def open_source(source: str) -> Text:
    """Find a source and read its text; UsageError where that cannot be done."""
    if source == "-":
        from cnncalc.spec.source import MAX_BYTES

        return Text(name=STDIN, data=sys.stdin.buffer.read(MAX_BYTES + 1))
    if not source.strip():
        message = "the source is empty: give a file, - for standard input, or a layer line such as 'conv 64 k3 | relu'"
        raise UsageError(message)
    path = Path(source)
    if is_model_file(source):
        return Text(name=source, data=b"", is_model=True)
    if _exists(path):
        return Text(name=source, data=_file(path))
    ending = path.suffix.lower()
    revision = _REVISION.fullmatch(source)
    if revision and ending in SPEC_ENDINGS:
        return Text(name=source, data=_from_git(revision[1], revision[2]))
    if ending in SPEC_ENDINGS | MODEL_ENDINGS:
        message = f"no such file: {source}{_alike(path)}"
        raise UsageError(message)
    if _CALLABLE.fullmatch(source):
        return Text(name=source, data=b"", is_model=True)
    return Text(name=LINE, data=source, is_line=True)


def input_shapes(texts: list[str], source: str = "") -> dict[str, TensorShape]:
    """The shapes of `--input`, by name; a single one without a name is `input`.

    Where the source is a model file, a number with a name is a size that the file leaves free, `height=224`.
    """
    from cnncalc.geometry.shape import TensorShape as Shape
    from cnncalc.spec.reader import parse_shape

    sizes = bool(source) and is_model_file(source)

    shapes: dict[str, TensorShape] = {}
    for text in texts:
        match = _INPUT.fullmatch(text)
        name, shape = (match[1] or "input", match[2]) if match else ("input", text)
        if name in shapes:
            message = f"--input {text}: `{name}` is given twice; with several inputs each has a name: -i left=3x64x64"
            raise UsageError(message)
        is_size = sizes and match is not None and match[1] and _SIZE.fullmatch(shape)
        shapes[name] = Shape(int(shape), ()) if is_size else parse_shape(shape)
    return shapes


def _variables(texts: list[str]) -> dict[str, str]:
    variables = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            message = f"--set {text}: expected NAME=VALUE, as in --set width=0.5"
            raise UsageError(message)
        variables[name] = value
    return variables


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a long layer line is no possible file name
        return False


def _file(path: Path) -> bytes:
    from cnncalc.spec.source import read_file

    if path.is_dir():
        message = f"{path} is a folder; give a file in it"
        raise UsageError(message)
    if path.suffix.lower() in MODEL_ENDINGS:
        from cnncalc.cli.refusals import no_model

        raise UsageError(no_model(str(path)))
    try:
        return read_file(path)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise UsageError(message) from error


def _from_git(revision: str, path: str) -> bytes:
    """What `git show REVISION:PATH` prints: relative to the top of the repository, or with ./ to the folder here."""
    import subprocess

    try:
        shown = subprocess.run(  # noqa: S603 - the revision cannot begin with a dash
            ["git", "cat-file", "blob", f"{revision}:{path}"],  # noqa: S607 - the user's own git
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        message = f"no such file: {revision}:{path} (and no git to look for a revision)"
        raise UsageError(message) from error
    if shown.returncode:
        reason = shown.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        message = (
            f"no such file, and git does not have it: {revision}:{path}\n  git says: {reason}\n"
            f"  `git log --oneline -- {path}` lists the revisions in which it changed"
        )
        raise UsageError(message)
    return shown.stdout


def _alike(path: Path) -> str:
    """The network of nearly that name in the same folder."""
    from cnncalc.spec.suggest import did_you_mean  # needed for mistakes only

    try:
        endings = SPEC_ENDINGS | MODEL_ENDINGS
        names = [each.name for each in path.parent.iterdir() if each.suffix.lower() in endings]
    except OSError:
        return ""
    help_ = did_you_mean(path.name, names)
    return f"; {help_}" if help_ else ""


def _no_input(source: str) -> str:
    from cnncalc.spec.syntax import known_op

    word = source.strip().partition(" ")[0]
    if word == source.strip() and known_op(word) is None:
        return (
            f"no such file: {source}{_alike(Path(source))}\n"
            "  a SOURCE is a file, - for standard input, REVISION:PATH, or a layer line with the size of its input:\n"
            "  cnncalc summary -i 3x224x224 'conv 64 k3 p1 relu | gap | fc 10'"
        )
    shown = f"'{source}'" if "'" not in source else f'"{source}"'
    return f"a layer line needs the size of its input: -i CHANNELSxHEIGHTxWIDTH\n  for example: -i 3x224x224 {shown}"
