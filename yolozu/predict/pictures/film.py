"""Drawn frames as a video."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from yolozu.artifacts.jsonio import atomic_replacement
from yolozu.data.layouts.files import suffix_of

CONTAINER_OF = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""How a video's file ends -> what FFmpeg calls its container."""

CODEC = "libx264"
SUBSAMPLED = 2
"""H.264 keeps colors at half the size: sides are even."""


class Film:
    """A video that is being written, H.264 in the size of its first frame."""

    def __init__(self, path: Path, frames_per_s: Fraction, files: ExitStack) -> None:
        """Write to ``path``, once ``files`` is closed; nothing where no frame came."""
        self._path, self._rate, self._files = path, frames_per_s, files
        self._container: Any = None
        self._stream: Any = None

    def add(self, image: Image.Image) -> None:
        """Append a frame; one of another size than the first is made to fit."""
        import av

        if self._stream is None:
            aside = self._files.enter_context(atomic_replacement(self._path))
            container_format = CONTAINER_OF[suffix_of(self._path.name)]
            self._container = self._files.enter_context(av.open(str(aside), "w", format=container_format))
            self._stream = self._container.add_stream(CODEC, rate=self._rate)
            self._stream.width, self._stream.height = (side + side % SUBSAMPLED for side in image.size)
            self._stream.pix_fmt = "yuv420p"
        size = self._stream.width, self._stream.height
        even = size[0] - image.width in {0, 1} and size[1] - image.height in {0, 1}
        shown = (
            ImageOps.expand(image, (0, 0, size[0] - image.width, size[1] - image.height))
            if even
            else image.resize(size)
        )
        self._container.mux(self._stream.encode(av.VideoFrame.from_ndarray(np.asarray(shown), format="rgb24")))

    def end(self) -> None:
        """Write what the encoder still holds."""
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))


@contextmanager
def film_at(path: Path, frames_per_s: Fraction) -> Iterator[Film]:
    """A video that stands at ``path`` when the block ends well; else, and where no frame came, nothing changes."""
    with ExitStack() as files:
        film = Film(path, frames_per_s, files)
        yield film
        film.end()
