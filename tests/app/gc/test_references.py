"""What runs name of other runs."""

import json
from pathlib import Path

import pytest

from tests.app.gc.made_runs import make_run
from yolozu.app.gc.references import needed_runs
from yolozu.app.gc.run_facts import facts_of_runs
from yolozu.paths import RUNS_DIR


@pytest.fixture(autouse=True)
def _project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_run("a")


def named(**keys) -> dict[str, tuple[str, str]]:
    make_run("b", **keys)
    return needed_runs(["b"], facts_of_runs(RUNS_DIR))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("continual_from", "a"),
        ("self_distill_from", "runs/a"),
        ("init_from", "./runs/../runs/a/checkpoints/best.pt"),
        ("derpp_teacher_key", "runs/a/continual/teachers"),
        ("dataset_root", "runs/a/data/rendered"),
    ],
)
def test_names_and_paths_in_a_receipt_name_a_run(key, value):
    assert named(**{key: value}) == {"a": (key, "b")}


def test_an_absolute_path_and_one_through_a_link_name_it_too():
    Path("weights").symlink_to("runs/a/checkpoints")
    assert named(init_from=str(Path("runs/a/checkpoints/best.pt").absolute()))
    assert named(init_from="./weights/best.pt")


@pytest.mark.parametrize("value", ["a", "runs/ab/best.pt", "runs", "a/b", "https://a/b", "x" * 5000 + "/y", "a\0/b"])
def test_other_words_name_none(value):
    assert named(note=value) == {}


def test_a_run_that_has_not_been_built_yet_names_what_its_plan_says():
    layout = make_run("b")
    layout.plan_dir.mkdir()
    layout.request_path("train").write_text(json.dumps({"spec": {"init": {"init_from": "runs/a/checkpoints/best.pt"}}}))
    assert needed_runs(["b"], facts_of_runs(RUNS_DIR)) == {"a": ("init_from", "b")}


def test_paths_are_those_of_the_directory_in_which_the_run_was_begun(tmp_path):
    layout = make_run("b", init_from="../runs/a/checkpoints/best.pt")
    layout.plan_dir.mkdir()
    (tmp_path / "sub").mkdir()
    stored = {"config": None, "overrides": {}, "directory": str(tmp_path / "sub"), "directory_from_run": "../../sub"}
    layout.overrides_path.write_text(json.dumps(stored))
    assert needed_runs(["b"], facts_of_runs(RUNS_DIR)) == {"a": ("init_from", "b")}
