"""Which files `check` looks at: those that are named, and in folders those with a `cnncalc:` key.

Files that git ignores are left out of folders; without git nothing is ignored. The order is that of the command line,
inside a folder that of the paths; no file is checked twice.
"""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ENDINGS = (".yaml", ".yml")
HEAD = 4 * 2**20
_MARK = re.compile(rb"""^(?:\xef\xbb\xbf)?(?:\{\s*)?["']?cnncalc["']?[ \t]*:(?:\s|$)""", re.MULTILINE)
_GIT_STATE = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX")
"""Set while git runs a hook, and meant for the folder of the hook."""


def expand(sources: Iterable[str], *, marked_only: bool = False) -> tuple[list[str], list[str]]:
    """The sources one by one, folders searched; and what is wrong with some of them.

    With `marked_only` a named file without a `cnncalc:` key is skipped, too.
    """
    found: dict[str, str] = {}
    problems = []
    for source in sources:
        if os.path.isdir(source):  # noqa: PTH112 - pathlib costs more than it gives
            files = list(search(source))
            if not files:
                problems.append(_nothing_in(source))
        elif os.path.isfile(source):  # noqa: PTH113
            files = [source] if not marked_only or _is_marked(source) else []
        else:
            files = [source]  # standard input, a revision, a layer line, or nothing
        for file in files:
            found.setdefault(os.path.realpath(file) if os.path.isfile(file) else file, file)  # noqa: PTH113
    return list(found.values()), problems


def search(folder: str) -> Iterator[str]:
    """The network files in a folder, by path."""
    paths = _listed_by_git(folder)
    for path in sorted(_walk(folder) if paths is None else paths):
        if path.lower().endswith(ENDINGS) and _is_marked(path):
            yield path


def _listed_by_git(folder: str) -> list[str] | None:
    """All files in a folder that git does not ignore; None where git does not look after it."""
    environment = {name: value for name, value in os.environ.items() if name not in _GIT_STATE}
    command = ["git", "-C", folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "."]
    try:
        listed = subprocess.run(command, capture_output=True, check=False, env=environment)  # noqa: S603 - no shell
    except OSError:
        return None
    if listed.returncode:
        return None
    paths: list[str] = []
    for name in dict.fromkeys(listed.stdout.decode(errors="surrogateescape").split("\0")):
        path = os.path.normpath(os.path.join(folder, name))  # noqa: PTH118
        if name and os.path.isdir(path):  # noqa: PTH112 - another repository inside this one
            if not os.path.islink(path):  # noqa: PTH114
                paths += _listed_by_git(path) or []
        elif name:
            paths.append(path)
    return paths


def _walk(folder: str) -> Iterator[str]:
    for above, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            yield os.path.normpath(os.path.join(above, name))  # noqa: PTH118


def _is_marked(path: str) -> bool:
    """Whether the file has a `cnncalc:` key; one that cannot be read is left to be complained about."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return _MARK.search(file.read(HEAD)) is not None
    except OSError:
        return os.path.exists(path)  # noqa: PTH110 - git may list what is deleted


def _nothing_in(folder: str) -> str:
    return f"no network files in {folder}: none of its .yaml files that git does not ignore has a `cnncalc:` key"


def require(sources: list[str]) -> list[str]:
    """The sources; UsageError where there are none."""
    if not sources:
        message = "nothing to check: name files or folders, as in `cnncalc check .`"
        raise UsageError(message)
    return sources
