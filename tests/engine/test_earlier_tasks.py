"""What the planner knows of the runs before a run."""

import json
from pathlib import Path

import pytest

from tests.engine.conftest import opened
from yolozu.artifacts.earlier_runs import EVALUATED
from yolozu.errors import InputError
from yolozu.planning.receipt import Receipt

NOTE = "plan/earlier_tasks.json"


@pytest.fixture(autouse=True)
def _contract(config):
    """In a directory of its own."""


def make_run(name, went_on_from=None):
    run = Path("runs") / name
    receipt = Receipt("train", 1, {"continual": {"continual_from": went_on_from}}, {}, {}, {}, "", 0.0, {})
    receipt.write(run / "receipts/train.json")
    for path in EVALUATED:
        (run / path).parent.mkdir(parents=True, exist_ok=True)
        (run / path).write_text(name)
    return run


def note(*words):
    return json.loads(opened(*words, run_id="now").texts[NOTE])["tasks"]


def test_a_first_task_has_none_before_it():
    assert NOTE not in opened().texts
    assert "forgetting" not in opened().plan


def test_the_chain_is_followed_to_its_beginning():
    make_run("one")
    make_run("two", "one")
    tasks = note("continual_from=two")
    assert [(task["name"], task["run"]) for task in tasks] == [("one", "runs/one"), ("two", "runs/two")]
    assert all(task["files"].keys() == set(EVALUATED) and None not in task["files"].values() for task in tasks)


def test_another_evaluation_of_an_earlier_run_reruns_the_report_alone():
    run = make_run("one")
    before = opened("continual_from=one", run_id="now").texts
    (run / EVALUATED[2]).write_text("other predictions")
    after = opened("continual_from=one", run_id="now").texts
    assert [path for path in before if before[path] != after[path]] == [NOTE]


def test_what_was_measured_after_an_earlier_task_counts_and_when_does_not():
    make_run("one")
    run = make_run("two", "one")
    assert note("continual_from=two")[1]["after"] is None
    report = {"tasks": ["one", "two"], "matrix": [[0.8, None], [0.6, 0.7]], "timestamp": "now"}
    (run / "reports").mkdir()
    (run / "reports/forgetting.json").write_text(json.dumps(report))
    found = note("continual_from=two")
    assert found[1]["after"] == {"tasks": ["one", "two"], "row": [0.6, 0.7]}
    (run / "reports/forgetting.json").write_text(json.dumps({**report, "timestamp": "later"}))
    assert note("continual_from=two") == found
    (run / "reports/forgetting.json").write_text("{")
    assert note("continual_from=two")[1]["after"] is None


def test_files_that_are_not_there_are_null():
    (make_run("one") / EVALUATED[2]).unlink()
    assert note("continual_from=one")[0]["files"][EVALUATED[2]] is None


def test_runs_that_go_round_in_a_circle_are_refused():
    make_run("one", "two")
    make_run("two", "one")
    with pytest.raises(InputError) as refused:
        note("continual_from=two")
    assert str(refused.value) == (
        "continual_from of runs/one: two: YZ557 a run cannot go on from itself\n"
        "  fix: name the run of the task before, or another run_id for this one"
    )
