"""The order and the sizes of training images: functions of seed and epoch, so that resuming needs no state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from yolozu.geometry.input_sizes import Size

ORDER_STREAM = 0
"""Sets the order's random numbers apart from augmentation's."""

SIZE_STREAM = 2
"""Sets the sizes' random numbers apart from both."""

REPLAY_STREAM = 4
"""Sets the choice of replayed images apart from all of these; 3 is `yolozu.continual.reservoir`'s."""

SampleKey = tuple[int, int] | tuple[int, int, Size]
"""Epoch and image index; where the input's size changes from batch to batch, that too."""


@dataclass(frozen=True)
class Replay:
    """How images of a replay buffer, which have the indices after a training's own, come into every batch.

    Attributes:
        images: in the buffer, at least 1.
        per_batch: of every batch, less than its size.
    """

    images: int
    per_batch: int


def epoch_batches(
    num_images: int,
    batch_size: int,
    seed: int,
    epoch: int,
    sizes: Sequence[Size] = (),
    *,
    replay: Replay | None = None,
) -> list[list[SampleKey]]:
    """Batches of keys ``(epoch, image index)`` that show every image once, the last batch possibly shorter.

    With ``replay`` so many images of every batch, the last one too, come from the buffer, at random and as far as
    possible different ones; the others are the training's, in the same order as without.

    Args:
        num_images: size of the training set, without the buffer.
        batch_size: images per batch.
        seed: of the run.
        epoch: 0, 1, 2, …
        sizes: of which one is drawn for every batch, and stands last in its keys; without any, keys have none.
        replay: images of a buffer to be mixed in.

    Returns:
        ``ceil(num_images / batch_size)`` lists; with ``replay``, as many as its own images make.
    """
    order = np.random.default_rng([seed, ORDER_STREAM, epoch]).permutation(num_images).tolist()
    own = batch_size - (0 if replay is None else replay.per_batch)
    batches = [order[start : start + own] for start in range(0, num_images, own)]
    if replay is not None:
        batches = [
            _mixed(batch, num_images, replay, np.random.default_rng([seed, REPLAY_STREAM, epoch, number]), number)
            for number, batch in enumerate(batches)
        ]
    if not sizes:
        return [[(epoch, index) for index in batch] for batch in batches]
    drawn = np.random.default_rng([seed, SIZE_STREAM, epoch]).integers(len(sizes), size=len(batches)).tolist()
    return [[(epoch, index, sizes[size]) for index in batch] for batch, size in zip(batches, drawn, strict=True)]


def record_of(index: int, num_own: int, num_replayed: int) -> int:
    """The number of the record that an index of a key stands for.

    A replayed image has an index for every time that an epoch shows it, so that it is varied anew each time.
    """
    return index if index < num_own else num_own + (index - num_own) % num_replayed


def _mixed(batch: list[int], num_own: int, replay: Replay, generator: np.random.Generator, number: int) -> list[int]:
    """The batch with its replayed images, anywhere in it: processes that share it have some of both."""
    rounds = -(-replay.per_batch // replay.images)
    drawn = [
        num_own + (number * rounds + again) * replay.images + int(image)
        for again in range(rounds)
        for image in generator.permutation(replay.images)
    ]
    mixed = [*batch, *drawn[: replay.per_batch]]
    return [mixed[place] for place in generator.permutation(len(mixed))]
