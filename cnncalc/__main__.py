"""The entry point: start fast, run the command, turn every way to end into an exit status, leave fast.

0 fine, 1 the network failed, 2 the command was wrong, 3 an internal error, 130 after Ctrl-C.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import NoReturn

WRONG_COMMAND = 2
INTERNAL_ERROR = 3
INTERRUPTED = 130


def main() -> NoReturn:
    """Run the program on `sys.argv`."""
    gc.disable()  # a run is short, and what it makes has no cycles worth a search
    _disable_pydantic_plugins()
    status = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # whoever read has gone away
            stream.flush()
    if sys.gettrace() is None and sys.getprofile() is None:
        os._exit(status)  # taking the interpreter down in order costs 24 ms
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """The exit status of a command line; results and messages are written on the way."""
    if arguments in (["--version"], ["-V"]):
        from cnncalc import __version__

        sys.stdout.write(f"cnncalc {__version__}\n")
        return 0
    try:
        return _dispatch(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - no traceback reaches a user
        if "--debug" in arguments:
            import traceback

            traceback.print_exc()
            return INTERNAL_ERROR
        sys.stderr.write(f"cnncalc: internal error: {_describe(error)}\n  --debug shows where; please report it\n")
        return INTERNAL_ERROR


class _NoPlugins(ModuleType):
    """Stands for pydantic's loader of plugins, which reads the metadata of all installed packages (12 ms)."""

    def get_plugins(self) -> tuple[()]:
        """None of them."""
        return ()

    def __getattr__(self, name: str) -> object:  # a pydantic that wants more than plugins gets the real loader
        if name.startswith("__"):  # the import system asks for `__path__`, and pydantic does not
            raise AttributeError(name)
        del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def _disable_pydantic_plugins() -> None:
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    loader = _NoPlugins("pydantic.plugin._loader")
    sys.modules[loader.__name__] = loader


def _dispatch(arguments: list[str]) -> int:
    import re

    from cnncalc.cli.app import build_app
    from cnncalc.cli.output import message, prepare_streams
    from cnncalc.cli.refused import Refused, show
    from cnncalc.errors import CnncalcError, UsageError

    if "_CNNCALC_COMPLETE" in os.environ:
        sys.modules["rich"] = None  # type: ignore[assignment] # typer would load it for help texts that have no markup
        typed = " ".join(os.environ.get(name, "") for name in ("_TYPER_COMPLETE_ARGS", "COMP_WORDS"))
        words = ["", *re.findall(r"[\w-]+", typed)]
    else:
        words = arguments
    prepare_streams()
    try:
        status = build_app(words)(args=arguments, prog_name="cnncalc", standalone_mode=False)
    except Refused as error:
        return show(error)
    except UsageError as error:
        message(f"error: {_printable(str(error))}")
        return WRONG_COMMAND
    except CnncalcError as error:
        from cnncalc.render.snippet import render_findings

        message(render_findings(error.findings, {}))
        return 1
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    if not arguments:
        return WRONG_COMMAND  # older versions of click show the help and find nothing wrong
    return status if isinstance(status, int) else 0


def _printable(text: str) -> str:
    """Lines without characters that would act on a terminal: they repeat what the user, or a script, gave."""
    if text.isprintable():
        return text
    from cnncalc.render.snippet import printable

    return "\n".join(map(printable, text.split("\n")))


def _describe(error: Exception) -> str:
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({os.path.basename(last.filename)}:{last.lineno})"  # noqa: PTH119


if __name__ == "__main__":
    main()
