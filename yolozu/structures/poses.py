"""Poses and cameras of one image: as labeled, and as they lie in the network input."""

# Shapes: N objects of the image.

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PoseLabels:
    """The camera of an image and the poses of its N objects, in the frame of the image as it is on disk.

    Attributes:
        K_4: fx, fy, cx, cy in px of the image, pixel borders counted from 0; None where the camera is not known.
        K_true_4: the camera that took the image, where `K_4` is known to be off; else None.
        R_m2c_N33: (N, 3, 3) model to camera; the identity where there is no pose.
        t_m2c_N3: (N, 3) metres; (0, 0, 1) where there is no pose.
        has_pose_N: (N,) bool.
        centers_px_N2: (N, 2) where the model's origin appears, px; 0 where that is not known.
        has_center_N: (N,) bool.
    """

    K_4: NDArray[np.float64] | None
    K_true_4: NDArray[np.float64] | None
    R_m2c_N33: NDArray[np.float64]
    t_m2c_N3: NDArray[np.float64]
    has_pose_N: NDArray[np.bool_]
    centers_px_N2: NDArray[np.float64]
    has_center_N: NDArray[np.bool_]

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "K": None if self.K_4 is None else self.K_4.tolist(),
            "K_true": None if self.K_true_4 is None else self.K_true_4.tolist(),
            "R_m2c": self.R_m2c_N33.tolist(),
            "t_m2c": self.t_m2c_N3.tolist(),
            "has_pose": self.has_pose_N.tolist(),
            "centers_px": self.centers_px_N2.tolist(),
            "has_center": self.has_center_N.tolist(),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(
            K_4=None if value["K"] is None else np.array(value["K"], np.float64).reshape(4),
            K_true_4=None if value["K_true"] is None else np.array(value["K_true"], np.float64).reshape(4),
            R_m2c_N33=np.array(value["R_m2c"], np.float64).reshape(-1, 3, 3),
            t_m2c_N3=np.array(value["t_m2c"], np.float64).reshape(-1, 3),
            has_pose_N=np.array(value["has_pose"], np.bool_).reshape(-1),
            centers_px_N2=np.array(value["centers_px"], np.float64).reshape(-1, 2),
            has_center_N=np.array(value["has_center"], np.bool_).reshape(-1),
        )

    @classmethod
    def none_of(cls, count: int) -> Self:
        """No camera and no pose of ``count`` objects: what an image without them has in a data set with poses."""
        return cls(
            K_4=None,
            K_true_4=None,
            R_m2c_N33=np.broadcast_to(np.eye(3), (count, 3, 3)).copy(),
            t_m2c_N3=np.broadcast_to(np.array([0.0, 0.0, 1.0]), (count, 3)).copy(),
            has_pose_N=np.zeros(count, np.bool_),
            centers_px_N2=np.zeros((count, 2)),
            has_center_N=np.zeros(count, np.bool_),
        )


@dataclass(frozen=True, eq=False)
class PlacedPoses:
    """The camera and the poses of N objects in the frame of the network input.

    Attributes:
        K_4: fx, fy, cx, cy in px of the network input; 1, 1, 0, 0 where the camera is not known.
        has_camera: whether it is.
        k_delta_4: what makes `K_4` the camera that the picture shows: dfx, dfy relative, dcx, dcy in px.
        has_k_delta: whether that is known.
        R_m2c_N33: (N, 3, 3) model to camera; the identity where there is no pose.
        t_m2c_N3: (N, 3) metres; (0, 0, 1) where there is no pose.
        has_pose_N: (N,) bool; only where there is a camera.
        centers_px_N2: (N, 2) where the model's origin appears, px of the network input.
        has_center_N: (N,) bool.
    """

    K_4: NDArray[np.float64]
    has_camera: bool
    k_delta_4: NDArray[np.float64]
    has_k_delta: bool
    R_m2c_N33: NDArray[np.float64]
    t_m2c_N3: NDArray[np.float64]
    has_pose_N: NDArray[np.bool_]
    centers_px_N2: NDArray[np.float64]
    has_center_N: NDArray[np.bool_]

    def of(self, kept_N: NDArray[np.bool_]) -> PlacedPoses:
        """Those of the objects that ``kept_N`` names."""
        return PlacedPoses(
            self.K_4,
            self.has_camera,
            self.k_delta_4,
            self.has_k_delta,
            self.R_m2c_N33[kept_N],
            self.t_m2c_N3[kept_N],
            self.has_pose_N[kept_N],
            self.centers_px_N2[kept_N],
            self.has_center_N[kept_N],
        )
