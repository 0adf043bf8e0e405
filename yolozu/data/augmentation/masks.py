"""Masks: which pixels of an image show which of its objects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolozu.artifacts.packed_files import readable
from yolozu.data.images import READ_ERRORS, in_a_line
from yolozu.data.index import DataIndex
from yolozu.errors import Finding, InputError
from yolozu.structures.image_record import ImageRecord

MOST_NAMED = 20

WITHOUT_CONVERSION = frozenset({"L", "P", "I;16", "I"})
"""Modes whose numbers are what a label's value means; a palette's colors mean nothing."""


class MaskStore:
    """Reads the masks of an index; with ``keep`` every file only once."""

    def __init__(self, index: DataIndex, *, keep: bool) -> None:
        self._index = index
        self._kept: dict[str, NDArray[np.integer]] | None = {} if keep else None

    def masks(self, number: int) -> list[NDArray[np.bool_] | None]:
        """(H, W) visible pixels of each object of an image; None for an object without a mask."""
        record = self._index.records[number]
        if not record.masks:
            return [None] * len(record.class_indices)
        levels: dict[str, NDArray[np.integer]] = {} if self._kept is None else self._kept
        found: list[NDArray[np.bool_] | None] = []
        for mask in record.masks:
            if mask is None:
                found.append(None)
                continue
            name, value = mask
            if name not in levels:
                levels[name] = read_levels(self._index.root / name, record)
            found.append(np.asarray(levels[name] > 0 if value is None else levels[name] == value))
        return found


def read_levels(path: Path, record: ImageRecord) -> NDArray[np.integer]:
    """(H, W) grey levels of a mask file.

    Raises:
        InputError: YZ251 it cannot be read, or is of another size than its image.
    """
    try:
        with Image.open(readable(path)) as image:
            levels = np.asarray(image if image.mode in WITHOUT_CONVERSION else image.convert("L"))
    except READ_ERRORS as error:
        problem = f"mask cannot be read: {in_a_line(error)}"
        raise InputError.one(
            "YZ251", where=str(path), problem=problem, fix="put the file there, or make it again"
        ) from error
    if levels.shape != (record.height, record.width):
        raise InputError.one(
            "YZ251",
            where=str(path),
            problem=f"is {levels.shape[1]}×{levels.shape[0]} px, its image has {record.width}×{record.height}",
            fix="a mask has the size of its image",
        )
    return levels


def require_masks(index: DataIndex, key: str) -> None:
    """Refuse images whose objects cannot be cut out.

    Args:
        index: the images.
        key: what asks for it.

    Raises:
        InputError: YZ250, every image of which an object (other than a crowd region) has no mask.
    """
    lacking = [record.image for record in index.records if not _all_masked(record)]
    findings = [
        Finding("YZ250", f"{key}: {name}", "an object of it has no mask", f"add masks, or drop {key}")
        for name in lacking[:MOST_NAMED]
    ]
    if len(lacking) > MOST_NAMED:
        more = f"{len(lacking) - MOST_NAMED} more images have objects without a mask"
        findings.append(Finding("YZ250", f"{key}: split {index.split}", more, f"add masks, or drop {key}"))
    if findings:
        raise InputError(findings)


def joined_mask(masks: Sequence[NDArray[np.bool_] | None], height: int, width: int) -> NDArray[np.bool_]:
    """(height, width) pixels that show any of the objects."""
    joined = np.zeros((height, width), np.bool_)
    for mask in masks:
        if mask is not None:
            joined |= mask
    return joined


def _all_masked(record: ImageRecord) -> bool:
    wanted = ~record.is_crowd
    if not record.masks:
        return not wanted.any()
    return all(mask is not None for mask, needed in zip(record.masks, wanted.tolist(), strict=True) if needed)
