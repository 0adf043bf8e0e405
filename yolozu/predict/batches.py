"""Images read and letterboxed ahead of the network, on all processors."""

# Shapes: B images of a batch, H and W of the network input in px.

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from yolozu.data.preprocess import Placement, Preprocess, read_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from yolozu.data.index import ImageRecord
    from yolozu.data.transform import ImageTransform

BATCHES_AHEAD = 2
"""Batches that are read while the network is busy with one; bounds the memory, whatever the number of images."""


@dataclass(frozen=True)
class ImageBatch:
    """Some images, ready for the network.

    Attributes:
        records: which ones.
        canvases_BHW3: uint8, letterboxed; a quarter of the memory of network input.
        placements: where each image lies on its canvas.
    """

    records: tuple[ImageRecord, ...]
    canvases_BHW3: NDArray[np.uint8]
    placements: tuple[Placement, ...]


def image_batches(
    records: Sequence[ImageRecord],
    preprocess: Preprocess,
    *,
    batch_size: int,
    threads: int,
    transform: ImageTransform | None = None,
) -> Iterator[ImageBatch]:
    """The images in their order, ``batch_size`` at a time; the last batch may be smaller.

    Decoding runs in threads, because Pillow lets go of the interpreter while it decodes.

    Raises:
        InputError: an image is missing or cannot be read.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")
    try:
        jobs = _submitted(pool, records, preprocess, batch_size, transform)
        waiting = deque(islice(jobs, BATCHES_AHEAD))
        while waiting:
            batch, futures = waiting.popleft()
            waiting.extend(islice(jobs, 1))
            canvases, placements = zip(*(future.result() for future in futures), strict=True)
            yield ImageBatch(batch, np.stack(canvases), placements)
    finally:
        pool.shutdown(cancel_futures=True)


def _submitted(
    pool: ThreadPoolExecutor,
    records: Sequence[ImageRecord],
    preprocess: Preprocess,
    batch_size: int,
    transform: ImageTransform | None,
) -> Iterator[tuple[tuple[ImageRecord, ...], list[Future[tuple[NDArray[np.uint8], Placement]]]]]:
    """Each batch with its images being read; a batch is only begun when it is asked for."""

    def read(record: ImageRecord) -> tuple[NDArray[np.uint8], Placement]:
        image = read_image(record.path)
        return preprocess.letterbox(image if transform is None else transform(image, record.image))

    for start in range(0, len(records), batch_size):
        batch = tuple(records[start : start + batch_size])
        yield batch, [pool.submit(read, record) for record in batch]
