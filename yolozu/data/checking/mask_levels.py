"""Which grey levels a mask file holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from yolozu.artifacts.packed_files import readable
from yolozu.data.augmentation.masks import WITHOUT_CONVERSION
from yolozu.data.images import READ_ERRORS, in_a_line


@dataclass(frozen=True, slots=True)
class MaskFile:
    """Size in px, the grey levels that occur, and why the file cannot be used (None when it can)."""

    size: tuple[int, int]
    levels: frozenset[int]
    problem: str | None


def look_at_mask(path: Path) -> MaskFile:
    """What the mask file at ``path`` holds."""
    try:
        with Image.open(readable(path)) as image:
            levels_HW = np.asarray(image if image.mode in WITHOUT_CONVERSION else image.convert("L"))
            return MaskFile(image.size, _levels(levels_HW), None)
    except READ_ERRORS as error:
        return MaskFile((0, 0), frozenset(), in_a_line(error))


def _levels(levels_HW: np.ndarray[tuple[int, ...], np.dtype[np.integer]]) -> frozenset[int]:
    """Counting is many times as fast as sorting, and 8-bit masks are the rule."""
    if levels_HW.dtype == np.uint8:
        return frozenset(np.flatnonzero(np.bincount(levels_HW.ravel(), minlength=256)).tolist())
    return frozenset(np.unique(levels_HW).tolist())
