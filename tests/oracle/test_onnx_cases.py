"""Every case of the onnx package for an op that is read: the shape that onnx computes, or a refusal with a reason."""

from __future__ import annotations

import re

import pytest

import cnncalc
from cnncalc.errors import CnncalcError, UsageError
from cnncalc.importers.onnx.model import read_onnx
from cnncalc.importers.onnx.table import MAPPERS
from cnncalc.importers.writing.to_yaml import to_yaml
from cnncalc.spec import reader
from tests.frameworks import needed

onnx = needed("onnx")

from tests.oracle.onnx_cases import Case, Network, as_network, is_fixed, node_cases  # noqa: E402 - needs onnx
from tests.oracle.onnx_samples import as_sample  # noqa: E402 - likewise

pytestmark = pytest.mark.oracle

CLAIMED = frozenset(op for op in MAPPERS if "." not in op)
REASONS = {
    r"batch|samples": "it mixes samples",
    r"has [016] dimensions": "an input without channels",
    r"does not say the shape": "an input that is a list of tensors, or may be missing",
    r"are free \(": "a size of 0",
    r"operator set 1;": "written for an operator set before 6",
    r"its (indices|mask|statistics) (is|are) (used|read)": "an output that is for training or for undoing the op",
    r"a cache of keys and values": "keys and values of an earlier call",
    r"no output is computed from the inputs": "it gives sizes, or a list of tensors",
    r"leaves nothing|holds another number of elements": "a tensor without elements",
    r"a diagonal": "an Einsum that names an axis twice",
    r"a way that no layer has": "six dimensions",
}
"""Why a case may be refused."""


def fault(network: Network) -> str:
    """Why a network is refused, or what is wrong about what is read; "" where nothing is."""
    try:
        found = cnncalc.analyze(reader.parse(to_yaml(read_onnx(network.data))))
    except (CnncalcError, UsageError) as error:
        return str(error)
    shapes = [tuple(shape) for shape in found.outputs.values()]
    wanted = [shape[1:] for shape in network.outputs]
    if len(shapes) < len(wanted):  # numbers that go with a tensor, such as the scale of a quantized one
        wanted = [shape for shape, whole in zip(wanted, network.outputs, strict=True) if whole]
    if [_number(shape) for shape in shapes] != [_number(shape) for shape in wanted]:
        return f"wrong: {shapes} in place of {wanted}"
    if found.totals.params != network.weights:
        return f"wrong: {found.totals.params} parameters in place of {network.weights}"
    return ""


def _number(shape: tuple[int, ...]) -> tuple[int, ...]:
    """One number a sample has no axes in ONNX, and one or more of size 1 here."""
    return () if set(shape) <= {1} else shape


def outcome(case: Case) -> str:
    """What is wrong about a case, read as it stands or, where it is no batch, as one sample of one."""
    found = fault(as_network(case))
    if found and not found.startswith("wrong"):
        sample = as_sample(case)
        if sample is not None:
            return fault(sample)
    return found


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    """All cases by their names."""
    return {case.name: case for case in node_cases()}


@pytest.fixture(scope="module")
def outcomes(cases: dict[str, Case]) -> dict[str, tuple[str, str]]:
    """By case of a single op that is read: the op, and what is wrong."""
    single = [case for case in cases.values() if len(case.ops) == 1 and case.ops[0] in CLAIMED]
    return {case.name: (case.ops[0], outcome(case)) for case in single}


def test_every_case_has_its_shape_and_parameters_or_is_refused_for_a_reason(
    outcomes: dict[str, tuple[str, str]],
) -> None:
    known = re.compile("|".join(REASONS))
    wrong = {name: why for name, (_, why) in outcomes.items() if why and not known.search(why.splitlines()[0])}
    assert not wrong


def test_nearly_all_cases_are_read(outcomes: dict[str, tuple[str, str]]) -> None:
    right = sum(not why for _, why in outcomes.values())
    assert right > 0.8 * len(outcomes)
    assert len(outcomes) > 600  # as many as onnx 1.16 has


@pytest.mark.skipif(onnx.defs.onnx_opset_version() < 28, reason="an older onnx has fewer cases")
def test_no_reason_stands_for_nothing(outcomes: dict[str, tuple[str, str]]) -> None:
    for reason in REASONS:
        assert any(re.search(reason, why) for _, why in outcomes.values()), reason


def test_an_op_that_is_written_out_as_its_function_has_the_same_figures(
    cases: dict[str, Case], outcomes: dict[str, tuple[str, str]]
) -> None:
    wrong, right = {}, 0
    for name, case in cases.items():
        base = cases.get(name.partition("_expanded")[0], case)
        if base is case or base.name not in outcomes or fault(as_network(base)):
            continue
        (node,) = base.model.graph.node
        fixed = {read for place, read in enumerate(node.input) if is_fixed(node.op_type, place)}
        network = as_network(case, fixed)
        why = fault(network)
        if not why and macs(network) != macs(as_network(base)):
            why = f"{macs(network)} MACs in place of {macs(as_network(base))}"
        right += not why
        if why and "batch" not in why:
            wrong[name] = why
    assert not wrong
    assert right > 100


def macs(network: Network) -> int:
    """Of one sample."""
    return cnncalc.analyze(cnncalc.from_onnx(network.data)).totals.macs


UNREAD = frozenset({
    "ConstantOfShape", "Shape", "Size", "SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase",
    "SequenceInsert", "SequenceLength", "SplitToSequence", "ConcatFromSequence", "Range",
})  # fmt: skip
"""Ops that are read inside of networks, but whose cases give sizes or lists."""


def test_of_every_op_some_case_is_read(outcomes: dict[str, tuple[str, str]]) -> None:
    tried = {op for op, _ in outcomes.values()}
    read = {op for op, why in outcomes.values() if not why}
    assert tried - read <= UNREAD | {"Not", "MeanVarianceNormalization", "LayerNormalization"}
