"""Ground truth and detections as columns, the form in which every engine takes them."""

# Shapes: I images, G ground-truth objects, D detections.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.predictions.image_names import ImageNames
from yolozu.data.index import DataIndex
from yolozu.errors import Finding, InputError
from yolozu.structures.classes import ClassTable
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import ImagePredictions

GRAIN_PX = 9
"""Decimals that box coordinates are rounded to. Boxes are kept normalized; going back to px leaves errors of 1e-13,
which would decide an overlap of exactly 0.5 by chance. Rounded, a box annotated as 12.34 px is 12.34 px again."""


@dataclass(frozen=True)
class CocoProblem:
    """What an engine evaluates.

    Attributes:
        classes: the class table.
        sizes: (I, 2) int64 width and height of the images, px. Image ids are 1 … I, in the order of the numbers that an
            instances file gives them, else of the index: where scores are equal, earlier images count first.
        truth_images: (G,) int64 image ids.
        truth_categories: (G,) int64 category ids.
        truth_boxes_xywh_px: (G, 4) left, top, width, height.
        truth_areas_px: (G,) annotated areas, which decide small, medium and large.
        truth_crowd: (G,) bool.
        found_images: (D,) int64 image ids.
        found_categories: (D,) int64 category ids.
        found_boxes_xywh_px: (D, 4).
        found_scores: (D,).
        covered: images that have an entry in the predictions, with or without detections.
        uncovered: the first image that has none.
    """

    classes: ClassTable
    sizes: NDArray[np.int64]
    truth_images: NDArray[np.int64]
    truth_categories: NDArray[np.int64]
    truth_boxes_xywh_px: NDArray[np.float64]
    truth_areas_px: NDArray[np.float64]
    truth_crowd: NDArray[np.bool_]
    found_images: NDArray[np.int64]
    found_categories: NDArray[np.int64]
    found_boxes_xywh_px: NDArray[np.float64]
    found_scores: NDArray[np.float64]
    covered: int
    uncovered: str | None

    def image_rows(self) -> list[dict[str, Any]]:
        """COCO's ``images``."""
        rows = enumerate(self.sizes.tolist(), start=1)
        return [{"id": number, "width": width, "height": height, "file_name": ""} for number, (width, height) in rows]

    def category_rows(self) -> list[dict[str, Any]]:
        """COCO's ``categories``."""
        pairs = zip(self.classes.category_ids, self.classes.names, strict=True)
        return [{"id": category, "name": name} for category, name in pairs]


def problem_of(index: DataIndex, predictions: Sequence[ImagePredictions], *, max_images: int | None) -> CocoProblem:
    """Ground truth and detections of the first ``max_images`` images.

    Raises:
        InputError: YZ291 nothing is known of the images, YZ802 for images the index does not have or that come twice,
            YZ803 for unknown classes.
    """
    index.require_labels()
    records = index.records if max_images is None else index.records[:max_images]
    entries = by_record(index, predictions)
    chosen = [entry for entry in entries[: len(records)] if entry is not None]
    order = image_order(records)
    ids_I = np.zeros(len(records), np.int64)
    ids_I[order] = np.arange(1, len(records) + 1)
    covered_I = np.array([entry is not None for entry in entries[: len(records)]], np.bool_)
    sizes = np.array([(records[place].width, records[place].height) for place in order], np.int64).reshape(-1, 2)
    truth_images = np.repeat(ids_I, [len(record.class_indices) for record in records])
    found_images = np.repeat(ids_I[covered_I], [len(entry) for entry in chosen])
    categories = np.array(index.classes.category_ids, np.int64)
    found_categories = _joined([entry.class_ids for entry in chosen], np.int64)
    refuse_unknown_classes(found_categories, categories)
    uncovered = next((record.image for record, entry in zip(records, entries, strict=False) if entry is None), None)
    return CocoProblem(
        classes=index.classes,
        sizes=sizes,
        truth_images=truth_images,
        truth_categories=categories[_joined([record.class_indices for record in records], np.int64)],
        truth_boxes_xywh_px=_pixels(_boxes(records), sizes[truth_images - 1]),
        truth_areas_px=_joined([record.areas_px for record in records], np.float64),
        truth_crowd=_joined([record.is_crowd for record in records], np.bool_),
        found_images=found_images,
        found_categories=found_categories,
        found_boxes_xywh_px=_pixels(_boxes(chosen), sizes[found_images - 1]),
        found_scores=_joined([entry.scores for entry in chosen], np.float64),
        covered=len(chosen),
        uncovered=uncovered,
    )


def image_order(records: Sequence[ImageRecord]) -> list[int]:
    """Places of the images in the order of their ids: id ``n`` is that of ``records[order[n - 1]]``."""

    def number(place: int) -> int:
        given = records[place].number
        return place if given is None else given

    return sorted(range(len(records)), key=number)


def by_record(index: DataIndex, predictions: Sequence[ImagePredictions]) -> list[ImagePredictions | None]:
    """Each image's predictions in the order of the index, None where there are none.

    Raises:
        InputError: YZ802 for images the index does not have or that come twice.
    """
    names = ImageNames([record.image for record in index.records])
    entries: list[ImagePredictions | None] = [None] * len(index.records)
    findings: list[Finding] = []
    for entry in predictions:
        matches = names.find(entry.image)
        if len(matches) != 1:
            problem = "may mean several images" if matches else f"no image of split {index.split!r} has this name"
            fix = "name images by their path relative to the data set's root"
            findings.append(Finding("YZ802", entry.image, problem, fix))
        elif entries[matches[0]] is not None:
            findings.append(Finding("YZ802", entry.image, "has two entries", "write one entry per image"))
        else:
            entries[matches[0]] = entry
    if findings:
        raise InputError(findings)
    return entries


def refuse_unknown_classes(found: NDArray[np.int64], known: NDArray[np.int64]) -> None:
    """Hold category ids against those of the class table.

    Raises:
        InputError: YZ803.
    """
    unknown = np.setdiff1d(found, known)
    if len(unknown):
        shown = ", ".join(map(str, unknown[:8].tolist()))
        fix = "write the data set's category ids, not network indices"
        raise InputError.one(
            "YZ803", where="class_id", problem=f"the data set has no class with the id {shown}", fix=fix
        )


def _boxes(sources: Sequence[ImageRecord | ImagePredictions]) -> NDArray[np.float64]:
    return _joined([source.boxes_cxcywh.reshape(-1, 4) for source in sources], np.float64).reshape(-1, 4)


def _joined(columns: list[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    return np.concatenate(columns).astype(kind, copy=False) if columns else np.zeros(0, kind)


def _pixels(boxes_cxcywh: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Normalized boxes as left, top, width, height in px.

    Args:
        boxes_cxcywh: (N, 4) normalized.
        sizes: (N, 2) width and height of each box's image, px.
    """
    centers, sides = boxes_cxcywh[:, :2], boxes_cxcywh[:, 2:]
    return np.concatenate([(centers - sides / 2) * sizes, sides * sizes], axis=1).round(GRAIN_PX)
