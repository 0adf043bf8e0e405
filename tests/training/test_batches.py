"""Which images make which step, however the loading is done."""

import errno
import gc
from dataclasses import dataclass

import pytest
import torch
from torch.utils.data import Dataset

from tests.training.played import Played
from tests.training.tiny import AUGMENT, PREPROCESS, training_config
from yolozu.contract.sections.data import AugmentSection
from yolozu.data.dataset import TrainingImages, ValidationImages
from yolozu.errors import InputError
from yolozu.training.batches import Loading, training_windows, validation_batches
from yolozu.training.distributed import SINGLE_PROCESS


def windows(tiny, *, done_steps=0, workers=0, processes=SINGLE_PROCESS, augment=AUGMENT):
    chosen = training_config()
    return training_windows(
        TrainingImages(tiny.train, PREPROCESS, augment, 3),
        chosen.timetable(len(tiny.train)),
        seed=3,
        done_steps=done_steps,
        loading=Loading(num_workers=workers),
        processes=processes,
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


@pytest.mark.slow
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
        loading=Loading(),
    )
    assert [batch.indices for batch in found] == [[0, 1], [2]]


def test_processes_share_every_batch_and_a_part_may_be_empty(tiny):
    whole = [[batch.indices for batch in window] for window in windows(tiny)]
    parts = [
        [[batch.indices for batch in window] for window in windows(tiny, processes=Played(rank, 2))] for rank in (0, 1)
    ]
    joined = [[one + other for one, other in zip(*pair, strict=True)] for pair in zip(*parts, strict=True)]
    assert joined == whole
    assert [[len(indices) for indices in window] for window in parts[1][:3]] == [[1, 1], [1, 1], [1, 0]]


def test_processes_take_turns_with_held_out_batches(tiny):
    found = [
        [
            batch.indices
            for batch in validation_batches(
                ValidationImages(tiny.val, PREPROCESS), num_images=3, batch_size=1, loading=Loading(),
                processes=Played(rank, 2),
            )
        ]
        for rank in (0, 1)
    ]  # fmt: skip
    assert found == [[[0], [2]], [[1]]]


SIZED = AugmentSection(**{**AUGMENT.model_dump(), "multiscale": (32, 64, 96)})


def sizes(found):
    return [[tuple(batch.images_B3HW.shape[2:]) for batch in window] for window in found]


@pytest.mark.effect("multiscale")
def test_every_batch_has_a_size_of_its_own(tiny):
    found = sizes(windows(tiny, augment=SIZED))
    assert {size for window in found for size in window} == {(32, 32), (64, 64), (96, 96)}
    assert sizes(windows(tiny)) == [[(64, 64)] * len(window) for window in found]


def test_sizes_are_the_same_with_workers_and_after_going_on(tiny):
    whole = contents(windows(tiny, augment=SIZED))
    assert contents(windows(tiny, augment=SIZED, workers=2)) == whole
    assert contents(windows(tiny, augment=SIZED, done_steps=4)) == whole[4:]


def test_processes_share_the_size_of_their_batch(tiny):
    first, second = (sizes(windows(tiny, augment=SIZED, processes=Played(rank, 2))) for rank in (0, 1))
    whole = sizes(windows(tiny, augment=SIZED))
    assert first == whole
    nothing = (32, 32)  # a part without images
    assert all(
        other in (size, nothing)
        for window, others in zip(whole, second, strict=True)
        for size, other in zip(window, others, strict=True)
    )


@dataclass(frozen=True)
class Refused(Dataset):
    """Samples that cannot be loaded."""

    error: Exception

    def __getitem__(self, key):
        raise self.error


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize(
    "error",
    [
        InputError.one("YZ207", where="a.png", problem="cannot be read", fix="mend it"),
        OSError(errno.EIO, "Input/output error", "a.png"),
        MemoryError("all of it"),
    ],
    ids=["finding", "disk", "memory"],
)
def test_an_error_comes_home_whole_from_a_loading_process(error, workers):
    found = validation_batches(Refused(error), num_images=3, batch_size=2, loading=Loading(num_workers=workers))
    with pytest.raises(type(error)) as caught:
        next(iter(found))
    assert (str(caught.value), vars(caught.value)) == (str(error), vars(error))
    assert getattr(caught.value, "filename", None) == getattr(error, "filename", None)


def test_replayed_images_are_in_every_batch_whoever_loads_it_and_wherever_it_goes_on(tiny_replaying):
    def found(done_steps=0, workers=0, processes=SINGLE_PROCESS):
        chosen = training_config()
        materials = tiny_replaying.materials(chosen)
        table = chosen.timetable(len(materials.train_index), materials.replayed_per_batch)
        loading = Loading(num_workers=workers)
        return list(
            training_windows(
                materials.train_images, table, seed=3, done_steps=done_steps, loading=loading, processes=processes
            )
        )

    whole = found()
    assert [len(window) for window in whole[:4]] == [2, 2, 2, 2]  # eight images of its own, one in each batch of two
    for window in whole:
        for batch in window:
            assert sorted(index >= 8 for index in batch.indices) == [False, True]
            assert [one is not None for one in batch.stored] == [index >= 8 for index in batch.indices]
    assert contents(found(workers=2)) == contents(whole)
    assert contents(found(done_steps=5)) == contents(whole)[5:]
    parts = [found(processes=Played(rank, 2)) for rank in range(2)]
    for window, first, second in zip(whole, *parts, strict=True):
        for batch, *shared in zip(window, first, second, strict=True):
            assert batch.indices == [index for part in shared for index in part.indices]
