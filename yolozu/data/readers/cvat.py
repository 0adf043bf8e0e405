"""CVAT's own format, "CVAT for images": one XML file that lists pictures with their shapes, in px.

Boxes (turned ones too), polygons, ellipses and masks count as the box around them; others are counted and left out.
Source: https://docs.cvat.ai/docs/manual/advanced/formats/format-cvat/.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from yolozu.data.labels import Defect
from yolozu.data.readers.coco_images import image_path
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
from yolozu.data.readers.xml_file import read_xml
from yolozu.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from xml.etree.ElementTree import Element

    from yolozu.data.layouts.layout import Layout, Split

    Box = tuple[float, float, float, float]

FIX = 'export the task as "CVAT for images 1.1"'


class CvatReader(NamedBoxReader):
    """Reads the pictures that an ``annotations.xml`` lists, from ``images_dir / name``."""

    def __init__(self, layout: Layout, split: Split) -> None:
        """Read the file.

        Raises:
            InputError: YZ906 it is none of CVAT's, or a picture in it cannot be understood.
        """
        super().__init__(layout, split)
        self._others: Counter[str] = Counter()
        try:
            root = read_xml(split.labels, "annotations")
            if root.find("track") is not None:
                raise ValueError("holds tracks of a video, which are of no pictures")  # noqa: TRY301 - said like others
            self._images = [self._image(row, place) for place, row in enumerate(root.iterfind("image"))]
        except ValueError as error:
            raise InputError.one("YZ906", where=str(split.labels), problem=str(error), fix=FIX) from error
        self._names = [name.strip() for row in root.iterfind("meta//label") if (name := row.findtext("name"))]

    @property
    def images(self) -> list[NamedImage]:
        """Every picture that is listed."""
        return self._images

    @property
    def names(self) -> list[str]:
        """The labels of the task, in its order."""
        return self._names

    def notes(self) -> Iterator[str]:
        """Shapes that are left out."""
        told = ", ".join(f"{count} {tag}" for tag, count in sorted(self._others.items()))
        if told:
            yield f"{self._split.labels}: left out, because they have no box: {told}"

    def _image(self, row: Element, place: int) -> NamedImage:
        name, where = row.get("name", ""), f"image[{place}]"
        if not name:
            raise ValueError(f"{where} has no name")
        width, height = (int(number(row.get(side))) for side in ("width", "height"))
        if min(width, height) <= 0:
            raise ValueError(f"{where} has size {width}×{height}")
        shapes = [shape for shape in row if shape.tag in SHAPES]
        self._others.update(shape.tag for shape in row if shape.tag not in SHAPES)
        place_of = f"{self._split.labels}: {name}"
        boxes = tuple(_box(shape, f"{place_of}[{index}]", (width, height)) for index, shape in enumerate(shapes))
        return NamedImage(image_path(self._split.images_dir, name), boxes, has_labels=bool(boxes), size=(width, height))


def _box(shape: Element, where: str, size: tuple[int, int]) -> NamedBox | Defect:
    try:
        return NamedBox(where, class_name(shape.get("label")), as_fractions(SHAPES[shape.tag](shape), size))
    except ValueError as error:
        return Defect("malformed_label", where, str(error))


def _numbers(shape: Element, *names: str) -> tuple[float, ...]:
    missing = [name for name in names if shape.get(name) is None]
    if missing:
        raise ValueError(f"has no {missing[0]}")
    return tuple(number(shape.get(name)) for name in names)


def _of_box(shape: Element) -> Box:
    left, top, right, bottom = _numbers(shape, "xtl", "ytl", "xbr", "ybr")
    degrees = number(shape.get("rotation", "0"))
    middle = (left + right) / 2, (top + bottom) / 2
    return around(turned((left, top, right, bottom), degrees, middle)) if degrees else (left, top, right, bottom)


def _of_points(shape: Element) -> Box:
    pairs = [pair.split(",") for pair in shape.get("points", "").split(";") if pair]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError("has points that are no pairs")
    return around([(number(x), number(y)) for x, y in pairs])


def _of_mask(shape: Element) -> Box:
    left, top, width, height = _numbers(shape, "left", "top", "width", "height")
    return left, top, left + width, top + height


def _of_ellipse(shape: Element) -> Box:
    cx, cy, rx, ry = _numbers(shape, "cx", "cy", "rx", "ry")
    return cx - rx, cy - ry, cx + rx, cy + ry


SHAPES: dict[str, Callable[[Element], Box]] = {
    "box": _of_box,
    "polygon": _of_points,
    "mask": _of_mask,
    "ellipse": _of_ellipse,
}
