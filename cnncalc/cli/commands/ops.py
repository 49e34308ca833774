"""`cnncalc ops`."""

from __future__ import annotations

from cnncalc.cli.options import Format, Output


def command(output: Output) -> None:
    """All ops: how they are written, what they are, and what else they take.

    cnncalc ops
    cnncalc explain conv
    """
    from cnncalc.cli.output import emit
    from cnncalc.cli.run import show, to_csv_text
    from cnncalc.queries.manual import manuals
    from cnncalc.render.manual import table, to_json

    if output.format is Format.JSON:
        emit(to_json(manuals()), output)
        return
    listed = table(manuals())
    emit(to_csv_text([("", listed)], several=False) if output.format is Format.CSV else show(listed, output), output)
