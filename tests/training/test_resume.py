"""Why a state is of no use, in words; and that training then starts afresh, or refuses to when told so."""

from dataclasses import replace

import pytest
import torch

from tests.training.test_loop import Telling
from tests.training.tiny import MODEL, StopAfter, files_in, outcome, training_config
from yolozu.contract.sections.trained_model import TrainedModelConfig
from yolozu.errors import InputError, Interrupted, UsageError

pytestmark = pytest.mark.slow

FEW = {"max_steps": 4, "val_every_steps": 2}


@pytest.fixture(scope="module")
def whole(tiny, tmp_path_factory):
    directory = tmp_path_factory.mktemp("whole")
    tiny.fit(directory, training_config(**FEW))
    return outcome(directory)


@pytest.fixture
def stopped(tiny, tmp_path):
    """Stopped after step 3."""
    with pytest.raises(Interrupted):
        tiny.fit(tmp_path, training_config(**FEW), stopping=StopAfter(6))
    return tmp_path


def said(tiny, directory, chosen=None, **options):
    told = Telling()
    tiny.fit(directory, training_config(**FEW) if chosen is None else chosen, progress=told, **options)
    return told.lines


def test_going_on_says_from_where(tiny, stopped, whole):
    assert said(tiny, stopped)[0] == "going on from optimizer step 3"
    assert outcome(stopped) == whole


def test_a_state_that_ranked_by_another_metric_goes_on_with_it_and_says_so(tiny, stopped, whole):
    """As one of release 0.1.0 does on data with poses, where a new training weighs both."""
    materials = replace(tiny.materials(training_config(**FEW)), best_metric="map50")
    assert said(tiny, stopped, materials=materials)[2] == (
        "note: best.pt has been chosen by map50_95 so far, and is to the end of this training; a new one would choose "
        "it by map50"
    )
    assert outcome(stopped) == whole


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        (
            "int8wo",
            None,
            "was trained beside weights in int8wo, and here they are whole weights\n"
            "  fix: pip install 'yolozu[torchao]', or train in a new run; init_from takes the weights over",
        ),
        (
            None,
            "int8wo",
            "was trained beside whole weights, and here they are weights in int8wo\n"
            "  fix: go on where torchao is not installed, or train in a new run; init_from takes the weights over",
        ),
    ],
)
def test_weights_that_are_quantized_otherwise_are_refused(tiny, tmp_path, was, now, sentence):
    first, second = (
        replace(tiny, objective=replace(tiny.objective, model=TrainedModelConfig(**dict(MODEL), quantization=scheme)))
        for scheme in (was, now)
    )
    with pytest.raises(Interrupted):
        first.fit(tmp_path, training_config(**FEW), stopping=StopAfter(6))
    before = files_in(tmp_path).last.read_bytes()
    with pytest.raises(InputError) as caught:
        second.fit(tmp_path, training_config(**FEW))
    assert str(caught.value) == f"{files_in(tmp_path).last}: YZ476 {sentence}"
    assert files_in(tmp_path).last.read_bytes() == before


def test_a_first_try_says_nothing_about_resuming(tiny, tmp_path):
    assert said(tiny, tmp_path)[0].startswith("training for 4 optimizer steps")


def cut(directory):
    path = files_in(directory).last
    path.write_bytes(path.read_bytes()[:1000])


def lose_best(directory):
    files_in(directory).best.write_bytes(b"somebody else's")


def lose_rows(directory):
    files_in(directory).train_metrics.write_text("")


def lose_metrics(directory):
    files_in(directory).val_metrics.unlink()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut, "last.pt is of no use: "),
        (lose_best, "best.pt is not the one that last.pt was saved with"),
        (lose_rows, "train.jsonl has lost rows that were written before last.pt"),
        (lose_metrics, "val.jsonl has lost rows that were written before last.pt"),
    ],
)
def test_a_damaged_state_starts_afresh_and_says_why(tiny, stopped, whole, damage, reason):
    damage(stopped)
    with pytest.raises(UsageError, match="YZ504"):
        tiny.fit(stopped, training_config(**FEW), insist=True)
    assert said(tiny, stopped)[0].startswith(f"starting afresh: {reason}")
    assert outcome(stopped) == whole


def test_a_state_of_other_settings_names_every_changed_key(tiny, stopped):
    other = training_config(**FEW, lr=1e-3, ema_decay=0.5)
    with pytest.raises(UsageError) as caught:
        tiny.fit(stopped, other, insist=True)
    assert str(caught.value) == (
        "resume: YZ504 cannot go on: last.pt was made for other settings or data: ema_decay: 0.9 → 0.5; "
        "lr: 0.002 → 0.001\n"
        "  fix: leave out --resume to start afresh, or set the keys back to what the state was made for"
    )
    assert said(tiny, stopped, other)[0].startswith("starting afresh: last.pt was made for other settings")


def test_insisting_without_any_state_is_refused(tiny, tmp_path):
    with pytest.raises(UsageError, match="YZ504 cannot go on: there is no earlier state"):
        tiny.fit(tmp_path, training_config(**FEW), insist=True)


def test_another_number_of_threads_is_warned_about(tiny, stopped, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert said(tiny, stopped)[1] == (
        "warning: the state was made with 1 torch threads, now there are 2: from here on, bits may differ from those "
        "of an uninterrupted training"
    )


def test_a_published_best_that_is_not_the_states_own_starts_afresh(tiny, tmp_path, whole):
    tiny.fit(tmp_path / "short", training_config(max_steps=2, val_every_steps=2))
    lose_best(tmp_path / "short")
    lines = said(tiny, tmp_path / "next", published=tmp_path / "short")
    assert lines[0] == f"starting afresh: {tmp_path}/short/best.pt is not the one that its last.pt was saved with"
    assert outcome(tmp_path / "next") == whole


LONGER = {**FEW, "max_steps": 6}


def test_an_interrupted_training_goes_on_to_a_raised_limit_as_if_it_had_been_there_from_the_start(
    tiny, stopped, tmp_path
):
    tiny.fit(stopped, training_config(**LONGER), earlier=training_config(**FEW))
    tiny.fit(tmp_path / "long", training_config(**LONGER))
    assert outcome(stopped) == outcome(tmp_path / "long")


def test_a_kill_while_the_state_is_taken_over_loses_nothing(tiny, stopped, tmp_path, monkeypatch):
    def killed(*_):
        raise SystemExit

    for moment in ("save", "_move_best"):
        with monkeypatch.context() as patched:
            patched.setattr(f"yolozu.training.checkpointing.CheckpointWriter.{moment}", killed)
            with pytest.raises(SystemExit):
                tiny.fit(stopped, training_config(**LONGER), earlier=training_config(**FEW))
    tiny.fit(stopped, training_config(**LONGER), earlier=training_config(**FEW))
    tiny.fit(tmp_path / "long", training_config(**LONGER))
    assert outcome(stopped) == outcome(tmp_path / "long")


@pytest.mark.parametrize("limit", [1, 3])
def test_a_limit_that_lies_behind_ends_the_training_and_keeps_it(tiny, stopped, limit):
    summary = tiny.fit(stopped, training_config(**FEW | {"max_steps": limit}), earlier=training_config(**FEW))
    assert (summary.steps, summary.best_step) == (3, summary.best_step)
    assert len(files_in(stopped).val_metrics.read_text().splitlines()) == 2, "it ends with a validation"
    assert files_in(stopped).best.is_file()


def test_more_patience_takes_an_early_stop_back(tiny, tmp_path):
    impatient = {"max_steps": 10, "val_every_steps": 1, "early_stop_patience": 1}
    short = tiny.fit(tmp_path / "short", training_config(**impatient))
    assert short.stopped_early
    patient = training_config(**impatient | {"early_stop_patience": 0})
    assert tiny.fit(tmp_path / "on", patient, published=tmp_path / "short").steps == 10
    tiny.fit(tmp_path / "long", patient)
    assert outcome(tmp_path / "on") == outcome(tmp_path / "long")


def test_what_is_of_no_use_is_moved_aside(tiny, stopped, tmp_path):
    lose_best(stopped)
    files = replace(files_in(stopped), aside=tmp_path / "aside")
    assert files.clear() == tmp_path / "aside"
    assert sorted(path.name for path in (tmp_path / "aside").iterdir()) == [
        "best.pt", "last.pt", "train.jsonl", "val.jsonl",
    ]  # fmt: skip
    assert files.clear() is None
