"""JUnit XML: by the schema's shape, and with nothing in it that breaks it."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from yolozu.app.ci.cases import Case, Results
from yolozu.app.ci.junit import junit_xml

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
COUNTED = {"tests", "failures", "errors"}
SHAPE = {
    "testsuites": ({"name", "time", *COUNTED}, {"testsuite"}),
    "testsuite": ({"name", "time", "timestamp", "skipped", *COUNTED}, {"testcase"}),
    "testcase": ({"name", "classname", "time"}, {"skipped", "error", "failure", "system-out"}),
    "skipped": ({"message"}, set()),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}
"""Element -> attributes and elements in it that junit-10.xsd allows, as far as they are used."""


def results(*cases: Case) -> Results:
    return Results("exp01", "exp01: exp.yaml", cases, seconds=12.3456)


def test_the_whole_document():
    document = results(
        Case("exp01", "train", "passed", 12.0, message="done in 12.0s"),
        Case("exp01", "onnx_parity", "failed", 0.3, "YZ605", 'a: <no> & "no"', "a: YZ605 <no>\n  fix: x"),
        Case("exp01", "predict", "skipped", message="the build ended before it"),
        Case("exp01", "build", "error", kind="YZ302", message="held", text="held"),
    )
    assert (
        junit_xml(document, now=NOW)
        == """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="exp01" tests="4" failures="1" errors="1" time="12.346">
  <testsuite name="exp01" tests="4" failures="1" errors="1" time="12.346" skipped="1" timestamp="2026-01-02T03:04:05">
    <testcase classname="exp01" name="train" time="12.000">
      <system-out>done in 12.0s</system-out>
    </testcase>
    <testcase classname="exp01" name="onnx_parity" time="0.300">
      <failure type="YZ605" message="a: &lt;no&gt; &amp; &quot;no&quot;">a: YZ605 &lt;no&gt;
  fix: x</failure>
    </testcase>
    <testcase classname="exp01" name="predict" time="0.000">
      <skipped message="the build ended before it" />
    </testcase>
    <testcase classname="exp01" name="build" time="0.000">
      <error type="YZ302" message="held">held</error>
    </testcase>
  </testsuite>
</testsuites>
"""
    )


TEXTS = st.text(st.characters(codec=None), max_size=20)  # lone surrogates and control characters, too
OUTCOMES = st.sampled_from(["passed", "failed", "error", "skipped"])
CASES = st.builds(Case, TEXTS, TEXTS, OUTCOMES, st.floats(0, 1e6), TEXTS, TEXTS, TEXTS)


@given(st.lists(CASES, max_size=3))
def test_any_text_gives_a_document_of_the_schema_s_shape(cases):
    text = junit_xml(results(*cases), now=NOW)
    root = ET.fromstring(text.encode("utf-8"))
    for element in root.iter():
        attributes, children = SHAPE[element.tag]
        assert set(element.attrib) == attributes
        assert {child.tag for child in element} <= children
    assert [one.get("tests") for one in root.iter("testsuite")] == [str(len(cases))]
    assert len(list(root.iter("testcase"))) == len(cases)
    assert len(list(root.iter("failure"))) == int(root.get("failures"))
    assert len(list(root.iter("error"))) == int(root.get("errors"))
