"""How COCO files number the images and classes of a data set."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from yolozu.artifacts.classes import ClassTable
from yolozu.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_DIGITS = 18
"""Of a number that every program reads as an integer."""


@dataclass(frozen=True)
class CocoNumbers:
    """Numbers of images and classes.

    Attributes:
        image_ids: image -> its id; None takes the number that is the file's name without suffix, as published tools do.
        category_ids: class id -> category id; None takes the class id itself.
        source: what says so, for messages.
    """

    image_ids: Mapping[str, int] | None = None
    category_ids: Mapping[int, int] | None = None
    source: str = "the names of the images"

    def image_id(self, image: str) -> int | None:
        """The number of an image; None when it has none."""
        if self.image_ids is not None:
            return self.image_ids.get(image)
        stem = PurePosixPath(image).stem
        return int(stem) if stem.isascii() and stem.isdigit() and len(stem) <= MOST_DIGITS else None

    def category_id(self, class_id: int) -> int | None:
        """The number of a class; None when it has none."""
        return class_id if self.category_ids is None else self.category_ids.get(class_id)

    def images_by_id(self, images: Iterable[str]) -> dict[int | str, list[str]]:
        """Every id that may stand in a results file -> the images it may mean.

        Where ids are names, a name that is no number stands for itself: that is how Ultralytics writes it.
        """
        found: dict[int | str, list[str]] = defaultdict(list)
        for image in images:
            number = self.image_id(image)
            if number is not None:
                found[number].append(image)
            elif self.image_ids is None:
                found[PurePosixPath(image).stem].append(image)
        return found

    def classes_by_id(self, class_ids: Iterable[int]) -> dict[int, int]:
        """Category id -> class id."""
        pairs = ((self.category_id(class_id), class_id) for class_id in class_ids)
        return {category: class_id for category, class_id in pairs if category is not None}


def categories_by_name(classes: ClassTable, categories: ClassTable, source: str) -> dict[int, int]:
    """Class id -> id of the category of the same name. Classes whose name ``source`` does not have are left out.

    Raises:
        InputError: YZ725 the two have no name in common.
    """
    ids = dict(zip(categories.names, categories.category_ids, strict=True))
    named = zip(classes.category_ids, classes.names, strict=True)
    found = {class_id: ids[name] for class_id, name in named if name in ids}
    if not found and len(classes):
        raise InputError.one(
            "YZ725",
            where=source,
            problem=f"none of its {len(categories)} categories has the name of a class of the data set",
            fix="give the annotations of this data set, with its class names",
        )
    return found
