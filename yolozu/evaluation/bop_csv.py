"""Pose estimates as BOP exchanges them: ``scene_id,im_id,obj_id,score,R,t,time``, one line an estimate, mm.

Source: BOP Challenge, https://bop.felk.cvut.cz/challenges/, "How to participate", and `bop_toolkit`'s
``load_bop_results``.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from yolozu.artifacts.jsonio import write_text
from yolozu.artifacts.predictions.poses import is_no_rotation
from yolozu.artifacts.predictions.types import ImagePredictions
from yolozu.errors import Finding, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from yolozu.data.index import DataIndex

HEADER = "scene_id,im_id,obj_id,score,R,t,time"
NO_TIME = -1
"""What BOP writes where the seconds that an image took were not measured."""
MM_PER_METRE = 1000.0
LISTED = 20
"""Lines that an error names one by one."""

_BOP_IMAGE = re.compile(r"(?:^|/)(?:(\d+)/(?:rgb|gray)\w*/(\d+)|(\d{6})(?:_\w+)?/(\d{6}))\.[^./]+$", re.ASCII)
"""BOP's own path, or that of `data prepare-bop`, whose folders of scenes hold the pictures themselves."""

ImageKey = tuple[int, int]


def image_keys(index: DataIndex) -> list[ImageKey]:
    """Scene id and image id of every image.

    Those in the paths (``…/000002/rgb/000017.png`` and ``…/000002/000017.png`` are scene 2, image 17) where all images
    have such paths and no two the same ids; otherwise scene 0 and the image's place in the index, which is in order of
    path, from 0.
    """
    stated = _stated_keys(index)
    return [(0, place) for place in range(len(index.records))] if stated is None else stated


def _stated_keys(index: DataIndex) -> list[ImageKey] | None:
    """Those that the paths state; None where they do not."""
    matches = [_BOP_IMAGE.search(record.image) for record in index.records]
    keys = [(int(match[1] or match[3]), int(match[2] or match[4])) for match in matches if match is not None]
    return keys if len(keys) == len(index.records) == len(set(keys)) else None


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
    rows = zip(entry.class_ids.tolist(), entry.scores.tolist(), entry.extras, strict=False)
    for class_id, score, extra in rows:
        if "R" in extra and "t_xyz" in extra:
            rotation = " ".join(repr(float(number)) for row in extra["R"] for number in row)
            translation = " ".join(repr(float(number) * MM_PER_METRE) for number in extra["t_xyz"])
            yield f"{key[0]},{key[1]},{class_id},{score!r},{rotation},{translation},{NO_TIME}"


def read_bop_csv(path: Path, index: DataIndex) -> list[ImagePredictions]:
    """The estimates at ``path`` as predictions of the images that have any, in order of the index.

    Boxes are zeros: such a file states none.

    Args:
        path: the file, with or without its first line of names.
        index: the images; ids as `image_keys` says.

    Raises:
        InputError: YZ810 the file cannot be read, YZ811 a line is malformed, YZ812 a line is of another image, YZ803 of
            a class that does not exist.
    """
    known_ids = frozenset(index.classes.category_ids)
    places = {key: place for place, key in enumerate(image_keys(index))}
    rows: dict[int, list[tuple[int, float, dict[str, Any]]]] = defaultdict(list)
    findings: list[Finding] = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip() or (number == 1 and HEADER in line):
            continue
        try:
            key, row = _parsed(line)
        except ValueError as error:
            fix = f"write {HEADER}: nine numbers of R by rows, three of t in mm, separated by spaces"
            findings.append(Finding("YZ811", f"{path}:{number}", str(error), fix))
            continue
        if key not in places:
            findings.append(_of_no_image(path, number, key, index))
        elif row[0] not in known_ids:
            fix = "write the data set's category ids as object ids"
            findings.append(Finding("YZ803", f"{path}:{number}", f"no class has the id {row[0]}", fix))
        else:
            rows[places[key]].append(row)
    if findings:
        raise InputError(_shortened(findings, path))
    return [_predictions(index, place, rows[place]) for place in sorted(rows)]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fix = "name a CSV file of pose estimates"
        raise InputError.one("YZ810", where=str(path), problem=f"cannot be read: {error}", fix=fix) from error


def _parsed(line: str) -> tuple[ImageKey, tuple[int, float, dict[str, Any]]]:
    """Ids of the image; object id, score, and the pose in metres.

    Raises:
        ValueError: what is wrong.
    """
    cells = line.split(",")
    if len(cells) != 7:
        raise ValueError(f"has {len(cells)} cells, not 7")
    scene, image, category = (_integer(cell) for cell in cells[:3])
    score, rotation, translation = _numbers(cells[3], 1)[0], _numbers(cells[4], 9), _numbers(cells[5], 3)
    _numbers(cells[6], 1)
    R = [rotation[0:3], rotation[3:6], rotation[6:9]]
    if is_no_rotation(np.array([R]))[0]:
        raise ValueError(f"{cells[4]!r} is no rotation")
    t_xyz = [number / MM_PER_METRE for number in translation]
    return (scene, image), (category, score, {"R": R, "t_xyz": t_xyz})


def _integer(cell: str) -> int:
    try:
        return int(cell)
    except ValueError:
        raise ValueError(f"{cell!r} is no id") from None


def _numbers(cell: str, count: int) -> list[float]:
    try:
        numbers = [float(word) for word in cell.split()]
    except ValueError:
        raise ValueError(f"{cell!r} holds no numbers") from None
    if len(numbers) != count:
        raise ValueError(f"{cell!r} holds {len(numbers)} numbers, not {count}")
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"{cell!r} is not finite")
    return numbers


def _of_no_image(path: Path, number: int, key: ImageKey, index: DataIndex) -> Finding:
    by_path = _stated_keys(index) is not None
    known = "the images' paths state them" if by_path else "images count from 0 in order of path, in scene 0"
    problem = f"split {index.split!r} has no image {key[1]} in scene {key[0]}"
    return Finding("YZ812", f"{path}:{number}", problem, f"name another split, or other ids: {known}")


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
