"""Results go to standard output or a file, messages to standard error; colour and width follow their switches."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.program import CONFIGS, ROOT, config, start

CONV = ("-i", "3x32x32", "conv 8 k3 | relu")
REPORTS = ("summary", "shapes", "rf", "params", "flops", "memory")
ESCAPE = "\x1b["


class TestFile:
    def test_a_file_gets_what_a_pipe_would(self, cli: Cli, tmp_path: Path) -> None:
        path = tmp_path / "out.txt"
        done = cli("rf", *CONV, "-o", str(path))
        assert (done.status, done.out, done.err) == (0, "", "")
        assert path.read_text() == cli("rf", *CONV).out

    def test_a_file_is_never_half_written(self, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "out.txt"
        path.write_text("before")

        def fail(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.replace", fail)
        done = cli("rf", *CONV, "-o", str(path))
        assert done.status == 2
        assert "No space left on device" in done.err
        assert path.read_text() == "before"
        assert list(tmp_path.iterdir()) == [path]

    def test_nothing_is_written_where_the_request_was_wrong(self, cli: Cli, tmp_path: Path) -> None:
        path = tmp_path / "out.txt"
        assert cli("rf", *CONV, "--at", "nosuch", "-o", str(path)).status == 2
        assert not path.exists()

    @pytest.mark.skipif(sys.platform == "win32", reason="no permission bits")
    def test_permissions_are_those_of_the_file_before(self, cli: Cli, tmp_path: Path) -> None:
        path = tmp_path / "out.txt"
        path.write_text("before")
        path.chmod(0o640)
        cli("rf", *CONV, "-o", str(path))
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    @pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
    def test_a_link_stays_a_link(self, cli: Cli, tmp_path: Path) -> None:
        path, link = tmp_path / "out.txt", tmp_path / "link.txt"
        path.write_text("before")
        link.symlink_to(path)
        cli("rf", *CONV, "-o", str(link))
        assert link.is_symlink()
        assert path.read_text() != "before"

    @pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no such device")
    def test_a_device_is_written_to_and_not_replaced(self) -> None:
        assert start("rf", *CONV, "-o", "/dev/stdout").out == start("rf", *CONV).out
        assert Path("/dev/stdout").is_symlink()

    def test_a_dash_is_standard_output(self, cli: Cli) -> None:
        assert cli("rf", *CONV, "-o", "-").out == cli("rf", *CONV).out


class TestQuiet:
    @pytest.mark.parametrize("command", REPORTS)
    def test_quiet_prints_no_table(self, cli: Cli, command: str) -> None:
        done = cli(command, *CONV, "--quiet")
        assert (done.status, done.out, done.err) == (0, "", "")

    def test_quiet_still_says_what_is_wrong(self, cli: Cli) -> None:
        done = cli("rf", "-i", "3x8x8", "conv 8 k9", "--quiet")
        assert done.status == 1
        assert "CNN002" in done.err

    def test_quiet_writes_what_was_asked_for_outright_without_notes(self, cli: Cli) -> None:
        assert cli("rf", *CONV, "--quiet", "-f", "csv").out == cli("rf", *CONV, "-f", "csv").out
        loud, quiet = cli("rf", *CONV, "-o", "-").out, cli("rf", *CONV, "-o", "-", "--quiet").out
        assert loud.startswith(quiet.rstrip("\n"))
        assert "erf sigma: standard deviation" in loud.removeprefix(quiet.rstrip("\n"))


class TestColour:
    def test_a_pipe_gets_no_colour(self, cli: Cli) -> None:
        assert ESCAPE not in cli("rf", *CONV).out

    @pytest.mark.parametrize(
        ("arguments", "environment", "coloured"),
        [
            (["--color", "always"], {}, True),
            (["--color", "always"], {"NO_COLOR": "1"}, True),
            (["--color", "never"], {"FORCE_COLOR": "1"}, False),
            ([], {"FORCE_COLOR": "1"}, True),
            ([], {"FORCE_COLOR": "0"}, False),
            ([], {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
            ([], {"NO_COLOR": "", "FORCE_COLOR": "1"}, True),
            ([], {"TERM": "xterm-256color"}, False),
        ],
    )
    def test_the_option_is_over_no_color_is_over_force_color(
        self, cli: Cli, arguments: list[str], environment: dict[str, str], *, coloured: bool
    ) -> None:
        assert (ESCAPE in cli("rf", *CONV, *arguments, **environment).out) is coloured

    def test_errors_are_coloured_on_the_same_terms(self, cli: Cli) -> None:
        bad = ("rf", "-i", "3x8x8", "conv 8 k9")
        assert ESCAPE not in cli(*bad).err
        assert ESCAPE in cli(*bad, "--color", "always").err

    def test_a_file_gets_colour_only_when_told(self, cli: Cli, tmp_path: Path) -> None:
        path = tmp_path / "out.txt"
        cli("rf", *CONV, "-o", str(path), FORCE_COLOR="1")
        assert ESCAPE not in path.read_text()

    def test_json_and_csv_never_have_colour(self, cli: Cli) -> None:
        for form in ("json", "csv", "markdown"):
            assert ESCAPE not in cli("rf", *CONV, "-f", form, "--color", "always").out


class TestWidth:
    @pytest.mark.parametrize("command", REPORTS)
    @pytest.mark.parametrize("width", [30, 80, 100, 140])
    @pytest.mark.parametrize("name", ["unet", "siamese", "efficientnet_b0"])
    def test_with_columns_set_no_line_is_wider_and_no_row_is_lost(
        self, cli: Cli, command: str, width: int, name: str
    ) -> None:
        def rows(text: str) -> int:
            lines = text.split("\n")
            rules = [at for at, line in enumerate(lines) if line and set(line) == {"-"}]
            ends = [at for at in (*rules[1:], lines.index("", rules[0])) if at > rules[0]]
            return min(ends) - rules[0] - 1

        wide = cli(command, config(name)).out
        narrow = cli(command, config(name), COLUMNS=str(width)).out
        assert max(map(len, narrow.split("\n"))) <= width
        assert rows(narrow) == rows(wide)

    def test_on_a_pipe_every_column_stands_in_full(self, cli: Cli) -> None:
        header = " ".join(cli("flops", config("resnet18")).out.split("\n")[2].split())
        assert header == "layer op output MACs share FLOPs add mul compare divide exp valid MACs intensity"
        assert "Too narrow" not in cli("flops", config("resnet18")).out

    @pytest.mark.parametrize("columns", ["", "0", "wide", "-5", "\u0663"])
    def test_columns_that_are_no_width_are_ignored(self, cli: Cli, columns: str) -> None:
        assert cli("rf", *CONV, COLUMNS=columns).out == cli("rf", *CONV).out

    def test_a_file_is_never_cut(self, cli: Cli, tmp_path: Path) -> None:
        path = tmp_path / "out.txt"
        cli("rf", *CONV, "-o", str(path), COLUMNS="30")
        assert "Too narrow" not in path.read_text()


class TestStreams:
    @pytest.mark.skipif(sys.platform == "win32", reason="no pipes of that kind")
    def test_a_reader_that_goes_away_ends_it_silently(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "cnncalc", "rf", *[str(path) for path in sorted(CONFIGS.glob("*.yaml"))]],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        message = process.stderr.read()
        process.stderr.close()
        assert (process.wait(timeout=60), message) == (0, b"")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that Linux has")
    def test_a_full_disk_is_told_and_no_internal_error(self) -> None:
        with Path("/dev/full").open("w") as full:
            command = [sys.executable, "-m", "cnncalc", "rf", *CONV]
            done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert (done.returncode, done.stderr) == (
            2,
            "error: cannot write to standard output: No space left on device\n",
        )

    def test_an_ascii_terminal_gets_escapes_instead_of_an_error(self, tmp_path: Path) -> None:
        path = tmp_path / "net.yaml"
        path.write_text("cnncalc: 1\nname: R\u00e9seau\ninput: 3x8x8\nlayers: [conv 8 k3]\n", encoding="utf-8")
        done = start("rf", str(path), env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
        assert done.status == 0
        assert r"R\xe9seau" in done.out

    def test_an_ascii_terminal_gets_rules_of_dashes(self) -> None:
        done = start("rf", *CONV, "--color", "always", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
        assert "-----" in done.out
        assert "\\u2500" not in done.out

    def test_a_name_or_path_cannot_act_on_the_terminal(self, cli: Cli, tmp_path: Path) -> None:
        path = tmp_path / "a\x1b[31m\u202e.yaml"
        path.write_text('cnncalc: 1\nname: "b\u202e"\ninput: 3x8x8\nlayers: [conv 8 k3]\n', encoding="utf-8")
        for command in ("rf", "explain"):
            shown = cli(command, str(path), *(["--at", "conv1"] if command == "explain" else []))
            assert shown.status == 0
            assert ESCAPE not in shown.out
            assert "\u202e" not in shown.out
        refused = cli("rf", "\x1b[31mnosuch.yaml")
        assert refused.status == 2
        assert ESCAPE not in refused.err

    @pytest.mark.parametrize("arguments", [["--version"], ["-V"]])
    def test_the_version_is_one_line(self, arguments: list[str]) -> None:
        from cnncalc import __version__

        assert start(*arguments).out == f"cnncalc {__version__}\n"

    @pytest.mark.parametrize("flag", ["-h", "--help"])
    def test_help_is_there_under_both_names(self, cli: Cli, flag: str) -> None:
        done = cli("rf", flag)
        assert done.status == 0
        assert "cnncalc rf resnet18.yaml --at layer3 --min 200\n" in done.out
