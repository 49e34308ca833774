"""What single commands do beyond their table."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

import pytest

from cnncalc.cli.app import COMMANDS
from cnncalc.cli.commands.memory import OptimizerName
from cnncalc.cli.options import DTypeName
from cnncalc.memory import Optimizer
from cnncalc.ops import OPS
from cnncalc.spec.models import DType
from tests.cli.program import config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

RESNET = config("resnet18")


class TestHelp:
    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_has_help_with_an_example_that_is_its_own(self, cli: Cli, command: str) -> None:
        done = cli(command, "--help")
        assert (done.status, done.err) == (0, "")
        assert f"  cnncalc {command}" in done.out

    @pytest.mark.parametrize("command", COMMANDS)
    def test_a_help_text_speaks_of_no_option_that_the_command_does_not_take(self, cli: Cli, command: str) -> None:
        text = cli(command, "--help").out
        known = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", text, re.MULTILINE))
        assert set(re.findall(r"--[a-z][a-z-]*[a-z]", text)) <= known

    def test_the_list_of_commands_says_what_each_does(self, cli: Cli) -> None:
        text = " ".join(cli("--help").out.split())
        for name, summary in COMMANDS.items():
            assert f"{name} {summary}" in text

    def test_choices_are_those_of_the_models_behind_them(self) -> None:
        assert [each.value for each in DTypeName] == [each.value for each in DType]
        assert [each.value for each in OptimizerName] == [each.value for each in Optimizer]


class TestRows:
    def test_at_shows_one_row_without_totals_of_the_whole(self, cli: Cli) -> None:
        out = cli("params", RESNET, "--at", "layer4").out
        # layer4 of ResNet-18: 256->512, 512->512 three times, 3x3 each, a projection and five norms
        params = 9 * 256 * 512 + 3 * 9 * 512 * 512 + 256 * 512 + 5 * 1024
        assert f"{params:,}" in out
        assert "11,689,512" not in out
        assert "total" not in out

    def test_at_in_json_is_one_layer_of_that_name(self, cli: Cli) -> None:
        (row,) = json.loads(cli("rf", RESNET, "--at", "layer3", "-f", "json").out)["layers"]
        assert (row["name"], row["rf"], row["output_shape"]) == ("layer3", [211, 211], [256, 14, 14])

    def test_depth_folds_in_every_format(self, cli: Cli) -> None:
        names = ["stem", "maxpool1", "layer1", "layer2", "layer3", "layer4", "gap1", "head"]
        rows = list(csv.DictReader(io.StringIO(cli("rf", RESNET, "--depth", "1", "-f", "csv").out)))
        assert [row["layer"] for row in rows] == names
        document = json.loads(cli("rf", RESNET, "--depth", "1", "-f", "json").out)
        assert [row["name"] for row in document["layers"]] == names

    def test_a_summary_on_a_pipe_shows_every_layer(self, cli: Cli) -> None:
        out = cli("summary", config("resnet50")).out
        layers = json.loads(cli("summary", config("resnet50"), "-f", "json").out)["layers"]
        assert len(layers) == 174
        assert all(f"\n{layer['name']} " in out for layer in layers)

    def test_a_long_summary_on_a_terminal_is_folded_and_says_so(
        self, cli: Cli, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cnncalc.cli.output.is_terminal", lambda _: True)
        folded = cli("summary", config("resnet50"), COLUMNS="100").out
        assert "22 rows for 174 layers; --depth 4 shows each." in folded
        assert "conv" not in folded.partition("maxpool1")[2].partition("gap1")[0]
        assert "rows for" not in cli("summary", config("resnet50"), "--depth", "4", COLUMNS="100").out


class TestFlops:
    def test_a_convention_stands_in_json_when_asked_for(self, cli: Cli) -> None:
        done = cli("flops", config("resnet50"), "--convention", "fvcore", "--convention", "thop", "-f", "json")
        # tests/data/macs_by_tool.csv
        assert json.loads(done.out)["conventions"] == {"fvcore": 4111512576, "thop": 4133742592}

    def test_training_is_forward_and_two_gradients_but_for_the_first_layer(self, cli: Cli) -> None:
        line = "a: conv 4 k3 p1 nobias | b: conv 4 k3 p1 nobias"
        work = json.loads(cli("flops", "-i", "4x8x8", line, "--training", "-f", "json").out)["training"]
        one = 4 * 4 * 9 * 64
        assert [work[part]["macs"] for part in ("forward", "weight_gradient", "input_gradient", "total")] == [
            2 * one,
            2 * one,
            one,
            5 * one,
        ]

    def test_training_of_a_folded_row_is_the_sum_over_its_layers(self, cli: Cli) -> None:
        rows = list(csv.DictReader(io.StringIO(cli("flops", RESNET, "--training", "-f", "csv").out)))
        folded = list(csv.DictReader(io.StringIO(cli("flops", RESNET, "--training", "--depth", "1", "-f", "csv").out)))
        for column in ("training_macs", "training_flops"):
            inside = sum(int(row[column]) for row in rows if row["layer"].startswith("layer2."))
            assert int(next(row for row in folded if row["layer"] == "layer2")[column]) == inside


class TestParams:
    def test_folding_says_what_is_left_and_that_it_is_for_inference(self, cli: Cli) -> None:
        done = cli("params", "-i", "3x8x8", "a: conv 8 k3 bn relu", "--folded")
        # 216 weights and 2*8 of the norm become 216 weights and 8 biases
        assert "folded  224 for inference, 0 in buffers, 1 batch norm folded" in done.out
        assert "forbids training" in done.out

    def test_a_norm_that_cannot_be_folded_is_named(self, cli: Cli) -> None:
        done = cli("params", "-i", "3x8x8", "a: conv 8 k3 | relu | b: bn", "--folded", "-f", "json")
        (kept,) = json.loads(done.out)["folded"]["kept"]
        assert kept["norm"] == "b"
        assert "relu" in kept["because"]

    def test_init_adds_fans_and_deviations(self, cli: Cli) -> None:
        (row,) = csv.DictReader(io.StringIO(cli("params", "-i", "3x8x8", "conv 8 k3", "--init", "-f", "csv").out))
        assert (row["fan_in"], row["fan_out"]) == ("27", "72")
        assert float(row["std_fan_in"]) == (2 / 27) ** 0.5
        assert float(row["std_fan_out"]) == (2 / 72) ** 0.5


class TestMemory:
    @pytest.mark.parametrize(("optimizer", "states"), [("sgd", 0), ("momentum", 1), ("adam", 2), ("adamw", 2)])
    def test_the_optimizer_keeps_its_states_per_weight(self, cli: Cli, optimizer: str, states: int) -> None:
        def training(name: str) -> int:
            done = cli("memory", "-i", "3x8x8", "fc 1000", "--optimizer", name, "-f", "json")
            return int(json.loads(done.out)["totals"]["training_bytes"])

        assert training(optimizer) - training("sgd") == states * (192 * 1000 + 1000) * 4


class TestShapes:
    def test_element_strides_are_those_of_the_memory_formats(self, cli: Cli) -> None:
        done = cli("shapes", "-i", "3x8x10", "conv 4 k3 p1", "--layout", "channels_first, channels_last", "-f", "csv")
        (row,) = csv.DictReader(io.StringIO(done.out))
        assert row["strides_channels_first"] == "320,80,10,1"
        assert row["strides_channels_last"] == "320,1,40,4"


class TestOps:
    def test_every_op_of_the_language_is_listed(self, cli: Cli) -> None:
        rows = list(csv.DictReader(io.StringIO(cli("ops", "-f", "csv").out)))
        assert [row["op"] for row in rows] == sorted(name for name in OPS if name.isidentifier())

    @pytest.mark.parametrize("op", sorted(name for name in OPS if name.isidentifier()))
    def test_every_op_has_a_manual_that_names_its_options(self, cli: Cli, op: str) -> None:
        done = cli("explain", op, COLUMNS="80")
        assert (done.status, done.err) == (0, "")
        assert done.out.startswith(op)
        assert ">>>" not in done.out
        options = [name for name in OPS[op].model_fields if name != "op"]
        assert all(name in done.out for name in options)

    def test_an_op_is_found_under_pytorchs_name(self, cli: Cli) -> None:
        assert cli("explain", "BatchNorm2d").out.startswith("bn\n")

    def test_json_has_every_op_and_its_options(self, cli: Cli) -> None:
        ops = json.loads(cli("ops", "-f", "json").out)
        assert [op["op"] for op in ops] == sorted(name for name in OPS if name.isidentifier())
        for op in ops:
            assert op == json.loads(cli("explain", op["op"], "-f", "json").out)
            assert [each["name"] for each in op["options"]] == [
                name for name in OPS[op["op"]].model_fields if name != "op"
            ]

    def test_a_code_in_json_is_its_entry_among_the_rules(self, cli: Cli) -> None:
        entry = json.loads(cli("explain", "cnn012", "-f", "json").out)
        assert entry in json.loads(cli("rules", "-f", "json").out)
        assert entry["code"] == "CNN012"


class TestInit:
    def test_a_dash_is_standard_output(self, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert cli("init", "-").out.startswith("# yaml-language-server")
        assert not list(tmp_path.iterdir())

    def test_the_starter_file_is_a_network_that_can_be_read(self, cli: Cli, tmp_path: Path) -> None:
        path = tmp_path / "net.yaml"
        done = cli("init", str(path))
        assert (done.status, done.out) == (0, "")
        assert str(path) in done.err
        assert path.read_text().startswith("# yaml-language-server: $schema=")
        document = json.loads(cli("summary", str(path), "-f", "json").out)
        assert document["findings"] == []
        assert document["outputs"] == {"head": [10]}

    def test_the_starter_file_keeps_its_own_expectations(self, cli: Cli, tmp_path: Path) -> None:
        path = tmp_path / "net.yaml"
        cli("init", str(path))
        assert "params: max 1M" in path.read_text()
        assert cli("params", str(path), "--max", "1M", "--quiet").status == 0

    def test_a_file_that_is_there_is_never_overwritten_unasked(self, cli: Cli, tmp_path: Path) -> None:
        path = tmp_path / "net.yaml"
        path.write_text("mine")
        done = cli("init", str(path))
        assert done.status == 2
        assert "--force" in done.err
        assert path.read_text() == "mine"
        assert cli("init", str(path), "--force").status == 0
        assert path.read_text() != "mine"

    def test_a_dangling_link_counts_as_there(self, cli: Cli, tmp_path: Path) -> None:
        link = tmp_path / "net.yaml"
        link.symlink_to(tmp_path / "elsewhere.yaml")
        assert cli("init", str(link)).status == 2
        assert not (tmp_path / "elsewhere.yaml").exists()


class TestSchema:
    def test_it_is_a_schema_that_accepts_the_starter_file(self, cli: Cli, tmp_path: Path) -> None:
        jsonschema = pytest.importorskip("jsonschema")
        yaml = pytest.importorskip("yaml")
        schema = json.loads(cli("schema").out)
        cli("init", str(tmp_path / "net.yaml"))
        jsonschema.Draft7Validator.check_schema(schema)
        jsonschema.validate(yaml.safe_load((tmp_path / "net.yaml").read_text()), schema)

    def test_it_is_written_to_a_file(self, cli: Cli, tmp_path: Path) -> None:
        path = tmp_path / "schema.json"
        assert cli("schema", "-o", str(path)).out == ""
        assert path.read_text() == cli("schema").out


class TestExplain:
    def test_json_is_the_document_of_the_layer(self, cli: Cli) -> None:
        document = json.loads(cli("explain", RESNET, "--at", "layer3", "-f", "json").out)
        assert [row["name"] for row in document["layers"]] == ["layer3"]

    def test_the_chain_in_json_follows_the_recurrence(self, cli: Cli) -> None:
        document = json.loads(cli("explain", RESNET, "--at", "layer2.0.conv2", "-f", "json").out)["explanation"]
        (group,) = document["axes"]
        assert group["axes"] == [0, 1]
        steps = {step["layer"]: step for step in group["steps"]}
        chain = [step for step in group["steps"] if step["kind"] == "chain" and step["window"]]
        assert len(chain) >= 6
        for step in chain:
            before, window = steps[step["reads"][0]], step["window"]
            reach = window["dilation"] * (window["kernel_size"] - 1)
            assert step["rf"] == before["rf"] + reach * before["jump"]
            assert step["jump"] == before["jump"] * window["stride"]
            assert step["start"] == before["start"] + (reach / 2 - window["padding"][0]) * before["jump"]
            assert step["size"] == (before["size"] + sum(window["padding"]) - reach - 1) // window["stride"] + 1
        assert [step["kind"] for step in group["steps"]].count("join") == 2  # the two blocks of layer1
        # 128 -> 128 channels, 3x3, on 28x28
        assert document["product"] == {"times": 1, "rows": 128, "inner": 128 * 9, "columns": 28 * 28}
        assert document["comparison"]["own"] == 128 * 128 * 9
        assert document["comparison"]["dense"] == (128 * 28 * 28) ** 2
        assert document["comparison"]["separable"] == 128 * 9 + 128 * 128

    def test_a_layer_without_windows_has_no_comparison_in_json(self, cli: Cli) -> None:
        document = json.loads(cli("explain", RESNET, "--at", "gap1", "-f", "json").out)["explanation"]
        assert (document["comparison"], document["product"]) == (None, None)
        assert document["axes"][0]["steps"][-1]["jump"] is None

    def test_csv_says_which_axes_where_they_differ(self, cli: Cli) -> None:
        done = cli("explain", "-i", "3x32x32", "a: conv 8 k3x5", "--at", "a", "-f", "csv")
        rows = list(csv.DictReader(io.StringIO(done.out)))
        assert [(row["axes"], row["layer"], row["rf"]) for row in rows] == [
            ("0", "input", "1"),
            ("0", "a", "3"),
            ("1", "input", "1"),
            ("1", "a", "5"),
        ]
