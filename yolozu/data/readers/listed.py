"""The images of a split that a list names, whatever format their labels have."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from yolozu.data.layouts.files import holds_tars
from yolozu.data.layouts.ultralytics import listed_images
from yolozu.data.registry import READERS
from yolozu.errors import Finding, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.data.labels import SplitLabels
    from yolozu.data.layouts.layout import Layout, Split
    from yolozu.data.readers.base import SplitReader
    from yolozu.structures.classes import ClassTable

MOST_SHOWN = 20
WITHOUT_TARS = frozenset({"voc", "cvat", "label_studio"})
"""Formats of labels whose pictures may not lie in tar files."""


def open_reader(layout: Layout, split: Split) -> SplitReader:
    """The reader of ``split``; of its listed images alone, where a list says which they are.

    Raises:
        InputError: the labels or the list cannot be read; YZ298 its pictures are in tar files, and its labels of
            a format that does not allow for it.
    """
    if split.label_format in WITHOUT_TARS and holds_tars(split.images_dir):
        fix = f"convert the labels to YOLO's or COCO's, or unpack the tar files ({split.label_format} needs files)"
        raise InputError.one("YZ298", where=str(split.images_dir), problem="holds pictures in tar files", fix=fix)
    reader: SplitReader = READERS.load(split.label_format)(layout, split)
    return reader if split.listed is None else _ListedReader(reader, split.listed)


class _ListedReader:
    """Reads what another reader does, and keeps the images of a list."""

    def __init__(self, reader: SplitReader, path: Path) -> None:
        self._reader, self._path = reader, path

    def stated_classes(self) -> ClassTable | None:
        return self._reader.stated_classes()

    def read(self, classes: ClassTable | None) -> SplitLabels:
        """The listed images with their labels.

        Raises:
            InputError: YZ253 a listed image is none of the split's.
        """
        found = self._reader.read(classes)
        wanted = {_key(image): image for image in listed_images((self._path,))}
        images = tuple(image for image in found.images if self._is_wanted(image.path, wanted))
        if wanted:
            fix = "correct the list, or make it anew: yolozu data split"
            shown = list(wanted.values())[:MOST_SHOWN]
            raise InputError(
                Finding("YZ253", str(self._path), f"lists {image}, which the labels do not know", fix)
                for image in shown
            )
        return replace(found, images=images)

    def _is_wanted(self, path: Path, wanted: dict[str, str]) -> bool:
        """Whether the list names the image, which is then taken off ``wanted``; VOC's lists leave out the ending."""
        keys = (_key(str(path)), _key(str(self._path.parent / path.stem)))
        return any(wanted.pop(key, None) is not None for key in keys)


def _key(path: str) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - a million names
