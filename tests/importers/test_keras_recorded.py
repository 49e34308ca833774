"""Models of `keras.applications`, recorded with what they have in Keras."""

from __future__ import annotations

import json
import lzma

import pytest

import cnncalc
from cnncalc.importers.writing.to_yaml import to_yaml
from cnncalc.spec import reader
from tests.importers.keras_configs import read
from tests.importers.make_keras_models import PATH

RECORDED = json.loads(lzma.decompress(PATH.read_bytes()))


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_model_has_the_figures_that_it_had_in_keras(name: str) -> None:
    known = RECORDED[name]
    found = read(known["config"])
    totals = cnncalc.analyze(reader.parse(to_yaml(found))).totals
    assert (totals.params, totals.buffers, totals.macs) == (known["params"], known["buffers"], known["macs"])
    shapes = {one.name: one.shape for one in found.layers}
    seen = [path for path in known["shapes"] if path in shapes]
    assert len(seen) > len(known["shapes"]) * 0.8
    for path in seen:
        shape = shapes[path] if any(size > 1 for size in shapes[path][1:]) else shapes[path][:1]
        assert list(shape) == known["shapes"][path], path
