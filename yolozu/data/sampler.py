"""The order and the sizes of training images: functions of seed and epoch, so that resuming needs no state."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from yolozu.geometry.input_sizes import Size

ORDER_STREAM = 0
"""Sets the order's random numbers apart from augmentation's."""

SIZE_STREAM = 2
"""Sets the sizes' random numbers apart from both."""

SampleKey = tuple[int, int] | tuple[int, int, Size]
"""Epoch and image index; where the input's size changes from batch to batch, that too."""


def epoch_batches(
    num_images: int, batch_size: int, seed: int, epoch: int, sizes: Sequence[Size] = ()
) -> list[list[SampleKey]]:
    """Batches of keys ``(epoch, image index)`` that show every image once, the last batch possibly shorter.

    Args:
        num_images: size of the training set.
        batch_size: images per batch.
        seed: of the run.
        epoch: 0, 1, 2, …
        sizes: of which one is drawn for every batch, and stands last in its keys; without any, keys have none.

    Returns:
        ``ceil(num_images / batch_size)`` lists.
    """
    order = np.random.default_rng([seed, ORDER_STREAM, epoch]).permutation(num_images).tolist()
    batches = [order[start : start + batch_size] for start in range(0, num_images, batch_size)]
    if not sizes:
        return [[(epoch, index) for index in batch] for batch in batches]
    drawn = np.random.default_rng([seed, SIZE_STREAM, epoch]).integers(len(sizes), size=len(batches)).tolist()
    return [[(epoch, index, sizes[size]) for index in batch] for batch, size in zip(batches, drawn, strict=True)]
