"""Which run or checkpoint a contract means by a name."""

import json
from pathlib import Path

import pytest

from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.earlier_runs import (
    REPLAY_BUFFER,
    SI_STATE,
    STATES,
    left_as_planned,
    require_state,
    run_directory,
    teacher_checkpoint,
)
from yolozu.continual.registry import REGULARIZERS
from yolozu.errors import InputError


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_run(directory, *, trained=True):
    (directory / "receipts").mkdir(parents=True)
    if trained:
        (directory / "checkpoints").mkdir()
        (directory / "checkpoints/best.pt").write_bytes(b"weights")


def code_of(function, named):
    with pytest.raises(InputError) as caught:
        function(named, where="self_distill_from")
    return caught.value.findings[0].code


def test_an_id_a_directory_and_a_file_are_told_apart(place):
    make_run(Path("runs/a"))
    make_run(Path("elsewhere/b"))
    assert run_directory("a", where="continual_from") == Path("runs/a")
    assert run_directory("elsewhere/b", where="continual_from") == Path("elsewhere/b")
    assert teacher_checkpoint("a", where="self_distill_from") == Path("runs/a/checkpoints/best.pt")
    assert teacher_checkpoint("runs/a/checkpoints/best.pt", where="self_distill_from").is_file()


def test_what_is_not_there_is_an_error():
    make_run(Path("runs/untrained"), trained=False)
    assert code_of(run_directory, "missing") == "YZ313"
    assert code_of(teacher_checkpoint, "untrained") == "YZ313"


def test_a_name_that_means_two_runs_is_an_error():
    make_run(Path("runs/a"))
    make_run(Path("a"))
    assert code_of(run_directory, "a") == "YZ531"
    assert run_directory("./a", where="continual_from") == Path("a")


def test_what_a_run_left_is_what_the_later_run_was_planned_with():
    make_run(Path("runs/a"))
    buffer, planned = Path("runs/a") / REPLAY_BUFFER, Path("earlier.json")
    buffer.mkdir(parents=True)
    (buffer / "index.json").write_text("{}")
    planned.write_text(json.dumps({"left": {REPLAY_BUFFER: DigestCache(None).path(buffer)}}))

    def found(name):
        return left_as_planned("a", name, planned, where="continual_from")

    assert (found(REPLAY_BUFFER), found(SI_STATE)) == (buffer, None)
    (buffer / "index.json").write_text("{ }")
    with pytest.raises(InputError, match="YZ551 has changed since the run was planned"):
        found(REPLAY_BUFFER)
    planned.write_text(json.dumps({"left": None}))
    with pytest.raises(InputError, match="YZ551 has changed since the run was planned"):
        found(REPLAY_BUFFER)
    planned.unlink()
    with pytest.raises(InputError, match="YZ551 cannot be read"):
        found(REPLAY_BUFFER)


@pytest.mark.parametrize("regularizer", STATES)
def test_a_state_is_there_or_an_error(place, regularizer):
    run = Path("runs/a")
    with pytest.raises(InputError) as caught:
        require_state(run, regularizer, where="continual_from")
    assert caught.value.findings[0].code == "YZ540"
    (run / "continual").mkdir(parents=True)
    (run / STATES[regularizer]).write_bytes(b"state")
    assert require_state(run, regularizer, where="continual_from") == run / STATES[regularizer]


def test_every_regularizer_has_a_state():
    assert set(STATES) == set(REGULARIZERS)
