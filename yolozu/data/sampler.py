"""The order and the sizes of training images: functions of seed and epoch, so that resuming needs no state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.data.preprocess import Preprocess

ORDER_STREAM = 0
"""Sets the order's random numbers apart from augmentation's."""

SIZE_STREAM = 2
"""Sets the sizes' random numbers apart from both."""

STRIDE = 32
"""Sides of network inputs are multiples of it."""

SCALES = (0.75, 1.25)
"""Of the longer side, where a contract asks for several sizes and names none."""

Size = tuple[int, int]
"""Height and width of a network input, px."""

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


def input_sizes(multiscale: bool | Sequence[int], preprocess: Preprocess) -> tuple[Size, ...]:
    """The sizes that batches are drawn from; none where all have the one of ``preprocess``.

    Args:
        multiscale: False, True for all multiples of 32 within `SCALES` of the longer side, or the longer sides.
        preprocess: the size that the others are like.
    """
    if isinstance(multiscale, bool):
        if not multiscale:
            return ()
        longest = max(preprocess.height, preprocess.width)
        low, high = np.ceil(SCALES[0] * longest / STRIDE), np.floor(SCALES[1] * longest / STRIDE)
        sides: Sequence[int] = [int(step) * STRIDE for step in np.arange(low, high + 1)]
    else:
        sides = multiscale
    return tuple(dict.fromkeys(_like(preprocess, side) for side in sides))


def _like(preprocess: Preprocess, longer: int) -> Size:
    """Height and width whose longer side is ``longer``; the other one keeps its proportion, to a multiple of 32."""
    factor = longer / max(preprocess.height, preprocess.width) / STRIDE
    height, width = (max(1, round(side * factor)) * STRIDE for side in (preprocess.height, preprocess.width))
    return height, width
