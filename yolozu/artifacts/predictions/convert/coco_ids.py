"""How COCO files number the images and classes of a data set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from yolozu.artifacts.coco_classes import COCO_CLASSES
from yolozu.errors import InputError
from yolozu.structures.classes import ClassTable

STATED = "dataset"
"""The way in which the data set's own files number classes."""

MOST_SPANS = 5
"""Runs of numbers that a message lists."""

MOST_DIGITS = 18
"""Of a number that every program reads as an integer."""


@dataclass(frozen=True)
class CocoNumbers:
    """Numbers of images and classes.

    Attributes:
        image_ids: image -> its id; None takes the number that is the file's name without suffix, as published tools do.
        category_ids: class id -> category id; None takes the class id itself.
        source: what says so, for messages.
        readings: every way in which tools may have written category ids: name of the way -> class id -> category id.
            `decided` chooses among them.
        stated: whether files say what category ids mean, so that they mean that wherever they can.
    """

    image_ids: Mapping[str, int] | None = None
    category_ids: Mapping[int, int] | None = None
    source: str = "the names of the images"
    readings: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    stated: bool = False

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

    def known_ids(self, class_ids: Iterable[int]) -> set[int]:
        """Every category id that may stand in a results file, whichever way it was written."""
        by_readings = (category for reading in self.readings.values() for category in reading.values())
        return {*self.classes_by_id(class_ids), *by_readings}

    def decided(self, seen: Collection[int], where: str) -> tuple[CocoNumbers, str | None]:
        """The way of numbering that allows all of the category ids, and its name where it is not plain that it is it.

        Ultralytics counts the classes of a data set from 1, our labels and many tools count them from 0.

        Args:
            seen: the category ids of a results file.
            where: the file.

        Raises:
            InputError: YZ729 several ways allow them, YZ725 none does.
        """
        if not self.readings or not seen:
            return self, None
        possible = {name: reading for name, reading in self.readings.items() if set(seen) <= set(reading.values())}
        if self.stated and STATED in possible:
            doubtful = 0 in self.readings[STATED].values() and 0 not in seen and "one-based" in possible
            return replace(self, readings={}), STATED if doubtful else None
        if len(possible) == 1:
            ((name, reading),) = possible.items()
            plain = name == "zero-based" and not self.stated  # the data set's own
            return replace(self, category_ids=reading, readings={}), None if plain else name
        ids = f"the category ids {_spans(seen)}"
        ways = possible or self.readings
        known = "; ".join(f"{name}: {_spans(reading.values())}" for name, reading in ways.items())
        if not possible:
            problem, fix = (
                f"{ids} are those of no numbering of the classes",
                "give their annotations with --annotations",
            )
            raise InputError.one("YZ725", where=where, problem=f"{problem} ({known})", fix=fix)
        problem = f"{ids} may be meant in {len(ways)} ways ({known}), each with other classes"
        fix = f"say which with --category-ids {' or '.join(ways)}"
        raise InputError.one("YZ729", where=where, problem=problem, fix=fix)


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


def ways_to_number(classes: ClassTable) -> dict[str, dict[int, int]]:
    """How tools number the classes of a data set whose own files do not: name of the way -> class id -> category id."""
    ways = {
        "zero-based": {class_id: place for place, class_id in enumerate(classes.category_ids)},
        "one-based": {class_id: place for place, class_id in enumerate(classes.category_ids, start=1)},
    }
    if classes.names == COCO_CLASSES.names:
        ways["coco"] = categories_by_name(classes, COCO_CLASSES, "coco")
    return ways


def _spans(ids: Iterable[int]) -> str:
    """``0-3, 7``: numbers as a person lists them, the first few."""
    spans: list[list[int]] = []
    for number in sorted(set(ids)):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    shown = [f"{first}" if first == last else f"{first}-{last}" for first, last in spans[:MOST_SPANS]]
    return ", ".join([*shown, "…"] if len(spans) > MOST_SPANS else shown)
