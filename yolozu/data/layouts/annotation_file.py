"""A single file of annotations beside pictures, as labeling tools export it: CVAT's, Label Studio's, or COCO's.

Told apart by their first bytes. Free of numpy: planning finds them too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yolozu.data.layouts.coco_files import coco_split_at
from yolozu.data.layouts.unsplit import holds_pictures

FileFormat = Literal["coco", "cvat", "label_studio"]

HEAD_BYTES = 65536
_CVAT = re.compile(rb"<annotations[\s>]")
_TASKS = re.compile(rb"^\s*\[\s*\{")
_TASK_KEYS = (b'"data"', b'"annotations"')
_COCO = re.compile(rb"^\s*\{")
_COCO_KEYS = (b'"images"', b'"file_name"')


@dataclass(frozen=True)
class AnnotationFile:
    """A file of annotations and the directory of its pictures."""

    label_format: FileFormat
    images_dir: Path
    path: Path


def annotation_file_in(root: Path) -> AnnotationFile | None:
    """The file of annotations in ``root``, if there is exactly one."""
    try:
        paths = sorted(path for path in root.iterdir() if path.suffix.lower() in {".xml", ".json"} and path.is_file())
    except OSError:
        return None  # a directory that may be entered and not listed
    found = [file for path in paths if (file := annotation_file_at(path)) is not None]
    return found[0] if len(found) == 1 else None


def annotation_file_at(path: Path) -> AnnotationFile | None:
    """What the file at ``path`` is; None where it is none of these, or no pictures are around it."""
    found = format_of(path)
    if found == "coco":
        _, splits = coco_split_at(path)
        return AnnotationFile(found, splits[0].images_dir, path) if len(splits) == 1 else None
    if found is None:
        return None
    folder = path.parent
    places = [place for place in (folder / "images", folder) if holds_pictures(place)]
    return AnnotationFile(found, places[0], path) if places else None


def format_of(path: Path) -> FileFormat | None:
    """Which tool's file it is, by its beginning."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return None  # reading it, where that is asked for, says why
    if path.suffix.lower() == ".xml":
        return "cvat" if _CVAT.search(head) else None
    if _TASKS.match(head) and all(key in head for key in _TASK_KEYS):
        return "label_studio"
    return "coco" if _COCO.match(head) and all(key in head for key in _COCO_KEYS) else None
