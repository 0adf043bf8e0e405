"""Image files as arrays, the right way up; and whether a file can be read at all."""

from __future__ import annotations

import hashlib
import math
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import IFD, Base
from PIL.Image import Transpose
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import BITSPERSAMPLE, IMAGELENGTH, IMAGEWIDTH, TiffImageFile

from yolozu.artifacts.digest import DigestCache, shown_digest
from yolozu.artifacts.packed_files import opened, read_bytes, readable
from yolozu.errors import InputError
from yolozu.paths import digest_cache_path
from yolozu.structures.image_record import ImageRecord

READ_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, struct.error, Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow raises for files that are no image, are cut short, or are too large to be meant."""

EXIF_ORIENTATION = 0x0112
UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""What makes an orientation (EXIF 2.3, tag 274) upright; of others nothing is known, 1 is upright."""

EXIF_TURNED = frozenset({5, 6, 7, 8})
"""Orientations that exchange width and height."""

FULL_FRAME_MM = math.hypot(36.0, 24.0)
"""Diagonal of the film that focal lengths are made equivalent for."""

CROPPED = 0.02
"""Proportions differ by so much only where something was cut off."""

SIXTEEN_BIT_MODES = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
UNREADABLE_MODES = frozenset({"I", "F"})
"""Pixels of 32 bits have no agreed range to scale from."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What is known of an image without keeping its pixels.

    Attributes:
        width: px, the right way up.
        height: px, the right way up.
        problem: why the file cannot be used; None when it can.
        fix: what makes it one that can, where that is not to copy it again.
        highest_byte: largest upper byte of an image of 16 bits, of which the network sees no more; else None.
    """

    width: int
    height: int
    problem: str | None
    fix: str | None = None
    highest_byte: int | None = None


def read_image(path: Path, *, sha256: str = "") -> NDArray[np.uint8]:
    """The image in RGB, turned as its orientation asks.

    16-bit images keep their upper byte, 12-bit ones their upper 8 bits; transparency is dropped.

    Args:
        path: file of a kind Pillow reads.
        sha256: digest of the file as it was when the data was prepared; empty where that does not matter.

    Returns:
        (H, W, 3) uint8.

    Raises:
        InputError: YZ207 the file cannot be read, YZ211 it holds something else than it did.
    """
    try:
        source: Path | BytesIO = path
        if sha256:
            content = read_bytes(path)
            require_as_prepared(path, sha256, hashlib.sha256(content).hexdigest())
            source = BytesIO(content)
        with _opened(source) as image:
            return _upright_rgb(image)
    except READ_ERRORS as error:
        raise InputError.one(
            "YZ207",
            where=str(path),
            problem=f"image cannot be read: {in_a_line(error)}",
            fix="yolozu data check lists all such",
        ) from error


def require_as_prepared(path: Path, known: str, found: str) -> None:
    """Refuse a file of a data set with another content than the stages before have seen.

    Whatever its size and time say, the next look at the data set finds it.

    Args:
        path: of the file.
        known: SHA-256 (hex) when the data was prepared.
        found: likewise, of what was just read.

    Raises:
        InputError: YZ211.
    """
    if known == found:
        return
    with DigestCache(digest_cache_path(), reads_all=True) as cache:
        cache.file_if_readable(path)
    raise InputError.one(
        "YZ211",
        where=str(path),
        problem=f"has changed since the data was prepared: sha256 {shown_digest(known)} → {shown_digest(found)}",
        fix="put it back as it was; or run the same command again: it prepares the data anew",
    )


def pixels_of(record: ImageRecord) -> NDArray[np.uint8]:
    """What an image shows: the pixels that it brings, else those of its file.

    Args:
        record: of the image.

    Returns:
        (H, W, 3) uint8 RGB, not to be written to.

    Raises:
        InputError: YZ207 the file cannot be read, YZ211 it is not the one that the data was prepared with.
    """
    return read_image(record.path, sha256=record.sha256) if record.pixels_HW3 is None else record.pixels_HW3


def decode_image(image: Image.Image | bytes, *, where: str) -> NDArray[np.uint8]:
    """The same pixels as `read_image` gives, of a picture that Pillow has opened or of a file's bytes.

    Args:
        image: the picture; one that Pillow opened is loaded by this.
        where: what errors call it.

    Returns:
        (H, W, 3) uint8.

    Raises:
        InputError: YZ207.
    """
    try:
        if isinstance(image, bytes):
            with _opened(BytesIO(image)) as opened:
                return _upright_rgb(opened)
        with _unmapped(image):
            return _upright_rgb(image)
    except READ_ERRORS as error:
        problem = f"image cannot be read: {in_a_line(error)}"
        raise InputError.one("YZ207", where=where, problem=problem, fix="give a picture, whole") from error


def _upright_rgb(image: Image.Image) -> NDArray[np.uint8]:
    image.load()
    turn = UPRIGHT.get(_orientation(image))
    return np.asarray(_to_rgb(image if turn is None else image.transpose(turn), _bits_of(image)))


def image_facts(path: Path) -> ImageFacts:
    """Size of the image and whether all of it is there.

    Every byte is decoded, but a JPEG only to an eighth of its size: that finds files cut short or overwritten at a
    fraction of the time.
    """
    try:
        with _opened(path) as image:
            deep = _is_deep(image)  # before a PNG is read for its orientation
            width, height = _upright_size(image, _orientation(image))
            if image.mode in UNREADABLE_MODES:
                fix = "save it with 8 or 16 bits a channel"
                return ImageFacts(width, height, f"pixels of mode {image.mode} have no known range", fix)
            _look_at_all(image)
            return ImageFacts(width, height, None, None, _highest_byte(image) if deep else None)
    except READ_ERRORS as error:
        return ImageFacts(0, 0, in_a_line(error))


def focal_px_of(file: Path | bytes | Image.Image) -> float | None:
    """The focal length that a picture's EXIF tells (35 mm equivalent, tag 0xA405), px; None where it does not.

    The equivalent is that of the diagonal (CIPA DCG-001). A picture that is no longer of the proportions that the
    camera gave it was cropped, and tells nothing.
    """
    try:
        if isinstance(file, Image.Image):
            return _focal_px(file)
        with _opened(BytesIO(file) if isinstance(file, bytes) else file) as image:
            return _focal_px(image)
    except READ_ERRORS:
        return None


def _focal_px(image: Image.Image) -> float | None:
    exif = image.getexif().get_ifd(IFD.Exif)
    equivalent_mm = float(exif.get(Base.FocalLengthIn35mmFilm, 0))
    sides = [float(exif.get(tag, 0)) for tag in (Base.ExifImageWidth, Base.ExifImageHeight)]
    if not 1.0 <= equivalent_mm < math.inf:
        return None
    if min(sides) > 0 and abs(sides[0] / sides[1] * image.height / image.width - 1.0) > CROPPED:
        return None
    return equivalent_mm * math.hypot(image.width, image.height) / FULL_FRAME_MM


def size_of(path: Path) -> tuple[int, int] | None:
    """Width and height in px the right way up, by a look at the file's head; None where it is no image."""
    try:
        with _opened(path) as image:
            looking = isinstance(image, PngImageFile) and not _text_follows(path)
            return _upright_size(image, _orientation(image, looking=looking))
    except READ_ERRORS:
        return None


def small_gray(path: Path, side: int) -> NDArray[np.uint8] | None:
    """The whole picture in a few grey px, by which pictures are compared; None where it cannot be read.

    A JPEG is decoded only as far as that needs, at a fraction of the time.

    Args:
        path: file of a kind Pillow reads.
        side: px of the result, whatever the picture's aspect ratio.

    Returns:
        (side, side) uint8, the right way up.
    """
    try:
        with _opened(path) as image:
            if image.format == "JPEG":
                image.draft("L", (2 * side, 2 * side))
            image.load()
            turn = UPRIGHT.get(_orientation(image))
            gray = _to_rgb(image if turn is None else image.transpose(turn), _bits_of(image)).convert("L")
            return np.asarray(gray.resize((side, side), Image.Resampling.BOX))
    except READ_ERRORS:
        return None


@contextmanager
def _opened(file: Path | BinaryIO) -> Iterator[Image.Image]:
    with Image.open(readable(file) if isinstance(file, Path) else file) as image, _unmapped(image):
        yield image


@contextmanager
def _unmapped(image: Image.Image) -> Iterator[None]:
    """Within it Pillow does not map the pixels of a TIFF into memory, which it does as wide as they are once turned."""
    if not isinstance(image, TiffImageFile):
        yield
        return
    name, image.filename = image.filename, ""
    try:
        yield
    finally:
        image.filename = name


def _orientation(image: Image.Image, *, looking: bool = False) -> int:
    """What is still to be done to the pixels; Pillow turns a TIFF itself while it loads it.

    A PNG may say it behind its pixels, and is read for it, unless this is ``looking`` at the head alone.
    """
    exif = Image.Image.getexif(image) if looking else image.getexif()
    found = exif.get(EXIF_ORIENTATION)
    return int(found) if found in UPRIGHT else 1


def _upright_size(image: Image.Image, orientation: int) -> tuple[int, int]:
    """Width and height of an image that is not loaded yet."""
    width, height = image.size
    if isinstance(image, TiffImageFile):  # whose size Pillow may have turned already
        width, height = image.tag_v2[IMAGEWIDTH], image.tag_v2[IMAGELENGTH]
    return (height, width) if orientation in EXIF_TURNED else (width, height)


def _text_follows(path: Path) -> bool:
    """Whether a PNG says something behind its pixels, which may be how it is turned."""
    with opened(path) as file:
        file.seek(8)
        pixels = False
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if pixels and kind in {b"eXIf", b"tEXt", b"zTXt", b"iTXt"}:
                return True
            pixels = pixels or kind == b"IDAT"
            file.seek(length + 4, os.SEEK_CUR)
    return False


def _look_at_all(image: Image.Image) -> None:
    if image.format == "JPEG":
        image.draft("L", (1, 1))
    image.load()
    _to_rgb(Image.new(image.mode, (1, 1)), bits=16)


def _is_deep(image: Image.Image) -> bool:
    """Whether an image that is not loaded yet has 16 bits a channel in its file; Pillow often hands out the upper 8."""
    return any(";16" in str(tile.args) for tile in image.tile) if isinstance(image, ImageFile) else False


def _highest_byte(image: Image.Image) -> int:
    if image.mode in SIXTEEN_BIT_MODES:
        return int(np.asarray(image).max()) >> 8
    bands = zip(image.getbands(), image.split(), strict=True)
    return max(int(np.asarray(band).max()) for name, band in bands if name not in "Aa")


def _bits_of(image: Image.Image) -> int:
    """Bits of a sample that Pillow hands out in 16."""
    return image.tag_v2.get(BITSPERSAMPLE, (16,))[0] if isinstance(image, TiffImageFile) else 16


def _to_rgb(image: Image.Image, bits: int) -> Image.Image:
    if image.mode in SIXTEEN_BIT_MODES:
        upper = np.asarray(image).astype(np.uint16) >> (bits - 8)
        return Image.fromarray(upper.astype(np.uint8)).convert("RGB")
    if image.mode in UNREADABLE_MODES:
        raise ValueError(f"pixels of mode {image.mode} have no known range")
    return (image.convert("LA") if image.mode == "La" else image).convert("RGB")


def in_a_line(error: BaseException) -> str:
    """Why a picture could not be read."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(said.partition(" <_io.BytesIO object at ")[0].split())  # what is piped in has no name
