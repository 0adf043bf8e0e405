"""Pose evaluation at the size of a BOP data set: every measure alone, all together, and what training asks for.

    python benchmarks/eval_pose.py [--images 1000] [--objects 5] [--vertices 5000] [--classes 10]

Half of the poses are good (some degrees, some mm), half have any rotation; a third of the models has an axis of
symmetry, a third a half turn.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.data.index import DataIndex
from yolozu.evaluation.pose.evaluate import evaluate_pose, pose_metrics
from yolozu.evaluation.pose.pair_errors import PairErrors
from yolozu.evaluation.pose.problem import pose_problem_of
from yolozu.geometry.symmetry import Symmetries
from yolozu.structures.classes import ClassTable
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.poses import PoseLabels
from yolozu.structures.predictions import ImagePredictions

MEASURES = ("rotation_deg", "add_m", "adds_m", "mssd_m", "mspd_px", "projection_px")
HALF_TURN = Symmetries(np.stack([np.eye(3), np.diag([-1.0, -1.0, 1.0])]), np.zeros((2, 3)))
AXIS = Symmetries(axis_3=np.array([0.0, 0.0, 1.0]))


def models(classes: int, vertices: int) -> ObjectModels:
    rng = np.random.default_rng(0)
    found = {}
    for place in range(classes):
        directions = rng.normal(size=(vertices, 3))
        bumps = 1.0 + 0.1 * np.sin(6.0 * directions[:, :1])
        points = directions / np.linalg.norm(directions, axis=1, keepdims=True) * bumps * [0.06, 0.05, 0.04]
        found[place] = ObjectModel(points, 0.12, (Symmetries(), HALF_TURN, AXIS)[place % 3])
    return ObjectModels(found)


def scenes(images: int, objects: int, classes: int) -> tuple[DataIndex, list[ImagePredictions]]:
    rng = np.random.default_rng(1)
    table = ClassTable(tuple(f"object {place}" for place in range(classes)), tuple(range(1, classes + 1)))
    records, predictions = [], []
    for number in range(images):
        name = f"test/{number // 1000:06d}/rgb/{number % 1000:06d}.png"
        R = Rotation.random(objects, rng=rng).as_matrix()
        t = np.concatenate([rng.normal(0, 0.1, (objects, 2)), rng.uniform(0.5, 1.5, (objects, 1))], axis=1)
        turns = rng.normal(size=(objects, 3)) * rng.choice([0.05, 2.0], (objects, 1))
        R_est = R @ Rotation.from_rotvec(turns).as_matrix()
        t_est = t + rng.normal(0, 0.005, (objects, 3))
        chosen, boxes = rng.integers(0, classes, objects), np.full((objects, 4), 0.2)
        poses = replace(
            PoseLabels.none_of(objects),
            K_4=np.array([600.0, 600.0, 320.0, 240.0]),
            R_m2c_N33=R,
            t_m2c_N3=t,
            has_pose_N=np.ones(objects, np.bool_),
        )
        crowd, areas = np.zeros(objects, np.bool_), np.full(objects, 1e4)
        records.append(ImageRecord(name, Path(name), 640, 480, "0" * 64, chosen, boxes, crowd, areas, poses))
        extras = tuple({"R": R_est[row].tolist(), "t_xyz": t_est[row].tolist()} for row in range(objects))
        predictions.append(ImagePredictions(name, 640, 480, chosen + 1, rng.random(objects), boxes, extras))
    return DataIndex(Path(), "test", table, tuple(records)), predictions


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--images", type=int, default=1000)
    arguments.add_argument("--objects", type=int, default=5, help="per image")
    arguments.add_argument("--vertices", type=int, default=5000, help="per model")
    arguments.add_argument("--classes", type=int, default=10)
    options = arguments.parse_args()
    known = models(options.classes, options.vertices)
    index, predictions = scenes(options.images, options.objects, options.classes)
    errors = PairErrors(pose_problem_of(index, predictions), known)
    pairs = len(errors.problem.object_P)
    print(f"{options.images} images, {options.images * options.objects} objects, {pairs} pairs, "
          f"{options.vertices} vertices, {os.cpu_count()} CPUs")  # fmt: skip
    print(f"{'part':<22}{'seconds':>9}{'ms a pair':>11}")
    for name in MEASURES:
        started = time.perf_counter()
        getattr(errors, name)
        seconds = time.perf_counter() - started
        print(f"{name:<22}{seconds:>9.2f}{1000 * seconds / pairs:>11.3f}", flush=True)
    for measure in (evaluate_pose, pose_metrics):
        started = time.perf_counter()
        measure(index, known, predictions)
        print(f"{measure.__name__:<22}{time.perf_counter() - started:>9.2f}", flush=True)


if __name__ == "__main__":
    main()
