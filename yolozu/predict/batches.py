"""Images read and letterboxed ahead of the network, on all processors."""

# Shapes: B images of a batch, H and W of the network input in px.

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from yolozu.data.images import pixels_of
from yolozu.data.preprocess import Placement, Preprocess
from yolozu.predict.tta.views import OWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from yolozu.data.transform import ImageTransform
    from yolozu.predict.tta.views import View
    from yolozu.structures.image_record import ImageRecord

    Shown = tuple[NDArray[np.uint8], Placement]
    """A canvas (H, W, 3), and where the image lies on it."""

BATCHES_AHEAD = 2
"""Batches that are read while the network is busy with one; bounds the memory, whatever the number of images."""


@dataclass(frozen=True)
class Canvases:
    """One view of each image of a batch.

    Attributes:
        pixels_BHW3: uint8; a quarter of the memory of network input.
        placements: where each image lies on its canvas.
    """

    pixels_BHW3: NDArray[np.uint8]
    placements: tuple[Placement, ...]


@dataclass(frozen=True)
class ImageBatch:
    """Some images, ready for the network.

    Attributes:
        records: which ones.
        views: of each picture; the network's own is the first.
    """

    records: tuple[ImageRecord, ...]
    views: tuple[Canvases, ...]

    @property
    def own(self) -> Canvases:
        """The network's own view of each image."""
        return self.views[0]


def image_batches(
    records: Sequence[ImageRecord],
    preprocess: Preprocess,
    *,
    batch_size: int,
    threads: int,
    transform: ImageTransform | None = None,
    views: Sequence[View] = (OWN,),
    any_size: bool = False,
) -> Iterator[ImageBatch]:
    """The images in their order, ``batch_size`` canvases at a time; the last batch may be smaller.

    Every image is read and transformed once, however many views there are of it. Decoding runs in threads, because
    Pillow lets go of the interpreter while it decodes.

    Args:
        records: the images.
        preprocess: the network's own view.
        batch_size: most canvases of a batch, unless one image has more.
        threads: that read.
        transform: what is done to each picture.
        views: ways to look at each, the network's own first.
        any_size: whether the network takes canvases of any size.

    Raises:
        InputError: an image is missing or cannot be read.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")
    try:
        images = max(1, batch_size // len(views))
        jobs = _submitted(pool, records, images, _reader(preprocess, transform, views, any_size=any_size))
        waiting = deque(islice(jobs, BATCHES_AHEAD))
        while waiting:
            batch, futures = waiting.popleft()
            waiting.extend(islice(jobs, 1))
            by_view = zip(*(future.result() for future in futures), strict=True)
            yield ImageBatch(batch, tuple(_together(shown) for shown in by_view))
    finally:
        pool.shutdown(cancel_futures=True)


def _submitted(
    pool: ThreadPoolExecutor, records: Sequence[ImageRecord], images: int, read: Callable[[ImageRecord], list[Shown]]
) -> Iterator[tuple[tuple[ImageRecord, ...], list[Future[list[Shown]]]]]:
    """Each batch with its images being read; a batch is only begun when it is asked for."""
    for start in range(0, len(records), images):
        batch = tuple(records[start : start + images])
        yield batch, [pool.submit(read, record) for record in batch]


def _reader(
    preprocess: Preprocess, transform: ImageTransform | None, views: Sequence[View], *, any_size: bool
) -> Callable[[ImageRecord], list[Shown]]:
    def read(record: ImageRecord) -> list[Shown]:
        image = pixels_of(record)
        if transform is not None:
            image = transform(image, record.image)
        height, width = image.shape[:2]
        placements = [view.place(record, width, height, preprocess, any_size=any_size) for view in views]
        return [(placement.paste(image, preprocess.fill), placement) for placement in placements]

    return read


def _together(shown: Sequence[Shown]) -> Canvases:
    pixels, placements = zip(*shown, strict=True)
    return Canvases(np.stack(pixels), placements)
