"""What is doubtful in data that break no rule. It stops nothing, and only `yolozu data check` looks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from yolozu.data.checking import box_doubts, class_doubts, picture_doubts
from yolozu.data.checking.looked_at import LookedAt
from yolozu.data.checking.violations import Violation


@dataclass(frozen=True)
class Doubt:
    """A kind of doubt with its code, what finds it, and what to do about it."""

    code: str
    find: Callable[[LookedAt], Iterator[Violation]]
    fix: str


DOUBTS: dict[str, Doubt] = {
    "near_duplicate": Doubt(
        "YZ214",
        picture_doubts.near_duplicate,
        "remove it from one of the splits, or split anew with yolozu data split, which keeps copies together",
    ),
    "unusual_image_size": Doubt(
        "YZ215", picture_doubts.unusual_image_size, "look at the picture; cut it into parts, or leave it out"
    ),
    "unlisted_files": Doubt(
        "YZ275", picture_doubts.unlisted_files, "list them, also without annotations, or leave them: nothing reads them"
    ),
    "unused_class": Doubt(
        "YZ216", class_doubts.unused_class, "label its objects, or remove the name if no label is to use it"
    ),
    "class_missing_in_split": Doubt(
        "YZ217",
        class_doubts.class_missing_in_split,
        "label its objects there too, or split anew with yolozu data split",
    ),
    "few_objects": Doubt(
        "YZ218", class_doubts.few_objects, "label more of it, or expect little of this class and of its numbers"
    ),
    "box_below_a_pixel": Doubt(
        "YZ219",
        box_doubts.box_below_a_pixel,
        "train at a larger image_size, cut pictures into parts, or remove the box",
    ),
    "extreme_aspect_ratio": Doubt(
        "YZ271",
        box_doubts.extreme_aspect_ratio,
        "draw the box anew if it is a slip; leave it if the object is that long",
    ),
    "whole_image_boxes": Doubt(
        "YZ272", box_doubts.whole_image_boxes, "draw boxes around the objects; a box of the whole picture finds nothing"
    ),
    "overlapping_boxes": Doubt("YZ273", box_doubts.overlapping_boxes, "remove one of the two if they are one object"),
}
"""Doubt by name, in the order they are listed."""


def doubts_about(looked_at: LookedAt) -> list[tuple[str, Violation]]:
    """(name of the doubt, where) of everything doubtful."""
    return [(name, violation.in_a_line()) for name, doubt in DOUBTS.items() for violation in doubt.find(looked_at)]
