"""Predictions written as a file: one line per image, the same bytes for the same numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from yolozu.artifacts.jsonio import atomic_replacement
from yolozu.artifacts.predictions.boxes import BOX_KEYS
from yolozu.artifacts.predictions.container import SCHEMA_VERSION
from yolozu.errors import InputError, YolozuError
from yolozu.structures.predictions import ImagePredictions, is_given

BETWEEN_ENTRIES, WRAPPED_END = ",\n", "]}\n"


def write_predictions(
    path: Path, predictions: Iterable[ImagePredictions], meta: Mapping[str, Any], *, wrap: bool = True
) -> None:
    """Replace the file at ``path``, whole or not at all. Boxes are written as cxcywh_norm.

    Args:
        path: the file.
        predictions: entries in order; they are taken one at a time.
        meta: where the predictions come from; a bare list has no place for it.
        wrap: ``{schema_version, meta, predictions}`` instead of a bare list.

    Raises:
        InputError: YZ708 when a number is NaN or infinite, which JSON cannot say.
    """
    start, end = (wrapped_start(meta), WRAPPED_END) if wrap else ("[", "]\n")
    with open_aside(path) as file:
        file.write(start)
        for index, image in enumerate(predictions):
            file.write(BETWEEN_ENTRIES if index else "\n")
            file.write(_entry_text(image))
        file.write("\n" + end)


@contextmanager
def open_aside(path: Path) -> Iterator[TextIO]:
    """A text file that takes the place of ``path`` when the block ends well.

    Letters that UTF-8 does not have (half of a surrogate pair) are written as the escapes of JSON.
    """
    with (
        atomic_replacement(path) as aside,
        aside.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file,
    ):
        yield file


def wrapped_start(meta: Mapping[str, Any]) -> str:
    """The first line of a wrapped file."""
    return f'{{"schema_version":{SCHEMA_VERSION},"meta":{json_text(said_of_boxes(meta))},"predictions":['


def said_of_boxes(meta: Mapping[str, Any]) -> dict[str, Any]:
    """``meta`` as it stands in a file, which says how its boxes are written."""
    return {**meta, "bbox_format": "cxcywh_norm"}


def entry_without_detections(image: ImagePredictions) -> dict[str, Any]:
    """What a file says of an image before its detections."""
    entry: dict[str, Any] = {"image": image.image}
    if image.width is not None and image.height is not None:
        entry["image_size"] = {"width": image.width, "height": image.height}
    if image.intrinsics is not None:
        entry["intrinsics"] = image.intrinsics
    return entry


def _entry_text(image: ImagePredictions) -> str:
    _refuse_non_finite(image)
    entry = entry_without_detections(image)
    rows = zip(image.class_ids.tolist(), image.scores.tolist(), image.boxes_cxcywh.tolist(), strict=True)
    keys = BOX_KEYS["cxcywh_norm"]
    detections: list[dict[str, Any]] = [
        {"class_id": class_id, "score": score, "bbox": dict(zip(keys, box, strict=True))}
        for class_id, score, box in rows
    ]
    for detection, further in zip(detections, image.fields(), strict=True):
        detection.update(further)
    entry["detections"] = detections
    return json_text(entry)


def json_text(value: Any) -> str:
    """``value`` on one line; numbers to the last digit."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _refuse_non_finite(image: ImagePredictions) -> None:
    """Say which detection of which image holds NaN or infinity."""
    finite_N = np.isfinite(image.scores) & np.isfinite(image.boxes_cxcywh).all(axis=1)
    if not finite_N.all():
        first = int(np.argmin(finite_N))
        raise _non_finite(image, first, f"score {image.scores[first]}, box {image.boxes_cxcywh[first].tolist()}")
    for name, column in image.poses.items():
        finite_N = np.isfinite(column).all(axis=tuple(range(1, column.ndim))) | ~is_given(column)
        if not finite_N.all():
            first = int(np.argmin(finite_N))
            raise _non_finite(image, first, f"{name} {column[first].tolist()}")


def _non_finite(image: ImagePredictions, place: int, problem: str) -> YolozuError:
    fix = "the model gives NaN or infinity: look at its weights and its input"
    return InputError.one("YZ708", where=f"{image.image}: detections[{place}]", problem=problem, fix=fix)
