"""One row of COCO results, checked to the last number."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yolozu.artifacts.predictions.block import NUMBERS
from yolozu.artifacts.predictions.detections import (
    brief,
    extent_findings,
    field_findings,
    is_known,
    kind_of,
    pose_fields_findings,
)
from yolozu.artifacts.predictions.json_path import member
from yolozu.artifacts.predictions.layout import COCO_ROW_KEYS
from yolozu.artifacts.predictions.types import LARGEST_CLASS_ID, NumberField
from yolozu.artifacts.predictions.unread import repeated_keys, unread_findings
from yolozu.errors import Finding

CATEGORY_ID = NumberField("category_id", (), "Category of the annotations file.", 0, LARGEST_CLASS_ID, integer=True)
BBOX = NumberField("bbox", (4,), "Left, top, width, height, px.")
SCORE = NumberField("score", (), "Confidence.", 0.0, 1.0)


@dataclass(frozen=True)
class RowRules:
    """What a row is held against.

    Attributes:
        images: id -> the images it may mean: one, or several.
        sizes: image -> width and height, px.
        category_ids: those that mean a class.
        source: what says which id is which.
    """

    images: Mapping[int | str, Sequence[str]]
    sizes: Mapping[str, tuple[int, int]]
    category_ids: Collection[int]
    source: str

    def image(self, image_id: Any) -> str | None:
        """The image that an id means; None where it means none, or several."""
        images = self.images.get(image_id, ()) if type(image_id) in {int, str} else ()
        return images[0] if len(images) == 1 else None


def is_sound(row: Any, rules: RowRules) -> bool:
    """Whether `row_findings` has nothing to say: quick, and False where that takes a closer look."""
    if type(row) is not dict or len(row) != len(COCO_ROW_KEYS) or not COCO_ROW_KEYS.issuperset(row):
        return False
    image, category, box, score = rules.image(row["image_id"]), row["category_id"], row["bbox"], row["score"]
    if image is None or type(category) is not int or category not in rules.category_ids or type(box) is not list:
        return False
    if len(box) != 4 or type(score) not in NUMBERS or not 0 <= score <= 1 or not NUMBERS.issuperset(map(type, box)):
        return False
    (x, y, w, h), (width, height) = box, rules.sizes[image]
    return bool(x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= width and y + h <= height)


def row_findings(row: Any, where: str, rules: RowRules) -> Iterator[Finding]:
    """Everything that is wrong with one row.

    Args:
        row: the value that stands in the file.
        where: its JSON path.
        rules: what it is held against.
    """
    if not isinstance(row, dict):
        fix = "write an object with image_id, category_id, bbox and score"
        yield Finding("YZ702", where, f"{kind_of(row)} where a detection should be", fix)
        return
    yield from repeated_keys(row, where)
    for key in sorted(COCO_ROW_KEYS - row.keys()):
        yield Finding("YZ703", f"{where}.{key}", "missing", f"every row of COCO results has {key}")
    if "image_id" in row:
        yield from _in_image_id(row["image_id"], f"{where}.image_id", rules)
    if "category_id" in row:
        yield from _in_category_id(row["category_id"], f"{where}.category_id", rules)
    if "bbox" in row:
        yield from _in_box(row["bbox"], f"{where}.bbox", rules.sizes.get(rules.image(row.get("image_id")) or ""))
    if "score" in row:
        yield from field_findings(row["score"], f"{where}.score", SCORE)
    yield from pose_fields_findings(row, where)
    for key, value in row.items():
        if key not in COCO_ROW_KEYS and not is_known(key):
            yield from unread_findings(value, member(where, key))


def _in_image_id(image_id: Any, where: str, rules: RowRules) -> Iterator[Finding]:
    if type(image_id) not in {int, str}:
        yield Finding("YZ707", where, f"{kind_of(image_id)}, not an image's id", "write the id of the annotations file")
    elif image_id not in rules.images:
        fix = "give the annotations file that these results are of, with --annotations"
        yield Finding("YZ724", where, f"{rules.source} give no image the id {brief(image_id)}", fix)
    elif rules.image(image_id) is None:
        meant = ", ".join(rules.images[image_id][:3])
        fix = "give the data set's COCO annotations file with --annotations"
        yield Finding("YZ724", where, f"{brief(image_id)} may mean several images: {meant}", fix)


def _in_category_id(category_id: Any, where: str, rules: RowRules) -> Iterator[Finding]:
    findings = list(field_findings(category_id, where, CATEGORY_ID))
    yield from findings
    if not findings and category_id not in rules.category_ids:
        known = ", ".join(map(str, sorted(rules.category_ids)[:8])) + (", …" if len(rules.category_ids) > 8 else "")
        fix = f"known are {known}; give the annotations file that these results are of, with --annotations"
        yield Finding("YZ725", where, f"no class of the data set has the category id {category_id}", fix)


def _in_box(box: Any, where: str, size: tuple[int, int] | None) -> Iterator[Finding]:
    findings = list(field_findings(box, where, BBOX))
    yield from findings
    if not findings:
        yield from extent_findings([float(number) for number in box], where, size, "xywh_abs")
