"""COCO's JSON files: an instances file, or a list of images without annotations (``image_info_*.json``)."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.artifacts.jsonio import is_text, read_json
from yolozu.data.readers.coco_values import FARTHEST_PX, name_of, whole_number
from yolozu.errors import Finding, InputError
from yolozu.structures.classes import ClassTable

FIX = "give a COCO instances file: images, annotations and categories, each a list of objects"
MOST_SHOWN = 20
"""Findings of a file that an error names one by one."""

Size = tuple[int, int]


@dataclass(frozen=True)
class CocoFile:
    """What a COCO file lists; its annotations as they are.

    Attributes:
        path: the file.
        document: all of it.
        images: id -> ``file_name``, and width and height in px, in the order of the file.
        classes: the categories in order of id.
        annotations: its annotations; None where it states none at all, and so no image is known to be empty.
        notes: what is worth knowing and no defect.
    """

    path: Path
    document: dict[str, Any]
    images: dict[int, tuple[str, Size]]
    classes: ClassTable
    annotations: list[Any] | None
    notes: tuple[str, ...]

    def image_of(self, row: object) -> int | None:
        """Id of the listed image that an annotation is of; None where it is of none."""
        if not isinstance(row, dict):
            return None
        try:
            key = whole_number(row.get("image_id"))
        except ValueError:
            return None
        return key if key in self.images else None


def read_coco_file(path: Path) -> CocoFile:
    """The COCO file at ``path``.

    Raises:
        InputError: YZ205 it is none, an image or a category cannot be understood, or two are one; all that is wrong.
    """
    document = read_json(path, code="YZ205", fix=FIX)
    problems = _wrong_structure(document)
    if problems:
        raise _malformed(path, problems)
    images, wrong_images = _images(document["images"])
    categories = _Categories(document["categories"])
    annotations: list[Any] | None = document.get("annotations")
    left_out = categories.settle(annotations or [])
    problems = [*wrong_images, *categories.problems]
    if problems:
        raise _malformed(path, problems)
    notes = (*categories.notes, *_repeated(annotations or []))
    return CocoFile(path, document, images, categories.table(left_out), annotations, notes)


def _wrong_structure(document: object) -> list[str]:
    if not isinstance(document, dict):
        return ["is no object"]
    wanted = ("images", "annotations", "categories") if "annotations" in document else ("images", "categories")
    return [f"has no list {key!r}" for key in wanted if not isinstance(document.get(key), list)]


def _repeated(annotations: list[Any]) -> Iterator[str]:
    """A note of annotations that share an id: pycocotools, which knows them by it, would see only the last."""
    ids = [str(row["id"]) for row in annotations if isinstance(row, dict) and row.get("id") is not None]
    count = len(ids) - len(set(ids))
    if count:
        yield f"{count} of {len(annotations)} annotations have the id of an earlier one; all are read"


def _images(rows: list[Any]) -> tuple[dict[int, tuple[str, Size]], list[str]]:
    """The images, and what is wrong with others. A row that is there twice, word for word, counts once."""
    images: dict[int, tuple[str, Size]] = {}
    first_of: dict[object, int] = {}
    problems = []
    for number, row in enumerate(rows):
        try:
            key, image = _image(row)
        except (KeyError, ValueError) as error:
            problems.append(f"images[{number}]: {said(error)}")
            continue
        if images.get(key) == image:
            continue
        plain = posixpath.normpath(image[0].replace("\\", "/"))
        twin = next((first_of[given] for given in (key, plain) if given in first_of), None)
        if twin is not None:
            what = f"id {key}" if key in images else f"file_name {image[0]!r}"
            problems.append(f"images[{number}]: {what} is that of images[{twin}], too")
            continue
        images[key] = image
        first_of[key] = first_of[plain] = number
    return images, problems


def _image(row: object) -> tuple[int, tuple[str, Size]]:
    key = whole_number(_value(row, "id"))
    name = _value(row, "file_name")
    if not isinstance(name, str) or not name or "\0" in name or not is_text(name):
        raise ValueError(f"file_name {name!r:.40} is none")
    width, height = whole_number(_value(row, "width")), whole_number(_value(row, "height"))
    if not 0 < min(width, height) <= max(width, height) <= FARTHEST_PX:
        raise ValueError(f"size {width}×{height}")
    return key, (name, (width, height))


class _Categories:
    """The categories of a file, while it is settled which of them are classes."""

    def __init__(self, rows: list[Any]) -> None:
        self.problems: list[str] = []
        self.notes: list[str] = []
        self._names: dict[int, str] = {}
        self._group_of: dict[int, str] = {}
        for number, row in enumerate(rows):
            try:
                key, name = whole_number(_value(row, "id")), name_of(_value(row, "name"))
            except (KeyError, ValueError) as error:
                self.problems.append(f"categories[{number}]: {said(error)}")
                continue
            if self._names.setdefault(key, name) != name:
                self.problems.append(f"categories[{number}]: id {key} is that of {self._names[key]!r}, too")
            if not isinstance(row["name"], str):
                self.notes.append(f"category {key} is called by the number {name}, read as a text")
            self._group_of[key] = str(row.get("supercategory"))

    def settle(self, annotations: list[Any]) -> set[int]:
        """Categories that are no classes: they share the name of another one, and no annotation is of them.

        Roboflow writes such a category 0, the group of the others, called like one of them. Two categories of one name
        that annotations are of are a problem.
        """
        shared = [name for name, count in Counter(self._names.values()).items() if count > 1]
        used = {_category(row) for row in annotations} if shared else set()
        return {key for name in shared for key in self._spare(name, used)}

    def table(self, left_out: set[int]) -> ClassTable:
        """The others, in order of id."""
        pairs = sorted((key, name) for key, name in self._names.items() if key not in left_out)
        return ClassTable(tuple(name for _, name in pairs), tuple(key for key, _ in pairs))

    def _spare(self, name: str, used: set[int | None]) -> set[int]:
        keys = [key for key, called in self._names.items() if called == name]
        groups = {group for key, group in self._group_of.items() if key not in keys}
        roots = {key for key in keys if self._group_of[key] in {"None", "", "none"} and name in groups}
        unused = {key for key in keys if key not in used}
        for spare in (unused, unused & roots):
            if len(keys) - len(spare) == 1:
                kept = next(key for key in keys if key not in spare)
                self.notes += [
                    f"category {key} {name!r} is no class: no annotation is of it, and category {kept} has its name"
                    for key in sorted(spare)
                ]
                return spare
        listed = ", ".join(map(str, sorted(keys)))
        self.problems.append(f"categories: {listed} are all called {name!r}; rename them, or make them one")
        return set()


def _category(row: object) -> int | None:
    try:
        return whole_number(_value(row, "category_id"))
    except (KeyError, ValueError):
        return None


def _value(row: object, key: str) -> object:
    if not isinstance(row, dict):
        raise ValueError("is no object")  # noqa: TRY004 - one kind of error: what the file says is wrong
    if key not in row:
        raise KeyError(key)
    return row[key]


def said(error: KeyError | ValueError) -> str:
    """What is wrong with a row of the file."""
    return f"has no {error.args[0]!r}" if isinstance(error, KeyError) else str(error)


def _malformed(path: Path, problems: list[str]) -> Exception:
    shown = problems[:MOST_SHOWN]
    if len(problems) > MOST_SHOWN:
        shown.append(f"and {len(problems) - MOST_SHOWN} more such places")
    return InputError([Finding("YZ205", str(path), problem, FIX) for problem in shown])
