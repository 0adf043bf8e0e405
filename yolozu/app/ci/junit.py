"""JUnit XML, as Jenkins, GitLab, GitHub actions and others read it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from yolozu.app.ci.cases import Case, Results

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may hold, not even escaped."""

ELEMENTS = {"failed": "failure", "error": "error"}


def junit_xml(results: Results, *, now: datetime | None = None) -> str:
    """The document: one suite, by the schema that Jenkins states (junit-10.xsd).

    Args:
        results: what is told.
        now: when, UTC; None means now.
    """
    moment = datetime.now(UTC) if now is None else now
    counted = _counts(results)
    root = ET.Element("testsuites", counted)
    skipped = str(results.count("skipped"))
    timestamp = moment.strftime("%Y-%m-%dT%H:%M:%S")
    suite = ET.SubElement(root, "testsuite", {**counted, "skipped": skipped, "timestamp": timestamp})
    for case in results.cases:
        _add_case(suite, case)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _counts(results: Results) -> dict[str, str]:
    return {
        "name": _clean(results.name),
        "tests": str(len(results.cases)),
        "failures": str(results.count("failed")),
        "errors": str(results.count("error")),
        "time": f"{results.seconds:.3f}",
    }


def _add_case(suite: ET.Element, case: Case) -> None:
    named = {"classname": _clean(case.group), "name": _clean(case.name), "time": f"{case.seconds:.3f}"}
    element = ET.SubElement(suite, "testcase", named)
    if case.outcome == "passed":
        if case.message:
            ET.SubElement(element, "system-out").text = _clean(case.message)
    elif case.outcome == "skipped":
        ET.SubElement(element, "skipped", {"message": _clean(case.message)})
    else:
        said = {"type": _clean(case.kind), "message": _clean(case.message)}
        ET.SubElement(element, ELEMENTS[case.outcome], said).text = _clean(case.text)


def _clean(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
