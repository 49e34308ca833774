"""The vocabulary agrees with the ops, and names are what they may be."""

from __future__ import annotations

import pytest

from cnncalc.ops.base import OPS, SYNONYMS
from cnncalc.spec import words
from cnncalc.spec.suggest import did_you_mean, listed, nearest
from cnncalc.spec.syntax import known_op, name_error, op_syntax, variable_error

OPTIONS = {option for op in OPS for option in op_syntax(op).options}


class TestVocabulary:
    @pytest.mark.parametrize("word", sorted(words.TRAILING))
    def test_every_norm_and_activation_is_an_op(self, word: str) -> None:
        assert word in OPS

    @pytest.mark.parametrize("option", [option for option, _ in words.FLAGS.values()])
    def test_every_flag_sets_an_option_of_some_op(self, option: str) -> None:
        assert option in OPTIONS

    @pytest.mark.parametrize("option", words.SHORTS.values())
    def test_every_short_sets_an_option_of_some_op(self, option: str) -> None:
        assert option in OPTIONS

    @pytest.mark.parametrize("ours", sorted(set(words.FOREIGN_OPS.values())))
    def test_every_suggested_op_exists(self, ours: str) -> None:
        assert ours in OPS or ours in words.GROUP_WORDS

    @pytest.mark.parametrize("foreign", sorted(words.FOREIGN_OPS))
    def test_no_op_is_taken_for_a_foreign_one(self, foreign: str) -> None:
        assert foreign not in OPS
        assert words.squeezed(foreign) == foreign

    @pytest.mark.parametrize("ours", sorted(set(words.FOREIGN_KEYS.values())))
    def test_every_suggested_key_exists(self, ours: str) -> None:
        assert ours in OPTIONS | words.ITEM_KEYS

    @pytest.mark.parametrize("word", sorted(words.CONSTANT_WORDS))
    def test_no_word_that_stands_for_itself_can_be_a_variable(self, word: str) -> None:
        assert variable_error(word)

    def test_an_op_has_the_flags_and_shorts_of_its_options_only(self) -> None:
        assert op_syntax("gap").flags == ()
        assert op_syntax("maxpool").flags == (*words.PADDING_WORDS, "ceil")
        assert op_syntax("pad").flags == words.BOUNDARY_WORDS  # its padding is no word
        assert op_syntax("maxpool").option("k") == "kernel_size"
        assert op_syntax("maxpool").option("g") is None

    @pytest.mark.parametrize(("spelling", "op"), [("BatchNorm2d", "bn"), ("ReLU", "relu"), ("GELU", "gelu")])
    def test_pytorchs_names_are_synonyms(self, spelling: str, op: str) -> None:
        assert known_op(spelling) == SYNONYMS[spelling] == op


class TestNames:
    @pytest.mark.parametrize(
        "name", ["a", "_", "stem", "conv1", "conv1_1", "A1", "same", "k3", "p1", "input", "res", "ceil"]
    )
    def test_a_layer_may_be_called(self, name: str) -> None:
        assert name_error(name) is None

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "1a",
            "a-b",
            "a.b",
            "a b",
            "é",
            "conv",
            "maxpool",
            "relu",
            "ReLU",
            "bn",
            "none",
            "x",
            "prev",
            "i",
            "when",
            "do",
        ],
    )
    def test_a_layer_may_not_be_called(self, name: str) -> None:
        assert name_error(name)

    def test_a_layer_may_not_be_called_like_a_block(self) -> None:
        assert name_error("basic", {"basic"}) == "`basic` cannot be a name: it is a block"

    @pytest.mark.parametrize("name", ["c", "s", "k", "d", "act", "norm", "width", "c1", "e4", "rest", "ks", "w2"])
    def test_a_variable_may_be_called(self, name: str) -> None:
        assert variable_error(name) is None

    @pytest.mark.parametrize(
        "name",
        [
            "k3",
            "s2",
            "p1",
            "d2",
            "g32",
            "op1",
            "m2",
            "k3x5",
            "same",
            "bias",
            "conv",
            "relu",
            "i",
            "x",
            "if",
            "true",
            "when",
        ],
    )
    def test_a_variable_may_not_be_called(self, name: str) -> None:
        assert variable_error(name)


class TestSuggestions:
    @pytest.mark.parametrize(
        ("word", "known", "found"),
        [
            ("dilatoin", ["padding", "dilation"], "dilation"),
            ("ReLu", ["relu", "relu6"], "relu"),
            ("Padding", ["padding", "dilation"], "padding"),
            ("zzz", ["padding", "dilation"], None),
            ("", ["padding"], None),
            ("x", [], None),
        ],
    )
    def test_the_nearest_known_word_is_found(self, word: str, known: list[str], found: str | None) -> None:
        assert nearest(word, known) == found
        assert did_you_mean(word, known) == (f"did you mean `{found}`?" if found else None)

    def test_the_order_of_what_is_known_does_not_matter(self) -> None:
        assert nearest("ad", ["mad", "add", "and"]) == nearest("ad", ["and", "add", "mad"])

    @pytest.mark.parametrize(
        ("items", "text"), [([], ""), (["a"], "`a`"), (["a", "b"], "`a` or `b`"), (["a", "b", "c"], "`a`, `b` or `c`")]
    )
    def test_lists_read_as_sentences(self, items: list[str], text: str) -> None:
        assert listed(items) == text
