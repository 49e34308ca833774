"""What `package.module:name` means, and what is said where it means nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from cnncalc.errors import UsageError
from cnncalc.importers.code import check_inputs, located

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NETS = """\
import math

class Encoder:
    class Small:
        pass

def build_decoder():
    pass

width = 3
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "nets_of_a_user.py").write_text(NETS)
    (tmp_path / "needs_more.py").write_text("import a_package_that_nobody_has\n")
    (tmp_path / "is_broken.py").write_text("x = 1 / 0\n")
    (tmp_path / "package_of_a_user").mkdir()
    (tmp_path / "package_of_a_user" / "__init__.py").write_text("")
    (tmp_path / "package_of_a_user" / "models.py").write_text("def make(): pass\n")
    monkeypatch.chdir(tmp_path)
    known = set(sys.modules)
    yield
    for name in set(sys.modules) - known:
        del sys.modules[name]
    if "" in sys.path:
        sys.path.remove("")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("net_of_a_user:Encoder", "no module net_of_a_user in {here} or among the installed packages"),
        ("net_of_a_user:Encoder", "did you mean nets_of_a_user?"),
        ("zzzz_qqqq:Encoder", "among the installed packages"),
        ("package_of_a_user.model:make", "no module package_of_a_user.model in package_of_a_user"),
        ("package_of_a_user.model:make", "did you mean package_of_a_user.models?"),
        ("pakage_of_a_user.models:make", "did you mean package_of_a_user.models?"),
        ("nets_of_a_user.py:Encoder", "a module is named without .py: nets_of_a_user:Encoder"),
        ("needs_more:Net", "needs_more needs the module a_package_that_nobody_has, which is not installed"),
        ("is_broken:Net", "importing is_broken failed: ZeroDivisionError: division by zero"),
        ("nets_of_a_user:Encodr", "nets_of_a_user has no Encodr\n  did you mean nets_of_a_user:Encoder?"),
        ("nets_of_a_user:Encoder.Smal", "did you mean nets_of_a_user:Encoder.Small?"),
        ("nets_of_a_user:resnet50", "it has Encoder, build_decoder"),
        ("nets_of_a_user:width", "is an int; expected what makes a torch.nn.Module"),
    ],
)
def test_what_is_not_there_is_said_with_what_is_near(target: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        located(target)
    assert said.format(here=tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("nets_of_a_user:Encoder", "Encoder"),
        ("nets_of_a_user:Encoder.Small", "Small"),
        ("package_of_a_user.models:make", "make"),
        ("nets_of_a_user:math.sqrt", "sqrt"),
    ],
)
def test_a_name_is_found_from_the_folder_at_hand(target: str, name: str) -> None:
    assert located(target).__name__ == name


class _Module:
    def __init__(self, forward: Any) -> None:
        self.forward = forward


SHAPE = (3, 8, 8)


@pytest.mark.parametrize(
    ("forward", "count", "said"),
    [
        (lambda left, right: (left, right), 1, "takes 2 inputs (left, right), 1 size is given"),
        (lambda left, right: (left, right), 1, "-i left=3x224x224 -i right=3x224x224"),
        (lambda left: left, 2, "takes 1 input (left), 2 sizes are given; name each of them: -i 3x224x224"),
        (lambda left, mask=None: (left, mask), 3, "takes 2 inputs (left, mask), 3 sizes are given"),
        (lambda: 0, 1, "takes no inputs, 1 size is given"),
    ],
)
def test_another_number_of_inputs_is_refused_with_their_names(forward: Any, count: int, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_inputs("nets:Net", _Module(forward), {str(at): SHAPE for at in range(count)})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("forward", "count"),
    [
        (lambda left, mask=None: (left, mask), 1),
        (lambda left, mask=None: (left, mask), 2),
        (lambda *maps: maps, 4),
        (len, 1),
        (min, 1),
    ],
)
def test_as_many_inputs_as_a_module_may_take_are_fine(forward: Any, count: int) -> None:
    check_inputs("nets:Net", _Module(forward), {str(at): SHAPE for at in range(count)})
