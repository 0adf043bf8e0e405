"""How far two networks' poses of one image are apart: as angles and distances, which is what tolerances are in."""

# Shapes: Q queries, P pairs of detections.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolozu.geometry.rotation_arrays import rotation_angles
from yolozu.structures.detections import RawDetections, RawPoses

FAR_M = 1.0
"""Beyond this depth an object may move in proportion to it: float noise is relative."""


@dataclass(frozen=True)
class InputCamera:
    """A camera in px of the network input.

    Attributes:
        K_4: (4,) fx, fy, cx, cy.
        width: of the network input, px.
        height: of the network input, px.
        known: whether it is the image's own.
    """

    K_4: NDArray[np.float64]
    width: int
    height: int
    known: bool

    @classmethod
    def stand_in(cls, width: int, height: int) -> InputCamera:
        """For images of whose camera nothing is known: a focal length of the input's width, looking at its middle."""
        return cls(np.array([width, width, width / 2, height / 2]), width, height, known=False)

    def translations(self, boxes_N4: NDArray[np.float64], poses: RawPoses) -> NDArray[np.float64]:
        """(N, 3) metres."""
        return poses.translations(boxes_N4, self.K_4, width=self.width, height=self.height)


@dataclass(frozen=True)
class PoseDifferences:
    """Two networks' poses of one image; NaN where one of them is no pose.

    Attributes:
        rot_deg: (P,) angle between the rotations of each pair of detections, degrees.
        t_mm: (P,) distance between the translations of each pair, mm; beyond 1 m of depth, per metre of it.
        turned_deg: (Q,) what the difference of ``pred_rot6d`` does to each query's rotation, degrees.
        moved_mm: output -> (Q,) what its difference alone does to each query's translation, as in ``t_mm``.
    """

    rot_deg: NDArray[np.float64]
    t_mm: NDArray[np.float64]
    turned_deg: NDArray[np.float64]
    moved_mm: dict[str, NDArray[np.float64]]


ALONE: dict[str, Callable[[RawPoses, RawPoses], RawPoses]] = {
    "pred_log_z": lambda first, second: replace(first, log_z_N=second.log_z_N),
    "pred_offsets": lambda first, second: replace(first, offsets_px_N2=second.offsets_px_N2),
    "pred_k_delta": lambda first, second: replace(first, k_delta_4=second.k_delta_4),
}
"""Output -> the first network's poses with this output of the second."""


def query_differences(
    boxes_Q4: NDArray[np.float64], first: RawPoses, second: RawPoses, camera: InputCamera
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """``turned_deg`` and ``moved_mm`` of `PoseDifferences`.

    Args:
        boxes_Q4: the first network's boxes, cxcywh normalized to the network input.
        first: reference poses of all queries.
        second: poses of the same queries in the same order.
        camera: what translations follow from.
    """
    own_Q3 = camera.translations(boxes_Q4, first)
    moved = {name: moved_mm(own_Q3, camera.translations(boxes_Q4, take(first, second))) for name, take in ALONE.items()}
    return turned_deg(first, second), moved


def pair_differences(
    first: RawDetections, second: RawDetections, pairs_P2: NDArray[np.intp], camera: InputCamera
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """``rot_deg`` and ``t_mm`` of `PoseDifferences`.

    Args:
        first: reference detections.
        second: others.
        pairs_P2: places in the first and in the second list of what belongs together.
        camera: what translations follow from.
    """
    one, other = first.of(pairs_P2[:, 0]), second.of(pairs_P2[:, 1])
    assert one.poses is not None, "a network with pose heads"
    assert other.poses is not None, "a network with pose heads"
    t_P3 = camera.translations(one.boxes_cxcywh, one.poses)
    other_t_P3 = camera.translations(other.boxes_cxcywh, other.poses)
    return turned_deg(one.poses, other.poses), moved_mm(t_P3, other_t_P3)


def turned_deg(first: RawPoses, second: RawPoses) -> NDArray[np.float64]:
    """(N,) degrees between the rotations."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.degrees(rotation_angles(first.rotations(), second.rotations()))


def moved_mm(first_N3: NDArray[np.float64], second_N3: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) mm between points of which the first are the reference; beyond 1 m of depth, per metre of it."""
    with np.errstate(invalid="ignore", over="ignore"):
        distance_N: NDArray[Any] = 1000.0 * np.linalg.norm(first_N3 - second_N3, axis=1)
        return distance_N / np.maximum(np.abs(first_N3[:, 2]), FAR_M)
