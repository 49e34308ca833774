from __future__ import annotations

from cnncalc.graph import build
from cnncalc.spec.reader import parse
from tests.graph.building import graph_of, problems, report_of, rows


def names(layers: str, **more: str) -> list[str]:
    graph = graph_of(layers, **more)
    assert problems(graph) == []
    return [layer.name for layer in graph.layers]


class TestUnnamedLayers:
    """An unnamed layer is `<op><n>`, counted per op in its scope from 1."""

    def test_ops_are_counted_apart(self) -> None:
        assert names("- conv 8 k3\n- relu\n- conv 8 k3\n- maxpool 2") == ["conv1", "relu1", "conv2", "maxpool1"]

    def test_trailing_words_are_layers_of_their_own_below_it(self) -> None:
        assert names("- stem: conv 8 k3 bn relu\n- conv 8 k3 relu") == [
            "stem",
            "stem.bn",
            "stem.relu",
            "conv1",
            "conv1.relu",
        ]

    def test_a_number_that_a_name_has_taken_is_passed_over(self) -> None:
        assert names("- conv1: conv 8 k3\n- conv 8 k3") == ["conv1", "conv2"]

    def test_items_without_a_name_open_no_scope(self) -> None:
        assert names("- residual: [conv 8 k3 p1, relu]\n- conv 8 k1") == ["conv1", "relu1", "add1", "conv2"]


class TestScopes:
    """Named calls, sequences, repeats, residuals and branches open a scope; so do unnamed calls, counts and tables."""

    HEAD = """
    blocks:
      unit(c):
        - conv c k1
    """

    def test_a_named_sequence_opens_a_scope(self) -> None:
        assert names("- stem: [conv 8 k3, relu]\n- conv 8 k3") == ["stem.conv1", "stem.relu1", "conv1"]

    def test_calls_are_numbered_by_block(self) -> None:
        assert names("- unit 4\n- unit 8\n- last: unit 8", head=self.HEAD) == [
            "unit1.conv1",
            "unit2.conv1",
            "last.conv1",
        ]

    def test_a_count_numbers_its_copies_from_0_even_when_it_is_1(self) -> None:
        assert names("- conv 8 k1 *2\n- unit 8 *1", head=self.HEAD) == ["conv1.0", "conv1.1", "unit1.0.conv1"]

    def test_an_unnamed_group_with_a_count_is_a_repeat(self) -> None:
        assert names("- {repeat: 2, do: [conv 8 k1, relu]}") == [
            "repeat1.0.conv1",
            "repeat1.0.relu1",
            "repeat1.1.conv1",
            "repeat1.1.relu1",
        ]

    def test_rows_of_a_table_are_numbered(self) -> None:
        table = """
        - each: [c, k]
          rows: [[4, 1], [8, 3]]
          do:
            - conv c k=k
        """
        assert names(table) == ["each1.0.conv1", "each1.1.conv1"]

    def test_named_branches_and_residuals_open_scopes(self) -> None:
        layers = """
        - mixed:
            branches: {a: [conv 4 k1], b: [conv 4 k3 p1]}
            merge: concat
        - res:
            residual: [conv 8 k3 p1]
        """
        assert names(layers) == ["mixed.a.conv1", "mixed.b.conv1", "mixed.concat1", "res.conv1", "res.add1"]


class TestReferences:
    """A name stands for the output of all that it covers; plain names are looked up in their scope, then outwards."""

    def test_a_layer_name_means_its_trailing_activation(self) -> None:
        graph = graph_of("- a: conv 8 k3 p1 bn relu\n- conv 8 k3 p1\n- add a")
        assert graph.layers[-1].inputs == ("conv1", "a.relu")

    def test_a_scope_name_means_its_last_copy(self) -> None:
        graph = graph_of("- a: conv 8 k3 p1 *3\n- relu\n- add a")
        assert graph.layers[-1].inputs == ("relu1", "a.2")

    def test_dotted_paths_reach_inwards(self) -> None:
        graph = graph_of("- a: [c: conv 8 k3 p1, relu]\n- add a.c")
        assert graph.layers[-1].inputs == ("a.relu1", "a.c")

    def test_x_is_the_input_of_the_enclosing_block(self) -> None:
        head = "blocks:\n  twice():\n    - conv 8 k3 p1\n    - add x\n"
        graph = graph_of("- stem: conv 8 k1\n- twice", head=head)
        assert graph.layers[-1].inputs == ("twice1.conv1", "stem")

    def test_x_at_the_top_is_the_input_of_the_network(self) -> None:
        assert graph_of("- conv 8 k3 p1\n- add x").layers[-1].inputs == ("conv1", "input")

    def test_from_takes_another_stream_and_merges_append_to_it(self) -> None:
        text = """
cnncalc: 1
inputs: {left: 3x8x8, right: 3x8x8}
layers:
  - l: conv 4 k3 p1
  - r: conv 4 k3 p1 from=right
  - concat r from=l
"""
        graph = build(parse(text))
        assert graph.layers[-1].inputs == ("l", "r")
        assert rows(graph)["concat1"] == "8x8x8"

    def test_sums_asked_of_a_name_cover_all_its_layers(self) -> None:
        report = report_of("- a: conv 4 k3 bn relu *2\n- conv 2 k1")
        # conv 8->4 and 4->4 of 3x3 without bias, each followed by a batch norm of 2*4 parameters
        assert report["a"].params == 8 * 4 * 9 + 8 + 4 * 4 * 9 + 8
        assert report["a.1"].params == 4 * 4 * 9 + 8
        assert report["a"].output_shape == (4, 28, 28)

    def test_the_default_output_has_the_outermost_name_of_the_last_layer(self) -> None:
        assert list(graph_of("- conv 8 k3\n- head: fc 10 relu").outputs) == ["head"]


class TestRefusals:
    def test_an_unknown_name_offers_the_nearest_one(self) -> None:
        graph = graph_of("- stem: conv 8 k3 p1\n- conv 8 k3 p1\n- add stm")
        assert problems(graph) == ["7:9 CNN904 no layer `stm` before this line"]
        assert graph.findings[0].help == "did you mean `stem`?"

    def test_a_name_inside_another_scope_is_offered_with_its_path(self) -> None:
        graph = graph_of("- stem: [inner: conv 8 k1, relu]\n- conv 8 k1\n- add inner")
        assert problems(graph) == ["7:9 CNN904 no layer `inner` before this line"]
        assert graph.findings[0].help == "did you mean `stem.inner`?"
        assert problems(graph_of("- stem: [inner: conv 8 k1, relu]\n- conv 8 k1\n- add stem.inner")) == []

    def test_of_several_the_last_is_offered(self) -> None:
        graph = graph_of("- {name: stage, repeat: 3, do: [inner: conv 8 k1, relu]}\n- add inner")
        assert graph.findings[0].help == "did you mean `stage.2.inner`, one of 3?"

    def test_a_name_deeper_than_written_is_offered_with_its_path(self) -> None:
        graph = graph_of("- stage: [a: [b: conv 8 k1, relu]]\n- add stage.b")
        assert graph.findings[0].message == "`stage` has no layer `b` before this line"
        assert graph.findings[0].help == "did you mean `stage.a.b`?"

    def test_an_unknown_output_speaks_of_no_line(self) -> None:
        graph = graph_of("- stem: conv 8 k1", head="outputs: [stm]")
        assert problems(graph) == ["3:11 CNN904 no layer `stm`"]
        assert graph.findings[0].help == "did you mean `stem`?"

    def test_a_name_is_not_known_before_its_layer(self) -> None:
        assert problems(graph_of("- add later\n- later: conv 8 k3 p1")) == [
            "5:9 CNN904 no layer `later` before this line"
        ]

    def test_a_name_that_when_dropped_is_said_to_be_dropped(self) -> None:
        assert problems(graph_of("- a: conv 8 k3 p1 when=1>2\n- relu\n- add a")) == [
            "7:9 CNN904 `a` is left out here by its `when`"
        ]

    def test_a_name_may_stand_once_in_its_scope(self) -> None:
        found = problems(graph_of("- a: conv 8 k1\n- a: conv 8 k1"))
        assert len(found) == 1
        assert found[0].startswith("6:5 CNN903")

    def test_a_name_that_stands_twice_on_a_line_is_not_first_at_another(self) -> None:
        assert problems(graph_of("- 'a: conv 8 k1 | a: conv 8 k1'")) == [
            "5:21 CNN903 the name `a` stands twice on this line"
        ]
        assert problems(graph_of("- a: conv 8 k1\n- a: conv 8 k1")) == [
            "6:5 CNN903 the name `a` stands twice in its scope, first at line 5"
        ]

    def test_names_of_different_scopes_do_not_meet(self) -> None:
        assert problems(graph_of("- p: [a: conv 8 k1, relu]\n- q: [a: conv 8 k1, relu]")) == []

    def test_a_merge_of_one_input_is_refused(self) -> None:
        assert problems(graph_of("- conv 8 k1\n- add")) == ["6:5 CNN906 add has one input; it joins two or more"]
