"""Finished predictions of some images, mirrored left to right: boxes, poses and cameras, consistently."""

# Shapes: digits fixed.

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from yolozu.errors import Finding, InputError
from yolozu.structures.predictions import ImagePredictions

SIGNS = {
    "R": np.array([[1.0, -1.0, -1.0], [-1.0, 1.0, 1.0], [-1.0, 1.0, 1.0]]),
    "t_xyz": np.array([-1.0, 1.0, 1.0]),
    "rot6d": np.array([1.0, -1.0, -1.0, -1.0, 1.0, 1.0]),
    "offsets": np.array([-1.0, 1.0]),
    "k_delta": np.array([1.0, 1.0, -1.0, 1.0]),
}
"""Column of poses -> the signs that its numbers take in the mirrored picture; the others stay as they are."""


def mirror_some(
    predictions: Sequence[ImagePredictions], *, seed: int, flip_prob: float
) -> tuple[list[ImagePredictions], list[str]]:
    """Every image's predictions, those of some images mirrored, and the names of these.

    Nothing is predicted anew, and nothing becomes more accurate: against the labels of the pictures as they are,
    mirrored predictions are wrong. It shows whether what consumes predictions is consistent.

    Args:
        predictions: entries of images.
        seed: of the decisions; each is a function of the seed and the image's name alone.
        flip_prob: probability that an image is mirrored.

    Raises:
        InputError: YZ623 an image to mirror has a camera, but no width.
    """
    chosen = [is_mirrored(entry.image, seed=seed, flip_prob=flip_prob) for entry in predictions]
    findings = [
        Finding(
            "YZ623",
            f"{entry.image}: intrinsics",
            "cannot be mirrored: the image's width is not known",
            "write image_size, or leave out intrinsics",
        )
        for entry, flipped in zip(predictions, chosen, strict=True)
        if flipped and entry.intrinsics is not None and entry.width is None
    ]
    if findings:
        raise InputError(findings)
    mirrored = [mirror(entry) if flipped else entry for entry, flipped in zip(predictions, chosen, strict=True)]
    return mirrored, [entry.image for entry, flipped in zip(predictions, chosen, strict=True) if flipped]


def is_mirrored(image: str, *, seed: int, flip_prob: float) -> bool:
    """Whether the predictions of an image are: it does not depend on other images or on their order."""
    digest = hashlib.sha256(image.encode()).digest()
    return bool(np.random.default_rng([seed, *digest]).random() < flip_prob)


def mirror(entry: ImagePredictions) -> ImagePredictions:
    """What would be predicted in the mirrored picture, of mirrored objects.

    A mirrored picture shows mirrored objects, so that the poses that come are those of the left-right reflected models:
    with ``M = diag(-1, 1, 1)``, a point that the camera saw at ``X_c = R X + t`` is now at ``M X_c = (M R M) (M X) + M
    t``. So ``R -> M R M``, a rotation again, and ``t -> M t``, of models whose points are ``M X``; it appears, through
    the mirrored camera, at the mirrored pixel. Offsets and the camera's corrections change sign in x. Depths,
    uncertainties and fields that are not known here stay as they are. Mirroring twice gives the entry back.
    """
    boxes_cxcywh = entry.boxes_cxcywh.copy()
    boxes_cxcywh[:, 0] = 1.0 - boxes_cxcywh[:, 0]
    intrinsics = entry.intrinsics
    if intrinsics is not None:
        assert entry.width is not None, "mirror_some refuses a camera without an image size"
        intrinsics = mirrored_camera(intrinsics, entry.width)
    return replace(
        entry,
        boxes_cxcywh=boxes_cxcywh,
        intrinsics=intrinsics,
        poses={name: column * SIGNS.get(name, 1.0) for name, column in entry.poses.items()},
    )


def mirrored_camera(intrinsics: Any, width: int) -> Any:
    """The camera of a mirrored picture, in whichever form of a predictions file: ``cx -> width - cx``, skew negated.

    Args:
        intrinsics: ``{fx, fy, cx, cy}``, three rows, flat 9, flat 4, or OpenCV's ``{camera_matrix: {data}}``.
        width: of the image, px.
    """
    if isinstance(intrinsics, dict):
        for key in ("camera_matrix", "data"):
            if key in intrinsics:
                return {**intrinsics, key: mirrored_camera(intrinsics[key], width)}
        return {**intrinsics, "cx": width - intrinsics["cx"]}
    if isinstance(intrinsics[0], list):
        return [_mirrored_row(intrinsics[0], width), *intrinsics[1:]]
    if len(intrinsics) == len(("fx", "fy", "cx", "cy")):
        fx, fy, cx, cy = intrinsics
        return [fx, fy, width - cx, cy]
    return [*_mirrored_row(intrinsics[:3], width), *intrinsics[3:]]


def _mirrored_row(row: Sequence[float], width: int) -> list[float]:
    """The first row of a camera matrix."""
    fx, skew, cx = row
    return [fx, -skew, width - cx]
