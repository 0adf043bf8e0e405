"""Detections as a network gives them, in the frame of its input, and the poses they stand for. NumPy only."""

# Shapes: N detections of one image.

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolozu.geometry.pose import back_projected, corrected_intrinsics, normalized_focal
from yolozu.geometry.rotation_arrays import rotations_of


@dataclass(frozen=True, eq=False)
class RawPoses:
    """What pose heads say about N detections.

    Attributes:
        log_z_N: (N,) logarithm of the depth in metres over `yolozu.geometry.pose.normalized_focal`.
        rot6d_N6: (N, 6) first two columns of ``R_m2c`` before Gram-Schmidt.
        offsets_px_N2: (N, 2) px of the network input, from the box's center to where the model's origin appears.
        k_delta_4: (4,) of the image: dfx, dfy relative, dcx, dcy in px of the network input.
        log_sigma_z_N: (N,) logarithm of the expected error of the depth's logarithm; None where not predicted.
        log_sigma_rot_N: (N,) logarithm of the expected error of the rotation, radians; None where not predicted.
    """

    log_z_N: NDArray[np.float64]
    rot6d_N6: NDArray[np.float64]
    offsets_px_N2: NDArray[np.float64]
    k_delta_4: NDArray[np.float64]
    log_sigma_z_N: NDArray[np.float64] | None = None
    log_sigma_rot_N: NDArray[np.float64] | None = None

    def of(self, rows: NDArray[Any]) -> RawPoses:
        """Those that ``rows`` (places, or (N,) bool) names."""
        return RawPoses(
            self.log_z_N[rows],
            self.rot6d_N6[rows],
            self.offsets_px_N2[rows],
            self.k_delta_4,
            None if self.log_sigma_z_N is None else self.log_sigma_z_N[rows],
            None if self.log_sigma_rot_N is None else self.log_sigma_rot_N[rows],
        )

    def rotations(self) -> NDArray[np.float64]:
        """(N, 3, 3) ``R_m2c``; no rotations where the six numbers are 0 or two parallel vectors."""
        return rotations_of(self.rot6d_N6)

    def translations(
        self, boxes_cxcywh: NDArray[np.float64], K_4: NDArray[np.float64], *, width: int, height: int
    ) -> NDArray[np.float64]:
        """Where the models' origins are, in the camera frame.

        Args:
            boxes_cxcywh: (N, 4) the detections' boxes, normalized to the network input, not clipped to the image.
            K_4: (4,) fx, fy, cx, cy of the camera in px of the network input.
            width: of the network input, px.
            height: of the network input, px.

        Returns:
            (N, 3) ``t_m2c`` in metres; not finite where a depth overflows or the correction leaves no focal length.
        """
        fx, fy, cx, cy = K_4
        dfx, dfy, dcx, dcy = self.k_delta_4
        fx, fy, cx, cy = corrected_intrinsics(fx, fy, cx, cy, dfx=dfx, dfy=dfy, dcx=dcx, dcy=dcy)
        center_N2 = boxes_cxcywh[:, :2] * (width, height) + self.offsets_px_N2
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            z_N = np.exp(self.log_z_N) * normalized_focal(fx, fy, width=width, height=height)
            return np.stack(back_projected(center_N2[:, 0], center_N2[:, 1], z_N, fx=fx, fy=fy, cx=cx, cy=cy), axis=1)


@dataclass(frozen=True, eq=False)
class RawDetections:
    """Detections of one image in the frame of the network input, best first.

    Attributes:
        scores: (N,) float64 in [0, 1].
        class_indices: (N,) int64, network class index.
        boxes_cxcywh: (N, 4) float64, normalized to the network input.
        poses: None of a network without pose heads.
    """

    scores: NDArray[np.float64]
    class_indices: NDArray[np.int64]
    boxes_cxcywh: NDArray[np.float64]
    poses: RawPoses | None = None

    def of(self, rows: NDArray[Any]) -> RawDetections:
        """Those that ``rows`` (places, or (N,) bool) names."""
        poses = None if self.poses is None else self.poses.of(rows)
        return RawDetections(self.scores[rows], self.class_indices[rows], self.boxes_cxcywh[rows], poses)
