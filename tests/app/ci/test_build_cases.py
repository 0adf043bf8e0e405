"""A build as test cases."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.fixtures.played import CONTRACT
from tests.fixtures.played_stages import play
from yolozu.app.ci.cases import Case
from yolozu.cli.app import main
from yolozu.engine.failure import record_failure
from yolozu.errors import GateFailed
from yolozu.paths import RunLayout

REQUIRE = 'require: {map50_95: ">= 0.3", map50: "> 0.2"}\n'
MISSED = "require.map50_95: YZ804 measured 0.1, required >= 0.3\n  fix: improve the model, or change the gate"


@pytest.fixture
def played(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("exp.yaml").write_text(CONTRACT + REQUIRE)
    found = play(monkeypatch)
    found.numbers["a/evaluate"] = {"map50_95": 0.5, "map50": 0.75, "map75": 0.1, "ar100": None, "images": 3}
    return found


def build(*words: str) -> tuple[int, dict[str, Case]]:
    """Exit code, and name of a case -> it."""
    code = main(["run", "exp.yaml", "run_id=a", "eval", *words, "--junit", "out/junit.xml", "--summary", "summary.md"])
    cases = {}
    for case in ET.parse("out/junit.xml").getroot().iter("testcase"):
        bad = next((child for child in case if child.tag != "system-out"), None)
        outcome = "passed" if bad is None else {"failure": "failed"}.get(bad.tag, bad.tag)
        said = case.findtext("system-out") or "" if bad is None else bad.get("message")
        cases[case.get("name")] = Case(case.get("classname"), case.get("name"), outcome, message=said)
    return code, cases


def fail(played, stage: str, kind: str, text: str, code: int) -> None:
    """Let a stage fail as its worker would tell it."""

    def record(name: str) -> None:
        if name == f"a/{stage}":
            record_failure(RunLayout.of("a"), stage, kind=kind, text=text)

    played.while_running, played.fails[f"a/{stage}"] = record, code


@pytest.mark.slow
def test_every_stage_and_every_gate_is_a_case(played):
    code, cases = build()
    assert code == 0
    assert [case.name for case in cases.values()] == [
        "prepare_data", "train", "export_onnx", "onnx_parity", "predict", "validate_predictions", "evaluate",
        "map50_95 >= 0.3", "map50 > 0.2",
    ]  # fmt: skip
    assert {case.outcome for case in cases.values()} == {"passed"}
    assert cases["map50_95 >= 0.3"] == Case("a.evaluate", "map50_95 >= 0.3", "passed", message="measured 0.5")
    assert "| map50\\_95 | 0.5000 |\n| map50 | 0.7500 |\n| ar100 | - |\n\n" in Path("summary.md").read_text()
    code, again = build()
    assert (code, again["train"], again["map50 > 0.2"]) == (
        0,
        Case("a", "train", "passed", message="up to date"),
        cases["map50 > 0.2"],
    )
    assert Path("summary.md").read_text().count("### yolozu: a passed") == 2


@pytest.mark.slow
def test_a_missed_requirement_fails_its_own_case_and_the_stage_s(played):
    fail(played, "evaluate", GateFailed.__name__, MISSED, 1)
    code, cases = build()
    assert code == 1
    assert [name for name, case in cases.items() if case.outcome == "failed"] == ["evaluate", "map50_95 >= 0.3"]
    assert cases["map50_95 >= 0.3"].message == "measured 0.1, required >= 0.3"
    assert cases["map50 > 0.2"].outcome == "passed"
    assert "```text\nrequire.map50_95: YZ804 measured 0.1" in Path("summary.md").read_text()


@pytest.mark.slow
def test_what_comes_after_a_gate_that_refused_is_skipped(played):
    fail(played, "onnx_parity", GateFailed.__name__, "reports/onnx_parity.json: YZ605 no\n  fix: raise it", 1)
    code, cases = build()
    assert (code, cases["onnx_parity"].outcome, cases["onnx_parity"].message) == (
        1, "failed", "reports/onnx_parity.json: no",
    )  # fmt: skip
    assert {cases[name].outcome for name in ("predict", "evaluate", "map50_95 >= 0.3")} == {"skipped"}


@pytest.mark.slow
def test_a_stage_that_breaks_is_an_error_and_no_failure(played):
    fail(played, "train", "InternalError", "Traceback (most recent call last):\nZeroDivisionError: oh", 70)
    code, cases = build()
    assert (code, cases["train"]) == (70, Case("a", "train", "error", message="ZeroDivisionError: oh"))
    assert cases["export_onnx"].message == "the build ended before it"


def test_a_build_that_cannot_begin_is_told_too(played):
    code, cases = build("executor=slurm")
    assert (code, cases["build"].outcome) == (2, "error"), cases
    code, cases = build("lr=fast")
    assert (code, list(cases)) == (2, ["contract"])
    assert cases["contract"].message.startswith("lr=fast: ")
