"""What a node of an exported graph says of itself: the name of its op, the module that it belongs to."""

from __future__ import annotations

import re
from typing import Any

_CALL = re.compile(r"@\d+")


def op_name(node: Any) -> str:
    """`aten.relu_.default` -> `relu`."""
    parts = str(node.target).split(".")
    name = parts[1] if len(parts) > 1 else parts[0]
    return name if name.startswith("_") else name.rstrip("_")


def module_path(node: Any) -> tuple[str, str, int]:
    """Path, class and call number of the innermost module that a node belongs to."""
    stack = list((node.meta.get("nn_module_stack") or {}).items())
    if not stack:
        return "", "", 0
    key, (path, kind) = stack[-1]
    call = _CALL.search(key) or _CALL.search(path)
    kind = kind if isinstance(kind, str) else kind.__name__
    return _CALL.sub("", path), kind.rpartition(".")[2], int(call[0][1:]) if call else 0
