"""Write docs/rules.md from the manuals of the rules; with --check, only say whether it is fresh."""

from __future__ import annotations

import sys
from pathlib import Path

from cnncalc.lint.rules.errors import manuals
from cnncalc.render.rules import document

PAGE = Path(__file__).with_name("rules.md")


def main() -> int:
    """Exit status 1 where the page is not what the manuals say."""
    text = document(tuple(manuals().values()))
    if "--check" in sys.argv[1:]:
        return int(not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
