"""COCO instances files: one JSON object with ``images``, ``annotations`` and ``categories``.

Boxes are ``[x, y, w, h]`` in px from the top-left corner; category ids need not be contiguous.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.classes import ClassTable
from yolozu.artifacts.jsonio import read_json
from yolozu.data.labels import Defect, Instance, LabeledImage, SplitLabels
from yolozu.data.readers.pose_values import number as finite_number
from yolozu.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.data.layouts.layout import Layout, Split

FIX = "give a COCO instances file: images, annotations and categories, each a list of objects"


class CocoReader:
    """Reads the images that an instances file lists, from ``images_dir / file_name``."""

    def __init__(self, layout: Layout, split: Split) -> None:
        self._layout, self._split = layout, split
        self._document = read_instances(split.labels)

    def stated_classes(self) -> ClassTable:
        """The file's categories in order of id.

        Raises:
            InputError: YZ205 an id or a name is missing, or an id repeats.
        """
        return categories_of(self._document, self._split.labels)

    def read(self, classes: ClassTable | None) -> SplitLabels:
        """Every listed image with its annotations.

        Raises:
            InputError: YZ205 an image has no id, name or size.
        """
        assert classes is not None, "an instances file states its classes"
        index_of = {category: index for index, category in enumerate(classes.category_ids)}
        images = listed_images(self._document, self._split.labels)
        stray: list[Defect] = []
        instances: dict[int, list[Instance]] = {key: [] for key in images}
        defects: dict[int, list[Defect]] = {key: [] for key in images}
        for number, row in enumerate(self._document["annotations"]):
            where = f"{self._split.labels}: annotations[{number}]"
            key = row.get("image_id") if isinstance(row, dict) else None
            if not isinstance(key, int) or key not in images:
                stray.append(Defect("label_without_image", where, f"image_id {key!r} is no listed image"))
                continue
            parsed = _parse_annotation(row, where, images[key][1], index_of)
            if isinstance(parsed, Instance):
                instances[key].append(parsed)
            else:
                defects[key].append(parsed)
        labeled = [
            replace(self._labeled(name, size, tuple(instances[key]), tuple(defects[key])), number=key)
            for key, (name, size) in images.items()
        ]
        return SplitLabels(self._split.name, tuple(sorted(labeled, key=lambda entry: entry.image)), tuple(stray))

    def _labeled(
        self, name: str, size: tuple[int, int], instances: tuple[Instance, ...], defects: tuple[Defect, ...]
    ) -> LabeledImage:
        path = self._split.images_dir / name
        has_labels = bool(instances or defects)
        return LabeledImage(self._layout.relative(path), path, instances, defects, has_labels, declared_size=size)


def _parse_annotation(
    row: dict[str, Any], where: str, size: tuple[int, int], index_of: dict[int, int]
) -> Instance | Defect:
    try:
        x, y, width, height = (finite_number(value) for value in row["bbox"])
        category = _integer(row["category_id"])
        area = finite_number(row["area"]) if row.get("area") is not None else width * height
        is_crowd = _integer(row.get("iscrowd", 0)) == 1
    except (KeyError, TypeError, ValueError) as error:
        return Defect("malformed_label", where, _said(error))
    box = (x + width / 2) / size[0], (y + height / 2) / size[1], width / size[0], height / size[1]
    if category not in index_of:
        return Defect("class_out_of_range", where, f"category_id {category} is no category")
    return Instance(where, index_of[category], box, is_crowd, area_px=area)


def read_instances(path: Path) -> dict[str, Any]:
    """The object in an instances file, with its three lists.

    Raises:
        InputError: YZ205 it is none.
    """
    document = read_json(path, code="YZ205", fix=FIX)
    if not isinstance(document, dict):
        raise _malformed(path, "is no object")
    for key in ("images", "annotations", "categories"):
        if not isinstance(document.get(key), list):
            raise _malformed(path, f"has no list {key!r}")
    return document


def categories_of(document: dict[str, Any], path: Path) -> ClassTable:
    """The categories of an instances file in order of id.

    Raises:
        InputError: YZ205 an id or a name is missing, or an id repeats.
    """
    try:
        pairs = sorted((_integer(row["id"]), str(row["name"])) for row in document["categories"])
        return ClassTable(tuple(name for _, name in pairs), tuple(category for category, _ in pairs))
    except (KeyError, TypeError, ValueError) as error:
        raise _malformed(path, f"categories: {_said(error)}") from error


def listed_images(document: dict[str, Any], path: Path) -> dict[int, tuple[str, tuple[int, int]]]:
    """Image id -> file name, and width and height in px, in the order of the file.

    Raises:
        InputError: YZ205 an image has no id, name or size, or is listed twice.
    """
    images: dict[int, tuple[str, tuple[int, int]]] = {}
    names: set[str] = set()
    for number, row in enumerate(document["images"]):
        place = f"images[{number}]"
        try:
            key, name = _integer(row["id"]), str(row["file_name"])
            size = _integer(row["width"]), _integer(row["height"])
        except (KeyError, TypeError, ValueError) as error:
            raise _malformed(path, f"{place}: {_said(error)}") from error
        if key in images or name in names:
            raise _malformed(path, f"{place}: id {key} or file_name {name!r} is listed twice")
        if min(size) <= 0:
            raise _malformed(path, f"{place}: size {size[0]}×{size[1]}")
        images[key] = name, size
        names.add(name)
    return images


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{value!r} is no integer")  # noqa: TRY004 - one kind of error: what the file says is wrong
    return value


def _said(error: Exception) -> str:
    return f"has no {error.args[0]!r}" if isinstance(error, KeyError) else str(error)


def _malformed(path: Path, problem: str) -> Exception:
    return InputError.one("YZ205", where=str(path), problem=problem, fix=FIX)
