"""What is known of a run."""

import errno

import pytest
from filelock import FileLock

from tests.app.gc.made_runs import give, grow_old, intact, make_run
from yolozu.app.gc.collect import collect_runs
from yolozu.app.gc.policy import Policy
from yolozu.app.gc.run_facts import facts_of_runs
from yolozu.errors import InputError
from yolozu.paths import RUNS_DIR


@pytest.fixture(autouse=True)
def _project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    RUNS_DIR.mkdir()


def gone(collected) -> list[str]:
    return [run.run for run in collected.runs if run.goes]


def test_age_counts_from_the_last_thing_that_was_built():
    layout = make_run("a", age_s=100)
    assert gone(collect_runs(Policy(older_than_s=50), delete=False)) == ["a"]
    give(layout, "predict", {"predictions/predictions.json": "x"}, {})
    assert gone(collect_runs(Policy(older_than_s=50), delete=False)) == []
    grow_old(layout, 100)
    assert gone(collect_runs(Policy(older_than_s=50), delete=False)) == ["a"]


def test_a_link_to_a_run_keeps_it_and_what_is_linked_is_left_alone(tmp_path):
    make_run("a")
    (RUNS_DIR / "best").symlink_to("a")
    far = make_run("../far")
    (RUNS_DIR / "near").symlink_to("../far")
    collected = collect_runs(Policy(runs=("*",)), delete=True)
    assert {run.run: run.stays_for for run in collected.runs} == {
        "a": ("runs/best is a link to it",),
        "near": ("is a link to ../far; gc deletes nothing there",),
    }
    assert intact(far)


def test_a_run_whose_receipt_cannot_be_read_lets_nothing_go():
    make_run("a").receipt_path("train").write_text("{")
    with pytest.raises(InputError, match="YZ301"):
        facts_of_runs(RUNS_DIR)


def test_a_run_whose_lock_cannot_be_asked_stays(monkeypatch):
    layout = make_run("a")
    layout.plan_dir.mkdir()
    layout.lock_path.touch()

    def refuse(*_, **__):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(FileLock, "acquire", refuse)
    (run,) = facts_of_runs(RUNS_DIR)
    assert run.held == "may be being built: runs/a/plan/build.lock cannot be asked (No locks available)"


def test_a_score_is_a_number_of_the_evaluation():
    make_run("a", score=0.5)
    make_run("b")
    assert [run.score("map50_95") for run in facts_of_runs(RUNS_DIR)] == [0.5, None]
    assert [run.score("map50") for run in facts_of_runs(RUNS_DIR)] == [None, None]
