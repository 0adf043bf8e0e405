"""Small data sets with poses, and formulas written out as the papers state them, loop by loop."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.data.index import DataIndex
from yolozu.evaluation.pose.errors import Pose
from yolozu.geometry.symmetry import Symmetries
from yolozu.structures.classes import ClassTable
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.poses import PoseLabels
from yolozu.structures.predictions import ImagePredictions

CLASSES = ClassTable(("box", "bottle", "ghost"), (7, 3, 90))
"""Of the last one there is no model."""
BOX, BOTTLE, GHOST = range(3)
K = (600.0, 500.0, 320.0, 240.0)
EYE = np.eye(3)


def turn(axis, degrees):
    """Rodrigues' formula, written out."""
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array(
        [
            [c + x * x * (1 - c), x * y * (1 - c) - z * s, x * z * (1 - c) + y * s],
            [y * x * (1 - c) + z * s, c + y * y * (1 - c), y * z * (1 - c) - x * s],
            [z * x * (1 - c) - y * s, z * y * (1 - c) + x * s, c + z * z * (1 - c)],
        ]
    )


def cloud(seed, count, sides=(0.05, 0.03, 0.02)):
    return np.random.default_rng(seed).uniform(-1, 1, (count, 3)) * sides


BOX_MODEL = ObjectModel(cloud(0, 60), 0.12)
BOTTLE_MODEL = ObjectModel(cloud(1, 60, (0.02, 0.02, 0.06)), 0.13, Symmetries(axis_3=np.array([0.0, 0.0, 1.0])))
MODELS = ObjectModels({BOX: BOX_MODEL, BOTTLE: BOTTLE_MODEL})

TWO_AXES = Symmetries(
    np.stack([EYE, turn([1, 0, 0], 180.0)]),
    np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.01]]),
    np.array([0.0, 0.6, 0.8]),
    np.array([0.01, 0.0, 0.002]),
)
SYMMETRIES = {
    "none": Symmetries(),
    "half turn": Symmetries(np.stack([EYE, turn([0, 0, 1], 180.0)]), np.zeros((2, 3))),
    "axis": Symmetries(axis_3=np.array([0.0, 0.0, 1.0])),
    "both, off the origin": TWO_AXES,
}


def some_pose(rng, near=None):
    axis, t = rng.normal(size=3), rng.uniform([-0.2, -0.2, 0.5], [0.2, 0.2, 1.5])
    if near is None:
        return Pose(turn(axis, rng.uniform(0, 180)), t)
    return Pose(near.R @ turn(axis, rng.uniform(0, 20)), near.t + rng.normal(size=3) * 0.01)


@dataclass(frozen=True)
class Thing:
    """An object: network class index and pose; ``has_pose`` False for one that has only a box."""

    class_index: int
    t: tuple[float, float, float] = (0.0, 0.0, 1.0)
    R: np.ndarray = field(default_factory=lambda: EYE)
    has_pose: bool = True
    crowd: bool = False


@dataclass(frozen=True)
class Guess:
    """A detection: network class index, score and pose; ``t`` None for one without."""

    class_index: int
    score: float
    t: tuple[float, float, float] | None = (0.0, 0.0, 1.0)
    R: np.ndarray = field(default_factory=lambda: EYE)


@dataclass(frozen=True)
class View:
    """An image; ``guesses`` None means that the predictions have no entry for it."""

    things: list[Thing] = field(default_factory=list)
    guesses: list[Guess] | None = field(default_factory=list)
    width: int = 640
    K_true: tuple[float, float, float, float] | None = None


def name_of(place):
    return f"images/val/{place:04d}.jpg"


def labels_of(view):
    count = len(view.things)
    none = PoseLabels.none_of(count)
    has_pose_N = np.array([thing.has_pose for thing in view.things], np.bool_)
    return replace(
        none,
        K_4=np.array(K),
        K_true_4=None if view.K_true is None else np.array(view.K_true),
        R_m2c_N33=np.array([thing.R for thing in view.things]).reshape(-1, 3, 3),
        t_m2c_N3=np.array([thing.t for thing in view.things]).reshape(-1, 3),
        has_pose_N=has_pose_N,
    )


def index_of(views, *, names=name_of):
    records = tuple(
        ImageRecord(
            image=names(place),
            path=Path("data") / names(place),
            width=view.width,
            height=480,
            sha256="0" * 64,
            class_indices=np.array([thing.class_index for thing in view.things], np.int64),
            boxes_cxcywh=np.full((len(view.things), 4), 0.25),
            is_crowd=np.array([thing.crowd for thing in view.things], np.bool_),
            areas_px=np.full(len(view.things), 100.0),
            poses=labels_of(view),
        )
        for place, view in enumerate(views)
    )
    return DataIndex(Path("data"), "val", CLASSES, records)


def predictions_of(views, *, names=name_of):
    return [
        ImagePredictions(
            names(place),
            view.width,
            480,
            np.array([CLASSES.category_ids[guess.class_index] for guess in view.guesses], np.int64),
            np.array([guess.score for guess in view.guesses], np.float64),
            np.full((len(view.guesses), 4), 0.25),
            tuple({} if guess.t is None else {"R": guess.R.tolist(), "t_xyz": list(guess.t)} for guess in view.guesses),
        )
        for place, view in enumerate(views)
        if view.guesses is not None
    ]


def moved(R, t, point):
    return [sum(R[row][k] * point[k] for k in range(3)) + t[row] for row in range(3)]


def seen(R, t, point):
    x, y, z = moved(R, t, point)
    return [K[0] * x / z + K[2], K[1] * y / z + K[3]]


def naive_add(estimate, truth, points):
    return sum(math.dist(moved(*estimate, p), moved(*truth, p)) for p in points) / len(points)


def naive_adds(estimate, truth, points):
    found = [moved(*estimate, p) for p in points]
    return sum(min(math.dist(moved(*truth, p), other) for other in found) for p in points) / len(points)


def naive_projection(estimate, truth, points):
    return sum(math.dist(seen(*estimate, p), seen(*truth, p)) for p in points) / len(points)


def naive_symmetries(symmetries, step=0.01):
    """BOP's set: discrete ones, and after each of them every turn about the axis."""
    discrete = list(zip(symmetries.rotations_S33, symmetries.translations_S3, strict=True))
    if symmetries.axis_3 is None:
        return discrete
    count = math.ceil(math.pi / step)
    found = []
    for R, t in discrete:
        for number in range(count):
            T = turn(symmetries.axis_3, number * 360.0 / count)
            found.append((T @ R, T @ t - T @ symmetries.offset_3 + symmetries.offset_3))
    return found


def naive_mssd(estimate, truth, points, symmetries):
    return min(
        max(math.dist(moved(*estimate, p), moved(*truth, moved(S, s, p))) for p in points)
        for S, s in naive_symmetries(symmetries)
    )


def naive_mspd(estimate, truth, points, symmetries):
    return min(
        max(math.dist(seen(*estimate, p), seen(*truth, moved(S, s, p))) for p in points)
        for S, s in naive_symmetries(symmetries)
    )


def naive_re(R, R_true):
    """The arc cosine of BOP's toolkit."""
    cosine = (np.trace(R @ np.linalg.inv(R_true)) - 1.0) / 2.0
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))
