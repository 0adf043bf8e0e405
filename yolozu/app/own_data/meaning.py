"""Whether ``yolozu init DIR`` names data to write a contract for, or a directory to write into."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from yolozu.data.fingerprint import label_listings
from yolozu.data.layouts.files import IMAGE_SUFFIXES, suffix_of
from yolozu.data.layouts.layout import COCO_SUFFIX, XML_SUFFIX, YAML_SUFFIXES, Layout, find_layout
from yolozu.data.layouts.unsplit import holds_pictures
from yolozu.errors import InputError, UsageError
from yolozu.registry import nearest

DATA_FILE_SUFFIXES = frozenset({*YAML_SUFFIXES, COCO_SUFFIX, XML_SUFFIX})
PROJECT_FILES = ("exp.yaml", "dodo.py")
"""What a directory holds that a contract was written into."""

NO_DATA_SET = "YZ201"


@dataclass(frozen=True)
class Meaning:
    """What a directory was understood as.

    Attributes:
        data: the data set or the pictures that it is; None where it is a place to write into.
        layout: how the data set is laid out; None where its pictures have no labels.
        pictures_below: folders of a place to write into that hold pictures.
    """

    data: Path | None = None
    layout: Layout | None = None
    pictures_below: tuple[Path, ...] = ()


def meaning_of(place: Path) -> Meaning:
    """What ``place`` is, by what it holds.

    A data set, or pictures, are data; what is missing, empty, or holds a contract or anything else is a place to write
    into. The working directory is data only where it is a data set with labels or pictures lie in it themselves: a
    project has pictures in folders, too.

    Raises:
        InputError: it is a data set that cannot be understood.
        UsageError: YZ908 there is nothing, and data of nearly that name beside it.
    """
    if not place.exists():
        _require_no_slip(place)
    if place.is_file():
        return Meaning(place, find_layout(place)) if place.suffix.lower() in DATA_FILE_SUFFIXES else Meaning()
    if not place.is_dir() or any((place / name).exists() for name in PROJECT_FILES):
        return Meaning()
    is_here = place.resolve() == Path.cwd()
    try:
        layout = find_layout(place)
    except InputError as error:
        if [finding.code for finding in error.findings] != [NO_DATA_SET]:
            raise
        holds = _holds_pictures_itself(place) if is_here else holds_pictures(place)
        return Meaning(place) if holds else Meaning(pictures_below=_folders_of_pictures(place))
    labeled = [split for split in layout.splits.values() if any(len(files) for files in label_listings(split))]
    in_folders = [split for split in labeled if split.images_dir.resolve() != place.resolve()]
    if is_here and not in_folders and not _holds_pictures_itself(place):
        return Meaning(pictures_below=_folders_of_pictures(place))
    return Meaning(place, layout if labeled else None)


def _require_no_slip(place: Path) -> None:
    beside = place.parent
    guess = nearest(place.name, [entry.name for entry in beside.iterdir()] if beside.is_dir() else [])
    if guess is not None and meaning_of(beside / guess).data is not None:
        made = f"To begin in a new directory, make it first: mkdir {shlex.quote(str(place))}"
        raise UsageError.one(
            "YZ908",
            where=str(place),
            problem="is not there, and data of nearly that name are",
            fix=f"did you mean {beside / guess}? {made}",
        )


def _holds_pictures_itself(place: Path) -> bool:
    return any(entry.is_file() and suffix_of(entry.name) in IMAGE_SUFFIXES for entry in place.iterdir())


def _folders_of_pictures(place: Path) -> tuple[Path, ...]:
    folders = sorted(entry for entry in place.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    return tuple(folder for folder in folders if _holds_pictures_itself(folder))
