"""Label Studio's own JSON: a list of tasks, each a picture with shapes in percent of its sides.

Rectangles (turned ones too), ellipses and polygons count as the box around them; of a task that several people labeled,
the first that was not cancelled counts. An export names pictures as the server does; they are looked for by name, with
and without the eight letters that an upload puts in front.
Source: https://labelstud.io/guide/export#Label-Studio-JSON-format-of-annotated-tasks.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from yolozu.artifacts.jsonio import read_json
from yolozu.data.labels import Defect
from yolozu.data.layouts.files import IMAGE_SUFFIXES, files_below, suffix_of
from yolozu.data.readers.named_boxes import (
    NamedBox,
    NamedBoxReader,
    NamedImage,
    around,
    as_fractions,
    class_name,
    number,
    turned,
)
from yolozu.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.data.layouts.layout import Layout, Split

FIX = "export the project as JSON, not as JSON-MIN or CSV"
UPLOADED = re.compile(r"^[0-9a-f]{8}-")
PERCENT = (100, 100)
KINDS = ("rectanglelabels", "polygonlabels", "ellipselabels")


class LabelStudioReader(NamedBoxReader):
    """Reads the pictures of an export's tasks, wherever below ``images_dir`` they are."""

    def __init__(self, layout: Layout, split: Split) -> None:
        """Read the file.

        Raises:
            InputError: YZ907 it is no such export, or a task in it has no picture.
        """
        super().__init__(layout, split)
        self._others: Counter[str] = Counter()
        tasks = read_json(split.labels, code="YZ907", fix=FIX)
        if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
            raise InputError.one("YZ907", where=str(split.labels), problem="is no list of tasks", fix=FIX)
        folder = split.images_dir
        below = files_below(folder, IMAGE_SUFFIXES) if folder.is_dir() else []
        self._by_name = {Path(name).name: folder / name for name in reversed(below)}
        self._images = [self._image(task, f"{split.labels}: [{place}]") for place, task in enumerate(tasks)]

    @property
    def images(self) -> list[NamedImage]:
        """The picture of every task."""
        return self._images

    def notes(self) -> Iterator[str]:
        """Results that are left out."""
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(self._others.items()))
        if told:
            yield f"{self._split.labels}: left out, because they have no box: {told}"

    def _image(self, task: dict[str, Any], where: str) -> NamedImage:
        name = _picture_name(task)
        if name is None:
            raise InputError.one("YZ907", where=where, problem="is a task without a picture", fix=FIX)
        results = _results(task)
        boxes = tuple(
            _box(result, f"{where}: result[{place}]")
            for place, result in enumerate(() if results is None else results)
            if self._is_shape(result)
        )
        return NamedImage(self._path(name), boxes, has_labels=bool(boxes))

    def _path(self, name: str) -> Path:
        found = self._by_name.get(name, self._by_name.get(UPLOADED.sub("", name)))
        return self._split.images_dir / name if found is None else found

    def _is_shape(self, result: object) -> bool:
        kind = result.get("type") if isinstance(result, dict) else None
        if kind not in KINDS:
            self._others[str(kind)] += 1
        return kind in KINDS


def _picture_name(task: dict[str, Any]) -> str | None:
    """Name of the task's picture; a field that names no picture is about something else."""
    data = task.get("data")
    texts = [value for value in data.values() if isinstance(value, str)] if isinstance(data, dict) else []
    names = (_name_in(text) for text in texts)
    return next((name for name in names if suffix_of(name) in IMAGE_SUFFIXES), None)


def _name_in(address: str) -> str:
    """Name of the file at an address, or that ``…/data/local-files/?d=photos/a.jpg`` asks for."""
    parts = urlsplit(address)
    asked = parse_qs(parts.query).get("d")
    return Path(unquote(parts.path) if asked is None else asked[0]).name


def _results(task: dict[str, Any]) -> list[Any] | None:
    annotations = task.get("annotations", task.get("completions"))
    for annotation in annotations if isinstance(annotations, list) else ():
        if isinstance(annotation, dict) and not annotation.get("was_cancelled"):
            results = annotation.get("result")
            return results if isinstance(results, list) else None
    return None


def _box(result: dict[str, Any], where: str) -> NamedBox | Defect:
    kind, value = result["type"], result.get("value")
    try:
        if not isinstance(value, dict):
            raise ValueError("has no value")  # noqa: TRY301, TRY004 - one kind of error: what the file says is wrong
        names = value.get(kind)
        if not isinstance(names, list) or len(names) != 1:
            raise ValueError("has no class, or several")  # noqa: TRY301 - as above
        return NamedBox(where, class_name(names[0]), as_fractions(_around(kind, value, _aspect(result)), PERCENT))
    except ValueError as error:
        return Defect("malformed_label", where, str(error))


def _aspect(result: dict[str, Any]) -> float:
    """Height of the picture over its width: percents of the two sides turn into one another by it."""
    width, height = number(result.get("original_width", 1)), number(result.get("original_height", 1))
    if min(width, height) <= 0:
        raise ValueError("has a picture of no size")
    return height / width


def _around(kind: str, value: dict[str, Any], aspect: float) -> tuple[float, float, float, float]:
    if kind == "polygonlabels":
        points = value.get("points")
        if not isinstance(points, list) or not all(isinstance(point, list) and len(point) == 2 for point in points):
            raise ValueError("has points that are no pairs")
        return around([(number(x), number(y)) for x, y in points])
    if kind == "ellipselabels":
        x, y, rx, ry = (number(value.get(key)) for key in ("x", "y", "radiusX", "radiusY"))
        return x - rx, y - ry, x + rx, y + ry
    x, y, width, height = (number(value.get(key)) for key in ("x", "y", "width", "height"))
    degrees = number(value.get("rotation", 0))
    if not degrees:
        return x, y, x + width, y + height
    # About its top-left corner, in units of the width.
    corners = turned((x, y * aspect, x + width, (y + height) * aspect), degrees, (x, y * aspect))
    return around([(cx, cy / aspect) for cx, cy in corners])
