"""Batches for training and validation, from this process or from workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

from yolozu.data.collate import Batch, collate, nothing
from yolozu.data.sampler import Replay, epoch_batches
from yolozu.errors import YolozuError
from yolozu.training.batch_sharding import own_part
from yolozu.training.distributed import SINGLE_PROCESS, Group

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from yolozu.data.dataset import Sample, TrainingImages
    from yolozu.data.sampler import SampleKey
    from yolozu.training.timetable import Timetable


@dataclass(frozen=True)
class Loading:
    """How batches are loaded; it decides how soon they come, never what comes.

    Attributes:
        num_workers: processes that load; 0 loads in this one.
        prefetch_factor: batches that each of them prepares ahead; None leaves it to torch.
        pin: put batches where the accelerator copies from fastest.
    """

    num_workers: int = 0
    prefetch_factor: int | None = None
    pin: bool = False


def training_windows(
    images: TrainingImages,
    timetable: Timetable,
    *,
    seed: int,
    done_steps: int,
    loading: Loading,
    processes: Group = SINGLE_PROCESS,
) -> Generator[list[Batch], None, None]:
    """The batches of every optimizer step from ``done_steps`` to the end; of several processes, this one's parts.

    What comes depends on the images, the timetable, the seed and the step alone: workers only change how soon it comes.
    All images of a batch have one size, also where several processes share it.

    Args:
        images: maps keys of the order to samples.
        timetable: how batches make steps.
        seed: of the order.
        done_steps: optimizer steps that lie behind us.
        loading: by which processes.
        processes: that share every batch.
    """
    whole = _keys(timetable, seed=seed, done_steps=done_steps, images=images)
    keys = (own_part(batch, processes) for batch in whole)
    batches = _loaded(images, keys, loading)
    try:
        for step in range(done_steps, timetable.total_steps):
            yield [next(batches) for _ in range(timetable.window_size(step))]
    finally:
        batches.close()  # ends the workers


def validation_batches(
    images: Dataset[Any],
    *,
    num_images: int,
    batch_size: int,
    loading: Loading,
    processes: Group = SINGLE_PROCESS,
) -> Iterator[Batch]:
    """All images in their own order; the last batch may be short. Of several processes, every one has whole batches."""
    order = range(num_images)
    keys = [list(order[start : start + batch_size]) for start in range(0, num_images, batch_size)]
    keys = keys[processes.rank :: processes.size]
    return _loaded(images, keys, loading)


def _keys(timetable: Timetable, *, seed: int, done_steps: int, images: TrainingImages) -> Iterator[list[SampleKey]]:
    """Sample keys of the batches from ``done_steps`` on, epoch after epoch, without end."""
    epoch, skip = timetable.epochs_done(done_steps), timetable.batches_in_epoch(done_steps)
    replay = Replay(images.num_replayed, timetable.replayed_per_batch) if timetable.replayed_per_batch else None
    while True:
        batches = epoch_batches(timetable.num_images, timetable.batch_size, seed, epoch, images.sizes, replay=replay)
        yield from batches[skip:]
        epoch, skip = epoch + 1, 0


def _loaded(images: Dataset[Any], keys: Iterable[Any], loading: Loading) -> Generator[Batch, None, None]:
    """The batches; an error of a loading process is raised here as it was there."""
    loader: DataLoader[Batch | Exception] = DataLoader(
        _SentHome(images),
        batch_sampler=keys,
        collate_fn=_collate,
        num_workers=loading.num_workers,
        prefetch_factor=loading.prefetch_factor if loading.num_workers else None,
        pin_memory=loading.pin,
        generator=torch.Generator(),  # of its own: the loader draws a seed that nothing here uses
    )
    for batch in loader:
        if isinstance(batch, Exception):
            raise batch
        yield batch


class _SentHome(Dataset[Any]):
    """Samples; in a loading process, an error stands for the sample that it prevents.

    torch's own way home keeps the text of an error alone: its findings, its number and its file would be lost.
    """

    def __init__(self, images: Dataset[Any]) -> None:
        self._images = images

    def __getitem__(self, key: Any) -> Sample | Exception:
        try:
            return self._images[key]  # type: ignore[no-any-return]
        except (YolozuError, OSError, MemoryError) as error:
            if get_worker_info() is None:
                raise
            return error


def _collate(samples: Sequence[Sample | Exception]) -> Batch | Exception:
    whole = []
    for sample in samples:
        if isinstance(sample, Exception):
            return sample
        whole.append(sample)
    return collate(whole) if whole else nothing()
