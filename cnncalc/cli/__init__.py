"""The command line: arguments in, text out, exit status; no arithmetic.

typer is imported here first, and told that there is no rich: with it a help text costs 100 ms more, and the first
versions that we support fail to show one where markup is off.
"""

import os
import sys

os.environ.setdefault("TYPER_USE_RICH", "0")  # what newer versions of typer ask
_RICH = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment] # older ones try to import it
import typer  # noqa: E402, F401

if _RICH is None:
    del sys.modules["rich"]
else:
    sys.modules["rich"] = _RICH
