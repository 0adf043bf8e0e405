"""Posed objects for tests: drawn in memory, rendered to disk, and spoiled in typical ways."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from yolozu.data.checking.pose_fit import PosedObjects
from yolozu.data.synth.scene import amodal_box_px, draw_scene
from yolozu.data.synth.solids import all_solids
from yolozu.data.synth.writer import SynthPlan, write_scenes
from yolozu.progress import SilentProgress

NAMES = [solid.name for solid in all_solids()]
MIRRORS = {axis: np.diag([-1.0 if axis == other else 1.0 for other in "xyz"]) for axis in "xyz"}
FRAMES = 20
HALF_TURN_X = np.diag([1.0, -1.0, -1.0])


@cache
def drawn_objects(scenes: int = 40, size: int = 160, seed: int = 0) -> PosedObjects:
    """Solids of random scenes with the boxes around the whole of each."""
    generator = np.random.default_rng(seed)
    drawn = [draw_scene(generator, size=size, max_objects=3) for _ in range(scenes)]
    posed = [(scene.camera.K_33, one) for scene in drawn for one in scene.objects]
    return PosedObjects(
        shapes_N=np.array([one.class_index for _, one in posed]),
        R_m2c_N33=np.stack([one.R_m2c for _, one in posed]),
        t_m2c_N3=np.stack([one.t_m2c for _, one in posed]),
        K_N4=np.array([(K[0, 0], K[1, 1], K[0, 2], K[1, 2]) for K, _ in posed]),
        boxes_xyxy_px_N4=np.stack([amodal_box_px(one, K) for K, one in posed]),
        sizes_px_N2=np.full((len(posed), 2), float(size)),
        points={index: solid.vertices_V3 for index, solid in enumerate(all_solids())},
    )


def hide_parts(objects: PosedObjects, share: float = 0.4, seed: int = 0) -> PosedObjects:
    """Of ``share`` of the objects, a tenth to six tenths are hidden on one side."""
    generator = np.random.default_rng(seed)
    boxes_N4 = objects.boxes_xyxy_px_N4.copy()
    for box in boxes_N4:
        if generator.random() < share:
            side, part = generator.integers(4), generator.uniform(0.1, 0.6)
            extent = box[2 + side % 2] - box[side % 2]
            box[side] += extent * part * (1 if side < 2 else -1)
    return replace(objects, boxes_xyxy_px_N4=boxes_N4)


def write_posed(root: Path, images: int = 40, size: int = 96, max_objects: int = 3, seed: int = 0) -> Path:
    """Rendered scenes: ``train`` with ``images`` of them, ``val`` with one."""
    plan = SynthPlan(images=images, val_images=1, size=size, max_objects=max_objects, seed=seed)
    write_scenes(root, plan, SilentProgress())
    return root


def spoiled(source: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of ``source`` in which ``change`` was made to every entry of every sidecar."""
    shutil.copytree(source, target)
    for path in sorted(target.glob("labels/*/*.json")):
        document = json.loads(path.read_text())
        for row in document["instances"]:
            change(row)
        path.write_text(json.dumps(document))
    return target


def spoiled_bop(
    source: Path,
    target: Path,
    change_pose: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]] = lambda R, t: (R, t),
    K_factor: float = 1.0,
    points_factor: float = 1.0,
) -> Path:
    """The first `FRAMES` views of a BOP test split, with poses (R, t in mm), cameras and vertices changed."""
    shutil.copytree(source / "models", target / "models")
    if points_factor != 1.0:
        for path in sorted(target.glob("models/*.ply")):
            _scale_ply(path, points_factor)
    scene = source / "test/000001"
    for picture in sorted(scene.glob("*/*")):
        if int(picture.stem.partition("_")[0]) < FRAMES:
            copy = target / "test/000001" / picture.relative_to(scene)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, copy)
    for path in sorted(scene.glob("*.json")):
        document = {key: entry for key, entry in json.loads(path.read_text()).items() if int(key) < FRAMES}
        for row in document.values() if path.stem == "scene_camera" else ():
            row["cam_K"] = [*(np.array(row["cam_K"][:8]) * K_factor).tolist(), 1.0]
        for (row,) in document.values() if path.stem == "scene_gt" else ():
            R, t = change_pose(np.array(row["cam_R_m2c"]).reshape(3, 3), np.array(row["cam_t_m2c"]))
            row["cam_R_m2c"], row["cam_t_m2c"] = R.ravel().tolist(), t.tolist()
        (target / "test/000001" / path.name).write_text(json.dumps(document))
    return target


def _scale_ply(path: Path, factor: float) -> None:
    head, body = path.read_text().split("end_header\n")
    count = int(head.split("element vertex ")[1].split()[0])
    lines = body.split("\n")
    for number in range(count):
        lines[number] = " ".join(f"{float(value) * factor:.6f}" for value in lines[number].split())
    path.write_text(f"{head}end_header\n" + "\n".join(lines))
