"""The order of training images: a function of seed and epoch, so that resuming needs no state."""

from __future__ import annotations

import numpy as np

ORDER_STREAM = 0
"""Sets the order's random numbers apart from augmentation's."""


def epoch_batches(num_images: int, batch_size: int, seed: int, epoch: int) -> list[list[tuple[int, int]]]:
    """Batches of keys ``(epoch, image index)`` that show every image once, the last batch possibly shorter.

    Args:
        num_images: size of the training set.
        batch_size: images per batch.
        seed: of the run.
        epoch: 0, 1, 2, …

    Returns:
        ``ceil(num_images / batch_size)`` lists.
    """
    order = np.random.default_rng([seed, ORDER_STREAM, epoch]).permutation(num_images).tolist()
    return [
        [(epoch, index) for index in order[start : start + batch_size]] for start in range(0, num_images, batch_size)
    ]
