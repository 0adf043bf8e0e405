"""Which images make which step, however the loading is done."""

import gc

import pytest
import torch

from tests.training.tiny import AUGMENT, PREPROCESS, recipe
from yolozu.contract.train import OperationsSection
from yolozu.data.dataset import TrainingImages, ValidationImages
from yolozu.training.batches import training_windows, validation_batches


def windows(tiny, *, done_steps=0, workers=0):
    chosen = recipe()
    return training_windows(
        TrainingImages(tiny.train, PREPROCESS, AUGMENT, 3),
        chosen.timetable(len(tiny.train)),
        seed=3,
        done_steps=done_steps,
        operations=OperationsSection(num_workers=workers),
        pin=False,
    )


def contents(found):
    return [[(batch.indices, batch.images_B3HW.sum().item()) for batch in window] for window in found]


def test_an_epoch_shows_every_image_once_in_windows_of_two_batches(tiny):
    found = contents(windows(tiny))
    assert len(found) == 10
    assert [[len(indices) for indices, _ in window] for window in found[:3]] == [[2, 2], [2, 2], [2, 1]]
    for epoch in range(3):
        shown = [index for window in found[3 * epoch : 3 * epoch + 3] for indices, _ in window for index in indices]
        assert sorted(shown) == list(range(11))
    assert found[0] != found[3]


@pytest.mark.parametrize("done_steps", [1, 2, 3, 5, 9, 10])
def test_going_on_after_some_steps_gives_the_rest(tiny, done_steps):
    assert contents(windows(tiny, done_steps=done_steps)) == contents(windows(tiny))[done_steps:]


def test_the_number_of_workers_changes_nothing(tiny):
    assert contents(windows(tiny, workers=2)) == contents(windows(tiny))


def test_closing_early_ends_the_workers(tiny):
    found = windows(tiny, workers=1)
    next(found)
    found.close()
    gc.collect()
    assert torch.multiprocessing.active_children() == []


def test_loading_leaves_the_global_generator_alone(tiny):
    before = torch.get_rng_state()
    contents(windows(tiny))
    assert torch.equal(torch.get_rng_state(), before)


def test_held_out_images_come_in_order(tiny):
    found = validation_batches(
        ValidationImages(tiny.val, PREPROCESS),
        num_images=3,
        batch_size=2,
        operations=OperationsSection(),
        pin=False,
    )
    assert [batch.indices for batch in found] == [[0, 1], [2]]
