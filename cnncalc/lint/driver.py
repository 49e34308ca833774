"""`lint(report)`: what was found while the network was built, what its rules say, and what of it is wanted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnncalc.errors import Finding, Location, Severity, finding
from cnncalc.lint import rules as _rules  # noqa: F401 - registers them
from cnncalc.lint.base import RULES
from cnncalc.lint.comments import read_ignores, unused
from cnncalc.lint.expect import budget_findings
from cnncalc.lint.settings import DEFAULT, FIXED, KEPT, Level, Settings, covers, is_on, remedy, severity_of, unknown
from cnncalc.lint.sizes import size_findings
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cnncalc.errors import Edit, Frame
    from cnncalc.lint.base import Problem, Rule
    from cnncalc.lint.comments import Ignore
    from cnncalc.report import LayerReport, Report
    from cnncalc.spec.network import NetworkSpec

NOTHING = Settings()


def lint(report: Report, settings: Settings = NOTHING) -> tuple[Finding, ...]:
    """All findings of a network by position: of its text, of its shapes, of the rules, of `expect:` and budgets.

    What comments and `lint:` in the file and the settings do not want is left out; what of them is useless is added.
    """
    return _Linter(report, settings).findings()


@dataclass(frozen=True, slots=True)
class _Hit:
    """A finding of one layer, before copies are merged."""

    found: Finding
    lines: frozenset[int]
    """Where a comment silences it: its own line, its layer's, and the calls that lead to it."""
    turn: int = 0
    """Which one it is of those that a rule has for one layer."""


class _Linter:
    """One run; keeps book of which ignores were of use."""

    def __init__(self, report: Report, settings: Settings) -> None:
        self.report = report
        self.settings = settings
        self.spec = report.spec
        self.file = _level(self.spec)
        self.levels = (settings.project, self.file, settings.command)
        self.ignores, self.remarks = read_ignores(self.spec.comments, self.spec.text)
        self.remarks += _unknown_in_file(self.spec)
        self.silencing: dict[tuple[str, int], list[Ignore]] = {}
        for ignore in self.ignores:
            self.silencing.setdefault((ignore.code, ignore.line), []).append(ignore)
        self._calls: dict[Location, set[int]] | None = None
        self.useful: set[str] = set()
        """Selectors of `lint: {ignore: ...}` that mean something that was found."""

    def findings(self) -> tuple[Finding, ...]:
        report = self.report
        kept = [hit for hit in map(self._built, report.findings) if self._wanted(hit)]
        broken = any(hit.found.severity is Severity.ERROR for hit in kept)
        ran: set[str] = set()
        for rule in RULES.values():
            if self._runs(rule.code) and not (broken and not rule.per_layer):
                ran.add(rule.code)
        layers = self._sound_layers(broken=broken)
        for code in sorted(ran):
            kept += filter(self._wanted, self._hits(RULES[code], layers))
        if not broken:
            kept += [_Hit(found, _line_of(found)) for found in size_findings(report)]
            if self._runs("CNN006"):
                budgets = (_Hit(found, _line_of(found)) for found in budget_findings(report, self.settings.budgets))
                kept += filter(self._wanted, budgets)
            self.remarks += self._useless(ran | {found.code for found in report.findings})
        found = [self._rated(each) for each in (*self._merged(kept), *self.remarks)]
        return tuple(sorted(found, key=_position))

    def _runs(self, code: str) -> bool:
        """Whether a rule is worth asking; the file's own ignores are left out, so as to see whether they are of use."""
        return is_on(code, (self.settings.project, replace(self.file, ignore=()), self.settings.command))

    def _sound_layers(self, *, broken: bool) -> tuple[LayerReport, ...]:
        """The layers whose shapes are no guesses: all, or those that do not depend on a refused one."""
        layers = self.report.layers
        if not broken:
            return layers
        guessed = {layer.name for layer in layers if layer.assumed}
        errors = [found for found in self.report.findings if found.severity is Severity.ERROR]
        if any(found.layer not in guessed for found in errors):
            return ()  # a line could not be read, or has become no layer: any shape may be a guess
        sound = []
        for layer in layers:
            if layer.name in guessed or not guessed.isdisjoint(layer.inputs):
                guessed.add(layer.name)
            else:
                sound.append(layer)
        return tuple(sound)

    def _hits(self, rule: Rule, layers: Iterable[LayerReport]) -> Iterator[_Hit]:
        if not rule.per_layer:
            named = {layer.name: layer for layer in self.report.layers}
            turns = Counter[str | None]()
            for problem in rule.check(self.report):
                yield self._hit(rule, problem, named.get(problem.layer or ""), turns[problem.layer])
                turns[problem.layer] += 1
            return
        for layer in layers:
            for turn, problem in enumerate(rule.check(layer, self.report)):
                yield self._hit(rule, problem, layer, turn)

    def _hit(self, rule: Rule, problem: Problem, layer: LayerReport | None, turn: int) -> _Hit:
        at = problem.at
        stack: tuple[Frame, ...] = ()
        lines: set[int] = set()
        if layer is not None:
            at = at or (layer.places.get(problem.option, layer.at) if problem.option else layer.at)
            stack = layer.stack if at.file == layer.at.file else ()
            lines = {layer.at.line, *(frame.at.line for frame in stack)}
        at = at or self.spec.places.get("layers") or Location(file=self.report.source, line=1, column=1)
        found = Finding(
            code=rule.code,
            name=rule.name,
            severity=problem.severity or rule.severity,
            message=problem.message,
            help=problem.help,
            at=at,
            layer=problem.layer or (layer.name if layer else None),
            stack=stack,
            edits=problem.edits,
        )
        return _Hit(found, frozenset({at.line, *lines}), turn)

    def _built(self, found: Finding) -> _Hit:
        """A finding of the builder, which has merged the copies already: a call counts where all copies have it."""
        lines = set(_line_of(found))
        if found.stack and found.at:
            own = {frame.at.line for frame in found.stack}
            lines |= own & self._shared_calls().get(found.at, own)
        return _Hit(found, frozenset(lines))

    def _shared_calls(self) -> dict[Location, set[int]]:
        """For every place in a block the lines of the calls that all its copies share."""
        if self._calls is None:
            calls: dict[Location, set[int]] = {}
            for row in self.report.layers:
                if row.stack:
                    lines = {frame.at.line for frame in row.stack}
                    for at in {row.at, *row.places.values()}:
                        calls[at] = calls.get(at, lines) & lines
            self._calls = calls
        return self._calls

    def _wanted(self, hit: _Hit) -> bool:
        code = hit.found.code
        if code not in KEPT:
            silencing = [ignore for line in hit.lines for ignore in self.silencing.get((code, line), ())]
            for ignore in silencing:
                ignore.used = True
            if silencing:
                return False
        self.useful.update(selector for selector in self.file.ignore if covers(selector, code))
        return is_on(code, self.levels)

    def _merged(self, hits: Iterable[_Hit]) -> Iterator[Finding]:
        """The same finding in several copies of a block is one, with the copies counted."""
        groups: dict[object, list[Finding]] = {}
        for hit in hits:
            groups.setdefault((hit.found.code, hit.found.at, hit.turn), []).append(hit.found)
        counts: Mapping[Location, int] = {}
        places: dict[str, Location] = {}
        for first, *others in groups.values():
            copies = len({first.layer, *(other.layer for other in others)}) if others else 1
            edits: tuple[Edit, ...] = first.edits
            if edits and first.layer is not None:
                places = places or {layer.name: layer.at for layer in self.report.layers}
                counts = counts or Counter(places.values())
                right = first.layer in places and counts[places[first.layer]] != copies
                if right or any(other.edits != edits for other in others):
                    edits = ()  # some copies are right as they are
            if others or edits != first.edits:
                first = replace(first, copies=max(first.copies, copies), edits=edits)  # noqa: PLW2901 - the same one
            yield first

    def _useless(self, ran: set[str]) -> Iterator[Finding]:
        """Ignores of rules that were asked and had nothing to say."""
        yield from unused(ignore for ignore in self.ignores if ignore.code in ran or ignore.code not in RULES)
        for number, selector in enumerate(self.file.ignore):
            if selector not in self.useful and not unknown([selector]) and selector not in KEPT:
                at = self.spec.places.get(f"lint.ignore.{number}") or self.spec.places.get("lint.ignore")
                if any(covers(selector, code) for code in ran) or not any(covers(selector, code) for code in RULES):
                    yield finding("CNN910", f"nothing in this file for {selector} to silence", at=at, help="delete it")

    def _rated(self, found: Finding) -> Finding:
        severity = severity_of(found.code, found.severity, self.levels)
        return found if severity is found.severity else replace(found, severity=severity)


def _level(spec: NetworkSpec) -> Level:
    """What `lint:` in the file says."""
    said = spec.lint
    return Level(select=said.select, ignore=said.ignore, severity=said.severity) if said else Level()


def _unknown_in_file(spec: NetworkSpec) -> Iterator[Finding]:
    """Selectors in `lint:` that mean nothing, or what cannot be ignored."""
    said = spec.lint
    if said is None:
        return
    for key, selectors in (("ignore", said.ignore), ("select", said.select or ()), ("severity", tuple(said.severity))):
        wrong = unknown(selectors)
        for number, selector in enumerate(selectors):
            path = f"lint.severity.{selector}" if key == "severity" else f"lint.{key}.{number}"
            at = spec.places.get(path) or spec.places.get(f"lint.{key}")
            if selector in wrong or (selector == DEFAULT and key != "select"):
                yield finding("CNN911", f"unknown code `{selector}` in `lint.{key}`", at=at, help=remedy(selector))
            elif key == "severity" and selector in FIXED:
                message = f"{selector} cannot have another severity"
                yield finding("CNN911", message, at=at, help="mend what it reports")
            elif key == "ignore" and selector in KEPT:
                yield finding("CNN911", f"{selector} cannot be ignored", at=at, help="mend what it reports")


def _line_of(found: Finding) -> frozenset[int]:
    return frozenset({found.at.line} if found.at else ())


def _position(found: Finding) -> tuple[str, int, int, str]:
    at = found.at
    return (at.file, at.line, at.column, found.code) if at else ("", 0, 0, found.code)
