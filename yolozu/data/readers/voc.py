"""Pascal VOC: an XML file for each picture, with boxes in px from the top-left corner.

Coordinates are read as they stand, as labelImg and CVAT write them; VOC itself counts pixels from 1, which is half a px
off. Objects that are ``difficult`` are neither trained on nor counted, as in VOC's own evaluation.
Source: http://host.robots.ox.ac.uk/pascal/VOC/voc2012/devkit_doc.pdf.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.data.labels import Defect
from yolozu.data.layouts.files import IMAGE_SUFFIXES, XML_SUFFIXES, by_stem, files_below, stem_of
from yolozu.data.readers.named_boxes import (
    NamedBox,
    NamedBoxReader,
    NamedImage,
    as_fractions,
    class_name,
    number,
)
from yolozu.data.readers.xml_file import read_xml, text_at
from yolozu.data.readers.yolo import ignored_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element


class VocReader(NamedBoxReader):
    """Reads ``images_dir/a/b.jpg`` with ``labels/a/b.xml``."""

    @cached_property
    def images(self) -> list[NamedImage]:
        """Every picture of the folder."""
        images, labels = self._split.images_dir, self._split.labels
        names = files_below(images, IMAGE_SUFFIXES)
        return [_read(images / name, self._files.get(f"{labels}/{stem_of(name)}")) for name in names]

    def stray(self) -> Iterator[Defect]:
        """XML files that are called like no picture."""
        stems = {
            f"{self._split.labels}/{stem_of(name)}" for name in files_below(self._split.images_dir, IMAGE_SUFFIXES)
        }
        for stem, files in self._files.items():
            if stem not in stems:
                yield Defect("label_without_image", files[0], "no image has its name")

    def notes(self) -> Iterator[str]:
        """Files among the pictures that nothing reads."""
        if self._split.labels != self._split.images_dir:
            yield from ignored_files([self._split.images_dir], [])

    @cached_property
    def _files(self) -> dict[str, list[str]]:
        labels = self._split.labels
        found = files_below(labels, XML_SUFFIXES, packed=False) if labels.is_dir() else []
        return by_stem((f"{labels}/{name}" for name in found), XML_SUFFIXES)


def _read(image: Path, files: list[str] | None) -> NamedImage:
    if files is None:
        return NamedImage(image, (), has_labels=False)
    try:
        root = read_xml(Path(files[0]), "annotation")
        stated = _stated_size(root)
        size = _size_of(image) if stated is None else stated
    except ValueError as error:
        return NamedImage(image, (Defect("malformed_label", files[0], str(error)),), has_labels=True)
    objects = enumerate(root.iterfind("object"))
    boxes = tuple(_box(row, f"{files[0]}: object[{place}]", size) for place, row in objects)
    return NamedImage(image, boxes, has_labels=True, size=stated)


def _stated_size(root: Element) -> tuple[int, int] | None:
    """Size that the file states; some tools leave it out, or write 0."""
    width, height = (root.findtext(f"size/{side}") for side in ("width", "height"))
    if width is None or height is None:
        return None
    found = int(number(width)), int(number(height))
    return found if min(found) > 0 else None


def _size_of(image: Path) -> tuple[int, int]:
    from yolozu.data.images import image_facts

    facts = image_facts(image)
    if facts.problem is not None:
        raise ValueError("states no size, and neither does its image, which cannot be read")
    return facts.width, facts.height


def _box(row: Element, where: str, size: tuple[int, int]) -> NamedBox | Defect:
    try:
        left, top, right, bottom = (number(text_at(row, f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax"))
        box_xyxy = as_fractions((left, top, right, bottom), size)
        return NamedBox(
            where, class_name(row.findtext("name")), box_xyxy, row.findtext("difficult", "0").strip() == "1"
        )
    except ValueError as error:
        return Defect("malformed_label", where, str(error))
