from __future__ import annotations

import pytest

from tests.graph.building import graph_of, problems, report_of, rows


def shapes(layers: str, **more: str) -> dict[str, str]:
    graph = graph_of(layers, **more)
    assert problems(graph) == []
    return rows(graph)


class TestCopies:
    def test_first_and_last_speak_of_the_count_around_the_word(self) -> None:
        found = shapes("- conv first(16,4) k3 p1 s=last(2) *3")
        assert found == {"conv1.0": "16x32x32", "conv1.1": "4x32x32", "conv1.2": "4x16x16"}

    def test_first_speaks_of_the_count_around_the_call_of_its_block(self) -> None:
        head = "blocks:\n  down(c):\n    - conv c k3 p1 s=first(2)\n"
        found = shapes("- a: down 4 *2\n- b: down 4", head=head)
        assert found == {"a.0.conv1": "4x16x16", "a.1.conv1": "4x16x16", "b.conv1": "4x8x8"}

    def test_i_is_the_copy_and_0_outside(self) -> None:
        assert shapes("- conv 4*(i+1) k1 *3\n- conv i+1 k1") == {
            "conv1.0": "4x32x32",
            "conv1.1": "8x32x32",
            "conv1.2": "12x32x32",
            "conv2": "1x32x32",
        }

    def test_when_can_leave_out_single_copies(self) -> None:
        assert list(shapes("- {repeat: 3, do: [conv 8 k1, {op: maxpool, kernel_size: 2, when: i == 1}]}")) == [
            "repeat1.0.conv1",
            "repeat1.1.conv1",
            "repeat1.1.maxpool1",
            "repeat1.2.conv1",
        ]

    def test_a_count_of_0_leaves_the_stream_as_it_is(self) -> None:
        assert shapes("- conv 4 k1 *0\n- conv 8 k1") == {"conv2": "8x32x32"}


class TestBlocks:
    def test_defaults_may_use_the_parameters_before_them(self) -> None:
        head = "blocks:\n  wide(c, d=2*c):\n    - conv d k1\n    - conv c k1\n"
        assert shapes("- wide 4\n- wide 4 d=5", head=head) == {
            "wide1.conv1": "8x32x32",
            "wide1.conv2": "4x32x32",
            "wide2.conv1": "5x32x32",
            "wide2.conv2": "4x32x32",
        }

    def test_a_block_sees_the_files_variables_and_not_its_callers_parameters(self) -> None:
        head = "vars: {w: 3}\nblocks:\n  inner():\n    - conv w k1\n  outer(w):\n    - inner\n    - conv w k1\n"
        # parameters that shadow a variable are the block's own
        assert shapes("- outer 5", head=head) == {"outer1.inner1.conv1": "3x32x32", "outer1.conv1": "5x32x32"}

    def test_sizes_of_layers_can_be_computed_with(self) -> None:
        assert shapes("- a: conv 12 k3 s2\n- conv a.c//4 k=min(a.h,3)") == {"a": "12x15x15", "conv1": "3x13x13"}

    @pytest.mark.parametrize(
        ("call", "problem"),
        [
            ("unit", "CNN906 block unit(c, k) needs `c`"),
            ("unit 4 3 2", "CNN905 unit(c, k) takes 2 values, this is one too many"),
            ("unit 4 c=3", "CNN903 `c` of unit(c, k) is given twice"),
            ("unit 4 q=3", "CNN904 block unit(c, k) has no parameter `q`"),
        ],
    )
    def test_a_call_that_does_not_fit_the_signature_is_refused(self, call: str, problem: str) -> None:
        head = "blocks:\n  unit(c, k=1):\n    - conv c k=k\n"
        found = problems(graph_of(f"- {call}", head=head))
        assert len(found) == 1
        assert found[0].endswith(problem)


class TestBias:
    """Off where bn, gn, in, ln or rms follows on the line (not lrn), on otherwise."""

    @pytest.mark.parametrize("norm", ["bn", "gn", "in", "ln", "rms"])
    def test_a_norm_on_the_line_turns_it_off(self, norm: str) -> None:
        weights = graph_of(f"- conv 32 k1 {norm}").nodes[1].inference.weights
        assert [weight.name for weight in weights] == ["weight"]

    @pytest.mark.parametrize("line", ["conv 4 k1", "conv 4 k1 relu", "conv 4 k1 lrn", "conv 4 k1 bn bias"])
    def test_elsewhere_it_is_on(self, line: str) -> None:
        weights = graph_of(f"- {line}").nodes[1].inference.weights
        assert [weight.name for weight in weights] == ["weight", "bias"]

    def test_it_can_be_turned_off_for_all_layers_of_an_op(self) -> None:
        graph = graph_of("- conv 4 k1\n- conv 4 k1 bias", head="defaults: {conv: {bias: false}}")
        assert [len(node.inference.weights) for node in graph.nodes[1:]] == [1, 2]


class TestResidual:
    def test_the_identity_must_fit_and_the_remedy_is_computed(self) -> None:
        graph = graph_of("- residual: [conv 16 k3 s2 p1]", input="8x56x56")
        assert problems(graph) == ["5:5 CNN001 residual: main path 16x28x28 does not match shortcut 8x56x56"]
        assert graph.findings[0].help == "`shortcut: project` (1x1 conv + bn, stride 2) or `if_same`"

    def test_project_is_a_1x1_conv_without_bias_and_bn_after_the_main_path(self) -> None:
        layers = """
        - residual: [conv 16 k3 s2 p1, conv 16 k3 p1]
          shortcut: project
          then: relu
        """
        assert shapes(layers) == {
            "conv1": "16x16x16",
            "conv2": "16x16x16",
            "shortcut1": "16x16x16",
            "shortcut1.bn": "16x16x16",
            "add1": "16x16x16",
            "relu1": "16x16x16",
        }
        report = report_of(layers)
        assert report["shortcut1"].params == 8 * 16 + 2 * 16

    def test_project_is_the_identity_where_nothing_changes(self) -> None:
        assert "shortcut1" not in shapes("- residual: [conv 8 k3 p1]\n  shortcut: project")

    def test_if_same_drops_the_skip(self) -> None:
        assert list(shapes("- residual: [conv 16 k3 p1]\n  shortcut: if_same")) == ["conv1"]
        assert list(shapes("- residual: [conv 8 k3 p1]\n  shortcut: if_same")) == ["conv1", "add1"]

    def test_pad_adds_channels_of_zeros_and_no_parameters(self) -> None:
        report = report_of("- residual: [conv 16 k3 s2 p1 nobias]\n  shortcut: pad")
        assert report.totals.params == 8 * 16 * 9
        assert report.layers[-1].output_shape == (16, 16, 16)

    def test_a_projection_whose_sizes_then_differ_is_refused(self) -> None:
        found = problems(graph_of("- residual: [conv 16 k3 s2]\n  shortcut: project"))
        assert found == ["5:5 CNN001 residual: main path 16x15x15 does not match shortcut 16x16x16"]

    def test_a_path_of_its_own(self) -> None:
        layers = "- residual: [conv 16 k3 s2 p1]\n  shortcut: [avgpool 2, conv 16 k1]"
        assert list(shapes(layers)) == ["conv1", "avgpool1", "conv2", "add1"]


class TestShare:
    def test_shared_weights_count_once_and_work_twice(self) -> None:
        report = report_of("- a: conv 8 k3 p1 bn\n- b: conv 8 k3 p1 bn share=a")
        assert report.totals.params == 8 * 8 * 9 + 16
        assert report["b"].params == 0
        assert report["a"].macs == report["b"].macs > 0

    def test_a_call_shares_all_weights_of_a_call_of_the_same_block(self) -> None:
        head = "blocks:\n  unit(c):\n    - conv c k3 p1 bn\n    - conv c k1\n"
        report = report_of("- a: unit 8\n- b: unit 8 share=a\n- c: unit 8 share=b", head=head)
        assert report.totals.params == 8 * 8 * 9 + 16 + 8 * 8 + 8
        assert report["c"].params == 0

    def test_weights_of_another_shape_cannot_be_shared(self) -> None:
        found = problems(graph_of("- a: conv 8 k3 p1\n- b: conv 16 k3 p1 share=a"))
        assert len(found) == 1
        assert "6:" in found[0]
        assert "CNN905" in found[0]


class TestErrors:
    def test_independent_mistakes_are_all_reported_and_the_walk_goes_on(self) -> None:
        graph = graph_of("- conv 8 k3 g3\n- conv 9 k3\n- conv 4 k3 g2\n- maxpool 99")
        assert [found.code for found in graph.findings] == ["CNN003", "CNN003", "CNN002"]
        assert [found.at.line for found in graph.findings if found.at] == [5, 7, 8]

    def test_the_same_mistake_in_several_copies_is_one_finding(self) -> None:
        head = "blocks:\n  bad():\n    - conv 8 k3 p1 g3\n"
        graph = graph_of("- bad *4", head=head)
        assert [found.copies for found in graph.findings] == [4]
        frame = graph.findings[0].stack[0]
        assert (frame.block, frame.layer, frame.copy, frame.copies) == ("bad", "bad1", 0, 4)

    def test_a_fraction_of_a_channel_offers_roundings(self) -> None:
        graph = graph_of("- conv 9/2 k1")
        assert problems(graph) == ["5:10 CNN905 `out_channels`: `9/2` is 4.5, not a whole number"]
        assert "floor(...) gives 4" in (graph.findings[0].help or "")

    def test_a_missing_option_is_named_at_the_op(self) -> None:
        assert problems(graph_of("- conv 8")) == ["5:5 CNN906 conv needs `kernel_size`"]

    def test_a_repeat_of_a_thousand_million_is_refused_at_once(self) -> None:
        assert problems(graph_of("- conv 8 k1 *1000000000")) == [
            "5:15 CNN902 the network expands to more than 100,000 layers"
        ]

    def test_counts_of_nothing_are_limited_too(self) -> None:
        found = problems(graph_of("- {repeat: 99999, do: [{repeat: 99999, do: []}]}"))
        assert len(found) == 1
        assert "CNN902" in found[0]

    def test_an_empty_network_is_refused(self) -> None:
        assert any("CNN906" in found for found in problems(graph_of("[]")))
