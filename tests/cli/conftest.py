from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.program import PLAIN, Outcome, run

Cli = Callable[..., Outcome]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command line in this process, as on a pipe; keywords set variables of the environment."""
    for name in PLAIN:
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str, **environment: str) -> Outcome:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        status = run(list(arguments))
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return call
