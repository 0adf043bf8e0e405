"""Folders of pictures with label files that nobody has put into ``images/<split>`` and ``labels/<split>``.

- Label files beside the pictures, in ``labels/`` beside them, or in ``labels/`` beside their ``images/``.
- As CVAT exports YOLO 1.1: all of it in ``obj_train_data/``, or in such a folder for each split.
- XML files of Pascal VOC beside the pictures, or ``JPEGImages/`` and ``Annotations/``, and lists in ``ImageSets/Main``.
- In folders called ``train``, ``valid``, ``test`` each of these is a split; else all pictures are the one split `ALL`.

Free of numpy, and no file is opened but for the first of tar files: planning finds them too.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from yolozu.data.layouts.files import IMAGE_SUFFIXES, LABEL_SUFFIXES, XML_SUFFIXES, glimpse, stem_of

ALL = "all"
"""Name of the split that all pictures of a folder are."""

SPLIT_FOLDERS = ("train", "training", "val", "valid", "validation", "test", "testing")
VOC_LISTS = "ImageSets/Main"
"""Where VOC lists the names of each split's pictures, without endings."""

CVAT_FOLDER = "obj_train_data"
"""Where CVAT and Darknet put pictures with their label files."""


@dataclass(frozen=True)
class LabeledFolder:
    """Pictures below one directory, and label files of the same names below another, or the same."""

    name: str
    label_format: Literal["yolo", "voc"]
    images_dir: Path
    labels_dir: Path
    listed: Path | None = None


def labeled_folders(root: Path) -> list[LabeledFolder]:
    """The splits that folders of ``root`` are, or the one that ``root`` is; none where no picture has a label file."""
    folders = [(name, root / name) for name in SPLIT_FOLDERS if (root / name).is_dir()]
    darknet = [(name, root / f"obj_{name}_data") for name in SPLIT_FOLDERS if (root / f"obj_{name}_data").is_dir()]
    folders += darknet if len(darknet) > 1 else []
    found = [folder for name, place in folders if (folder := _labeled(name, place)) is not None]
    if found:
        return found
    whole = _labeled(ALL, root)
    if whole is None:
        return []
    lists = sorted((root / VOC_LISTS).glob("*.txt")) if whole.label_format == "voc" else []
    named = [replace(whole, name=path.stem, listed=path) for path in lists if path.stem in {*SPLIT_FOLDERS, "trainval"}]
    return named or [whole]


def _labeled(name: str, folder: Path) -> LabeledFolder | None:
    images, beside = folder / "images", folder / CVAT_FOLDER
    yolo = (
        (images, folder / "labels"),
        (beside, beside),
        (folder, folder / "labels"),
        (images, images),
        (folder, folder),
    )
    pictures = (folder / "JPEGImages", images, folder)
    annotations = (folder / "Annotations", folder / "annotations", folder / "labels")
    voc = [*((place, labels) for place in pictures for labels in annotations), *((place, place) for place in pictures)]
    for images_dir, labels_dir in yolo:
        if _share_a_name(images_dir, labels_dir, LABEL_SUFFIXES):
            return LabeledFolder(name, "yolo", images_dir, labels_dir)
    for images_dir, labels_dir in voc:
        if _share_a_name(images_dir, labels_dir, XML_SUFFIXES):
            return LabeledFolder(name, "voc", images_dir, labels_dir)
    return None


def _share_a_name(images_dir: Path, labels_dir: Path, suffixes: Collection[str]) -> bool:
    """Whether a picture and a label file are called alike."""
    if not (images_dir.is_dir() and labels_dir.is_dir()):
        return False
    try:
        labels = {stem_of(name) for name, suffix in glimpse(labels_dir) if suffix in suffixes}
        pictures = (name for name, suffix in glimpse(images_dir) if suffix in IMAGE_SUFFIXES)
        return bool(labels) and any(stem_of(name) in labels for name in pictures)
    except OSError:
        return False  # a directory that may be entered and not listed


def holds_pictures(root: Path) -> bool:
    """Whether a picture lies in ``root`` or a folder of it."""
    return os.path.isdir(root) and any(suffix in IMAGE_SUFFIXES for _, suffix in glimpse(root))  # noqa: PTH112
