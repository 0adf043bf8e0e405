"""A picture to predict: a file, or pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolozu.data.images import read_image


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture to predict.

    Attributes:
        path: the file; of a picture that is in none, its name.
        name: what it is called in outputs: its path below the folder that was named, else its file name; another
            picture of that name has a number behind it.
        pixels_HW3: (H, W, 3) uint8 RGB of a picture that is in no file.
    """

    path: Path
    name: str
    pixels_HW3: NDArray[np.uint8] | None = None

    def read(self) -> NDArray[np.uint8]:
        """Its pixels, (H, W, 3) uint8 RGB, not to be written to.

        Raises:
            InputError: YZ207 the file cannot be read.
        """
        return read_image(self.path) if self.pixels_HW3 is None else self.pixels_HW3
