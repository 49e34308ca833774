"""What a SOURCE is, in the stated order."""

from __future__ import annotations

import io
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.program import ROOT, start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

NET = "cnncalc: 1\nname: Tiny\ninput: 3x16x16\nvars: {width: 8}\nlayers:\n  - a: conv width k3 p1\n"
TWO = """cnncalc: 1
inputs: {left: 3x16x16, right: 5x16x16}
layers:
  - l: conv 8 k3
  - r: {op: conv, out: 8, k: 3, from: right}
  - concat l
"""


def layers(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["layers"]
    return found


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the current one, with a network in it."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "net.yaml"
    path.write_text(NET)
    return path


class FakeStdin:
    def __init__(self, text: str) -> None:
        self.buffer = io.BytesIO(text.encode())


def test_a_path_is_read_and_named_as_it_was_given(cli: Cli, net: Path) -> None:
    assert net.exists()
    document = json.loads(cli("rf", "net.yaml", "-f", "json").out)
    assert (document["source"], document["name"]) == ("net.yaml", "Tiny")
    assert document["layers"][0]["at"] == {"file": "net.yaml", "line": 6, "column": 8}


def test_a_dash_is_standard_input(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", FakeStdin(NET))
    assert json.loads(cli("rf", "-", "-f", "json").out)["source"] == "<stdin>"


def test_a_file_of_any_name_wins_over_a_layer_line(cli: Cli, net: Path) -> None:
    (net.parent / "conv 8 k3").write_text(NET)
    assert layers(cli("rf", "conv 8 k3", "-f", "json").out)[0]["name"] == "a"


def test_a_layer_line_needs_its_input_and_is_called_line(cli: Cli) -> None:
    document = json.loads(cli("rf", "-i", "3x8x8", "conv 8 k3", "-f", "json").out)
    assert (document["source"], document["inputs"]) == ("<line>", {"input": [3, 8, 8]})


def test_a_layer_line_may_name_its_inputs(cli: Cli) -> None:
    done = cli(
        "rf", "-i", "left=3x8x8", "-i", "right=5x8x8", "l: conv 4 k1 | conv 4 k1 from=right | concat l", "-f", "json"
    )
    assert done.err == ""
    assert json.loads(done.out)["inputs"] == {"left": [3, 8, 8], "right": [5, 8, 8]}
    assert list(layers(done.out)[-1]["fields"]) == ["right", "left"]


def test_input_overrides_that_of_the_file(cli: Cli, net: Path) -> None:
    assert net.exists()
    assert layers(cli("rf", "net.yaml", "-i", "3x32x32", "-f", "json").out)[0]["output_shape"] == [8, 32, 32]


def test_one_of_several_inputs_can_be_overridden(cli: Cli, net: Path) -> None:
    net.write_text(TWO)
    done = cli("rf", "net.yaml", "-i", "right=7x16x16", "-f", "json")
    assert json.loads(done.out)["inputs"] == {"left": [3, 16, 16], "right": [7, 16, 16]}


def test_set_batch_and_dtype_override_those_of_the_file(cli: Cli, net: Path) -> None:
    assert net.exists()
    done = cli("memory", "net.yaml", "--set", "width=16", "--batch", "4", "--dtype", "float16", "-f", "json")
    document = json.loads(done.out)
    assert (document["batch"], document["dtype"]) == (4, "float16")
    assert document["layers"][0]["params"] == 16 * 3 * 9 + 16
    assert document["totals"]["outputs_bytes"] == 4 * 16 * 16 * 16 * 2


def test_a_revision_is_read_through_git(cli: Cli, net: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=net.parent, check=True, capture_output=True)  # noqa: S607

    git("init", "-q")
    git("add", "net.yaml")
    git("commit", "-qm", "first")
    net.write_text(NET.replace("width: 8", "width: 12"))
    document = json.loads(cli("params", "HEAD:net.yaml", "net.yaml", "-f", "json").out)
    assert [(each["source"], each["layers"][0]["output_shape"][0]) for each in document] == [
        ("HEAD:net.yaml", 8),
        ("net.yaml", 12),
    ]
    failed = cli("params", "HEAD:other.yaml")
    assert failed.status == 2
    assert "git says" in failed.err


def test_a_revision_that_would_be_an_option_of_git_is_none(cli: Cli, net: Path) -> None:
    assert net.exists()
    done = cli("rf", "--", "--batch:net.yaml")
    assert done.status == 2
    assert done.err.startswith("error: no such file: --batch:net.yaml")
    assert "git" not in done.err


def test_several_sources_are_shown_one_after_the_other_and_an_error_in_one_stops_none(cli: Cli, net: Path) -> None:
    (net.parent / "bad.yaml").write_text("cnncalc: 1\ninput: 3x8x8\nlayers: [conv 8 k9]\n")
    done = cli("rf", "bad.yaml", "net.yaml")
    assert done.status == 1
    assert "Tiny (net.yaml)" in done.out
    assert "bad.yaml:3:" in done.err


def test_csv_of_several_sources_has_one_header_and_says_which(cli: Cli, net: Path) -> None:
    assert net.exists()
    lines = cli("params", "net.yaml", "net.yaml", "-f", "csv").out.splitlines()
    assert lines[0] == "source,layer,op,weight_shape,params,share,buffers"
    assert lines[1:] == ["net.yaml,a,conv,8x3x3x3,224,1.0,0"] * 2


def test_json_with_an_error_among_several_sources_stays_one_document(cli: Cli, net: Path) -> None:
    (net.parent / "bad.yaml").write_text("cnncalc: 1\ninput: 3x8x8\nlayers: [conv 8 k9]\n")
    done = cli("rf", "net.yaml", "bad.yaml", "-f", "json")
    good, bad = json.loads(done.out)
    assert done.status == 1
    assert good["name"] == "Tiny"
    assert list(bad) == ["schema_version", "source", "findings"]
    assert bad["findings"][0]["code"] == "CNN002"


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"\x00", b"[" * 100_000, b"a: &a [*a, *a]", b"- - -\n" * 9])
def test_no_bytes_make_it_crash(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_bytes(text)
    done = start("rf", str(tmp_path / "net.yaml"))
    assert done.status == 1
    assert "error CNN" in done.err
    assert "Traceback" not in done.err


def test_a_folder_of_examples_is_no_source(cli: Cli) -> None:
    assert "is a folder" in cli("rf", str(ROOT / "examples")).err


@pytest.mark.parametrize("wrong", ["nets.yaml", "ne.yaml", "net.yam", "net.yml"])
def test_a_file_of_nearly_that_name_is_offered(cli: Cli, net: Path, wrong: str) -> None:
    done = cli("rf", str(net.parent / wrong))
    assert (done.status, done.out) == (2, "")
    assert f"no such file: {net.parent / wrong}; did you mean `{net.name}`?" in done.err


def test_no_file_is_offered_where_none_is_alike(cli: Cli, net: Path) -> None:
    assert "did you mean" not in cli("rf", str(net.parent / "completely-different.yaml")).err
    assert "did you mean" not in cli("rf", "no/such/folder/net.yaml").err
