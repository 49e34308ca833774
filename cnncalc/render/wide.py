"""How much room a text takes on a terminal, where characters are wide or have no width."""

from __future__ import annotations

import re


def columns(text: str) -> int:
    """Terminal columns of a text: two for a wide character, none for a combining one.

    >>> columns("conv"), columns("畳み"), columns("e\N{COMBINING ACUTE ACCENT}")
    (4, 4, 1)
    """
    # NB: a sign made of several characters (some emoji) counts as all of them.
    if text.isascii():
        return len(text)
    import unicodedata  # only for text beyond ASCII

    wide = sum(unicodedata.east_asian_width(char) in {"W", "F"} for char in text)
    return len(text) + wide - sum(unicodedata.category(char) in {"Mn", "Me"} for char in text)


def wrapped(text: str, width: int | None, indent: int = 0) -> list[str]:
    """The lines of a text at a width; later lines are indented.

    >>> wrapped("a long line", 6), wrapped("畳み込み 層", 6)
    (['a long', 'line'], ['畳み込', 'み 層'])
    """
    if width is None or columns(text) <= width:
        return [text]
    width = max(width, 1)
    margin = " " * (indent if indent < width // 2 else 0)
    lines: list[str] = []
    line = ""
    for piece in re.findall(r"\S+|\s+", text):
        if columns(line + piece) <= width and (line.strip() or not lines or not piece.isspace()):
            line += piece
            continue
        if piece.isspace():
            continue
        if line.strip():
            lines.append(line.rstrip())
        line, rest = margin if lines else "", piece
        while columns(line + rest) > width:  # a word longer than a line
            end = next(end for end in range(len(rest), 0, -1) if end == 1 or columns(line + rest[:end]) <= width)
            lines.append(line + rest[:end])
            line, rest = margin, rest[end:]
        line += rest
    return [*lines, line.rstrip()]
