"""Reading back what was saved; the moves themselves are tested on whole trainings."""

import pytest

from tests.training.tiny import about_of, files_in, training_config
from yolozu.artifacts.checkpoint import read_checkpoint, write_checkpoint
from yolozu.training.checkpointing import CheckpointWriter, read_saved
from yolozu.training.config import build_learner
from yolozu.training.state import BeforeEnd, TrainingState, Verdicts


@pytest.fixture
def made(tiny, tmp_path):
    chosen = training_config()
    materials = tiny.materials(chosen)
    learner = build_learner(chosen, materials.detector, materials.loss, preprocess=materials.preprocess, total_steps=10)
    files = files_in(tmp_path)
    return files, CheckpointWriter(files, about_of(chosen), learner, chosen.timetable(11)), chosen


@pytest.mark.slow
def test_a_saved_state_comes_back_with_what_it_was_made_for(made):
    files, checkpoints, chosen = made
    state = TrainingState(step=4, verdicts=Verdicts(validated_step=4, metrics={"map50_95": 0.5}), train_rows=7)
    checkpoints.save(state)
    saved = read_saved(files.last)
    assert saved.state == state
    assert (saved.spec, saved.state_digest) == (about_of(chosen).spec, about_of(chosen).state_digest)
    assert (saved.threads, saved.superseded) == (1, None)
    assert (saved.checkpoint.step, saved.checkpoint.epoch, saved.checkpoint.metrics) == (4, 1, {"map50_95": 0.5})


def test_metrics_are_those_of_the_saved_weights_or_none(made):
    files, checkpoints, _ = made
    checkpoints.save(TrainingState(step=5, verdicts=Verdicts(validated_step=4, metrics={"map50_95": 0.5})))
    assert read_saved(files.last).checkpoint.metrics == {}


def test_a_best_checkpoint_holds_no_state_to_resume_from(made):
    files, checkpoints, _ = made
    checkpoints.save_with_best(TrainingState(step=4))
    assert read_checkpoint(files.best).training_state is None
    with pytest.raises(ValueError, match="holds no state to resume from"):
        read_saved(files.best)


def test_a_kill_before_the_best_is_moved_is_made_up_for(made, monkeypatch):
    files, checkpoints, _ = made
    state = TrainingState(step=4)
    with monkeypatch.context() as patched:
        patched.setattr(CheckpointWriter, "_move_best", lambda _: None)
        checkpoints.save_with_best(state)
    assert not files.best.exists()
    assert checkpoints.complete_best(state)
    assert files.best.is_file()
    assert not files.pending_best.exists()


def test_another_best_than_the_state_knows_is_noticed(made):
    files, checkpoints, _ = made
    state = TrainingState(step=4)
    assert checkpoints.complete_best(state)
    checkpoints.save_with_best(state)
    assert checkpoints.complete_best(state)
    files.best.write_bytes(b"x")
    assert not checkpoints.complete_best(state)
    files.best.unlink()
    assert not checkpoints.complete_best(state)


def test_a_closing_validation_keeps_the_best_it_replaces(made):
    files, checkpoints, _ = made
    state = TrainingState(step=3)
    checkpoints.save_with_best(state)
    first = files.best.read_bytes()
    state.before_end, state.step = BeforeEnd(Verdicts(best_digest=state.verdicts.best_digest), 1), 4
    checkpoints.save_with_best(state)
    assert files.best.read_bytes() != first
    assert read_saved(files.last).superseded == first


def test_clearing_removes_leftovers_of_killed_writers_too(made):
    files, checkpoints, _ = made
    checkpoints.save_with_best(TrainingState(step=1))
    for name in (".last.pt.abc.tmp", ".best.pending.pt.abc.tmp", ".best.pt.x.tmp"):
        (files.last.parent / name).touch()
    (files.last.parent / "other.txt").touch()
    files.clear()
    assert [path.name for path in files.last.parent.iterdir()] == ["other.txt"]


def test_equal_states_are_equal_files(made):
    files, checkpoints, _ = made
    checkpoints.save(TrainingState(step=4))
    first = files.last.read_bytes()
    write_checkpoint(files.last, read_checkpoint(files.last))
    assert files.last.read_bytes() == first
