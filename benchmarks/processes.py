"""Runs programs and measures them from outside: wall time, peak memory. This process stays small on purpose."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.networks import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 2**20
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Modules are compiled once, as they are after an installation."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One finished process."""

    seconds: float
    peak_bytes: int


def run(*arguments: str) -> Run:
    """Run Python with these arguments; a failure raises."""
    before = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - before
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds=seconds, peak_bytes=usage.ru_maxrss * unit)


def json_of(*arguments: str) -> Any:
    """What a Python process prints, read as JSON."""
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def ratio(ours: tuple[str, ...], theirs: tuple[str, ...], pairs: int) -> tuple[float, float]:
    """Median over interleaved pairs of our time by theirs, and ours in seconds. One pair warms up."""
    runs = [(run(*ours).seconds, run(*theirs).seconds) for _ in range(pairs + 1)][1:]
    return median(a / b for a, b in runs), median(a for a, _ in runs)


@contextmanager
def written(text: str) -> Iterator[str]:
    """The path of a file with that text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.yaml")
        path.write_text(text, encoding="utf-8")
        yield str(path)
