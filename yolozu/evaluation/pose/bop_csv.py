"""Pose estimates as BOP exchanges them: ``scene_id,im_id,obj_id,score,R,t,time``, one line an estimate, mm.

Source: BOP Challenge, https://bop.felk.cvut.cz/challenges/, "How to participate", and `bop_toolkit`'s
``load_bop_results``.
"""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from yolozu.artifacts.jsonio import write_text
from yolozu.artifacts.predictions.poses import ROTATION_TOLERANCE, rotation_error
from yolozu.data.index import DataIndex
from yolozu.errors import Finding, InputError
from yolozu.evaluation.pose.bop_ids import ImageKey, image_keys, require_one_camera, stated_keys
from yolozu.structures.predictions import ImagePredictions

COLUMNS = ("scene_id", "im_id", "obj_id", "score", "R", "t", "time")
HEADER = ",".join(COLUMNS)
NEEDED = 6
"""So many of the columns are read; how long an image took is nobody's question here."""
NO_TIME = -1
"""What BOP writes where the seconds that an image took were not measured."""
MM_PER_METRE = 1000.0
LISTED = 20
"""Lines that an error names one by one."""
ROUNDED_TOLERANCE = 0.02
"""Largest deviation of an element of ``R Rᵀ`` from the identity: two decimals in a text file pass."""
FIX = f"write {HEADER}: nine numbers of R by rows, three of t in mm, separated by spaces"


def write_bop_csv(path: Path, index: DataIndex, predictions: Sequence[ImagePredictions]) -> int:
    """Replace the file at ``path`` with the detections that have a pose; returns how many there are.

    Args:
        path: the file.
        index: the images that the predictions are of, by the path that it gives them; ids as `image_keys` says, object
            ids are category ids.
        predictions: at most one entry per image.
    """
    key_of = {record.image: key for record, key in zip(index.records, image_keys(index), strict=True)}
    lines = [HEADER, *(line for entry in predictions for line in _lines(key_of[entry.image], entry))]
    write_text(path, "\n".join(lines) + "\n")
    return len(lines) - 1


def _lines(key: ImageKey, entry: ImagePredictions) -> Iterator[str]:
    if not entry.has_pose.any():
        return
    found = entry.of(entry.has_pose)
    R_N9, t_mm_N3 = found.poses["R"].reshape(-1, 9), found.poses["t_xyz"] * MM_PER_METRE
    rows = (values.tolist() for values in (found.class_ids, found.scores, R_N9, t_mm_N3))
    for class_id, score, R_9, t_mm_3 in zip(*rows, strict=True):
        yield f"{key[0]},{key[1]},{class_id},{score!r},{_spaced(R_9)},{_spaced(t_mm_3)},{NO_TIME}"


def _spaced(numbers: Sequence[float]) -> str:
    return " ".join(map(repr, numbers))


@dataclass(frozen=True)
class BopResults:
    """What a file of estimates holds.

    Attributes:
        images: predictions of the images that have any, in order of the index.
        said: what was left out or taken as it is, in sentences.
    """

    images: list[ImagePredictions]
    said: list[str]


def read_bop_csv(path: Path, index: DataIndex) -> BopResults:
    """The estimates at ``path``; boxes are zeros, as such a file states none.

    Estimates for images or objects that the data set does not have are counted and left out, as `bop_toolkit` does.
    Rotations that were rounded are taken as they are.

    Args:
        path: the file, with or without its first line of names, which may be in another order and lack ``time``.
        index: the images; ids as `image_keys` says.

    Raises:
        InputError: YZ810 the file cannot be read, YZ811 a line is malformed, YZ812 no line is of an image and an object
            of the data set.
        UsageError: YZ806 several cameras took its images.
    """
    require_one_camera(index, str(path))
    reading = _Reading(path, index)
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if line.strip():
            reading.take(number, line)
    return reading.results()


@dataclass
class _Reading:
    """Lines of a file, taken one by one."""

    path: Path
    index: DataIndex
    order: list[int] = field(default_factory=lambda: list(range(NEEDED)))
    findings: list[Finding] = field(default_factory=list)
    strange_images: list[tuple[int, ImageKey]] = field(default_factory=list)
    strange_objects: list[tuple[int, int]] = field(default_factory=list)
    rounded: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.known = frozenset(self.index.classes.category_ids)
        self.places = {key: place for place, key in enumerate(image_keys(self.index))}
        self.rows: dict[int, list[tuple[int, float, dict[str, Any]]]] = defaultdict(list)
        self.started = False

    def take(self, number: int, line: str) -> None:
        """Keep a line's estimate, or note why not; the first one may hold names."""
        try:
            cells = _cells(line)
            order = None if self.started else _order_of(cells)
            self.started = True
            if order is not None:
                self.order = order
                return
            key, row, deviation = _parsed(cells, self.order)
        except (ValueError, csv.Error) as error:
            self.findings.append(Finding("YZ811", f"{self.path}:{number}", str(error), FIX))
            return
        if key not in self.places:
            self.strange_images.append((number, key))
        elif row[0] not in self.known:
            self.strange_objects.append((number, row[0]))
        else:
            self.rows[self.places[key]].append(row)
            self.rounded += [deviation] if deviation > ROTATION_TOLERANCE else []

    def results(self) -> BopResults:
        """The estimates.

        Raises:
            InputError: lines are malformed, or all of them are of something else.
        """
        if self.findings:
            raise InputError(_shortened(self.findings, self.path))
        said = list(self._said())
        if said and not self.rows:
            fix = f"name another split, or other ids: {self._known_images()}"
            raise InputError([Finding("YZ812", str(self.path), text, fix) for text in said])
        if self.rounded:
            said.append(
                f"{self.path}: {len(self.rounded)} rotations are rounded (R Rᵀ differs from the identity by up to "
                f"{max(self.rounded):.2g}) and taken as they are"
            )
        return BopResults([_predictions(self.index, place, self.rows[place]) for place in sorted(self.rows)], said)

    def _said(self) -> Iterator[str]:
        split = f"split {self.index.split!r}"
        if self.strange_images:
            number, (scene, image) = self.strange_images[0]
            first = f"the first is line {number}, image {image} in scene {scene}"
            yield f"{_lines_are(self.strange_images)} for images that {split} does not have ({first})"
        if self.strange_objects:
            counts = Counter(key for _, key in self.strange_objects)
            ids = ", ".join(map(str, sorted(counts)[:LISTED])) + (", …" if len(counts) > LISTED else "")
            first = f"the first is line {self.strange_objects[0][0]}"
            yield f"{_lines_are(self.strange_objects)} for objects that no class has the id of: {ids} ({first})"

    def _known_images(self) -> str:
        by_path = stated_keys(self.index) is not None
        return "the images' paths state them" if by_path else "images count from 0 in order of path, in scene 0"


def _lines_are(lines: Sequence[Any]) -> str:
    return "1 estimate is left out," if len(lines) == 1 else f"{len(lines)} estimates are left out,"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        fix = "name a CSV file of pose estimates"
        raise InputError.one("YZ810", where=str(path), problem=f"cannot be read: {error}", fix=fix) from error


def _cells(line: str) -> list[str]:
    """The cells of a line; where no comma stands in it, semicolons or tabs divide them."""
    divider = next((sign for sign in (",", ";", "\t") if sign in line), ",")
    return [cell.strip() for cell in next(csv.reader([line], delimiter=divider, skipinitialspace=True))]


def _order_of(cells: list[str]) -> list[int] | None:
    """Where each column that is read stands, by a line of names; None where it is none.

    A name in another spelling leaves the usual order: it is a line of names all the same.
    """
    names = [cell.lower() for cell in cells]
    if not any(name in names for name in ("scene_id", "im_id", "obj_id")):
        return None
    wanted = [column.lower() for column in COLUMNS[:NEEDED]]
    return [names.index(name) for name in wanted] if set(wanted) <= set(names) else list(range(NEEDED))


def _parsed(cells: list[str], order: list[int]) -> tuple[ImageKey, tuple[int, float, dict[str, Any]], float]:
    """Ids of the image; object id, score, and the pose in metres; how far R is from a rotation.

    Raises:
        ValueError: what is wrong.
    """
    if not max(order) < len(cells) <= len(COLUMNS):
        raise ValueError(f"has {len(cells)} cells, not {len(COLUMNS)}")
    scene, image, category = (_integer(cells[place]) for place in order[:3])
    score = _numbers(cells[order[3]], 1)[0]
    rotation, translation = _numbers(cells[order[4]], 9), _numbers(cells[order[5]], 3)
    R = [rotation[0:3], rotation[3:6], rotation[6:9]]
    deviation, determinant = rotation_error(np.array([R]))
    if not (deviation[0] <= ROUNDED_TOLERANCE and determinant[0] > 0.0):
        raise ValueError(f"{cells[order[4]]!r} is no rotation")
    t_xyz = [number / MM_PER_METRE for number in translation]
    return (scene, image), (category, score, {"R": R, "t_xyz": t_xyz}), float(deviation[0])


def _integer(cell: str) -> int:
    try:
        number = float(cell)
    except ValueError:
        raise ValueError(f"{cell!r} is no id") from None
    if not math.isfinite(number) or number != int(number):
        raise ValueError(f"{cell!r} is no id")
    return int(number)


def _numbers(cell: str, count: int) -> list[float]:
    words = cell.strip("[]()").replace(",", " ").split()
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        raise ValueError(f"{cell!r} holds no numbers") from None
    if len(numbers) != count:
        raise ValueError(f"{cell!r} holds {len(numbers)} numbers, not {count}")
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"{cell!r} is not finite")
    return numbers


def _shortened(findings: list[Finding], path: Path) -> list[Finding]:
    left = len(findings) - LISTED
    if left <= 0:
        return findings
    fix = "mend the lines above; the others are probably alike"
    return [*findings[:LISTED], Finding("YZ811", str(path), f"{left} more lines cannot be used", fix)]


def _predictions(index: DataIndex, place: int, rows: list[tuple[int, float, dict[str, Any]]]) -> ImagePredictions:
    record = index.records[place]
    return ImagePredictions(
        record.image,
        record.width,
        record.height,
        np.array([category for category, _, _ in rows], np.int64),
        np.array([score for _, score, _ in rows], np.float64),
        np.zeros((len(rows), 4)),
        tuple(pose for _, _, pose in rows),
    )
