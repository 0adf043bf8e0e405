"""Where the files of COCO data sets are. Free of numpy, and no file is parsed: planning finds them too.

- As COCO itself: ``annotations/instances_<split>.json``, or ``image_info_<split>.json`` without annotations; and images
  in ``<split>/``, ``images/<split>/`` or, for all splits together, ``images/``.
- As Roboflow exports it: ``<split>/_annotations.coco.json`` among the images.

Sources: https://cocodataset.org/#format-data, https://roboflow.com/formats/coco-json.
"""

from __future__ import annotations

import json
import mmap
import os
import re
from dataclasses import dataclass
from pathlib import Path

ANNOTATIONS = "annotations"
EXPORTED_NAME = "_annotations.coco.json"
PREFIXES = ("image_info_", "instances_")
"""What stands in front of the split; where both files are there, the one with annotations counts."""

_FIRST_NAME = re.compile(rb'"file_name"\s*:\s*("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True)
class CocoSplit:
    """A COCO file and the directory of its images."""

    name: str
    images_dir: Path
    file: Path


def coco_splits(root: Path) -> list[CocoSplit]:
    """The splits of the COCO data set at ``root``; none where there is no such data set."""
    exported = [folder for folder in (root, *_folders(root)) if os.path.isfile(folder / EXPORTED_NAME)]  # noqa: PTH113
    found = {_name_of(folder): CocoSplit(_name_of(folder), folder, folder / EXPORTED_NAME) for folder in exported}
    for file in annotation_files(root):
        name = split_of(file)
        images_dir = _images_of(root, name, file)
        if images_dir is not None:
            found[name] = CocoSplit(name, images_dir, file)
    return list(found.values())


def annotation_files(root: Path) -> list[Path]:
    """The files in ``annotations/`` that list images with boxes, or without annotations."""
    directory = root / ANNOTATIONS
    return [file for prefix in PREFIXES for file in sorted(directory.glob(f"{prefix}*.json"))]


def split_of(file: Path) -> str:
    """Name of the split that a COCO file is of."""
    if file.name == EXPORTED_NAME:
        return _name_of(file.parent)
    prefix = next((prefix for prefix in PREFIXES if file.stem.startswith(prefix)), "")
    return file.stem.removeprefix(prefix)


def coco_split_at(file: Path) -> tuple[Path, list[CocoSplit]]:
    """The data set that a COCO file is part of: its directory, and its splits, maybe with others beside this one.

    A file that is in no such data set is a split of its own, if its images are found around it; else there is none.
    """
    name, around = split_of(file), (file.parent, Path(os.path.normpath(file.parent / "..")))
    if file.name == EXPORTED_NAME or file.parent.resolve().name == ANNOTATIONS:
        splits = coco_splits(around[1])
        if any(split.file.samefile(file) for split in splits):
            return around[1], splits
    below = (name, f"images/{name}", "images", "data")
    images_dir = _holding_first([*(root / place for root in around for place in below), file.parent], file)
    return file.parent, [] if images_dir is None else [CocoSplit(name, images_dir, file)]


def _images_of(root: Path, name: str, file: Path) -> Path | None:
    """The directory of a split's images: the one called like it, or, if that is not there, one for all splits."""
    own = [place for place in (root / name, root / "images" / name) if place.is_dir()]
    if len(own) == 1:
        return own[0]
    return _holding_first([*own, root / "images"], file)


def _holding_first(places: list[Path], file: Path) -> Path | None:
    """The first of ``places`` that holds the image that ``file`` lists first."""
    name = _first_listed(file)
    return None if name is None else next((place for place in places if (place / name).is_file()), None)


def _first_listed(file: Path) -> str | None:
    """The first ``file_name`` in a file that may be gigabytes."""
    try:
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as text:
            found = _FIRST_NAME.search(text)
            return None if found is None else str(json.loads(found.group(1)))
    except (OSError, ValueError):
        return None  # what is wrong with the file, reading it says


def _folders(root: Path) -> list[Path]:
    try:
        with os.scandir(root) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    except OSError:
        return []  # a directory that may be entered and not listed
    return [root / name for name in names]


def _name_of(folder: Path) -> str:
    return folder.resolve().name
