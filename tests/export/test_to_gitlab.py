"""GitLab's code quality report: an array of entries with unique, stable fingerprints."""

from __future__ import annotations

import json

from cnncalc.errors import Severity
from cnncalc.export.to_gitlab import to_gitlab
from tests.export.findings import FULL, NASTY, at, finding

ALLOWED = {"info", "minor", "major", "critical", "blocker"}


def test_nothing_found_is_an_empty_array() -> None:
    assert json.loads(to_gitlab([])) == []


def test_an_entry_has_what_gitlab_requires() -> None:
    (entry,) = json.loads(to_gitlab([FULL]))
    assert entry["description"] == f"CNN012 {NASTY} (2 copies)"
    assert (entry["check_name"], entry["severity"]) == ("CNN012", "major")
    assert entry["location"] == {"path": "models/net.yaml", "lines": {"begin": 4}}


def test_every_severity_is_one_that_gitlab_knows() -> None:
    entries = json.loads(to_gitlab([finding(severity=severity) for severity in Severity]))
    assert {entry["severity"] for entry in entries} <= ALLOWED
    assert len({entry["severity"] for entry in entries}) == 3


def test_a_fingerprint_does_not_change_when_lines_move() -> None:
    before, after = (json.loads(to_gitlab([finding(place=at(line))]))[0] for line in (4, 40))
    assert before["fingerprint"] == after["fingerprint"]
    assert before["location"] != after["location"]


def test_fingerprints_differ_by_message_path_and_code_and_among_equals() -> None:
    found = [finding(), finding(), finding("other"), finding(code="CNN013"), finding(place=at(file="b.yaml"))]
    assert len({entry["fingerprint"] for entry in json.loads(to_gitlab(found))}) == len(found)


def test_a_path_has_no_dot_before_it() -> None:
    (entry,) = json.loads(to_gitlab([finding(place=at(file="./net.yaml"))]))
    assert entry["location"]["path"] == "net.yaml"
