"""`cnncalc rules`."""

from __future__ import annotations

from cnncalc.cli.options import Format, Output


def command(output: Output) -> None:
    """All codes that `check` gives: severity, name, and what each flags.

    cnncalc rules
    cnncalc explain CNN012
    """
    from cnncalc.cli.output import emit
    from cnncalc.cli.run import show, to_csv_text
    from cnncalc.lint.rules.errors import manuals
    from cnncalc.render.rules import table, to_json

    rules = tuple(manuals().values())
    if output.format is Format.JSON:
        emit(to_json(rules), output)
        return
    listed = table(rules)
    emit(to_csv_text([("", listed)], several=False) if output.format is Format.CSV else show(listed, output), output)
