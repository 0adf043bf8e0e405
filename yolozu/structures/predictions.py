"""Predictions on original images, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

POSE_COLUMNS: dict[str, tuple[int, ...]] = {
    "R": (3, 3),  # model to camera
    "t_xyz": (3,),  # model to camera, metres
    "log_z": (),  # logarithm of the depth in metres, that of t_xyz
    "rot6d": (6,),  # first two columns of R before Gram-Schmidt
    "offsets": (2,),  # from the box's center to where the model's origin appears, px of the network input
    "k_delta": (4,),  # of the camera: dfx, dfy relative, dcx, dcy in px of the network input
    "sigma_z": (),  # expected error of log_z
    "sigma_rot": (),  # expected error of R, radians
}
"""What the pose of a detection may have, by its name in a file, and its shape."""


@dataclass(frozen=True, eq=False)
class ImagePredictions:
    """The detections in one image.

    Attributes:
        image: posix path relative to the data set's root.
        width: of the original image (after EXIF orientation), px; None where the file does not say.
        height: likewise.
        class_ids: (N,) int64 category ids.
        scores: (N,) float64 in [0, 1].
        boxes_cxcywh: (N, 4) float64, normalized to the original image.
        extras: one map per detection with further fields as they stand in a file; empty when no detection has any.
            Fields of a pose that are found here become `poses`.
        intrinsics: camera as it stands in a file.
        poses: (N, …) float64 columns by their name in `POSE_COLUMNS`; NaN where a detection has no such field.
    """

    image: str
    width: int | None
    height: int | None
    class_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    boxes_cxcywh: NDArray[np.float64]
    extras: tuple[Mapping[str, Any], ...] = ()
    intrinsics: Any = None
    poses: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = len(self.scores)
        if self.class_ids.shape != (count,) or self.boxes_cxcywh.shape != (count, 4):
            raise ValueError(
                f"{self.image}: {count} scores, class_ids {self.class_ids.shape}, boxes {self.boxes_cxcywh.shape}"
            )
        if self.extras and len(self.extras) != count:
            raise ValueError(f"{self.image}: {count} scores, {len(self.extras)} extras")
        for name, column in self.poses.items():
            if name not in POSE_COLUMNS:
                raise ValueError(f"{self.image}: {name!r} is no column of poses: {', '.join(POSE_COLUMNS)}")
            if column.shape != (count, *POSE_COLUMNS[name]):
                raise ValueError(f"{self.image}: {count} scores, {name} {column.shape}")
        if self.extras:
            found, rest = _columns(self.extras)
            object.__setattr__(self, "poses", {**self.poses, **found})
            object.__setattr__(self, "extras", rest)

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def has_pose(self) -> NDArray[np.bool_]:
        """(N,) which detections have both ``R`` and ``t_xyz``."""
        if not {"R", "t_xyz"} <= self.poses.keys():
            return np.zeros(len(self), np.bool_)
        return is_given(self.poses["R"]) & is_given(self.poses["t_xyz"])

    def of(self, rows: NDArray[Any]) -> ImagePredictions:
        """Those that ``rows`` (places, or (N,) bool) names."""
        places = np.arange(len(self))[rows].tolist() if self.extras else ()
        return replace(
            self,
            class_ids=self.class_ids[rows],
            scores=self.scores[rows],
            boxes_cxcywh=self.boxes_cxcywh[rows],
            extras=tuple(self.extras[place] for place in places),
            poses={name: column[rows] for name, column in self.poses.items()},
        )

    def fields(self) -> list[dict[str, Any]]:
        """A map per detection with all that it has beside class, score and box, as it stands in a file."""
        rows: list[dict[str, Any]] = [{} for _ in range(len(self))]
        for name, column in self.poses.items():
            for row, given, value in zip(rows, is_given(column).tolist(), column.tolist(), strict=True):
                if given:
                    row[name] = value
        for row, extra in zip(rows, self.extras, strict=False):
            row.update(extra)
        return rows


def is_given(column: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) which detections have the field of a column of `ImagePredictions.poses`."""
    return ~np.asarray(np.isnan(column).all(axis=tuple(range(1, column.ndim))))


def _columns(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[str, NDArray[np.float64]], tuple[Mapping[str, Any], ...]]:
    """The columns of poses among the fields of detections, and the other fields; what is no such column stays there."""
    names = dict.fromkeys(chain.from_iterable(rows))
    found = ((name, _column(rows, name)) for name in names if name in POSE_COLUMNS)
    columns = {name: column for name, column in found if column is not None}
    if len(columns) == len(names):
        return columns, ()
    if not columns:
        return {}, tuple(rows)
    rest = tuple({name: value for name, value in row.items() if name not in columns} for row in rows)
    return columns, rest


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> NDArray[np.float64] | None:
    """(N, …) a field of all detections; None where some value is not what such a column holds."""
    places = [place for place, row in enumerate(rows) if name in row]
    try:
        found = np.array([rows[place][name] for place in places], np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    if found.shape[1:] != POSE_COLUMNS[name] or not np.isfinite(found).all():
        return None
    if len(places) == len(rows):
        return found
    column = np.full((len(rows), *found.shape[1:]), np.nan)
    column[places] = found
    return column


@dataclass(frozen=True)
class TimedPredictions:
    """Predictions of some images.

    Attributes:
        entries: at most one an image.
        seconds: what they took; None where they were made before.
    """

    entries: Sequence[ImagePredictions]
    seconds: float | None
