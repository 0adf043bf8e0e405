"""Which objects are to be found, as BOP's ``test_targets_bop19.json`` says.

Source: https://github.com/thodan/bop_toolkit/blob/master/docs/bop_datasets_format.md; `bop_toolkit`'s
``eval_bop19_pose.py`` with ``visib_gt_min`` -1.
"""

# Shapes: N objects of an image.

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.jsonio import read_json
from yolozu.data.index import DataIndex
from yolozu.errors import Finding, InputError
from yolozu.evaluation.pose.bop_ids import stated_keys

TARGETS_NAME = "test_targets_bop19.json"
FIX = "give a list of {scene_id, im_id, obj_id, inst_count}"
IDS = ("scene_id", "im_id", "obj_id", "inst_count")

Objects = dict[int, int]
"""Object id -> how many of it are to be found."""


@dataclass(frozen=True, eq=False)
class ImageTargets:
    """What is to be found in an image.

    Attributes:
        counts: class index -> how many objects; None where every object counts.
        visible_N: (N,) which part of each object is visible: the most visible ones are to be found.
    """

    counts: Mapping[int, int] | None
    visible_N: NDArray[np.float64]

    def count_of(self, class_index: int, labeled: int) -> int:
        """How many objects of a class are to be found, of so many that are labeled."""
        return labeled if self.counts is None else self.counts.get(class_index, 0)

    def chosen(self, places: Sequence[int], count: int) -> list[int]:
        """The most visible objects; of equals, the first ones."""
        by_visibility = sorted(places, key=lambda place: -self.visible_N[place])
        return sorted(by_visibility[:count])


@dataclass(frozen=True)
class Targeted:
    """The images of which anything is to be found.

    Attributes:
        index: those images.
        targets: what is to be found in each.
        said: what was read, and what of it is not here, in sentences.
    """

    index: DataIndex
    targets: tuple[ImageTargets, ...]
    said: list[str]


def targeted(index: DataIndex, visible: Sequence[NDArray[np.float64]], path: Path) -> Targeted:
    """The images and objects that a file of targets names.

    Args:
        index: all images.
        visible: (N,) of each image, which part of each object is visible; NaN where nothing says so.
        path: the file.

    Raises:
        InputError: YZ807 it is no list of targets, names none of the images, or their paths do not say which they are.
    """
    keys = stated_keys(index)
    if keys is None:
        problem = f"names scenes and images, and the paths of split {index.split!r} do not"
        raise InputError.one("YZ807", where=str(path), problem=problem, fix="lay the data set out as BOP does")
    found = read_targets(path)
    index_of = {category: place for place, category in enumerate(index.classes.category_ids)}
    places = [place for place, key in enumerate(keys) if key in found]
    if not places:
        problem = f"names none of the images of split {index.split!r}"
        raise InputError.one(
            "YZ807", where=str(path), problem=problem, fix="name another split, or leave --targets out"
        )
    targets = []
    for place in places:
        objects = found[keys[place]]
        counts = None if objects is None else {index_of[key]: n for key, n in objects.items() if key in index_of}
        targets.append(ImageTargets(counts, np.nan_to_num(visible[place], nan=1.0)))
    said = [f"{path}: {len(places)} of {len(index)} images are evaluated"]
    if any(np.isnan(visible[place]).any() for place in places):
        said.append(f"{path}: how visible objects are is not stated; where it asks for some, the first ones are meant")
    absent = len(found.keys() - set(keys))
    if absent:
        said.append(f"{path}: {absent} of its {len(found)} images are not here: their objects count nowhere")
    unknown = {key for objects in found.values() if objects is not None for key in objects} - index_of.keys()
    if unknown:
        said.append(f"{path}: no class has the ids {', '.join(map(str, sorted(unknown)))}: they count nowhere")
    records = tuple(index.records[place] for place in places)
    return Targeted(replace(index, records=records), tuple(targets), said)


def read_targets(path: Path) -> dict[tuple[int, int], Objects | None]:
    """Scene and image -> its objects; None where the file names images alone, as ``test_targets_bop24.json`` does.

    Raises:
        InputError: YZ807 it is no list of targets.
    """
    document = read_json(path, code="YZ807", fix=FIX)
    if not isinstance(document, list) or not document:
        raise InputError.one("YZ807", where=str(path), problem="is no list of targets", fix=FIX)
    found: dict[tuple[int, int], Objects | None] = {}
    findings = []
    for number, row in enumerate(document):
        try:
            scene, image, object_id, count = _row(row)
        except ValueError as error:
            findings.append(Finding("YZ807", f"{path}: [{number}]", str(error), FIX))
            continue
        if object_id is None:
            found.setdefault((scene, image), None)
            continue
        objects = found.setdefault((scene, image), {})
        if objects is not None:
            objects[object_id] = count
    if findings:
        raise InputError(findings)
    return found


def _row(row: Any) -> tuple[int, int, int | None, int]:
    """Scene, image, object (None where any object counts) and how many of it.

    Raises:
        ValueError: what is wrong.
    """
    if not isinstance(row, dict):
        raise ValueError("is no object")  # noqa: TRY004 - the file is wrong, whatever its type
    numbers = {key: row[key] for key in IDS if key in row}
    for key, value in numbers.items():
        if not _is_count(value):
            raise ValueError(f"{key} {value!r} is no number of one")
    if not {"scene_id", "im_id"} <= numbers.keys():
        raise ValueError("has no scene_id or no im_id")
    if "obj_id" in numbers and "inst_count" not in numbers:
        raise ValueError("has an obj_id and no inst_count")
    object_id = int(numbers["obj_id"]) if "obj_id" in numbers else None
    return int(numbers["scene_id"]), int(numbers["im_id"]), object_id, int(numbers.get("inst_count", 0))


def _is_count(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value >= 0 and value == int(value)
