"""`solve`, `diff`, `explain --against` and `scale` as they are called: answers, formats, exit statuses, files."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from typing import TYPE_CHECKING

import pytest

import cnncalc
from cnncalc.cli.bar import Bar
from tests.cli.program import config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

NET = "cnncalc: 1\ninput: 3x16x16\nlayers:\n  - a: conv 8 k3\n  - fc 10\n"


class TestSolve:
    def test_a_goal_that_nothing_reaches_is_a_failure(self, cli: Cli) -> None:
        done = cli("solve", "-i", "3x32x32", "conv 8 k3 s2 p?", "--shape", "8x99x99")
        assert done.status == 1
        assert "no solution; the nearest misses" in done.out

    @pytest.mark.parametrize(
        "arguments",
        [("conv 8 k3 p?",), ("conv 8 k3", "--same"), ("conv 8 k3 p?", "--same", "--bounds", "padding")],
    )
    def test_a_request_that_is_wrong_has_status_2(self, cli: Cli, arguments: tuple[str, ...]) -> None:
        done = cli("solve", "-i", "3x32x32", *arguments)
        assert (done.status, done.out) == (2, "")

    def test_a_mistake_in_the_text_is_shown_as_it_was_written(self, cli: Cli) -> None:
        done = cli("solve", "-i", "3x32x32", "conv 8 k3 p? dilatoin=2", "--same")
        assert done.status == 1
        assert "conv 8 k3 p? dilatoin=2\n" in done.err

    def test_a_solved_file_is_a_network_that_reaches_the_goal(self, cli: Cli, tmp_path: Path) -> None:
        source, target = tmp_path / "net.yaml", tmp_path / "solved.yaml"
        source.write_text(NET.replace("k3", "k? p?"), encoding="utf-8")
        done = cli("solve", str(source), "--at", "a", "--same", "--max-params", "30K", "-o", str(target))
        assert done.status == 0
        assert f"wrote {target}" in done.err
        assert cnncalc.analyze(target)["a"].output_shape == (8, 16, 16)

    def test_nothing_is_written_without_a_solution(self, cli: Cli, tmp_path: Path) -> None:
        target = tmp_path / "solved.txt"
        assert cli("solve", "-i", "3x8x8", "conv 8 k3 p?", "--shape", "8x99x99", "-o", str(target)).status == 1
        assert not target.exists()

    def test_json_has_the_solutions_and_what_was_searched(self, cli: Cli) -> None:
        found = json.loads(cli("solve", "-i", "3x32x32", "conv 8 k5 p?", "--same", "-f", "json").out)
        assert found["unknowns"][0]["searched"] == {"from": 0, "to": 255, "step": 1}
        assert [(each["values"], each["output_shape"]) for each in found["solutions"]] == [([2], [8, 32, 32])]

    def test_csv_has_a_column_for_each_unknown(self, cli: Cli) -> None:
        done = cli("solve", "-i", "3x32x32", "conv 8 k? p?", "--same", "--bounds", "kernel=1..5", "-f", "csv")
        rows = list(csv.DictReader(io.StringIO(done.out)))
        assert [(row["kernel"], row["padding"]) for row in rows] == [("1", "0"), ("3", "1"), ("5", "2")]

    def test_options_that_change_the_network_hold_here_too(self, cli: Cli) -> None:
        done = cli("solve", "-i", "3x8x8", "conv 8 k3 p?", "--max-macs", "100K", "--same", "--batch", "8")
        assert done.status == 1


class TestDiff:
    @pytest.fixture
    def repository(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A folder with two revisions of a network and a third in the working tree."""
        monkeypatch.chdir(tmp_path)
        for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
            monkeypatch.delenv(name, raising=False)

        def git(*arguments: str) -> None:
            who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
            subprocess.run(["git", *who, *arguments], check=True, capture_output=True)  # noqa: S607 - the user's own

        git("init", "-q")
        for width in (8, 16):
            (tmp_path / "net.yaml").write_text(NET.replace("8", str(width)), encoding="utf-8")
            git("add", "net.yaml")
            git("commit", "-q", "-m", f"width {width}")
        (tmp_path / "net.yaml").write_text(NET.replace("8", "32"), encoding="utf-8")
        return tmp_path

    @pytest.mark.parametrize(
        ("sources", "widths"),
        [
            (("HEAD~1:net.yaml", "net.yaml"), ("8", "32")),
            (("HEAD~1:net.yaml", "HEAD:net.yaml"), ("8", "16")),
            (("net.yaml",), ("16", "32")),
        ],
    )
    @pytest.mark.usefixtures("repository")
    def test_revisions_are_read_from_git(self, cli: Cli, sources: tuple[str, ...], widths: tuple[str, str]) -> None:
        found = json.loads(cli("diff", *sources, "-f", "json").out)
        assert found["layers"][0]["edits"] == [{"what": "out_channels", "before": widths[0], "after": widths[1]}]

    @pytest.mark.usefixtures("repository")
    def test_a_revision_that_is_none_is_refused_with_those_to_ask_for(self, cli: Cli) -> None:
        done = cli("diff", "HEAD~9:net.yaml", "net.yaml")
        assert done.status == 2
        assert "`git log --oneline -- net.yaml` lists the revisions" in done.err

    def test_a_line_alone_has_nothing_to_be_compared_with(self, cli: Cli) -> None:
        done = cli("diff", "conv 8 k3", "-i", "3x8x8")
        assert done.status == 2
        assert "compared with HEAD" in done.err

    def test_a_threshold_that_breaks_is_a_failure_and_says_so(self, cli: Cli) -> None:
        arguments = ("diff", config("resnet18"), config("resnet50"), "--quiet", "--fail-if")
        done = cli(*arguments, "params+5%")
        assert (done.status, done.out) == (1, "")
        assert "params went from 11,689,512 to 25,557,032, +13,867,520 (+118.6%)" in done.err
        assert cli(*arguments, "params+119%").status == 0

    def test_a_network_with_errors_is_no_side_of_a_comparison(self, cli: Cli) -> None:
        done = cli("diff", "-i", "3x8x8", "conv 8 k3", "conv 8 k9", "-f", "json")
        assert done.status == 1
        assert json.loads(done.out)["findings"][0]["code"] == "CNN002"

    def test_markdown_has_two_tables(self, cli: Cli) -> None:
        done = cli("diff", "-i", "3x8x8", "conv 8 k3", "conv 9 k3 | relu", "-f", "markdown")
        assert [line[:9] for line in done.out.splitlines()].count("| --- | -") == 2
        assert "| params | 224 | 252 | +28 | +12.5% |" in done.out

    def test_equal_networks_have_one_table(self, cli: Cli) -> None:
        done = cli("diff", config("lenet5"), config("lenet5"))
        assert done.status == 0
        assert "layers added" not in done.out

    def test_a_long_list_of_layers_is_folded(self, cli: Cli) -> None:
        done = cli("diff", config("resnet18"), config("resnet50"))
        assert "rows for" in done.out
        whole = cli("diff", config("resnet18"), config("resnet50"), "--depth", "9")
        assert len(whole.out.splitlines()) > len(done.out.splitlines()) + 50


class TestAgainst:
    def test_a_number_that_nothing_gives_is_a_failure(self, cli: Cli) -> None:
        done = cli("explain", config("lenet5"), "--against", "12345")
        assert done.status == 1
        assert "nothing that was searched gives it, these come nearest" in done.out

    def test_a_number_of_a_tool_is_a_success(self, cli: Cli) -> None:
        done = cli("explain", config("resnet18"), "--against", "1819065856", "-f", "json")
        found = json.loads(done.out)
        assert (done.status, found["exact"], found["matches"][0]["what"]) == (0, True, "fvcore")

    @pytest.mark.parametrize("number", ["many", "4.1"])
    def test_what_is_no_number_has_status_2(self, cli: Cli, number: str) -> None:
        assert cli("explain", config("lenet5"), "--against", number).status == 2

    def test_a_layer_and_a_number_exclude_each_other(self, cli: Cli) -> None:
        assert cli("explain", config("lenet5"), "--against", "4G", "--at", "conv1").status == 2


class TestScale:
    def test_a_line_takes_its_input_from_the_sweep(self, cli: Cli) -> None:
        done = cli("scale", "conv 8 k3", "--sweep", "input=3x8x8,3x16x16", "-f", "csv")
        rows = list(csv.DictReader(io.StringIO(done.out)))
        assert [row["macs"] for row in rows] == [str(8 * 27 * 6 * 6), str(8 * 27 * 14 * 14)]

    def test_some_points_may_fail_but_not_all(self, cli: Cli) -> None:
        assert cli("scale", "conv 8 k9", "--sweep", "input=3x8x8,3x16x16").status == 0
        assert cli("scale", "conv 8 k9", "--sweep", "input=3x8x8").status == 1

    def test_the_longest_bar_is_that_of_the_largest_number(self, cli: Cli) -> None:
        done = cli("scale", "conv 8 k1", "--sweep", "input=3x8x8", "--sweep", "batch=1,2,4")
        bars = [line.count("#") for line in done.out.splitlines() if "#" in line]
        assert bars == [5, 10, 20]

    def test_json_has_an_object_for_each_point(self, cli: Cli) -> None:
        found = json.loads(cli("scale", config("lenet5"), "--sweep", "batch=1,2", "-f", "json").out)
        assert [point["batch"] for point in found["points"]] == ["1", "2"]
        assert found["points"][1]["macs"] == 2 * found["points"][0]["macs"]

    def test_a_sweep_that_is_none_has_status_2(self, cli: Cli) -> None:
        done = cli("scale", config("lenet5"), "--sweep", "batsch=1")
        assert done.status == 2
        assert "did you mean `batch`" in done.err


def test_garbage_is_collected_while_the_work_is_long() -> None:
    import gc

    gc.disable()
    try:
        with Bar("points"):
            assert gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
