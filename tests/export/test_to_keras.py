from __future__ import annotations

import ast
import re

import pytest

from cnncalc.errors import UsageError
from cnncalc.export.keras.ops import OPS as CODES
from cnncalc.export.to_keras import to_keras
from cnncalc.ops import OPS
from tests.export.networks import NAMES, example, net, report


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_a_python_file_of_lines_that_fit(name: str) -> None:
    text = to_keras(example(name))
    ast.parse(text)
    assert max(map(len, text.splitlines())) <= 120


def test_calls_of_a_block_that_share_their_weights_are_calls_of_one_model() -> None:
    text = to_keras(example("siamese"))
    assert text.count("model_of(twin") == 1
    assert text.count("l_model(") == 2


def test_layers_that_share_weights_are_refused_one_by_one() -> None:
    with pytest.raises(UsageError, match="no way to say 2 layers") as caught:
        to_keras(net("a: conv 3 k1", "b: conv 3 k1 share=a", "c: conv 3 k1 share=a"))
    assert all(f": {name}: weights of another layer" in str(caught.value) for name in "bc")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("custom out=8x32x32", "a declared op has no code"),
        ("lrn 5", "`lrn` has no code"),
        ("lppool 2", "`lppool` has no code"),
        ("conv 8 k3 s2 d2", "a stride and a dilation together"),
        ("conv 8 k3 p1 replicate", "padding that is replicate"),
        ("maxpool 2 d2", "a dilated pool"),
        ("avgpool 3 s2 ceil", "an average pool whose last window is cut off"),
        ("convt 9 k3 g3", "a transposed convolution with groups"),
        ("upsample 1.5", "upsampling in mode nearest"),
        ("upsample 2 mode=linear align_corners", "upsampling in mode linear over 2 axes, corners aligned"),
        ("shift over=all", "a `shift` over all"),
        ("rms affine=false", "a root-mean-square norm without weights"),
        ("sdpa x x heads=3 windows=4", "attention in windows"),
    ],
)
def test_what_keras_cannot_say_is_refused_with_its_position(line: str, reason: str) -> None:
    with pytest.raises(UsageError, match=rf"net\.yaml:4:\d+: \w+: {re.escape(reason)}"):
        to_keras(net(line))


def test_every_op_has_code_or_is_known_to_have_none() -> None:
    assert OPS.keys() - CODES.keys() == {"custom", "lrn", "lppool", "blurpool", "matmul", "prepend"} | {
        name for name in OPS if name == "residual pad"
    }


def test_same_padding_is_said_so_and_other_padding_stands_before_the_layer() -> None:
    text = to_keras(net("a: conv 8 k3 p1", "b: conv 8 k3 s2 p1", "c: conv 8 k3 s2 same"))
    assert 'layers.Conv2D(8, 3, padding="same", name="a")(x)' in text
    assert 'layers.Conv2D(8, 3, strides=2, name="b")(layers.ZeroPadding2D(1, name="b_pad")(x))' in text
    assert 'layers.Conv2D(8, 3, strides=2, padding="same", name="c")(x)' in text


def test_copies_of_a_block_are_calls_of_one_function() -> None:
    text = to_keras(
        net("stage: pair 16 *3", more="blocks:\n  pair(c):\n    - a: conv c k3 p1 bn relu\n    - b: conv c k1\n")
    )
    assert text.count("def pair(") == 1
    assert [f'name="stage_{copy}"' in text for copy in range(3)] == [True] * 3
    assert 'name=f"{name}_a_bn"' in text


def test_copies_of_a_repeat_are_calls_of_one_function() -> None:
    text = to_keras(net("repeat: 3\n    do: [conv 3 k3 d=2**i causal relu, conv 3 k1]", input_="3x64"))
    assert "def repeat1(x, dilation_rate, pad, name):" in text
    assert 'x = repeat1(x, dilation_rate=4, pad=(8, 0), name="repeat1_2")' in text


def test_a_block_with_slopes_per_channel_has_code() -> None:
    text = to_keras(net("b", more="blocks:\n  b: [conv 8 k1, prelu num_parameters=8]\n"))
    assert 'layers.PReLU(shared_axes=[1, 2], name=f"{name}_prelu1")' in text


def test_a_variable_is_never_called_as_a_function_of_the_file() -> None:
    blocks = "blocks:\n  Tower(c): [conv c k1, conv c k1]\n"
    text = to_keras(net("tower: Tower 8", "conv 8 k1", "add tower", "attend: relu", "sdpa attend attend", more=blocks))
    assigned = {line.split(" = ")[0].strip() for line in text.splitlines() if " = " in line}
    functions = {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    assert "tower_" in assigned
    assert functions == {"tower", "attend", "build"}
    assert not functions & assigned


def test_inputs_are_called_as_they_are() -> None:
    text = to_keras(report("cnncalc: 1\ninputs: {left: 3x8x8, layers: 3x8x8}\nlayers: [add layers]\n"))
    assert 'left = keras.Input((8, 8, 3), name="left")' in text
    assert 'layers_ = keras.Input((8, 8, 3), name="layers")' in text


def test_the_figures_of_the_first_line_are_those_of_one_sample() -> None:
    one, many = (to_keras(report(f"cnncalc: 1\nbatch: {n}\ninput: 3x8x8\nlayers: [conv 4 k1]\n")) for n in (1, 8))
    assert one == many


def test_frozen_layers_are_not_trainable() -> None:
    assert "trainable=False" in to_keras(net("conv 8 k3 frozen"))


def test_names_that_become_one_are_refused() -> None:
    blocks = "blocks:\n  pair(c):\n    - b: conv c k1\n    - c: conv c k1\n"
    with pytest.raises(UsageError, match="a name that is given twice"):
        to_keras(net("a_b: conv 8 k1", "a: pair 8", more=blocks))


def test_a_name_that_padding_before_a_layer_would_have_is_refused() -> None:
    with pytest.raises(UsageError, match="a_pad: a name that is given twice"):
        to_keras(net("a: conv 8 k3 s2 p1", "a_pad: conv 8 k1"))
