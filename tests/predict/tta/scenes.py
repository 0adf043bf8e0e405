"""Objects with exact poses, and what a network without faults says about them in any view."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.fixtures.exported import PREPROCESS
from yolozu.data.placed_poses import place_camera
from yolozu.geometry.camera import intrinsics_matrix, project, rotation_about_z
from yolozu.geometry.pose import corrected_intrinsics, normalized_focal
from yolozu.predict.tta.matching import Seen
from yolozu.structures.detections import RawDetections, RawPoses
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.poses import PoseLabels

WIDTH, HEIGHT = 200, 150
K_4 = np.array([210.0, 190.0, 104.0, 71.0])
K_DELTA_4 = np.array([0.1, 0.1, 0.0, 0.0])
BOXES_PX = np.array([[60.0, 70.0, 36.0, 24.0], [140.0, 80.0, 30.0, 44.0]])
"""cx, cy, w, h: where two objects appear; their origins are somewhere near."""

ANGLES_P = np.linspace(0, 2 * np.pi, 3600, endpoint=False)
CIRCLE_P2 = np.stack([np.cos(ANGLES_P), np.sin(ANGLES_P)], axis=1)


def record_of(*, camera=True):
    nothing = np.zeros(0)
    return ImageRecord(
        image="a.png", path=Path("a.png"), width=WIDTH, height=HEIGHT, sha256="",
        class_indices=nothing.astype(np.int64), boxes_cxcywh=nothing.reshape(0, 4), is_crowd=nothing.astype(bool),
        areas_px=nothing, poses=replace(PoseLabels.none_of(0), K_4=K_4) if camera else None,
    )  # fmt: skip


def rotations(seed, count=2):
    """(count, 3, 3) random rotations."""
    Q, R = np.linalg.qr(np.random.default_rng(seed).normal(size=(count, 3, 3)))
    Q = Q * np.sign(np.diagonal(R, axis1=1, axis2=2))[:, None, :]
    Q[:, :, 2] *= np.linalg.det(Q)[:, None]
    return Q


def scene(seed):
    """(2, 3, 3) R_m2c and (2, 3) t_m2c of two objects whose origins appear near the middles of `BOXES_PX`."""
    random = np.random.default_rng(seed)
    fx, fy, cx, cy = corrected_intrinsics(*K_4, **dict(zip(("dfx", "dfy", "dcx", "dcy"), K_DELTA_4, strict=True)))
    u, v = (BOXES_PX[:, :2] + random.uniform(-4, 4, (2, 2))).T
    z = random.uniform(0.3, 2.0, 2)
    return rotations(seed), np.stack([(u - cx) / fx * z, (v - cy) / fy * z, z], axis=1)


def seen_in(view, record, R_N33, t_N3, *, scores=(0.9, 0.6), any_size=True, poses=True):
    """What a network without faults says in this view; boxes are those of round objects, where they are turned."""
    placement = view.place(record, WIDTH, HEIGHT, PREPROCESS, any_size=any_size)
    size = np.array([placement.input_width, placement.input_height], float)
    boxes_N4 = _around(placement) / np.tile(size, 2)
    raw = RawDetections(np.array(scores), np.arange(len(scores)), boxes_N4)
    if poses:
        raw = replace(raw, poses=_poses(placement, R_N33, t_N3, boxes_N4, size))
    return Seen(raw, placement)


def _around(placement):
    """(N, 4) px boxes around the placed ellipses that fill the boxes of the image."""
    outlines_NP2 = BOXES_PX[:, None, :2] + CIRCLE_P2 * BOXES_PX[:, None, 2:] / 2
    placed_NP2 = placement.points_to_input(outlines_NP2.reshape(-1, 2)).reshape(outlines_NP2.shape)
    low, high = placed_NP2.min(axis=1), placed_NP2.max(axis=1)
    return np.concatenate([(low + high) / 2, high - low], axis=1)


def _poses(placement, R_N33, t_N3, boxes_N4, size):
    Rz_33 = np.eye(3) if placement.turn is None else rotation_about_z(placement.turn.angle)
    R_N33, t_N3 = Rz_33 @ R_N33, t_N3 @ Rz_33.T
    k_delta_4 = np.concatenate([K_DELTA_4[:2], K_DELTA_4[2:] * placement.scale])
    fx, fy, cx, cy = corrected_intrinsics(
        *place_camera(K_4, replace(placement, mirrored=False)),
        **dict(zip(("dfx", "dfy", "dcx", "dcy"), k_delta_4, strict=True)),
    )
    origins_N2 = project(t_N3, intrinsics_matrix(fx, fy, cx, cy))
    return RawPoses(
        log_z_N=np.log(t_N3[:, 2] / normalized_focal(fx, fy, width=size[0], height=size[1])),
        rot6d_N6=np.concatenate([1.7 * R_N33[:, :, 0], 0.4 * R_N33[:, :, 1]], axis=1),
        offsets_px_N2=origins_N2 - boxes_N4[:, :2] * size,
        k_delta_4=k_delta_4,
        log_sigma_z_N=np.log(np.array([0.02, 0.03])),
    )
