"""pydantic's errors about the file-level parts as findings, at the word that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from cnncalc.errors import Finding, finding
from cnncalc.spec import words
from cnncalc.spec.suggest import listed, nearest
from cnncalc.spec.yaml_nodes import ListNode, MapNode, Node, ScalarNode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cnncalc.errors import Location


def plain(node: Node) -> Any:
    """A node as plain data, as pydantic takes it."""
    if isinstance(node, MapNode):
        return {key.raw: plain(value) for key, value in node.entries}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return node.value


def findings_of(error: ValidationError, root: MapNode, model: type[BaseModel]) -> Iterator[Finding]:
    """One finding for each mistake: at the value, or at the key where the key is wrong."""
    for problem in error.errors(include_url=False, include_input=False):
        context = problem.get("ctx", {})
        path = _Path(root, model)
        for element in problem["loc"]:
            path.enter(element)
        if problem["type"] == "extra_forbidden":
            yield _unknown_key(path)
        elif problem["type"] in ("model_type", "model_attributes_type", "dict_type"):
            yield finding("CNN905", f"`{path.name}` should be a mapping", at=path.at, help=_keys(path.known))
        else:
            fact = str(context.get("message", problem["msg"]))
            message = f"`{path.name}` {fact}" if fact.startswith("should") else f"`{path.name}`: {fact}"
            found = path.node.raw if isinstance(path.node, ScalarNode) else None
            if found is not None and f"`{found}`" not in message:
                message += f", found `{found}`" if found else ", found nothing"
            yield finding(str(context.get("code", "CNN905")), message, at=path.at, help=context.get("help"))


def mistakes(model: type[BaseModel], data: Any) -> list[tuple[str, str]]:
    """Path and message of each mistake in data that come from elsewhere than a network file."""
    try:
        model.model_validate(data)
    except ValidationError as error:
        return [(".".join(map(str, problem["loc"])), _told(problem)) for problem in error.errors(include_url=False)]
    return []


def _told(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        return "unknown key"
    context = problem.get("ctx", {})
    help_ = context.get("help")
    return str(context.get("message", problem["msg"])) + (f"; {help_}" if help_ else "")


class _Path:
    """Where an error's location leads, in the data and among the models. Elements that name no key are no step."""

    def __init__(self, root: MapNode, model: type[BaseModel]) -> None:
        self.node: Node = root
        self.key: ScalarNode | None = None
        self.model: type[BaseModel] | None = model
        self.by_name = False
        """The node is a mapping by names of the file's own."""
        self.parent: type[BaseModel] | None = None
        self.above = ""

    @property
    def name(self) -> str:
        return self.key.raw if self.key else ""

    @property
    def at(self) -> Location:
        return self.node.at if not self._is_empty() or self.key is None else self.key.at

    @property
    def known(self) -> list[str]:
        return list(self.model.model_fields) if self.model and not self.by_name else []

    def _is_empty(self) -> bool:
        return isinstance(self.node, ScalarNode) and not self.node.raw

    def enter(self, element: str | int) -> None:
        if isinstance(self.node, ListNode) and isinstance(element, int) and element < len(self.node.items):
            self.node = self.node.items[element]
            return
        if not isinstance(self.node, MapNode):
            return
        for key, value in self.node.entries:
            if key.raw == element:
                self.above = self.name
                self.node, self.key, self.parent = value, key, None if self.by_name else self.model
                if self.by_name:
                    self.by_name = False
                elif self.model is not None:
                    field = self.model.model_fields.get(str(element))
                    self.model, self.by_name = _inner(field.annotation) if field else (None, False)
                return


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model inside an annotation, and whether it stands in a dict by names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    for part in get_args(annotation):
        model, by_name = _inner(part)
        if model is not None:
            return model, by_name or get_origin(annotation) is dict
    return None, get_origin(annotation) is dict


def _unknown_key(path: _Path) -> Finding:
    known = list(path.parent.model_fields) if path.parent else []
    place = f" in `{path.above}`" if path.above else ""
    meant = meant_key(path.name, known)
    help_ = f"did you mean `{meant}`?" if meant else _keys(known)
    at = path.key.at if path.key else path.node.at
    return finding("CNN904", f"unknown key `{path.name}`{place}", at=at, help=help_)


def meant_key(name: str, known: Collection[str]) -> str | None:
    """The key that an unknown one probably is, None where none is alike."""
    foreign = words.FOREIGN_FILE_KEYS.get(words.squeezed(name))
    return foreign if foreign in known else nearest(name, known)


def _keys(known: list[str]) -> str | None:
    return f"its keys are {listed(known, 'and')}" if known else None
