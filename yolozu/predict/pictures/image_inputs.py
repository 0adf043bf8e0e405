"""Pictures that a Python program gives: paths, arrays, Pillow's images, or many of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from yolozu.data.images import decode_image, focal_px_of
from yolozu.errors import Finding, UsageError, YolozuError
from yolozu.predict.pictures.picture import Picture
from yolozu.predict.pictures.sources import each_picture, sources_in

ImageInput = str | PathLike[str] | NDArray[np.uint8] | Image
"""One of them; a path may also be a folder, a pattern, a list or a video, which stands for its pictures."""


def pictures_of_inputs(images: ImageInput | Iterable[ImageInput], *, every: int = 1) -> Iterator[Picture | Finding]:
    """The pictures, one at a time, in their order; what is in no file is called ``image-000000`` and so on.

    In the place of what is damaged of a video stands why.

    Args:
        images: one, or an iterable of them, which is advanced no further than pictures are asked for; an array
            (B, H, W, 3) is one of B pictures.
        every: of videos, only each so many-th frame.

    Raises:
        UsageError: YZ635 a path gives no picture, YZ638 something is no picture, YZ643 a video cannot be read here.
        InputError: YZ207 an image of Pillow's cannot be read.
    """
    for place, image in enumerate(_each(images)):
        if isinstance(image, str | PathLike):
            yield from each_picture(sources_in([fspath(image)]), every=every)
        else:
            yield _in_memory(image, place)


def _each(images: Any) -> Iterable[Any]:
    if isinstance(images, str | PathLike | Image) or (isinstance(images, np.ndarray) and images.ndim != 4):
        return [images]
    if not isinstance(images, Iterable):
        raise _no_picture("images", images)
    return images


def _in_memory(image: Any, place: int) -> Picture:
    name = f"image-{place:06d}"
    if isinstance(image, Image):
        file = getattr(image, "filename", "")
        name = Path(file).name if isinstance(file, str) and file else name
        focal_px = focal_px_of(image)  # before its pixels are turned
        return Picture(Path(name), name, decode_image(image, where=name), focal_px)
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise _no_picture(name, image)
    if image.size == 0:
        raise _no_picture(name, image)
    return Picture(Path(name), name, np.ascontiguousarray(image))


def _no_picture(where: str, value: object) -> YolozuError:
    held = f"an array {value.shape} of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
    fix = "give a path, a Pillow image or an array (H, W, 3) of uint8 in RGB (of OpenCV's BGR: image[..., ::-1])"
    return UsageError.one("YZ638", where=where, problem=f"is no picture: {held}", fix=fix)
