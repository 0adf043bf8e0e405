"""Every key of length, batches, loading and saving, by what a whole training does."""

import itertools
import json
import os
import time
from dataclasses import replace

import pytest
from torch.utils.data import Dataset

from tests.training.tiny import PREPROCESS, files_in, training_config
from yolozu.artifacts.metrics_table import read_rows
from yolozu.data.dataset import ValidationImages
from yolozu.training import checkpointing as checkpointing_module
from yolozu.training.batches import Loading, validation_batches

QUIET = {"val_every": 99, "val_every_steps": None}
"""No validation but the one at the end. Eleven training images, three held-out ones."""


class Watched(Dataset):
    """Images that leave ``<process>-<image>`` in a directory whenever they are loaded."""

    def __init__(self, images, directory):
        self.images, self.directory, self.sizes = images, directory, ()
        directory.mkdir()

    def __len__(self):
        return len(self.images)

    def __getitem__(self, key):
        (self.directory / f"{os.getpid()}-{key}").touch()
        return self.images[key]

    def processes(self):
        return {int(path.name.partition("-")[0]) for path in self.directory.iterdir()}

    def count_at_rest(self, expected):
        """How many images have been loaded, once there are so many and no more come."""
        end = time.monotonic() + 20.0
        while len(list(self.directory.iterdir())) < expected and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(0.1)
        return len(list(self.directory.iterdir()))


def batch_sizes(tiny, directory, **keys):
    """Images in each batch of a training of two steps: trained on, and validated."""
    chosen = training_config(max_steps=2, **{**QUIET, **keys})
    materials = tiny.materials(chosen)
    seen = {True: [], False: []}
    materials.detector.backbone.register_forward_pre_hook(
        lambda module, inputs: seen[module.training].append(len(inputs[0]))
    )
    tiny.fit(directory, chosen, materials=materials)
    return seen[True], seen[False]


@pytest.mark.slow
@pytest.mark.effect("batch_size", "gradient_accumulation_steps")
def test_a_step_takes_so_many_batches_of_so_many_images(tiny, tmp_path):
    found = batch_sizes(tiny, tmp_path, batch_size=2, gradient_accumulation_steps=3)
    assert found == ([2, 2, 2, 2, 2, 1], [2, 1])


@pytest.mark.slow
@pytest.mark.effect("max_steps", "epochs")
@pytest.mark.parametrize(("max_steps", "epochs", "steps"), [(2, 1, 2), (5, 1, 3)])
def test_training_ends_at_the_smaller_limit(tiny, tmp_path, max_steps, epochs, steps):
    assert tiny.fit(tmp_path, training_config(max_steps=max_steps, epochs=epochs, **QUIET)).steps == steps


@pytest.mark.slow
@pytest.mark.effect("early_stop_min_delta")
def test_progress_below_the_least_that_counts_is_none(tiny, tmp_path):
    chosen = training_config(
        max_steps=4, val_every=99, val_every_steps=1, early_stop_patience=2, early_stop_min_delta=0.25
    )
    rising = itertools.count(start=1)
    materials = replace(tiny.materials(chosen), score=lambda *_: {"map50_95": 0.1 * next(rising), "map50": None})
    summary = tiny.fit(tmp_path, chosen, materials=materials)
    assert (summary.steps, summary.stopped_early) == (3, True)


@pytest.mark.slow
@pytest.mark.effect("best_metric")
@pytest.mark.parametrize(("best_metric", "best_step"), [("map50_95", 1), ("add_01d", 3), ("map50_95+add_01d", 2)])
def test_the_best_model_and_an_early_stop_go_by_the_chosen_metric(tiny, tmp_path, best_metric, best_step):
    chosen = training_config(max_steps=5, val_every=99, val_every_steps=1, early_stop_patience=1)
    boxes, poses = (iter(values) for values in ([0.5, 0.4, 0.1, 0.1, 0.1], [0.1, 0.3, 0.4, 0.2, 0.1]))
    materials = replace(
        tiny.materials(chosen),
        score=lambda *_: {"map50_95": next(boxes), "map50": None, "add_01d": next(poses)},
        best_metric=best_metric,
    )
    summary = tiny.fit(tmp_path, chosen, materials=materials)
    assert (summary.best_step, summary.steps, summary.best_metric) == (best_step, best_step + 1, best_metric)
    assert list(read_rows(files_in(tmp_path).val_metrics))[-1]["metrics"] == {
        best_metric: summary.best_score,
        "without_progress": 1.0,
    }


@pytest.mark.slow
@pytest.mark.effect("save_last_every")
def test_last_is_saved_after_every_so_many_steps_and_at_the_end(tiny, tmp_path, monkeypatch):
    saved, write = [], checkpointing_module.write_checkpoint

    def remembering(path, checkpoint):
        if path == files_in(tmp_path).last:
            saved.append(checkpoint.step)
        return write(path, checkpoint)

    monkeypatch.setattr(checkpointing_module, "write_checkpoint", remembering)
    tiny.fit(tmp_path, training_config(max_steps=5, save_last_every=2, **QUIET))
    assert saved == [2, 4, 5]


@pytest.mark.slow
@pytest.mark.effect("num_workers")
def test_images_are_loaded_by_as_many_processes_as_asked_for(tiny, tmp_path):
    chosen = training_config(max_steps=3, num_workers=2, **QUIET)
    materials = tiny.materials(chosen)
    watched = Watched(materials.train_images, tmp_path / "seen")
    tiny.fit(tmp_path / "out", chosen, materials=replace(materials, train_images=watched))
    assert len(watched.processes()) == 2
    assert os.getpid() not in watched.processes()


@pytest.mark.effect("prefetch_factor")
@pytest.mark.parametrize("ahead", [1, 3])
def test_a_loading_process_runs_so_many_batches_ahead(tiny, tmp_path, ahead):
    watched = Watched(ValidationImages(replace(tiny.val, records=tiny.train.records), PREPROCESS), tmp_path / "seen")
    batches = iter(
        validation_batches(
            watched,
            num_images=len(watched),
            batch_size=1,
            loading=Loading(num_workers=1, prefetch_factor=ahead),
        )
    )
    next(batches)
    assert watched.count_at_rest(ahead + 1) == ahead + 1  # the one that was taken, and those ahead of it


@pytest.mark.slow
@pytest.mark.effect("log_every")
def test_a_row_after_the_first_and_every_so_many_steps(tiny, tmp_path):
    tiny.fit(tmp_path, training_config(max_steps=6, log_every=3, **QUIET))
    rows = [json.loads(line)["meta"] for line in files_in(tmp_path).train_metrics.read_text().splitlines()]
    assert [row["optim_step"] for row in rows if row["kind"] == "train_step"] == [1, 3, 6]
