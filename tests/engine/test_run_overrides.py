import json
import os

import pytest

from yolozu.contract.overrides import parse_assignments
from yolozu.engine.run_overrides import RunOverrides, shown
from yolozu.errors import InputError, UsageError
from yolozu.paths import RunLayout


@pytest.fixture
def layout(tmp_path):
    return RunLayout(tmp_path / "exp01")


def remember(layout, *words, config="exp.yaml"):
    remembered = RunOverrides.read(layout).with_given(config, parse_assignments(words))
    layout.plan_dir.mkdir(parents=True, exist_ok=True)
    layout.overrides_path.write_text(remembered.text())
    return remembered


def test_a_new_run_remembers_nothing(layout):
    assert RunOverrides.read(layout) == RunOverrides(None, {})


def test_what_was_given_is_remembered_and_said(layout):
    remember(layout, "lr=0.001", "epochs=3")
    later = parse_assignments(["epochs=4"])
    remembered = RunOverrides.read(layout).with_given(None, later)
    assert remembered.headline("exp01", later) == "exp01: exp.yaml + epochs=4 + lr=0.001 (remembered)"
    assert [(override.key, override.value, override.origin) for override in remembered.as_overrides(later)] == [
        ("lr", 0.001, "lr=0.001 (remembered)"),
        ("epochs", 4, "epochs=4"),
    ]


def test_another_spelling_of_a_key_replaces_it(layout):
    remember(layout, "amp=bf16")
    remember(layout, "use_amp=false")
    assert RunOverrides.read(layout).overrides == {"use_amp": False}


def test_an_override_can_be_forgotten(layout):
    remember(layout, "lr=0.001", "epochs=3")
    assert RunOverrides.read(layout).forget(["lr"]).overrides == {"epochs": 3}
    assert RunOverrides.read(layout).forget(["all"]) == RunOverrides("exp.yaml")


def test_forgetting_what_is_not_remembered_is_an_error(layout):
    remember(layout, "lr=0.001")
    with pytest.raises(UsageError) as caught:
        RunOverrides.read(layout).forget(["epochs"])
    assert str(caught.value) == "forget=epochs: YZ310 epochs: not remembered\n  fix: remembered are: lr"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A directory with a contract, and a run that was given it there."""
    place = tmp_path / "project"
    place.mkdir()
    (place / "exp.yaml").touch()
    monkeypatch.chdir(place)
    made = RunLayout.of("exp01")
    made.plan_dir.mkdir(parents=True)
    remembered = RunOverrides.read(made).with_given("exp.yaml", parse_assignments(["init_from=w.pt", "lr=1"]))
    made.overrides_path.write_text(remembered.in_directory(place, made).text())
    return place


def seen_from(directory, run, monkeypatch):
    directory.mkdir(exist_ok=True)
    monkeypatch.chdir(directory)
    layout = RunLayout.at(os.path.relpath(run))
    remembered = RunOverrides.read(layout)
    return remembered.rebased(remembered.base(layout), directory)


def test_paths_mean_the_same_from_another_directory(project, tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/exp.yaml").touch()
    seen = seen_from(tmp_path / "other", project / "runs/exp01", monkeypatch)
    assert (seen.config, seen.overrides) == ("../project/exp.yaml", {"init_from": "../project/w.pt", "lr": 1})


def test_a_project_may_be_moved_as_a_whole(project, tmp_path, monkeypatch):
    moved = project.rename(tmp_path / "moved")
    seen = seen_from(moved, moved / "runs/exp01", monkeypatch)
    assert (seen.config, seen.overrides) == ("exp.yaml", {"init_from": "w.pt", "lr": 1})


def test_a_run_may_be_moved_alone(project, tmp_path, monkeypatch):
    archived = (project / "runs/exp01").rename(tmp_path / "exp01")
    assert seen_from(tmp_path / "other", archived, monkeypatch).config == "../project/exp.yaml"


def test_a_run_of_an_early_release_means_the_directory_that_its_runs_lie_in(project, tmp_path, monkeypatch):
    path = project / "runs/exp01/plan/overrides.json"
    path.write_text(json.dumps({"config": "exp.yaml", "overrides": {}, "strict": True}))
    assert seen_from(tmp_path / "other", project / "runs/exp01", monkeypatch).config == "../project/exp.yaml"


BEFORE = RunOverrides("a.yaml", {"lr": 1, "epochs": 3}, strict=True)


def test_a_refused_command_is_as_if_never_typed():
    typed = parse_assignments(["lr=5", "device=cuda"])
    assert BEFORE.forget(["epochs"]).with_given("b.yaml", typed).after_refusal(BEFORE, set()) == BEFORE


def test_what_lasting_work_was_done_with_stays_all_the_same():
    typed = parse_assignments(["lr=5", "max_detections=3"])
    now = BEFORE.forget(["epochs"]).with_given(None, typed)
    assert now.after_refusal(BEFORE, {"lr", "epochs"}).overrides == {"lr": 5}


def test_a_new_run_keeps_its_contract():
    now = RunOverrides().with_given("a.yaml", parse_assignments(["lr=5"]))
    assert now.after_refusal(RunOverrides(), set()) == RunOverrides("a.yaml")


BAD = '{"config": "a", "overrides": {}, "strict": "yes"}'


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"config": 1}', '{"config": null, "overrides": []}', BAD])
def test_a_broken_file_is_one_message(layout, text):
    layout.plan_dir.mkdir(parents=True)
    layout.overrides_path.write_text(text)
    with pytest.raises(InputError, match="YZ309"):
        RunOverrides.read(layout)


@pytest.mark.parametrize(
    ("value", "text"), [(None, "null"), (True, "true"), (False, "false"), (0, "0"), ([1, 2], "1,2"), ("a", "a")]
)
def test_a_value_is_shown_as_it_is_typed(value, text):
    assert shown(value) == text
