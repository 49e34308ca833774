"""`check --format json` is one document, `jsonl` a line for each finding."""

from __future__ import annotations

import json

from cnncalc.export.to_findings import to_json, to_jsonl
from cnncalc.lint.outcome import statistics
from tests.export.findings import FULL, NASTY, finding

KEYS = {
    "code", "name", "severity", "message", "help", "file", "line", "column", "end_column", "layer", "copies",
}  # fmt: skip


def test_a_clean_run_is_a_document_too() -> None:
    assert json.loads(to_json([], 3)) == {"schema_version": 1, "findings": [], "files": 3}
    assert to_jsonl([]) == ""


def test_a_finding_has_the_keys_of_version_1() -> None:
    document = json.loads(to_json([FULL], 1))
    (found,) = document["findings"]
    assert set(found) == KEYS
    assert (found["message"], found["help"], found["copies"]) == (NASTY, "first\nsecond", 2)
    assert (found["file"], found["line"], found["column"], found["end_column"]) == ("models/net.yaml", 4, 7, 9)


def test_a_line_holds_a_finding_whatever_is_in_it() -> None:
    lines = to_jsonl([FULL, finding()]).splitlines()
    assert [json.loads(line)["message"] for line in lines] == [NASTY, "the message"]


def test_statistics_stand_in_the_document_when_asked_for() -> None:
    found = [finding(), finding(code="CNN013"), finding()]
    document = json.loads(to_json(found, 1, statistics(found)))
    assert [(each["code"], each["count"]) for each in document["statistics"]] == [("CNN012", 2), ("CNN013", 1)]
