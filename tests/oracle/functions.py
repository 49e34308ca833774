"""Functions of PyTorch as modules."""

from __future__ import annotations

from typing import Any

from tests.oracle.pytorch import nn


class Calls(nn.Module):
    """A function as a module."""

    def __init__(self, function: Any, **parts: Any) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x: Any) -> Any:
        return self.function(self, x)
