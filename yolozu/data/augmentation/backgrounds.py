"""Pictures that objects are pasted onto: a random part of a random one, covering the network input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolozu.data.images import read_image
from yolozu.data.layouts.files import IMAGE_SUFFIXES, files_below
from yolozu.errors import InputError

CLOSEST = 2.0
"""At most so many times larger than the smallest picture that covers the input."""


class Backgrounds:
    """The images of a directory; with ``keep`` every one is read only once."""

    def __init__(self, directory: Path, *, keep: bool = False) -> None:
        """List the images.

        Raises:
            InputError: YZ252 there are none.
        """
        names = files_below(directory, IMAGE_SUFFIXES) if directory.is_dir() else []
        if not names:
            raise InputError.one(
                "YZ252",
                where=str(directory),
                problem="holds no image" if directory.is_dir() else "there is no such directory",
                fix="put pictures there (.jpg, .png, .bmp, .webp, .tif), or name another directory",
            )
        self._paths = [directory / name for name in names]
        self._kept: dict[int, NDArray[np.uint8]] | None = {} if keep else None

    def __len__(self) -> int:
        return len(self._paths)

    def draw(self, generator: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
        """A random part of a random picture, flipped or not; always draws as many numbers.

        Args:
            generator: the randomness.
            width: px.
            height: px.

        Returns:
            (height, width, 3) uint8 RGB, covered wholly.
        """
        number = int(generator.integers(len(self._paths)))
        zoom = float(np.exp(generator.uniform(0.0, np.log(CLOSEST))))
        left, top, flip = generator.random(3).tolist()
        picture = self._picture(number)
        rows, columns = picture.shape[:2]
        scale = max(width / columns, height / rows) * zoom
        part_width, part_height = min(columns, width / scale), min(rows, height / scale)
        x, y = left * (columns - part_width), top * (rows - part_height)
        box = (x, y, x + part_width, y + part_height)
        part = np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR, box=box))
        return part[:, ::-1] if flip < 0.5 else part

    def _picture(self, number: int) -> NDArray[np.uint8]:
        if self._kept is None:
            return read_image(self._paths[number])
        if number not in self._kept:
            self._kept[number] = read_image(self._paths[number])
        return self._kept[number]
