"""Test cases."""

from yolozu.app.ci.cases import Case, Results, refused_case
from yolozu.errors import Finding


def test_cases_are_counted_by_how_they_went():
    found = Results("a", "a", (Case("a", "train", "passed"), Case("a", "predict", "error"), Case("a", "x", "passed")))
    assert [found.count(outcome) for outcome in ("passed", "failed", "error", "skipped")] == [2, 0, 1, 0]


def test_what_could_not_begin_tells_all_findings():
    findings = [Finding("YZ102", "exp.yaml:4: lrr", "unknown key", "lr?"), Finding("YZ109", "exp.yaml", "no seed", "x")]
    case = refused_case("yolozu", "contract", findings)
    assert (case.outcome, case.kind, case.message) == ("error", "YZ102", "exp.yaml:4: lrr: unknown key")
    assert case.text == "\n".join(finding.render() for finding in findings)
