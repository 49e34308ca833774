"""PyTorch, or a skip that says why: every module of this folder takes it from here."""

from __future__ import annotations

import importlib

from tests.frameworks import needed

torch = needed("torch")
FlopCounterMode = importlib.import_module("torch.utils.flop_counter").FlopCounterMode
nn = torch.nn
F = torch.nn.functional

torch.set_num_threads(1)  # the tensors are tiny: threads cost more than they save
