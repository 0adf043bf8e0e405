"""Files of a run, and what is somebody else's."""

import json
from pathlib import Path

import pytest

from tests.app.gc.made_runs import give, intact, make_run
from yolozu.app.gc.collect import collect_runs
from yolozu.app.gc.policy import Policy
from yolozu.engine.failure import record_failure
from yolozu.paths import RUNS_DIR


@pytest.fixture(autouse=True)
def _project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    RUNS_DIR.mkdir()


def test_a_result_that_somebody_has_changed_is_theirs():
    layout = make_run("a")
    weights = layout.root / "checkpoints/best.pt"
    weights.write_text("better weights")
    (run,) = collect_runs(Policy(runs=("a",)), delete=True).runs
    assert run.left == {weights: "is not what the run made"}
    assert [path for path in layout.root.rglob("*") if path.is_file()] == [weights]


def test_what_lies_elsewhere_stays_wherever_it_lies():
    layout, other = make_run("a"), make_run("b")
    give(layout, "files", {"../../mine.pt": "copy"}, {})
    give(other, "files", {"../a/kept.pt": "copy"}, {})
    collect_runs(Policy(runs=("a",)), delete=True)
    assert Path("mine.pt").read_text() == "copy"
    assert (layout.root / "kept.pt").read_text() == "copy"
    assert intact(other)


def test_the_report_of_a_gate_that_refused_goes_with_its_run():
    layout = make_run("a")
    (layout.root / "reports").mkdir()
    (layout.root / "reports/onnx_parity.json").write_text("{}")
    layout.plan_dir.mkdir()
    layout.request_path("onnx_parity").write_text(json.dumps({"outputs": {"report": "reports/onnx_parity.json"}}))
    record_failure(layout, "onnx_parity", kind="GateFailed", text="no")
    collect_runs(Policy(runs=("a",)), delete=True)
    assert not layout.root.exists()
