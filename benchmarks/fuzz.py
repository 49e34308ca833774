"""Coverage-guided fuzzing of the whole path from bytes to findings, for a nightly run; needs atheris.

    python -m benchmarks.fuzz -max_total_time=600 examples/configs

Arguments are libFuzzer's; folders are where it takes its first inputs from. It ends at the first exception.
"""

from __future__ import annotations

import sys

import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore] # installed for the nightly run alone

with atheris.instrument_imports(include=["cnncalc"]):
    from cnncalc.engine import analyze
    from cnncalc.graph import build
    from cnncalc.lint.driver import lint
    from cnncalc.lint.rules.errors import manuals
    from cnncalc.lint.settings import Level, Settings
    from cnncalc.spec.reader import parse

EVERYTHING = Settings(command=Level(select=("all",)))


def check(data: bytes) -> None:
    """Any input gives findings, each with a code that has a manual."""
    known = manuals()
    for found in lint(analyze(build(parse(data, source="net.yaml"))), EVERYTHING):
        if found.code not in known or not found.message:
            raise AssertionError(found)


def main() -> None:
    """Run until the time is over or something breaks."""
    arguments = sys.argv if any("=" in word for word in sys.argv[1:]) else [*sys.argv, "-max_total_time=60"]
    atheris.Setup(arguments, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
