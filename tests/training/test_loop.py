"""Whole trainings: what they write, and that no interruption can be seen in it."""

import json
import multiprocessing
import random
import signal
import time
from contextlib import nullcontext, suppress
from dataclasses import replace

import pytest
import torch

from tests.training.tiny import StopAfter, files_in, outcome, training_config
from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.errors import Interrupted, UsageError
from yolozu.training import checkpointing as checkpointing_module
from yolozu.training.learner import Learner
from yolozu.training.metrics_log import MEASURED, MetricsLog
from yolozu.training.state import Verdicts

pytestmark = pytest.mark.slow


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def kinds(path):
    return [(row["meta"]["kind"], row["meta"]["optim_step"]) for row in rows(path)]


class Telling:
    """Progress that remembers what was said."""

    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)

    def bar(self, title, total, done=0):  # noqa: ARG002 - the signature of `Progress`
        return nullcontext(self)

    def advance(self, count=1, note="", numbers=None):
        pass


def test_two_trainings_are_equal_bit_for_bit_and_leave_the_process_as_it_was(tiny, tmp_path, uninterrupted):
    before = torch.get_rng_state()
    torch.manual_seed(99)
    tiny.fit(tmp_path, training_config())
    assert outcome(tmp_path) == uninterrupted
    torch.set_rng_state(before)
    assert not torch.are_deterministic_algorithms_enabled()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.pt", "last.pt", "train.jsonl", "val.jsonl"]


def test_the_number_of_workers_and_the_saving_cadence_change_no_bit(tiny, tmp_path, uninterrupted):
    tiny.fit(tmp_path, training_config(num_workers=2, save_last_every=7))
    assert outcome(tmp_path) == uninterrupted


@pytest.mark.effect("log_every", "val_every", "val_every_steps")
def test_rows_come_when_they_are_due(tiny, tmp_path):
    summary = tiny.fit(tmp_path, training_config(max_steps=7, log_every=4, val_every=2, val_every_steps=4))
    files = files_in(tmp_path)
    assert kinds(files.train_metrics) == [
        ("train_step", 1), ("train_epoch", 3), ("train_step", 4), ("train_epoch", 6),
    ]  # fmt: skip
    assert kinds(files.val_metrics) == [("val_step", 4), ("val_epoch", 6), ("val_step", 7)]
    first = rows(files.train_metrics)[0]
    assert first["meta"] == {"kind": "train_step", "epoch": 1, "step": 2, "optim_step": 1}
    assert set(first["metrics"]) == {"lr", "grad_norm", *MEASURED}
    assert set(first["losses"]) == {"total", "vfl", "bbox", "giou", "decoder", "proposals", "denoising"}
    validation = rows(files.val_metrics)[0]
    assert set(validation["losses"]) == {"total", "vfl", "bbox", "giou"}
    assert sum(validation["losses"].values()) == pytest.approx(2 * validation["losses"]["total"], rel=1e-5)
    assert (summary.steps, summary.epochs, summary.stopped_early) == (7, 2, False)


def test_the_epochs_row_is_the_mean_over_its_images(tiny, tmp_path):
    tiny.fit(tmp_path, training_config(max_steps=3))
    *steps, epoch = rows(files_in(tmp_path).train_metrics)
    totals = [row["losses"]["total"] for row in steps]
    assert epoch["losses"]["total"] == pytest.approx((4 * totals[0] + 4 * totals[1] + 3 * totals[2]) / 11)


def test_best_is_the_best_validation_without_a_training_state(tiny, tmp_path):
    summary = tiny.fit(tmp_path, training_config())
    scores = {row["meta"]["optim_step"]: row["metrics"]["map50_95"] for row in rows(files_in(tmp_path).val_metrics)}
    best = read_checkpoint(files_in(tmp_path).best)
    assert best.training_state is None
    assert best.step == summary.best_step == max(scores, key=lambda step: (scores[step], -step))
    assert best.metrics["map50_95"] == summary.best_score == max(scores.values())
    last = read_checkpoint(files_in(tmp_path).last)
    assert (last.step, last.epoch, last.metrics["map50_95"]) == (10, 3, scores[10])
    assert (last.eval_weights, last.classes, last.preprocess["height"]) == ("ema", tiny.train.classes, 64)


@pytest.mark.parametrize("between_stops", [2, 3, 7])
def test_stopping_again_and_again_changes_no_bit(tiny, tmp_path, uninterrupted, between_stops):
    """A stop is asked for inside epochs, inside validations and before them."""
    stops = 0
    while True:
        try:
            tiny.fit(tmp_path, training_config(), stopping=StopAfter(between_stops))
        except Interrupted:
            stops += 1
        else:
            break
    assert stops > 0
    assert outcome(tmp_path) == uninterrupted


class Killed(BaseException):
    """As if the process had ended there."""


def killed_at(monkeypatch, moment):
    """Raise `Killed` before or after the ``moment``-th call that changes the learner or a file."""
    count = 0

    def tick():
        nonlocal count
        count += 1
        if count == moment:
            raise Killed

    def around(owner, name):
        original = getattr(owner, name)

        def wrapped(*arguments, **named):
            tick()
            result = original(*arguments, **named)
            tick()
            return result

        monkeypatch.setattr(owner, name, wrapped)

    around(Learner, "learn")
    around(MetricsLog, "write")
    around(MetricsLog, "sync")
    around(checkpointing_module, "write_checkpoint")
    around(checkpointing_module.CheckpointWriter, "_move_best")


MOMENTS = random.Random(0).sample(range(1, 100), 9)


@pytest.mark.parametrize("moment", sorted(MOMENTS))
def test_a_kill_between_any_two_actions_changes_no_bit(tiny, tmp_path, uninterrupted, monkeypatch, moment):
    with monkeypatch.context() as patched:
        killed_at(patched, moment)
        with pytest.raises(Killed):
            tiny.fit(tmp_path, training_config())
    tiny.fit(tmp_path, training_config())
    assert outcome(tmp_path) == uninterrupted


def train_in_a_process(tiny, directory, ready):
    torch.set_num_threads(1)
    ready.set()
    tiny.fit(directory, training_config())


def test_sigkill_at_random_moments_changes_no_bit(tiny, tmp_path, uninterrupted):
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.training.tiny"])
    moments = random.Random(1)
    kills = 0
    for _ in range(40):
        ready = processes.Event()
        training = processes.Process(target=train_in_a_process, args=(tiny, tmp_path, ready))
        training.start()
        assert ready.wait(60)
        training.join(moments.uniform(0.1, 0.9) if kills < 6 else None)
        if training.exitcode is None:
            training.kill()
            training.join()
        if training.exitcode == 0:
            break
        assert training.exitcode == -signal.SIGKILL
        kills += 1
    assert kills > 0
    assert outcome(tmp_path) == uninterrupted
    training.close()


SCORES = {1: 0.1, 3: 0.2, 4: 0.5, 5: 0.1, 6: 0.3, 7: 0.2, 9: 0.6, 10: 0.4}


def fit_scored(tiny, directory, chosen, **options):
    """Train with the scores above, by optimizer step."""

    def score(index, predictions):
        return {"map50_95": SCORES[rows(directory / "train.jsonl")[-1]["meta"]["optim_step"]], "map50": None}

    materials = replace(tiny.materials(chosen), score=score)
    return tiny.fit(directory, chosen, materials=materials, **options)


@pytest.fixture(scope="module")
def long(tiny, tmp_path_factory):
    directory = tmp_path_factory.mktemp("long")
    fit_scored(tiny, directory, training_config())
    return outcome(directory)


@pytest.mark.parametrize(
    ("steps", "replaces_best"), [(1, False), (4, True), (5, False), (6, False), (9, False)],
    ids=["before the first regular one", "closing on a new best", "closing on a worse one", "regular", "regular best"],
)  # fmt: skip
def test_an_extended_training_is_the_longer_one_bit_for_bit(tiny, tmp_path, long, steps, replaces_best):
    """Also where it had ended between two validations, with one that the longer training would not have had."""
    fit_scored(tiny, tmp_path / "short", training_config(max_steps=steps))
    saved = checkpointing_module.read_saved(tmp_path / "short" / "last.pt")
    assert (saved.superseded is not None) == replaces_best
    fit_scored(tiny, tmp_path / "extended", training_config(), published=tmp_path / "short")
    assert outcome(tmp_path / "extended") == long


def test_an_extended_multistep_training_is_the_longer_one_bit_for_bit(tiny, tmp_path):
    options = {"scheduler": "multistep", "scheduler_milestones": (2, 4)}
    tiny.fit(tmp_path / "short", training_config(max_steps=3, **options))
    tiny.fit(tmp_path / "extended", training_config(max_steps=5, **options), published=tmp_path / "short")
    tiny.fit(tmp_path / "long", training_config(max_steps=5, **options))
    assert outcome(tmp_path / "extended") == outcome(tmp_path / "long")


def test_a_limit_that_changes_nothing_keeps_everything_but_the_stamp(tiny, tmp_path):
    fit_scored(tiny, tmp_path / "short", training_config(max_steps=4, epochs=5))
    fit_scored(tiny, tmp_path / "extended", training_config(max_steps=4, epochs=9), published=tmp_path / "short")
    fit_scored(tiny, tmp_path / "long", training_config(max_steps=4, epochs=9))
    assert outcome(tmp_path / "extended") == outcome(tmp_path / "long")


def test_an_extended_training_can_be_extended_again_and_interrupted(tiny, tmp_path, uninterrupted):
    tiny.fit(tmp_path / "a", training_config(max_steps=2))
    tiny.fit(tmp_path / "b", training_config(max_steps=4), published=tmp_path / "a")
    with pytest.raises(Interrupted):
        tiny.fit(tmp_path / "c", training_config(), published=tmp_path / "b", stopping=StopAfter(1))
    tiny.fit(tmp_path / "c", training_config(), published=tmp_path / "b")
    assert outcome(tmp_path / "c") == uninterrupted


@pytest.mark.effect("extend")
def test_extend_true_goes_on_with_the_new_schedule(tiny, tmp_path):
    tiny.fit(tmp_path / "short", training_config(max_steps=4, scheduler="cosine"))
    told = Telling()
    longer = training_config(max_steps=6, scheduler="cosine", extend=True, min_lr=1e-5)
    tiny.fit(tmp_path / "next", longer, published=tmp_path / "short", progress=told)
    assert told.lines[0] == "going on from optimizer step 4"
    steps = [row for row in rows(files_in(tmp_path / "next").train_metrics) if row["meta"]["kind"] == "train_step"]
    assert [row["meta"]["optim_step"] for row in steps] == [1, 2, 3, 4, 5, 6]
    assert steps[-1]["metrics"]["lr"] == 1e-5


@pytest.mark.effect("early_stop_patience")
def test_early_stopping_leaves_a_row_and_holds_also_when_extended(tiny, tmp_path):
    def falling(index, predictions):
        falling.score -= 0.01
        return {"map50_95": falling.score, "map50": None}

    falling.score = 0.9
    chosen = training_config(early_stop_patience=2, max_steps=30)
    summary = tiny.fit(tmp_path / "a", chosen, materials=replace(tiny.materials(chosen), score=falling))
    assert (summary.steps, summary.best_step, summary.stopped_early) == (9, 3, True)
    val = rows(files_in(tmp_path / "a").val_metrics)
    assert [row["meta"]["kind"] for row in val] == ["val_epoch", "val_epoch", "val_epoch", "early_stop"]
    assert val[-1]["metrics"] == {"map50_95": pytest.approx(0.89), "without_progress": 2.0}
    longer = training_config(early_stop_patience=2, max_steps=60)
    assert tiny.fit(tmp_path / "b", longer, published=tmp_path / "a").steps == 9


def fit_unscored(tiny, directory, chosen, **options):
    """A training whose held-out images have no object."""
    materials = replace(tiny.materials(chosen), score=lambda *_: {"map50_95": None, "map50": None})
    return tiny.fit(directory, chosen, materials=materials, **options)


def test_held_out_images_without_objects_make_the_last_model_the_best(tiny, tmp_path):
    """Nothing stops early, and neither a stop nor an extension can be seen in the files."""
    chosen = training_config(max_steps=7, early_stop_patience=1)
    summary = fit_unscored(tiny, tmp_path / "a", chosen)
    assert (summary.steps, summary.best_step, summary.best_score, summary.stopped_early) == (7, 7, None, False)
    best = read_checkpoint(files_in(tmp_path / "a").best)
    assert (best.step, best.metrics) == (7, {"map50_95": None, "map50": None})
    for _ in range(3):
        with suppress(Interrupted):
            fit_unscored(tiny, tmp_path / "b", chosen, stopping=StopAfter(4))
    fit_unscored(tiny, tmp_path / "b", chosen)
    assert outcome(tmp_path / "b") == outcome(tmp_path / "a")
    fit_unscored(tiny, tmp_path / "short", training_config(max_steps=4, early_stop_patience=1))
    fit_unscored(tiny, tmp_path / "c", chosen, published=tmp_path / "short")
    assert outcome(tmp_path / "c") == outcome(tmp_path / "a")


def test_a_state_of_before_that_counted_such_validations_goes_on(tiny, tmp_path, monkeypatch):
    """An earlier release kept the model of the first one as the best and counted the others as without progress."""
    chosen = training_config(max_steps=7, early_stop_patience=9)
    with monkeypatch.context() as patched:
        patched.setattr(Verdicts, "improves", lambda self, score: self.best_score is None or score > self.best_score)
        with pytest.raises(Interrupted):
            fit_unscored(tiny, tmp_path, chosen, stopping=StopAfter(10))
    saved = checkpointing_module.read_saved(tmp_path / "last.pt")
    assert (saved.state.verdicts.best_step, saved.state.verdicts.best_score) == (3, -1.0)
    assert fit_unscored(tiny, tmp_path, chosen).best_step == 7


def test_a_loss_that_is_not_finite_ends_training_names_the_images_and_keeps_the_last_state(tiny, tmp_path):
    chosen = training_config()
    materials = tiny.materials(chosen)
    calls = iter(range(1, 100))

    class Failing:
        of_predictions = materials.loss.of_predictions

        def __call__(self, output, targets, step=None):
            total, terms = materials.loss(output, targets, step)
            return (total * float("nan") if next(calls) == 7 else total), terms

    with pytest.raises(UsageError) as caught:
        tiny.fit(tmp_path, chosen, materials=replace(materials, loss=Failing()))
    text = str(caught.value)
    assert text.startswith("training, optimizer step 4 of 10: YZ506 the loss is not a finite number, on train/0")
    row = rows(files_in(tmp_path).train_metrics)[-1]
    assert (row["meta"]["kind"], row["losses"]["total"], row["metrics"]["grad_norm"]) == ("non_finite_loss", None, None)
    assert read_checkpoint(files_in(tmp_path).last).step == 3


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "use_param_groups": True, "backbone_lr_mult": 0.1},
        {"amp": "bf16", "scheduler": "cosine", "use_ema": False, "ema_eval": False},
    ],
    ids=["sgd with groups", "bf16 with cosine"],
)
def test_other_recipes_resume_bit_for_bit_too(tiny, tmp_path, options):
    chosen = training_config(max_steps=5, **options)
    tiny.fit(tmp_path / "whole", chosen)
    with pytest.raises(Interrupted):
        tiny.fit(tmp_path / "parts", chosen, stopping=StopAfter(2))
    tiny.fit(tmp_path / "parts", chosen)
    assert outcome(tmp_path / "parts") == outcome(tmp_path / "whole")


def test_a_finished_training_is_left_as_it_is(tiny, tmp_path):
    tiny.fit(tmp_path, training_config(max_steps=3))
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.glob("*.pt")}
    time.sleep(0.01)
    tiny.fit(tmp_path, training_config(max_steps=3))
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.glob("*.pt")} == before
