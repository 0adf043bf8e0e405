"""Image files as arrays, the right way up; and whether a file can be read at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from yolozu.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

READ_ERRORS = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
"""What Pillow raises for files that are no image, are cut short, or are too large to be meant."""

EXIF_ORIENTATION = 0x0112
EXIF_TURNED = frozenset({5, 6, 7, 8})
"""Orientations that exchange width and height (EXIF 2.3, tag 274)."""

SIXTEEN_BIT_MODES = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
UNREADABLE_MODES = frozenset({"I", "F"})
"""Pixels of 32 bits have no agreed range to scale from."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Size in px the right way up, and why the file cannot be used (None when it can)."""

    width: int
    height: int
    problem: str | None


def read_image(path: Path) -> NDArray[np.uint8]:
    """The image in RGB, turned as its EXIF orientation asks.

    16-bit images keep their upper byte, transparency is dropped.

    Args:
        path: file of a kind Pillow reads.

    Returns:
        (H, W, 3) uint8.

    Raises:
        InputError: YZ207 the file cannot be read.
    """
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)
            return np.asarray(_to_rgb(upright))
    except READ_ERRORS as error:
        raise InputError.one(
            "YZ207",
            where=str(path),
            problem=f"image cannot be read: {_in_a_line(error)}",
            fix="yolozu data check lists all such",
        ) from error


def image_facts(path: Path) -> ImageFacts:
    """Size of the image and whether all of it is there.

    Every byte is decoded, but a JPEG only to an eighth of its size: that finds files cut short or overwritten at a
    fraction of the time.
    """
    try:
        with Image.open(path) as image:
            width, height = image.size
            if image.getexif().get(EXIF_ORIENTATION) in EXIF_TURNED:
                width, height = height, width
            if image.mode in UNREADABLE_MODES:
                return ImageFacts(width, height, f"pixels of mode {image.mode} have no known range")
            _look_at_all(image)
    except READ_ERRORS as error:
        return ImageFacts(0, 0, _in_a_line(error))
    return ImageFacts(width, height, None)


def size_of(path: Path) -> tuple[int, int] | None:
    """Width and height in px the right way up, by a look at the file's head; None where it is no image."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            # Not PNG's own getexif, which decodes the whole picture in case the orientation comes last.
            turned = Image.Image.getexif(image).get(EXIF_ORIENTATION) in EXIF_TURNED
    except READ_ERRORS:
        return None
    return (height, width) if turned else (width, height)


def _look_at_all(image: Image.Image) -> None:
    if image.format == "JPEG":
        image.draft("L", (1, 1))
    image.load()


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in SIXTEEN_BIT_MODES:
        upper = np.asarray(image).astype(np.uint16) >> 8
        image = Image.fromarray(upper.astype(np.uint8))
    elif image.mode in UNREADABLE_MODES:
        raise ValueError(f"pixels of mode {image.mode} have no known range")
    return image.convert("RGB")


def _in_a_line(error: BaseException) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(said.split())
