"""The top-level keys of a network file -> NetworkSpec."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from cnncalc.geometry.shape import TensorShape
from cnncalc.ops.options import MAX_SIZE
from cnncalc.spec.advice import unknown_op
from cnncalc.spec.blocks import read_blocks, read_heads, signatures
from cnncalc.spec.collect import Findings, TooManyError
from cnncalc.spec.expression import Expression
from cnncalc.spec.fields import VERSION
from cnncalc.spec.item_reader import ItemReader
from cnncalc.spec.items import Arg, Variable
from cnncalc.spec.models import NetworkFile
from cnncalc.spec.network import NetworkSpec, OutputName
from cnncalc.spec.quantities import QuantityError, numbers
from cnncalc.spec.syntax import PATH, known_op, name_error, op_syntax, variable_error
from cnncalc.spec.validation import findings_of, meant_key, plain
from cnncalc.spec.word_reader import Scope
from cnncalc.spec.yaml_nodes import ListNode, MapNode, Node, ScalarNode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.errors import Finding, Location
    from cnncalc.spec.source import Document

NO_INPUT = "the input shape is missing"
MAX_AXES = 3
MAX_NAMES = 1_000
"""Vars, and blocks, of a file."""
_OWN = frozenset({"input", "inputs", "vars", "defaults", "blocks", "layers"})
"""Keys that are read here; the others are pydantic's."""
_LINE = "a layer line is given on the command line itself, with the size of its input: -i 3x224x224 'conv 64 k3'"
_STARTER = "a network file is a mapping: `cnncalc: 1`, `input: 3x224x224`, `layers: [...]`"


def read_network(document: Document, source: str) -> NetworkSpec:
    """The network that a file says; what is wrong stands in its findings."""
    findings = Findings(list(document.findings))
    root = document.root
    if isinstance(root, MapNode):
        try:
            return _FileReader(root, findings, source).network(document)
        except TooManyError:
            pass
    elif root is not None:
        is_line = isinstance(root, ScalarNode) and known_op(root.raw.partition(" ")[0])
        findings.add("CNN905", "no network file", root.at, _LINE if is_line else _STARTER)
    return NetworkSpec(
        name=name_of(source),
        source=source,
        text=document.text,
        inputs={},
        dtype=NetworkFile().dtype,
        layers=(),
        comments=document.comments,
        findings=tuple(sorted(findings.found, key=_position)),
    )


def name_of(source: str) -> str:
    """What a network without a name is called: its file without the ending."""
    return "network" if source.startswith("<") else PurePath(source.rpartition(":")[2]).stem or "network"


def input_shape(value: Any) -> TensorShape:
    """`3x224x224` or `[3, 224, 224]`; raises QuantityError."""
    sizes = numbers(value, "channels x sizes, such as `3x224x224`", 1, MAX_SIZE)
    if len(sizes) == 1:
        raise QuantityError(f"{sizes[0]} is no channels x sizes", f"one to three sizes follow: `{sizes[0]}x1x1`")
    if len(sizes) > 1 + MAX_AXES:
        help_ = f"the batch has a key of its own: `batch: {sizes[0]}`" if len(sizes) == 2 + MAX_AXES else None
        raise QuantityError(f"channels and at most three sizes, found {len(sizes)} numbers", help_)
    return TensorShape(sizes[0], sizes[1:])


class _FileReader:
    """Reads the keys one by one; a mistake in one of them leaves the others as they are."""

    def __init__(self, root: MapNode, findings: Findings, source: str) -> None:
        self.root = root
        self.findings = findings
        self.source = source
        self.keys = {key.raw: (key, value) for key, value in root.entries}
        self.items = ItemReader(findings)

    def network(self, document: Document) -> NetworkSpec:
        header = self.header()
        for key in ("vars", "blocks"):
            self.check_size(key)
        names = self.variable_names()
        heads = read_heads(self.keys["blocks"][1], names, self.findings) if "blocks" in self.keys else []
        scope = Scope(blocks=signatures(heads), variables=names)
        variables = self.variables(scope)
        blocks = read_blocks(heads, scope, self.items)
        layers = self.keys.get("layers")
        if layers is None and not self.is_misspelt("layers"):
            self.findings.add("CNN906", "the layers are missing", self.root.at, "add `layers:` with a list of layers")
        return NetworkSpec(
            name=header.name or name_of(self.source),
            source=self.source,
            text=document.text,
            inputs=self.inputs(scope),
            batch=header.batch,
            dtype=header.dtype,
            defaults=self.defaults(scope),
            variables=variables,
            blocks=blocks,
            layers=self.items.items(layers[1], scope) if layers else (),
            outputs=self.outputs(header.outputs),
            task=header.task,
            expect=header.expect,
            lint=header.lint,
            places=self.places(),
            comments=document.comments,
            findings=tuple(sorted(self.findings.found, key=_position)),
        )

    def check_size(self, key: str) -> None:
        """Drop a mapping of names that is larger than any network needs."""
        node = self.keys[key][1] if key in self.keys else None
        if isinstance(node, MapNode) and len(node.entries) > MAX_NAMES:
            self.findings.add("CNN902", f"more than {MAX_NAMES:,} {key}", node.entries[MAX_NAMES][0].at)
            self.keys[key] = (self.keys[key][0], MapNode(node.entries[:MAX_NAMES], node.at))

    def header(self) -> NetworkFile:
        """Everything that pydantic reads; a key with a mistake counts as absent."""
        if "cnncalc" not in self.keys:
            help_ = f"begin with `cnncalc: {VERSION}`: it tells the file from other YAML"
            self.findings.note("CNN906", "the file does not say that it is a network file", self.root.at, help_)
        data = {key.raw: plain(value) for key, value in self.root.entries if key.raw not in _OWN}
        try:
            return NetworkFile.model_validate(data)
        except ValidationError as error:
            self.findings.found += findings_of(error, self.root, NetworkFile)
            wrong = {problem["loc"][0] for problem in error.errors(include_url=False, include_input=False)}
            return NetworkFile.model_validate({key: value for key, value in data.items() if key not in wrong})

    def is_misspelt(self, key: str) -> bool:
        """Whether an unknown key, which has been reported, was probably meant to be this one."""
        known = NetworkFile.model_fields
        return any(meant_key(name, known) == key for name in self.keys if name not in known)

    def inputs(self, scope: Scope) -> dict[str, TensorShape]:
        """The inputs by name, in order."""
        single, several = self.keys.get("input"), self.keys.get("inputs")
        if single and several:
            self.findings.add("CNN905", "`input` and `inputs` both", several[0].at, "keep one of them")
        if single:
            shape = self.shape("input", single[1])
            return {} if shape is None else {"input": shape}
        if several is None:
            if self.is_misspelt("input") or self.is_misspelt("inputs"):
                return {}
            self.findings.add("CNN906", NO_INPUT, self.root.at, "add `input: 3x224x224`: channels x sizes")
            return {}
        node = several[1]
        if not isinstance(node, MapNode):
            help_ = "write `inputs: {left: 3x64x64, right: 3x64x64}`, or `input:` for a single one"
            self.findings.add("CNN905", "`inputs` should be a mapping of names to shapes", node.at, help_)
            return {}
        shapes: dict[str, TensorShape] = {}
        for key, value in node.entries:
            message = name_error(key.raw, scope.blocks)
            if message:
                self.findings.add("CNN905", message, key.at, "names are like `left`")
            shape = self.shape(key.raw, value)
            if shape is not None and message is None:
                shapes[key.raw] = shape
        return shapes

    def shape(self, name: str, node: Node) -> TensorShape | None:
        try:
            return input_shape(plain(node))
        except QuantityError as error:
            missing = isinstance(node, ScalarNode) and node.value is None
            code, message = ("CNN906", NO_INPUT) if missing else ("CNN905", f"`{name}`: {error.message}")
            found = f", found `{node.raw}`" if isinstance(node, ScalarNode) and node.raw not in message else ""
            help_ = error.help or "write channels x sizes: `3x224x224`"
            self.findings.add(code, message + found, node.at, help_)
            return None

    def entries(self, key: str, example: str) -> tuple[tuple[ScalarNode, Node], ...]:
        """The entries of a top-level key that holds a mapping."""
        if key not in self.keys:
            return ()
        node = self.keys[key][1]
        if isinstance(node, MapNode):
            return node.entries
        if not (isinstance(node, ScalarNode) and node.value is None):
            self.findings.add("CNN905", f"`{key}` should be a mapping", node.at, f"write `{key}: {example}`")
        return ()

    def variable_names(self) -> frozenset[str]:
        node = self.keys["vars"][1] if "vars" in self.keys else None
        return frozenset(key.raw for key, _ in node.entries) if isinstance(node, MapNode) else frozenset()

    def variables(self, scope: Scope) -> dict[str, Variable]:
        """`vars:`; a value may use those before it."""
        found: dict[str, Variable] = {}
        for key, node in self.entries("vars", "{width: 1.0}"):
            message = variable_error(key.raw, scope.blocks)
            if message:
                self.findings.add("CNN905", message, key.at, "give it a longer name")
            before = Scope(blocks=scope.blocks, variables=frozenset(found))
            arg = self.items.entries.cell(node, before)
            if arg is not None and isinstance(arg.value, Expression) and arg.value.attributes:
                self.findings.add("CNN905", "a var cannot read the size of a layer", node.at)
                arg = None
            value = 1 if arg is None else arg.value
            found[key.raw] = Variable(name=key.raw, value=value, at=node.at)
        return found

    def defaults(self, scope: Scope) -> dict[str, Mapping[str, Arg]]:
        """`defaults:`: options by op."""
        found: dict[str, Mapping[str, Arg]] = {}
        for key, node in self.entries("defaults", "{conv: {padding: half}}"):
            op = known_op(key.raw)
            if op is None:
                error = unknown_op(key.raw, ())
                self.findings.add(error.code, error.message, key.at, error.help)
            elif not isinstance(node, MapNode):
                help_ = f"write `{key.raw}: {{padding: half}}`"
                self.findings.add("CNN905", "the defaults of an op are a mapping of options", node.at, help_)
            else:
                found[op] = self.items.long_form.options(node.entries, op_syntax(op), scope)
        return found

    def outputs(self, names: tuple[str, ...]) -> tuple[OutputName, ...]:
        """`outputs:` with the place of each name."""
        if not names:
            return ()
        node = self.keys["outputs"][1]
        nodes = node.items if isinstance(node, ListNode) else (node,)
        found: dict[str, OutputName] = {}
        for name, item in zip(names, nodes, strict=True):
            if not PATH.fullmatch(name):
                self.findings.add("CNN905", f"`{name}` is no name of a layer", item.at, "write `[layer4, head]`")
            elif name in found:
                self.findings.add("CNN903", f"the output `{name}` stands twice", item.at)
            else:
                found[name] = OutputName(name=name, at=item.at)
        return tuple(found.values())

    def places(self) -> dict[str, Location]:
        """Positions of the top-level keys, and of all that stands below `expect`, `task` and `lint`."""
        places = {key.raw: key.at for key, _ in self.root.entries}
        for name in ("expect", "task", "lint"):
            if name in self.keys:
                _collect(name, self.keys[name][1], places)
        return places


def _collect(path: str, node: Node, places: dict[str, Location]) -> None:
    """A value where it is a scalar, else its key."""
    if isinstance(node, MapNode):
        for key, value in node.entries:
            inner = f"{path}.{key.raw}"
            places[inner] = value.at if isinstance(value, ScalarNode) and value.raw else key.at
            _collect(inner, value, places)
    elif isinstance(node, ListNode):
        for number, item in enumerate(node.items):
            places[f"{path}.{number}"] = item.at


def _position(found: Finding) -> tuple[int, int]:
    return (found.at.line, found.at.column) if found.at else (0, 0)
