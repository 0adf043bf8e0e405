"""COCO instances files: one JSON object with ``images``, ``annotations`` and ``categories``.

Boxes are ``[x, y, w, h]`` in px from the top-left corner; category ids need not be contiguous.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from yolozu.data.labels import Defect, Instance, LabeledImage, SplitLabels
from yolozu.data.readers.coco_file import read_coco_file, said
from yolozu.data.readers.coco_images import image_paths
from yolozu.data.readers.coco_values import box, flag, measure, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.data.layouts.layout import Layout, Split
    from yolozu.data.readers.coco_file import Size
    from yolozu.structures.classes import ClassTable


class CocoReader:
    """Reads the images that an instances file lists, from ``images_dir / file_name``."""

    def __init__(self, layout: Layout, split: Split) -> None:
        """Read the file.

        Raises:
            InputError: YZ205 it is none, or an image or a category in it cannot be understood; YZ279 an image is in
                several tar files.
        """
        self._layout, self._split = layout, split
        self._file = read_coco_file(split.labels)
        self._paths = image_paths(split.images_dir, [name for name, _ in self._file.images.values()])

    def stated_classes(self) -> ClassTable:
        """The file's categories in order of id."""
        return self._file.classes

    def read(self, classes: ClassTable | None) -> SplitLabels:
        """Every listed image with its annotations."""
        assert classes is not None, "an instances file states its classes"
        index_of = {category: index for index, category in enumerate(classes.category_ids)}
        stray: list[Defect] = []
        instances: dict[int, list[Instance]] = {key: [] for key in self._file.images}
        defects: dict[int, list[Defect]] = {key: [] for key in self._file.images}
        for number, row in enumerate(self._file.annotations or ()):
            where = f"{self._split.labels}: annotations[{number}]"
            key = self._file.image_of(row)
            if key is None:
                stray.append(_of_no_image(row, where))
                continue
            parsed = _parse_annotation(row, where, self._file.images[key][1], index_of)
            if isinstance(parsed, Instance):
                instances[key].append(parsed)
            else:
                defects[key].append(parsed)
        rows = [
            replace(self._labeled(name, size, tuple(instances[key]), tuple(defects[key])), number=key)
            for key, (name, size) in self._file.images.items()
        ]
        images = tuple(sorted(rows, key=lambda entry: entry.image))
        labeled = self._file.annotations is not None
        return SplitLabels(self._split.name, images, tuple(stray), notes=tuple(self._notes()), labeled=labeled)

    def _notes(self) -> Iterator[str]:
        yield from (f"{self._split.labels}: {note}" for note in self._file.notes)
        if self._file.annotations is None:
            yield (
                f"{self._split.labels}: has no annotations: its images can be predicted, and neither be trained on nor "
                "evaluated"
            )

    def _labeled(
        self, name: str, size: Size, instances: tuple[Instance, ...], defects: tuple[Defect, ...]
    ) -> LabeledImage:
        path = self._paths[name]
        has_labels = bool(instances or defects)
        return LabeledImage(self._layout.relative(path), path, instances, defects, has_labels, declared_size=size)


def _of_no_image(row: object, where: str) -> Defect:
    if not isinstance(row, dict):
        return Defect("malformed_label", where, "is no object")
    return Defect("label_without_image", where, f"image_id {row.get('image_id')!r:.40} is no listed image")


def _parse_annotation(row: dict[str, Any], where: str, size: Size, index_of: dict[int, int]) -> Instance | Defect:
    try:
        x, y, width, height = box(row["bbox"])
        category = whole_number(row["category_id"])
        area = width * height if row.get("area") is None else measure(row["area"])
        is_crowd = flag(row.get("iscrowd"), "iscrowd")
    except (KeyError, ValueError) as error:
        return Defect("malformed_label", where, said(error))
    box_cxcywh = (x + width / 2) / size[0], (y + height / 2) / size[1], width / size[0], height / size[1]
    if category not in index_of:
        return Defect("class_out_of_range", where, f"category_id {category} is no category")
    return Instance(where, index_of[category], box_cxcywh, is_crowd, area_px=area)
