"""The public functions: the same pipeline as on the command line, but what is wrong is raised, all of it at once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Union

from cnncalc import engine
from cnncalc.errors import Severity, SpecError
from cnncalc.geometry.shape import TensorShape
from cnncalc.graph import Graph
from cnncalc.graph import build as build_graph
from cnncalc.report import Report
from cnncalc.spec import reader
from cnncalc.spec.network import NetworkSpec
from cnncalc.spec.source import read_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from cnncalc.errors import Finding
    from cnncalc.importers.layers import Imported
    from cnncalc.queries.verify import Verification

Size = Union[str, "Sequence[int]", TensorShape]
"""`"3x224x224"` or `(3, 224, 224)`."""
_ENDINGS = (".yaml", ".yml", ".json")
_FILE = re.compile(
    r"\s*\{|(?:.*\n)*(?:cnncalc|name|inputs?|batch|dtype|vars|defaults|blocks|layers|outputs|task|expect|lint):(?:\s|$)"
)


def load(
    path: str | os.PathLike[str],
    *,
    input: Size | Mapping[str, Size] | None = None,  # noqa: A002 - the word of the language
    batch: int | None = None,
    dtype: str | None = None,
    variables: Mapping[str, object] | None = None,
) -> NetworkSpec:
    """Read a network file. The keywords override what it says.

    Raises SpecError with all findings where something in it is wrong, OSError where it cannot be read.
    """
    return _checked(_overridden(_read(path), _shapes(input), batch, dtype, variables))


def parse(
    text: str,
    input: Size | Mapping[str, Size] | None = None,  # noqa: A002 - the word of the language
    *,
    batch: int | None = None,
    dtype: str | None = None,
    variables: Mapping[str, object] | None = None,
) -> NetworkSpec:
    """Read the text of a network file, or a layer line with the size of its input.

    Raises SpecError with all findings where something in it is wrong, ValueError for a layer line without input.

    >>> parse("conv 64 k7 s2 p3 bn relu | maxpool 3 s2 p1", input="3x224x224").inputs
    {'input': 3x224x224}
    """
    return _checked(_parsed(text, _shapes(input), batch, dtype, variables))


def from_torch(
    module: object,
    input: Size | Mapping[str, Size],  # noqa: A002 - the word of the language
    *,
    name: str | None = None,
    flat: bool = False,
    allow_unknown: bool = False,
) -> NetworkSpec:
    """The spec of a `torch.nn.Module` for inputs of this size (of one sample); `spec.text` is its YAML.

    Read with `torch.export` in inference mode; nothing is computed. Raises SpecError with all ops that have no
    counterpart (`allow_unknown` keeps them as `custom`), UsageError where PyTorch is missing or cannot export it.
    """
    from cnncalc.importers.pytorch.module import from_module
    from cnncalc.importers.writing.to_yaml import to_yaml

    shapes = {key: tuple(shape) for key, shape in (_shapes(input) or {}).items()}
    text = to_yaml(from_module(module, shapes, name=name, allow_unknown=allow_unknown), flat=flat)
    return _checked(reader.parse(text, source=f"<{type(module).__name__}>"))


def from_onnx(
    source: str | os.PathLike[str] | bytes,
    input: Size | Mapping[str, Size | int] | None = None,  # noqa: A002 - the word of the language
    *,
    flat: bool = False,
    allow_unknown: bool = False,
) -> NetworkSpec:
    """The spec of an ONNX model, a path or its bytes; `spec.text` is its YAML.

    Weights are stepped over, and the onnx package is not needed. `input` gives what the file leaves free: shapes by
    input, or a single size by its name, `{"height": 224}`. Raises SpecError with all nodes that have no counterpart
    (`allow_unknown` keeps them as `custom`) or where the bytes are no model, UsageError where the file cannot be read
    or a free size is not given.
    """
    from cnncalc.importers.onnx.model import read_onnx

    return _imported(read_onnx(source, _tuples(input), allow_unknown=allow_unknown), source, flat=flat)


def from_keras(
    source: str | os.PathLike[str] | bytes,
    input: Size | Mapping[str, Size] | None = None,  # noqa: A002 - the word of the language
    *,
    flat: bool = False,
    allow_unknown: bool = False,
) -> NetworkSpec:
    """The spec of a Keras model: a `.keras` file or what `to_json()` wrote, a path or bytes; `spec.text` is its YAML.

    Read as data, nothing is executed. `input` (channels first) gives sizes that the file leaves free. Raises what
    `from_onnx` raises.
    """
    from cnncalc.importers.keras.model import read_keras

    return _imported(read_keras(source, _tuples(input), allow_unknown=allow_unknown), source, flat=flat)


def _imported(found: Imported, source: str | os.PathLike[str] | bytes, *, flat: bool) -> NetworkSpec:
    from cnncalc.importers.writing.to_yaml import to_yaml

    shown = "<bytes>" if isinstance(source, bytes) else os.fspath(source)
    return _checked(reader.parse(to_yaml(found, flat=flat), source=shown))


def _tuples(given: Size | Mapping[str, Size | int] | None) -> dict[str, tuple[int, ...]]:
    if not isinstance(given, Mapping):
        return {key: tuple(shape) for key, shape in (_shapes(given) or {}).items()}
    return {key: (size,) if isinstance(size, int) else tuple(_shape(size)) for key, size in given.items()}


def build(spec: NetworkSpec) -> Graph:
    """Expand blocks and repeats, resolve names, infer shapes.

    Raises SpecError with all findings where the network cannot be built.
    """
    graph = build_graph(spec)
    _raise_errors((*spec.findings, *graph.findings))
    return graph


def analyze(  # noqa: PLR0913 - a keyword for each thing that can be overridden
    network: str | os.PathLike[str] | NetworkSpec | Graph,
    input: Size | Mapping[str, Size] | None = None,  # noqa: A002 - the word of the language
    *,
    batch: int | None = None,
    dtype: str | None = None,
    variables: Mapping[str, object] | None = None,
    optimizer: str = "sgd",
) -> Report:
    """All figures of a network: a path, a text as `parse` takes it, a NetworkSpec or a Graph.

    A str is a path if a file of that name exists or it ends as one. The keywords override what the network says; a
    Graph is already built and takes none of them. Raises what `load`, `parse` and `build` raise, and ValueError where
    an argument is wrong.

    >>> report = analyze("conv 64 k7 s2 p3 bn relu | maxpool 3 s2 p1 | conv 64 k3 p1", input="3x224x224")
    >>> report["conv2"].reach[0].rf, report.totals.macs
    (19, 233619456)
    """
    if isinstance(network, Graph):
        graph = network
    else:
        shapes = _shapes(input)
        if isinstance(network, NetworkSpec):
            spec = _overridden(network, shapes, batch, dtype, variables)
        elif _is_path(network):
            spec = _overridden(_read(network), shapes, batch, dtype, variables)
        else:
            spec = _parsed(str(network), shapes, batch, dtype, variables)
        graph = build_graph(spec)
    report = engine.analyze(graph, optimizer=optimizer)
    _raise_errors(report.findings)
    return report


def verify(  # noqa: PLR0913 - a keyword for each thing that can be asked
    spec: str | os.PathLike[str] | NetworkSpec | Report,
    model: object,
    input: Size | Mapping[str, Size] | None = None,  # noqa: A002 - the word of the language
    *,
    only: Collection[str] = (),
    folded: bool = False,
    allow_unknown: bool = False,
) -> Verification:
    """Whether a model is what its spec says: `.is_match`, and `.mismatches` in order, each with its place in the spec.

    `spec` is what `analyze` takes, or its report. `model` is a `torch.nn.Module`, the path of an ONNX or Keras file, or
    another network as `analyze` takes it. `input` holds for both; by default the model has the sizes of the spec where
    it has none of its own. `only`: some of `shapes`, `params`, `macs`, `rf`. `folded`: batch norms are folded away in
    both. Raises what `analyze`, `from_torch`, `from_onnx` and `from_keras` raise; UsageError for other words in `only`.

    >>> found = verify("conv 8 k3 p1 | conv 8 k3", "conv 8 k3 p1 | conv 9 k3", "3x32x32", only=["shapes"])
    >>> found.is_match, [(each.layer, each.spec, each.model) for each in found.mismatches]
    (False, [('conv2', '8x30x30', '9x30x30'), ('', '8x30x30', '9x30x30')])
    """
    from cnncalc.importers.reports import read_model, report_of
    from cnncalc.queries.verify import verify as compare

    own = analyze(spec, input) if not isinstance(spec, Report) else spec
    if isinstance(model, Report):
        return compare(own, model, only=only, folded=folded)
    layers = read_model(model, _tuples(input), own.inputs, allow_unknown=allow_unknown)
    if layers is None:  # a network of the language
        other = analyze(model, input)  # type: ignore[arg-type] # says itself what is wrong
        return compare(own, other, only=only, folded=folded)
    shown = os.fspath(model) if isinstance(model, (str, os.PathLike)) else f"<{type(model).__name__}>"
    other = report_of(layers, shown, batch=own.batch, dtype=own.dtype)
    _raise_errors(other.findings)
    return compare(own, other, names=[each.name for each in layers.layers], only=only, folded=folded)


def _read(path: str | os.PathLike[str]) -> NetworkSpec:
    return reader.parse(read_file(Path(path)), source=os.fspath(path))


def _parsed(
    text: str,
    shapes: dict[str, TensorShape] | None,
    batch: int | None,
    dtype: str | None,
    variables: Mapping[str, object] | None,
) -> NetworkSpec:
    if _FILE.match(text):
        return _overridden(reader.parse(text, source="<text>"), shapes, batch, dtype, variables)
    if shapes is None:
        message = "a layer line needs the size of its input: parse('conv 64 k3 | relu', input='3x224x224')"
        raise ValueError(message)
    return _overridden(reader.parse_line(text, shapes, source="<line>"), None, batch, dtype, variables)


def _is_path(network: str | os.PathLike[str]) -> bool:
    if not isinstance(network, str):
        return True
    if "\n" in network:
        return False
    try:
        return network.endswith(_ENDINGS) or Path(network).exists()
    except (OSError, ValueError):  # a long layer line is no possible file name
        return False


def _shapes(given: Size | Mapping[str, Size] | None) -> dict[str, TensorShape] | None:
    if given is None:
        return None
    named = given if isinstance(given, Mapping) else {"input": given}
    return {name: _shape(size) for name, size in named.items()}


def _shape(size: Size) -> TensorShape:
    if isinstance(size, TensorShape):
        return size
    return reader.parse_shape(size if isinstance(size, str) else "x".join(map(str, size)))


def _overridden(
    spec: NetworkSpec,
    inputs: Mapping[str, TensorShape] | None,
    batch: int | None,
    dtype: str | None,
    variables: Mapping[str, object] | None,
) -> NetworkSpec:
    texts = {name: str(value) for name, value in (variables or {}).items()}
    return reader.with_overrides(spec, inputs=inputs, batch=batch, dtype=dtype, variables=texts)


def _checked(spec: NetworkSpec) -> NetworkSpec:
    _raise_errors(spec.findings)
    return spec


def _raise_errors(findings: Iterable[Finding]) -> None:
    errors = [found for found in findings if found.severity is Severity.ERROR]
    if errors:
        raise SpecError(errors)
