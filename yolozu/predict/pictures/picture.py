"""A picture to predict: a file, or pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolozu.data.images import focal_px_of, read_image


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture to predict.

    Attributes:
        path: the file; of a picture that is in none, its name.
        name: what it is called in outputs: its path below the folder that was named, else its file name; another
            picture of that name has a number behind it.
        pixels_HW3: (H, W, 3) uint8 RGB of a picture that is in no file.
        stated_focal_px: what the EXIF of such a picture says, px; None where it says nothing.
    """

    path: Path
    name: str
    pixels_HW3: NDArray[np.uint8] | None = None
    stated_focal_px: float | None = None

    @property
    def focal_px(self) -> float | None:
        """What its EXIF says, px; None where it says nothing."""
        return focal_px_of(self.path) if self.pixels_HW3 is None else self.stated_focal_px

    def read(self) -> NDArray[np.uint8]:
        """Its pixels, (H, W, 3) uint8 RGB, not to be written to.

        Raises:
            InputError: YZ207 the file cannot be read.
        """
        return read_image(self.path) if self.pixels_HW3 is None else self.pixels_HW3
