"""SARIF 2.1.0 (OASIS Standard, errata 01), held against the parts of its schema that we write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from cnncalc import __version__
from cnncalc.errors import Severity
from cnncalc.export.to_sarif import to_sarif
from cnncalc.lint.rules.errors import manuals
from tests.export.findings import FULL, NASTY, at, finding

if TYPE_CHECKING:
    from pathlib import Path

TEXT = {"type": "string"}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
COUNT = {"type": "integer", "minimum": 1}


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def listed(items: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


# The names, types and required members of the standard's sections 3.13 to 3.58; what the standard allows and we do not
# write is left out, so that a slip of the pen is found.
MESSAGE = closed(["text"], text=TEXT)
MULTIFORMAT = closed(["text"], text=TEXT, markdown=TEXT)
ARTIFACT = closed(["uri"], uri={"type": "string", "format": "uri-reference", "pattern": r"^[!#-;=?-Z_a-z~\[\]]*$"})
REGION = closed(["startLine", "startColumn"], startLine=COUNT, startColumn=COUNT, endLine=COUNT, endColumn=COUNT)
LOGICAL = closed([], fullyQualifiedName=TEXT, kind=TEXT)
LOCATION = closed(
    ["physicalLocation"],
    id={"type": "integer", "minimum": -1},
    physicalLocation=closed(["artifactLocation"], artifactLocation=ARTIFACT, region=REGION),
    logicalLocations=listed(LOGICAL),
    message=MESSAGE,
)
REPLACEMENT = closed(["deletedRegion"], deletedRegion=REGION, insertedContent=closed([], text=TEXT))
CHANGE = closed(
    ["artifactLocation", "replacements"], artifactLocation=ARTIFACT, replacements=listed(REPLACEMENT, least=1)
)
RESULT = closed(
    ["message", "ruleId", "level", "partialFingerprints"],
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=MESSAGE,
    locations=listed(LOCATION),
    relatedLocations=listed(LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    fixes=listed(closed(["artifactChanges"], description=MESSAGE, artifactChanges=listed(CHANGE, least=1))),
)
DESCRIPTOR = closed(
    ["id"],
    id=TEXT,
    name=TEXT,
    shortDescription=MULTIFORMAT,
    fullDescription=MULTIFORMAT,
    help=MULTIFORMAT,
    defaultConfiguration=closed([], enabled={"type": "boolean"}, level=LEVEL),
)
DRIVER = closed(["name"], name=TEXT, semanticVersion=TEXT, rules=listed(DESCRIPTOR))
RUN = closed(
    ["tool", "results", "columnKind"],
    tool=closed(["driver"], driver=DRIVER),
    columnKind={"const": "unicodeCodePoints"},
    results=listed(RESULT),
)
LOG = closed(
    ["version", "runs"],
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs=listed(RUN),
)


def log(*found: Any) -> Any:
    document = json.loads(to_sarif(found))
    jsonschema.Draft202012Validator(LOG).validate(document)
    return document["runs"][0]


def test_nothing_found_is_a_run_without_results() -> None:
    run = log()
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])
    assert run["tool"]["driver"]["semanticVersion"] == __version__


def test_a_result_holds_everything_that_a_finding_says() -> None:
    (result,) = log(FULL)["results"]
    assert (result["ruleId"], result["level"]) == ("CNN012", "error")
    assert result["message"]["text"] == f"{NASTY} (2 copies)\nfirst\nsecond"
    (place,) = result["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "models/net.yaml"},
        "region": {"startLine": 4, "startColumn": 7, "endColumn": 9},
    }
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "layer1.0.conv1"
    assert result["relatedLocations"][0]["physicalLocation"]["region"] == {"startLine": 12, "startColumn": 5}
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"]["text"] == "k2"


@pytest.mark.parametrize(("severity", "level"), [("error", "error"), ("warning", "warning"), ("info", "note")])
def test_the_level_is_always_written(severity: str, level: str) -> None:
    (result,) = log(finding(severity=Severity(severity)))["results"]
    assert result["level"] == level


def test_every_code_can_be_described_and_indices_lead_to_descriptions() -> None:
    found = [finding(code=code) for code in reversed(manuals())]
    run = log(*found)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(manuals())
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("./a b.yaml", "a%20b.yaml"),
        ("<stdin>", "%3Cstdin%3E"),
        ("HEAD:net.yaml", "HEAD%3Anet.yaml"),
        ("ü/100%.yaml", "%C3%BC/100%25.yaml"),
    ],
)
def test_a_path_is_a_relative_uri(file: str, uri: str) -> None:
    (result,) = log(finding(place=at(file=file)))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_a_path_outside_the_folder_here_is_a_file_uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    path = tmp_path / "net.yaml"
    (result,) = log(finding(place=at(file=str(path))))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == path.as_uri()


def test_a_fingerprint_is_stable_when_lines_move_and_unique_among_equals() -> None:
    first, second = log(finding(place=at(1)), finding(place=at(2)))["results"]
    assert first["partialFingerprints"] != second["partialFingerprints"]
    (moved,) = log(finding(place=at(99)))["results"]
    assert moved["partialFingerprints"] == first["partialFingerprints"]
