"""PyTorch, or a skip that says why: every module of this folder takes it from here."""

from __future__ import annotations

import importlib
import os
import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what a framework says about itself while it loads is not ours to fail on
    if os.environ.get("CNNCALC_REQUIRE_TORCH"):  # where a skip would go unseen
        torch = importlib.import_module("torch")
    else:
        torch = pytest.importorskip("torch", reason="PyTorch is not installed", exc_type=ImportError)

FlopCounterMode = importlib.import_module("torch.utils.flop_counter").FlopCounterMode
nn = torch.nn
F = torch.nn.functional

torch.set_num_threads(1)  # the tensors are tiny: threads cost more than they save
