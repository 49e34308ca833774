"""Only test modules are collected here.

Doctests would collect the helpers, too; one that skips for want of PyTorch then stays half imported for the others.
"""

from __future__ import annotations

from pathlib import Path

collect_ignore = [path.name for path in Path(__file__).parent.glob("*.py") if not path.name.startswith("test_")]
