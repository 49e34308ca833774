"""JUnit XML that a parser reads back, with a passing case for a clean file."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from cnncalc.errors import Severity
from cnncalc.export.to_junit import to_junit
from tests.export.findings import FULL, at, finding


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text.encode())  # noqa: S314 - our own output


def test_a_clean_file_is_a_passing_case() -> None:
    root = parsed(to_junit([], ["a.yaml", "b.yaml"]))
    assert (root.get("tests"), root.get("failures")) == ("2", "0")
    assert [suite.get("name") for suite in root] == ["a.yaml", "b.yaml"]
    assert all(len(case) == 0 for case in root.iter("testcase"))


def test_no_file_at_all_is_still_a_document() -> None:
    assert parsed(to_junit([], [])).get("tests") == "0"


def test_errors_and_warnings_fail_and_infos_pass() -> None:
    found = [finding(severity=severity, place=at(number)) for number, severity in enumerate(Severity, 1)]
    root = parsed(to_junit(found, ["models/net.yaml"]))
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    assert [case[0].tag for case in suite] == ["failure", "failure", "system-out"]


def test_a_message_is_read_back_as_it_was_but_for_what_xml_cannot_hold() -> None:
    (failure,) = parsed(to_junit([FULL], [])).iter("failure")
    held = FULL.message.replace("\x1b", "\N{REPLACEMENT CHARACTER}")
    assert failure.get("message") == held
    assert failure.text == f"4:7: error CNN012: {held} (2 copies)\nhelp: first\nsecond"


def test_sources_stand_in_the_order_in_which_they_were_checked() -> None:
    found = [finding(place=at(file="b.yaml"))]
    root = parsed(to_junit(found, ["c.yaml", "b.yaml", "a.yaml"]))
    assert [suite.get("name") for suite in root] == ["c.yaml", "b.yaml", "a.yaml"]
