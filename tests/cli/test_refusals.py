"""What is no model: each with what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cnncalc.cli.refusals import no_model

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text("cnncalc: 1\ninput: 3x8x8\nlayers: [conv 4 k1]\n")
    (tmp_path / "data.json").write_text('{"a": 1}')
    (tmp_path / "weights.pt").write_bytes(b"\x80")
    (tmp_path / "mine.py").write_text("raise SystemExit\n\nclass Net: pass\ndef build(): pass\ndef _own(): pass\n")
    (tmp_path / "broken.py").write_text("def f(:\n")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("net.yaml", "is a spec already"),
        ("net.yaml", "`cnncalc export net.yaml --to spec` formats it"),
        ("data.json", "is no Keras model; a spec in JSON needs no import"),
        ("weights.pt", "it holds weights, not the network: give the code that makes it, package.module:callable"),
        ("model.safetensors", "it holds weights"),
        ("model.h5", "save the model as .keras, or what model.to_json() gives as .json"),
        ("model.tflite", "convert it to ONNX"),
        ("gone.onnx", "no such file: gone.onnx"),
        ("gone.yaml", "no such file: gone.yaml"),
        ("mine.py", "mine:Net\n  it defines Net, build"),
        ("./mine.py:build", "mine:build"),
        ("sub/mine.py:build", "sub.mine:build"),
        ("broken.py", "broken:NAME"),
        ("/somewhere/mine.py", "package.module:callable, from the folder at hand"),
        ("models.net.Net", "a colon stands before what makes the model: models.net:Net"),
        ("conv 8 k3 | relu", "expected an .onnx, .keras or Keras .json file, or package.module:callable"),
        ("", "the source is empty"),
        ("x" * 10_000, "expected an .onnx"),
    ],
)
def test_what_is_no_model_is_told_with_what_to_give_instead(cli: Cli, source: str, said: str) -> None:
    assert said in no_model(source)
    done = cli("import", source, "-i", "3x8x8")
    assert (done.status, done.out) == (2, "")
    assert said in done.err
