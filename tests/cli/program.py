"""The program as a user runs it: in this process for its answers, in one of its own for streams, signals and speed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cnncalc.__main__ import run

ROOT = Path(__file__).parent.parent.parent
CONFIGS = ROOT / "examples" / "configs"
PLAIN = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM", "TERMINAL_WIDTH", "_CNNCALC_COMPLETE")
"""Variables of the environment that change what is printed."""


@dataclass(frozen=True)
class Outcome:
    """Exit status and what was written."""

    status: int
    out: str
    err: str


def config(name: str) -> str:
    """The path of an example."""
    return str(CONFIGS / f"{name}.yaml")


def start(
    *arguments: str,
    env: dict[str, str] | None = None,
    stdin: bytes = b"",
    cwd: Path = ROOT,
    python: tuple[str, ...] = (),
) -> Outcome:
    """Run the program in a process of its own, its streams being pipes."""
    environment = {name: value for name, value in os.environ.items() if name not in PLAIN}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **(env or {})}
    done = subprocess.run(
        [sys.executable, *python, "-m", "cnncalc", *arguments],
        env=environment,
        input=stdin,
        cwd=cwd,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


__all__ = ["CONFIGS", "PLAIN", "ROOT", "Outcome", "config", "run", "start"]
