"""What the file says; that it runs, with the right figures, is proven in tests/oracle."""

from __future__ import annotations

import ast
import json

import pytest

from cnncalc.errors import UsageError
from cnncalc.export.to_torch import to_torch
from tests.export.networks import GOLDEN, NAMES, example, net, report


class TestRefusals:
    def test_all_layers_without_code_are_named_at_once_with_their_places(self) -> None:
        with pytest.raises(UsageError) as caught:
            to_torch(net("a: custom out=8x?x?", "conv 4 k1", "b: custom out=8x?x? params=3"))
        assert "no way to say 2 layers:" in str(caught.value)
        assert "net.yaml:4:8: a: a declared op has no code" in str(caught.value)
        assert "net.yaml:6:8: b: a declared op has no code" in str(caught.value)

    @pytest.mark.parametrize(
        ("layers", "reason"),
        [
            (["avgpool 3 s2 p0/1 ceil"], "uneven padding and ceil_mode"),
            (["avgpool 3 s2 p0/1 count_include_pad=false"], "uneven padding and count_include_pad=false"),
            (["flatten", "in"], "instance norm of a vector"),
            (["flatten", "lrn"], "local response norm of a vector"),
            (["tokens", "prelu num_parameters=3"], "a slope per channel of tokens"),
        ],
    )
    def test_what_pytorch_cannot_do_is_said(self, layers: list[str], reason: str) -> None:
        with pytest.raises(UsageError, match=reason):
            to_torch(net(*layers))

    def test_cubic_interpolation_exists_for_two_axes_alone(self) -> None:
        with pytest.raises(UsageError, match="cubic interpolation along 1 axes"):
            to_torch(net("upsample 2 mode=cubic", input_="3x32"))


class TestClasses:
    def test_a_block_is_a_class_and_what_differs_between_its_calls_a_parameter(self) -> None:
        text = to_torch(
            net("a: b 8", "c: b 16", more="blocks:\n  b(c):\n    - conv c k3 p1 bn relu\n    - conv 32 k1\n")
        )
        assert "class B(nn.Module):\n    def __init__(self, in_channels, channels):" in text
        assert "self.conv2 = nn.Conv2d(channels, 32, kernel_size=1)" in text
        assert "self.a = B(in_channels=3, channels=8)\n        self.c = B(in_channels=32, channels=16)" in text

    def test_copies_that_follow_each_other_are_a_sequential(self) -> None:
        text = to_torch(example("resnet18"))
        assert "self.layer1 = nn.Sequential(" in text
        assert "x = self.layer4(x)" in text

    def test_calls_with_other_layers_have_a_class_of_their_own(self) -> None:
        text = to_torch(example("resnet50"))
        classes = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
        assert [node.name for node in classes] == ["Bottleneck", "Bottleneck2", "ResNet50"]

    def test_what_is_read_from_outside_of_a_block_is_returned_by_it(self) -> None:
        text = to_torch(example("wavenet"))
        assert "self.stack = nn.ModuleList(\n            [\n                Gated(" in text
        assert "stack_0_skip, stack_0_add1 = self.stack[0](x)" in text

    def test_a_block_whose_weights_are_shared_is_made_once(self) -> None:
        text = to_torch(example("siamese"))
        assert "self.r = self.l  # the same weights" in text

    def test_two_blocks_whose_names_differ_in_case_have_two_classes(self) -> None:
        blocks = "blocks:\n  fire(c): conv c k1\n  Fire(c): conv c k3\n  resNet: relu\n"
        text = to_torch(report(f"cnncalc: 1\nname: resNet\ninput: 3x8x8\n{blocks}layers: [fire 2, Fire 3, resNet]\n"))
        names = [node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
        assert len(set(names)) == len(names) == 4

    def test_a_twin_is_not_made_before_it_is_thrown_away(self) -> None:
        assert "self.r = Twin(" not in to_torch(example("siamese"))

    def test_copies_of_a_repeat_are_a_sequential_of_one_class_with_what_differs_as_parameters(self) -> None:
        text = to_torch(net("repeat: 3\n    do: [residual: [conv 3 k3 d=2**i causal relu, conv 3 k1]]", input_="3x64"))
        assert "self.repeat1 = nn.Sequential(" in text
        assert "            Repeat1(dilation=4, pad=(8, 0)),\n" in text
        assert text.count("nn.Conv1d(") == 2

    def test_copies_that_hold_one_layer_or_different_layers_stay_in_the_network(self) -> None:
        text = to_torch(net("repeat: 2\n    do: [conv 3 k1]", "repeat: 2\n    do: [conv 3 k1, {when: i, do: [relu]}]"))
        assert [node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef)] == ["Net"]


class TestNames:
    def test_two_values_never_have_one_variable(self) -> None:
        text = to_torch(net("out: conv 3 k1", "out_: conv 3 k1", "add x", more="outputs: [out, out_, add1]\n"))
        returned = text.split("        return ")[1].splitlines()[0].split(", ")
        assert len(set(returned)) == len(returned) == 3

    @pytest.mark.parametrize(
        "name", ["forward", "train", "type", "parameters", "lambda", "register_forward_hook", "nn"]
    )
    def test_what_python_or_a_module_calls_otherwise_has_an_underscore(self, name: str) -> None:
        assert f"self.{name}_ = nn.Conv2d(" in to_torch(net(f"{name}: conv 8 k1"))

    def test_what_is_read_from_a_call_is_named_after_the_call(self) -> None:
        text = to_torch(net("a: b 8", "conv 8 k1", "add a", more="blocks:\n  b(c): [conv c k1, conv c k3 p1]\n"))
        assert "        a = self.a(x)\n" in text


class TestText:
    def test_nothing_is_computed_that_nothing_reads(self) -> None:
        assert " + " not in to_torch(net("a: conv 8 k1", "add a", "conv 8 k1 from=a"))

    def test_attention_on_maps_fits_on_a_line(self) -> None:
        text = to_torch(net("a_name_of_twenty_char: conv 8 k1", "sdpa a_name_of_twenty_char a_name_of_twenty_char"))
        assert max(map(len, text.splitlines())) <= 120

    @pytest.mark.parametrize("name", NAMES)
    def test_every_example_is_a_python_file_with_short_lines(self, name: str) -> None:
        text = to_torch(example(name))
        ast.parse(text)
        assert [line for line in text.splitlines() if len(line) > 120] == []

    def test_f_pad_stands_only_where_the_layer_cannot_pad_itself(self) -> None:
        assert "F." not in to_torch(net("conv 8 k3 p1"))
        assert "self.conv1(F.pad(x, (0, 1, 0, 1)))" in to_torch(net("conv 8 k3 s2 same"))

    def test_options_that_are_pytorchs_own_defaults_are_left_out(self) -> None:
        assert "nn.Conv2d(3, 8, kernel_size=(3, 5), bias=False)\n" in to_torch(net("conv 8 k3x5 bn"))

    @pytest.mark.parametrize("title", ['a"""\nimport os', "\\", "7 nets", "", "class", "\u00e9"])
    def test_no_title_can_break_the_file(self, title: str) -> None:
        text = to_torch(report(f"cnncalc: 1\nname: {json.dumps(title)}\ninput: 3x8x8\nlayers: [relu]\n"))
        module = ast.parse(text)
        assert [type(node) for node in module.body[1:3]] == [ast.Import, ast.ImportFrom]

    def test_the_file_of_resnet18_is_as_it_was(self) -> None:
        assert to_torch(example("resnet18")) == (GOLDEN / "resnet18.py.txt").read_text()
