"""Steps that are skipped, and trainings that stop: what moves, what is written, what is said."""

import json
import math
import multiprocessing
import signal
import time
from dataclasses import replace

import pytest
import torch

from tests.training.spoiled import spoiled
from tests.training.test_loop import Killed, Telling, killed_at
from tests.training.tiny import PREPROCESS, files_in, outcome, training_config
from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.continual.base import Held, RegularizerSettings
from yolozu.data.collate import collate
from yolozu.errors import UsageError
from yolozu.training.checkpointing import read_saved
from yolozu.training.config import build_learner
from yolozu.training.non_finite import recompute as recomputed
from yolozu.training.non_finite.bundle import read_bundle
from yolozu.training.regularization import Regularization

SKIPPING = {"stop_on_non_finite_loss": False, "non_finite_max_skips": 2, "non_finite_lr_decay": 0.25}
BAD_STEPS = {4, 5, 8}


def rows(directory):
    return [json.loads(line) for line in files_in(directory).train_metrics.read_text().splitlines()]


def fit_spoiled(tiny, directory, steps, progress=None, **keys):
    chosen = training_config(**keys)
    return tiny.fit(directory, chosen, materials=spoiled(tiny, chosen, steps), progress=progress)


@pytest.fixture(scope="module")
def skipped_through(tiny, tmp_path_factory):
    directory = tmp_path_factory.mktemp("skipped")
    fit_spoiled(tiny, directory, BAD_STEPS, **SKIPPING)
    return directory


def test_a_refused_step_moves_nothing_not_even_statistics(tiny):
    chosen = training_config()
    materials = tiny.materials(chosen)

    def broken(output, targets, step):
        total, terms = materials.loss(output, targets, step)
        return (total * math.nan if broken.now else total), terms

    learner = build_learner(chosen, materials.detector, broken, preprocess=PREPROCESS, total_steps=10)
    window = [collate([materials.train_images[0, number] for number in range(2)])]
    broken.now = False
    learner.learn(window, 0)
    weights, average = learner.weights()
    tensors = {**weights, **{f"ema/{name}": entry for name, entry in average.items()}, **learner.record().tensors}
    before = {name: tensor.clone() for name, tensor in tensors.items()}
    assert any(name.endswith("num_batches_tracked") for name in before)
    broken.now = True
    assert learner.learn(window, 1).non_finite == "loss"
    after = {**weights, **{f"ema/{name}": entry for name, entry in average.items()}, **learner.record().tensors}
    assert [name for name, tensor in after.items() if not torch.equal(tensor, before[name])] == []


@pytest.mark.slow
@pytest.mark.effect("stop_on_non_finite_loss", "non_finite_lr_decay")
def test_skipped_steps_count_leave_a_row_and_lower_all_later_learning_rates(tiny, skipped_through):
    found = rows(skipped_through)
    kinds = {row["meta"]["optim_step"]: row["meta"]["kind"] for row in found if row["meta"]["kind"] != "train_epoch"}
    assert kinds == {step: "non_finite_loss" if step in BAD_STEPS else "train_step" for step in range(1, 11)}
    rates = {row["meta"]["optim_step"]: row["metrics"]["lr"] for row in found}
    assert [rates[step] / 2e-3 for step in (3, 4, 5, 6, 7, 8, 9)] == [1, 1, 0.25, 0.0625, 0.0625, 0.0625, 0.015625]
    bad = next(row for row in found if row["meta"]["kind"] == "non_finite_loss")
    assert (bad["losses"]["total"], bad["metrics"]["grad_norm"]) == (None, None)
    epochs = [row for row in found if row["meta"]["kind"] == "train_epoch"]
    sixth = next(row for row in found if row["meta"]["optim_step"] == 6)  # the only one left of the second epoch
    assert epochs[1]["losses"]["total"] == pytest.approx(sixth["losses"]["total"])
    saved = read_saved(files_in(skipped_through).last)
    assert (saved.state.step, saved.state.skips.in_a_row, saved.state.skips.lr_factor) == (10, 0, 0.25**3)
    assert not files_in(skipped_through).black_boxes.exists()


@pytest.mark.slow
def test_with_nothing_to_skip_it_is_an_ordinary_training(tiny, tmp_path, uninterrupted):
    fit_spoiled(tiny, tmp_path, set(), **SKIPPING)
    ours = outcome(tmp_path)
    assert [ours[name] for name in ("train.jsonl", "val.jsonl")] == [
        uninterrupted[name] for name in ("train.jsonl", "val.jsonl")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("moment", [19, 26, 31])
def test_a_kill_around_skipped_steps_changes_no_bit(tiny, tmp_path, skipped_through, monkeypatch, moment):
    with monkeypatch.context() as patched:
        killed_at(patched, moment)
        with pytest.raises(Killed):
            fit_spoiled(tiny, tmp_path, BAD_STEPS, **SKIPPING)
    fit_spoiled(tiny, tmp_path, BAD_STEPS, **SKIPPING)
    assert outcome(tmp_path) == outcome(skipped_through)


def train_in_a_process(tiny, directory):
    torch.set_num_threads(1)
    fit_spoiled(tiny, directory, BAD_STEPS, **SKIPPING)


@pytest.mark.slow
def test_sigkill_among_skipped_steps_changes_no_bit(tiny, tmp_path, skipped_through):
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.training.tiny"])
    training = processes.Process(target=train_in_a_process, args=(tiny, tmp_path))
    training.start()
    metrics = files_in(tmp_path).train_metrics
    while training.is_alive() and not (metrics.is_file() and metrics.read_bytes().count(b"non_finite_loss") == 2):
        time.sleep(0.001)
    training.kill()
    training.join()
    assert training.exitcode == -signal.SIGKILL
    training.close()
    fit_spoiled(tiny, tmp_path, BAD_STEPS, **SKIPPING)
    assert outcome(tmp_path) == outcome(skipped_through)


@pytest.mark.slow
@pytest.mark.effect("non_finite_max_skips")
def test_one_more_in_a_row_than_allowed_stops_with_a_bundle(tiny, tmp_path):
    told = Telling()
    with pytest.raises(UsageError) as caught:
        fit_spoiled(tiny, tmp_path, {1, 4, 5, 6}, progress=told, **SKIPPING)
    bundle = tmp_path / "black_box" / "step-000006.pt"
    text = str(caught.value)
    assert text.startswith("training, optimizer step 6 of 10: YZ506 the loss is not a finite number, on train/0")
    assert ", after 2 skipped steps: the sum of the loss is not finite, of terms that are\n" in text
    assert f"\n  fix: yolozu replay {bundle} shows more; lower lr" in text
    assert [line.split(":")[1] for line in told.lines if line.startswith("warning")] == [
        " step 1 is skipped (1 of at most 2 in a row)",
        " step 4 is skipped (1 of at most 2 in a row)",
        " step 5 is skipped (2 of at most 2 in a row)",
    ]
    found = read_bundle(bundle)
    assert (found.circumstances.step, found.circumstances.lr_factor) == (6, 0.25**3)
    assert read_checkpoint(files_in(tmp_path).last).step == 4


@pytest.mark.slow
def test_the_first_one_stops_by_default_and_the_last_bundle_of_a_step_stays(tiny, tmp_path):
    for _ in range(2):
        with pytest.raises(UsageError, match="YZ506"):
            fit_spoiled(tiny, tmp_path, {2})
    with pytest.raises(UsageError, match="optimizer step 3"):
        fit_spoiled(tiny, tmp_path, {3})
    assert sorted(path.name for path in (tmp_path / "black_box").iterdir()) == ["step-000002.pt", "step-000003.pt"]


@pytest.mark.slow
def test_a_penalty_that_leaves_all_bounds_is_named(tiny, tmp_path):
    chosen = training_config(max_steps=3)
    materials = tiny.materials(chosen)
    weights = {name: entry.detach().clone() for name, entry in materials.detector.named_parameters()}
    held = Held(
        {name: torch.full_like(weight, 1e30) for name, weight in weights.items()},
        {name: weight + 1.0 for name, weight in weights.items()},
    )
    asked = Regularization({"ewc": RegularizerSettings(1e20)}, held={"ewc": held})
    with pytest.raises(UsageError, match=r"YZ506 .*: the penalty ewc is not finite, so lower its factor"):
        tiny.fit(tmp_path, chosen, materials=replace(materials, regularization=asked))


def test_a_step_that_memory_does_not_suffice_to_look_at_still_leaves_its_bundle(tiny, tmp_path, monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(recomputed.Watch, "before", full)
    with pytest.raises(UsageError, match="memory does not suffice to look for the place"):
        fit_spoiled(tiny, tmp_path, {1})
    assert read_bundle(tmp_path / "black_box" / "step-000001.pt").finding.anomaly is None
