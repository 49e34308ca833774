"""`cnncalc check`: which files, which findings, which exit status, and that one broken file hides no other."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from cnncalc.cli.checking import MANY
from tests.cli.program import CONFIGS, start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

CLEAN = "cnncalc: 1\ninput: 3x32x32\nlayers: [conv 8 k3 p1 relu, gap, fc 10]\n"
WARNS = "cnncalc: 1\ninput: 3x32x32\nlayers:\n  - conv 8 k2 s2 relu\n  - conv 8 k1 s2 relu\n  - fc 10\n"
BROKEN = "cnncalc: 1\ninput: 3x32x32\nlayers:\n  - conv 8 k99\n"
UNREADABLE = "cnncalc: 1\nlayers: [conv 8 k3\n"
OTHER = "on: push\njobs: {}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of its own, outside any project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        path = folder / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def found(out: str) -> list[tuple[str, str]]:
    """File and code of each finding of a JSON document."""
    return [(each["file"], each["code"]) for each in json.loads(out)["findings"]]


class TestExitStatus:
    @pytest.mark.parametrize(
        ("text", "options", "status"),
        [
            (CLEAN, (), 0),
            (WARNS, (), 0),
            (BROKEN, (), 1),
            (UNREADABLE, (), 1),
            (WARNS, ("--fail-on", "warning"), 1),
            (WARNS, ("--fail-on", "info"), 1),
            (BROKEN, ("--fail-on", "never"), 0),
            (BROKEN, ("--exit-zero",), 0),
            (WARNS, ("--severity", "CNN012=error"), 1),
            (WARNS, ("--severity", "CNN012=info", "--fail-on", "warning"), 0),
            (WARNS, ("--ignore", "CNN012", "--fail-on", "info"), 0),
            (WARNS, ("--select", "CNN040", "--fail-on", "info"), 0),
            (BROKEN, ("--select", "CNN040"), 1),
            (CLEAN, ("--budget", "params=313"), 1),
            (CLEAN, ("--budget", "params=314"), 0),
        ],
    )
    def test_it_is_1_where_a_finding_is_at_or_above_the_threshold(
        self, cli: Cli, folder: Path, text: str, options: tuple[str, ...], status: int
    ) -> None:
        # CLEAN has 3*9*8 + 8 + 8*10 + 10 = 314 parameters
        put(folder, net=text)
        assert cli("check", "net.yaml", *options).status == status

    @pytest.mark.parametrize("kind", ["text", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit"])
    def test_it_does_not_depend_on_the_format(self, cli: Cli, folder: Path, kind: str) -> None:
        put(folder, clean=CLEAN, broken=BROKEN)
        assert cli("check", "clean.yaml", "--format", kind).status == 0
        assert cli("check", "broken.yaml", "--format", kind).status == 1

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("nope.yaml",), "error: no such file: nope.yaml"),
            (("conv 8 k3",), "error: a layer line needs the size of its input"),
            (("net.yaml", "--select", "CNN777"), "error: --select: unknown code `CNN777`"),
            (("net.yaml", "--ignore", "CNN12"), "error: --ignore: unknown code `CNN12`; did you mean `CNN012`?"),
            (("net.yaml", "--ignore", "CNN904"), "error: --ignore: CNN904 cannot be ignored"),
            (("net.yaml", "--severity", "CNN904=info"), "error: --severity: CNN904 cannot have another severity"),
            (("net.yaml", "--severity", "CNN012"), "error: --severity CNN012: write CODE=LEVEL"),
            (("net.yaml", "--severity", "CNN012=bad"), "error: --severity CNN012=bad: `bad` is no severity"),
            (("net.yaml", "--budget", "params"), "error: --budget params: write FIGURE=MOST"),
            (("net.yaml", "--config", "nope.toml"), "error: cannot read nope.toml"),
            (("net.yaml", "--set", "w=1"), "error: net.yaml: the network has no var `w` to set"),
        ],
    )
    def test_it_is_2_where_the_command_is_wrong(
        self, cli: Cli, folder: Path, arguments: tuple[str, ...], message: str
    ) -> None:
        put(folder, net=CLEAN)
        done = cli("check", *arguments)
        assert done.status == 2
        assert done.err.startswith(message)

    def test_a_folder_without_networks_does_not_look_clean(self, cli: Cli, folder: Path) -> None:
        put(folder, ci__workflow=OTHER)
        done = cli("check", ".")
        assert (done.status, done.err.startswith("error: no network files in .")) == (2, True)

    def test_a_missing_file_hides_no_other(self, cli: Cli, folder: Path) -> None:
        put(folder, broken=BROKEN)
        done = cli("check", "nope.yaml", "broken.yaml", "--format", "json")
        assert (done.status, found(done.out)) == (2, [("broken.yaml", "CNN002")])

    def test_an_internal_error_in_one_file_hides_no_other(
        self, cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from cnncalc.cli import checking

        real = checking.lint_spec

        def crash(spec: object, source: str, plan: object) -> object:
            if source == "clean.yaml":
                message = "oops"
                raise ZeroDivisionError(message)
            return real(spec, source, plan)  # type: ignore[arg-type] # passed on

        monkeypatch.setattr(checking, "lint_spec", crash)
        put(folder, clean=CLEAN, broken=BROKEN)
        done = cli("check", "clean.yaml", "broken.yaml", "--format", "json")
        assert (done.status, found(done.out)) == (3, [("broken.yaml", "CNN002")])
        assert done.err.startswith("cnncalc: internal error in clean.yaml: ZeroDivisionError: oops (")


class TestFiles:
    def test_folders_are_searched_for_yaml_files_with_the_key(self, cli: Cli, folder: Path) -> None:
        put(folder, b=BROKEN, a__z=BROKEN, a__y=BROKEN, ci=OTHER)
        (folder / "notes.txt").write_text(BROKEN)
        (folder / "c.yml").write_text("{cnncalc: 1, layers: []}\n")
        (folder / "d.yml").write_text("# cnncalc: 1\nname: cnncalc:\nx: {cnncalc: 1}\n")
        done = cli("check", ".", "--format", "json")
        assert [file.replace(os.sep, "/") for file, _ in found(done.out)][:3] == ["a/y.yaml", "a/z.yaml", "b.yaml"]
        assert json.loads(done.out)["files"] == 4

    def test_a_named_file_is_always_checked_but_not_with_marked_only(self, cli: Cli, folder: Path) -> None:
        put(folder, ci=OTHER)
        assert cli("check", "ci.yaml").status == 1
        done = cli("check", "ci.yaml", "--marked-only")
        assert (done.status, done.out, done.err) == (0, "0 files checked\n", "")

    def test_what_git_ignores_is_left_out_but_not_where_it_is_named(self, cli: Cli, folder: Path) -> None:
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)  # noqa: S607 - the git of this machine
        (folder / ".gitignore").write_text("build/\n*.old.yaml\n")
        put(folder, new=BROKEN, build__net=BROKEN)
        (folder / "net.old.yaml").write_text(BROKEN)
        assert found(cli("check", ".", "--format", "json").out) == [("new.yaml", "CNN002")]
        assert found(cli("check", "net.old.yaml", "--format", "json").out) == [("net.old.yaml", "CNN002")]

    def test_a_repository_inside_another_is_searched_too(self, cli: Cli, folder: Path) -> None:
        for path in (folder, folder / "inner"):
            path.mkdir(exist_ok=True)
            subprocess.run(["git", "init", "-q"], cwd=path, check=True)  # noqa: S607 - the git of this machine
        put(folder, inner__net=BROKEN)
        assert len(found(cli("check", ".", "--format", "json").out)) == 1

    def test_no_file_is_checked_twice(self, cli: Cli, folder: Path) -> None:
        put(folder, net=BROKEN)
        assert len(found(cli("check", "net.yaml", ".", "./net.yaml", "--format", "json").out)) == 1

    def test_a_line_and_standard_input_can_be_checked(self, cli: Cli) -> None:
        done = cli("check", "-i", "3x32x32", "conv 8 k1 s2", "--format", "concise")
        assert done.out.startswith("<line>:1:11: warning CNN012: ")
        piped = start("check", "-", "--format", "concise", stdin=BROKEN.encode())
        assert (piped.status, piped.out.startswith("<stdin>:4:12: error CNN002: ")) == (1, True)

    def test_several_processes_give_what_one_gives(self, folder: Path) -> None:
        for number in range(MANY + 6):
            put(folder, **{f"net{number:02d}": (CLEAN, WARNS, BROKEN)[number % 3]})
        alone = start("check", ".", "--jobs", "1", "--format", "json", cwd=folder)
        together = start("check", ".", "--jobs", "2", "--format", "json", cwd=folder)
        chosen = start("check", ".", "--format", "json", cwd=folder)
        assert len(found(alone.out)) >= MANY // 3
        assert (alone.status, alone.out) == (together.status, together.out) == (chosen.status, chosen.out)


class TestText:
    def test_findings_are_code_frames_and_the_last_line_counts_them(self, cli: Cli, folder: Path) -> None:
        put(folder, a=CLEAN, b=BROKEN, c=WARNS)
        done = cli("check", ".")
        assert done.out.startswith("b.yaml:4:12: error CNN002: ")
        assert "    4 |   - conv 8 k99\n      |            ^^^\n" in done.out
        assert done.out.endswith("\n\n3 files checked: 1 error, 1 warning in 2 files\n")
        assert done.err == ""

    def test_a_clean_run_says_how_much_was_checked(self, cli: Cli, folder: Path) -> None:
        put(folder, a=CLEAN, b=CLEAN)
        assert cli("check", ".").out == "2 files checked: no findings\n"
        assert cli("check", ".", "--quiet").out == ""

    def test_after_twenty_findings_the_rest_have_a_line_each(self, cli: Cli, folder: Path) -> None:
        put(folder, net=BROKEN + "  - conv 8 k3 g7\n" * 30)
        out = cli("check", "net.yaml").out
        assert out.count("      |  ") == 20
        assert out.count("CNN003") == 30

    def test_colour_is_used_when_asked_for(self, cli: Cli, folder: Path) -> None:
        put(folder, net=BROKEN)
        assert "\x1b[" in cli("check", "net.yaml", "--color", "always").out
        assert "\x1b[" not in cli("check", "net.yaml").out

    def test_concise_is_a_line_for_each_finding(self, cli: Cli, folder: Path) -> None:
        put(folder, net=WARNS)
        first, last = cli("check", "net.yaml", "--format", "concise").out.splitlines()
        assert first.startswith("net.yaml:5:15: warning CNN012: stride 2 is larger than the kernel 1")
        assert last == "1 file checked: 1 warning"

    def test_statistics_count_the_codes(self, cli: Cli, folder: Path) -> None:
        put(folder, a=WARNS, b=WARNS, c=BROKEN)
        out = cli("check", ".", "--statistics").out
        assert out.splitlines()[:2] == ["2  CNN012  warning  skipped-input", "1  CNN002  error    empty-output"]
        data = json.loads(cli("check", ".", "--statistics", "--format", "json").out)
        assert data["statistics"][1] == {"code": "CNN002", "name": "empty-output", "severity": "error", "count": 1}

    def test_the_result_goes_to_a_file_whole(self, cli: Cli, folder: Path) -> None:
        put(folder, net=BROKEN)
        done = cli("check", "net.yaml", "--format", "json", "--output", "found.json")
        assert (done.status, done.out) == (1, "")
        assert found((folder / "found.json").read_text()) == [("net.yaml", "CNN002")]


class TestConfiguration:
    def test_pyproject_is_found_above_and_the_command_line_has_the_last_word(
        self, cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(folder, models__net=WARNS)
        (folder / "pyproject.toml").write_text('[tool.cnncalc]\nignore = ["CNN012"]\nfail-on = "warning"\n')
        monkeypatch.chdir(folder / "models")
        assert cli("check", ".").status == 0
        assert cli("check", ".", "--select", "CNN012").status == 1
        assert cli("check", ".", "--select", "CNN012", "--fail-on", "error").status == 0
        assert cli("check", ".", "--config", "none", "--fail-on", "warning").status == 1

    def test_rules_and_budgets_can_be_said_for_some_files(self, cli: Cli, folder: Path) -> None:
        put(folder, old__net=WARNS, edge__net=CLEAN, net=WARNS)
        (folder / "pyproject.toml").write_text(
            "[tool.cnncalc.per-file-ignores]\n'old/*.yaml' = ['CNN012']\n"
            "[tool.cnncalc.budgets]\nmacs = '1T'\n'edge/**'.params = 100\n"
        )
        assert found(cli("check", ".", "--format", "json").out) == [
            (os.path.join("edge", "net.yaml"), "CNN006"),  # noqa: PTH118 - as the program writes it
            ("net.yaml", "CNN012"),
        ]

    def test_the_task_of_the_project_holds_where_the_file_says_nothing(self, cli: Cli, folder: Path) -> None:
        causal = "cnncalc: 1\ninput: 1x100\nlayers: [conv 8 k3 p1]\n"
        put(folder, net=causal, own=causal + "task: {causal: false}\n")
        assert found(cli("check", ".", "--select", "CNN033", "--format", "json").out) == []
        (folder / "pyproject.toml").write_text("[tool.cnncalc.task]\ncausal = true\n")
        assert found(cli("check", ".", "--select", "CNN033", "--format", "json").out) == [("net.yaml", "CNN033")]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('ignore = ["CNN777"]', "tool.cnncalc.ignore: unknown code `CNN777`; `cnncalc rules` lists the codes"),
            ('ignore = ["CNN901"]', "tool.cnncalc.ignore: CNN901 cannot be ignored"),
            ('ingore = ["CNN012"]', "tool.cnncalc.ingore: unknown key; did you mean `ignore`?"),
            ('ignore = "CNN012"', 'tool.cnncalc.ignore: should be a list of codes: ["CNN012"]'),
            ('fail-on = "bad"', "tool.cnncalc.fail-on: should be error, warning, info or never"),
            ('severity = {CNN012 = "bad"}', "tool.cnncalc.severity.CNN012: `bad` is no severity"),
            ('budgets = {parms = "5M"}', "tool.cnncalc.budgets: unknown figure `parms`; did you mean `params`?"),
            ('budgets = {params = "5X"}', "tool.cnncalc.budgets: params 5X: `X` is no unit"),
            ('task = {stride = "x"}', "tool.cnncalc.task.stride: should be a size, or one per axis"),
            ("task = {cuasal = true}", "tool.cnncalc.task.cuasal: unknown key"),
            ("task = 3", "tool.cnncalc.task: should be a table"),
        ],
    )
    def test_a_mistake_in_pyproject_is_a_wrong_command(self, cli: Cli, folder: Path, text: str, message: str) -> None:
        put(folder, net=CLEAN)
        (folder / "pyproject.toml").write_text(f"[tool.cnncalc]\n{text}\n")
        done = cli("check", "net.yaml")
        assert done.status == 2
        assert done.err.startswith(f"error: pyproject.toml: {message}")

    def test_toml_that_cannot_be_read_is_a_wrong_command(self, cli: Cli, folder: Path) -> None:
        put(folder, net=CLEAN)
        (folder / "pyproject.toml").write_text("[tool.cnncalc]\nignore = [\n")
        done = cli("check", "net.yaml")
        assert (done.status, done.err.startswith("error: pyproject.toml: ")) == (2, True)

    def test_a_pyproject_beyond_the_top_of_the_repository_is_none_of_its_business(
        self, cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "pyproject.toml").write_text('[tool.cnncalc]\nfail-on = "warning"\n')
        put(folder, repo__net=WARNS)
        (folder / "repo" / ".git").mkdir()
        monkeypatch.chdir(folder / "repo")
        assert cli("check", "net.yaml").status == 0


class TestFix:
    TEXT = (
        "# why\r\ncnncalc: 1\r\ninput: 3x32x32 # RGB\r\nlayers:\r\n  - conv 8 k3 bias bn   # keep me\r\n  - fc 10\r\n"
    )

    def test_it_changes_what_is_safe_and_keeps_everything_else(self, cli: Cli, folder: Path) -> None:
        (folder / "net.yaml").write_bytes(self.TEXT.encode())
        done = cli("check", "net.yaml", "--fix", "--fail-on", "info")
        after = (folder / "net.yaml").read_bytes().decode()
        assert done.status == 0
        assert done.err == "1 remedy was applied to 1 file\n"
        assert after == self.TEXT.replace("bias ", "")

    def test_diff_shows_it_and_changes_nothing(self, cli: Cli, folder: Path) -> None:
        (folder / "net.yaml").write_bytes(self.TEXT.encode())
        done = cli("check", "net.yaml", "--diff")
        assert done.status == 1
        assert (folder / "net.yaml").read_bytes() == self.TEXT.encode()
        assert done.out.startswith("--- a/net.yaml\n+++ b/net.yaml\n@@ ")
        assert "-  - conv 8 k3 bias bn   # keep me" in done.out

    def test_where_nothing_is_to_be_done_nothing_is_written(self, cli: Cli, folder: Path) -> None:
        put(folder, net=CLEAN)
        before = (folder / "net.yaml").stat().st_mtime_ns
        assert cli("check", "net.yaml", "--diff").out == ""
        assert cli("check", "net.yaml", "--fix").status == 0
        assert (folder / "net.yaml").stat().st_mtime_ns == before

    def test_a_useless_ignore_is_cut_out(self, cli: Cli, folder: Path) -> None:
        put(folder, net=CLEAN.replace("fc 10]", "fc 10]  # cnncalc: ignore[CNN012] why"))
        assert cli("check", "net.yaml", "--fix", "--fail-on", "info").status == 0
        assert (folder / "net.yaml").read_text() == CLEAN

    def test_a_broken_file_is_left_as_it_is(self, cli: Cli, folder: Path) -> None:
        put(folder, net=UNREADABLE)
        assert cli("check", "net.yaml", "--fix").status == 1
        assert (folder / "net.yaml").read_text() == UNREADABLE


def test_the_examples_have_no_errors_and_the_rules_are_listed(cli: Cli) -> None:
    assert cli("check", str(CONFIGS), "--config", "none").status == 0
    listed = cli("rules").out
    assert "CNN012" in listed
    assert "CNN901" in listed
    data = json.loads(cli("rules", "--format", "json").out)
    assert {each["code"] for each in data} >= {"CNN001", "CNN012", "CNN049", "CNN911"}
    assert cli("explain", "CNN012").out.startswith("CNN012 skipped-input (warning)\n")
    assert cli("explain", "cnn12").err.startswith("error: no code `cnn12`; did you mean `CNN012`?")
