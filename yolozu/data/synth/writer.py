"""Rendered scenes as a data set on disk: images, labels, masks, poses and class names.

A pose sidecar ``labels/<split>/<stem>.json`` holds ``{"instances": [...]}``, one entry per line of the label file:
``R_gt`` (3×3, row-major, model to camera), ``t_gt`` (metres), ``K_gt`` (3×3, px), ``mask_path`` (relative to the data
set) with ``mask_value`` (grey level of this instance's visible pixels), ``cad_points`` (the solid's vertices, metres)
and ``symmetry`` (rotations besides the identity that leave the solid looking the same: none, every face has its color).
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from yolozu.artifacts.atomic_files import atomic_directory
from yolozu.artifacts.jsonio import pretty, write_text
from yolozu.data.synth.renderer import Rendering, render
from yolozu.data.synth.scene import Scene, TableColors, draw_scene
from yolozu.data.synth.solids import all_solids
from yolozu.errors import UsageError
from yolozu.progress import Progress
from yolozu.system import available_cores, released

STREAMS = {"train": 0, "val": 1}
"""Part of every scene's seed: training and held-out scenes come from separate streams."""

FEWEST_FOR_PROCESSES = 200
"""Starting processes takes about as long as rendering this many pictures."""

PNG_EFFORT = 1
"""Of 9: three times as fast as the usual 6, files a tenth larger."""


@dataclass(frozen=True)
class SynthPlan:
    """What is rendered.

    Attributes:
        images: training images.
        val_images: held-out images.
        size: image side in px.
        max_objects: most solids in a scene.
        seed: of all scenes.
        table: colors of the tables.
    """

    images: int
    val_images: int
    size: int
    max_objects: int
    seed: int
    table: TableColors = "muted"


def write_scenes(root: Path, plan: SynthPlan, progress: Progress) -> None:
    """Render ``plan`` into ``root``, all of it or nothing. The same plan gives the same files, whatever the processes.

    Args:
        root: a directory that is empty or does not exist.
        plan: what is rendered.
        progress: where it is shown.

    Raises:
        UsageError: YZ213 something is in ``root`` already.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UsageError.one(
            "YZ213", where=str(root), problem="is not empty", fix="name a new directory, or delete what is there"
        )
    with atomic_directory(root) as aside:
        _write_all(aside, plan, progress)


def _write_all(root: Path, plan: SynthPlan, progress: Progress) -> None:
    jobs = [("train", number) for number in range(plan.images)] + [("val", number) for number in range(plan.val_images)]
    for split in STREAMS:
        for kind in ("images", "labels", "masks"):
            (root / kind / split).mkdir(parents=True, exist_ok=True)
    with progress.bar("rendering scenes", len(jobs)) as bar, closing(_rendered(root, plan, jobs)) as rendered:
        for _ in rendered:
            bar.advance()
    names = [solid.name for solid in all_solids()]
    write_text(root / "classes.txt", "".join(f"{name}\n" for name in names))
    splits = {split: {"images_dir": f"images/{split}", "labels_dir": f"labels/{split}"} for split in STREAMS}
    descriptor = {"format": "yolo", "splits": splits, "classes": names, "category_ids": list(range(len(names)))}
    write_text(root / "dataset.json", pretty(descriptor))


def write_scene(root: Path, plan: SynthPlan, split: str, number: int) -> None:
    """Render one scene and write its files; a function of the plan's seed, the split and the number."""
    generator = np.random.default_rng([plan.seed, STREAMS[split], number])
    scene = draw_scene(generator, size=plan.size, max_objects=plan.max_objects, table=plan.table)
    rendering = render(scene)
    stem = f"{number:06d}"
    mask_name = f"masks/{split}/{stem}.png"
    Image.fromarray(rendering.image_HW3).save(root / f"images/{split}/{stem}.png", compress_level=PNG_EFFORT)
    Image.fromarray(rendering.owner_HW).save(root / mask_name, compress_level=PNG_EFFORT)
    (root / f"labels/{split}/{stem}.txt").write_text(_label_lines(scene, rendering), encoding="utf-8")
    sidecar = {"instances": [_pose(scene, number, mask_name) for number in range(len(scene.objects))]}
    (root / f"labels/{split}/{stem}.json").write_text(json.dumps(sidecar) + "\n", encoding="utf-8")


def _rendered(root: Path, plan: SynthPlan, jobs: list[tuple[str, int]]) -> Generator[None]:
    """Writes the scenes of ``jobs``, one each time it is asked."""
    processes = available_cores()
    if processes == 1 or len(jobs) < FEWEST_FOR_PROCESSES:
        for split, number in jobs:
            write_scene(root, plan, split, number)
            yield
        return
    splits, numbers = zip(*jobs, strict=True)
    count = len(jobs)
    spawn = multiprocessing.get_context("spawn")  # a fork would copy this process's threads in whatever state they are
    pool = ProcessPoolExecutor(processes, mp_context=spawn, initializer=_follow_the_parent)
    with released(pool):
        yield from pool.map(write_scene, [root] * count, [plan] * count, splits, numbers, chunksize=8)


def _follow_the_parent() -> None:
    """Leave signals to the process that started this one, but do not outlive it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None, "started by a pool"

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _label_lines(scene: Scene, rendering: Rendering) -> str:
    """The boxes of the objects' VISIBLE pixels: what a detector can know."""
    lines = []
    for posed, box in zip(scene.objects, rendering.boxes_xyxy_px, strict=True):
        center, extent = (box[:2] + box[2:]) / 2 / scene.camera.size, (box[2:] - box[:2]) / scene.camera.size
        values = " ".join(f"{value:.8f}" for value in (*center.tolist(), *extent.tolist()))
        lines.append(f"{posed.class_index} {values}\n")
    return "".join(lines)


def _pose(scene: Scene, number: int, mask_name: str) -> dict[str, Any]:
    posed = scene.objects[number]
    return {
        "class_index": posed.class_index,
        "R_gt": posed.R_m2c.tolist(),
        "t_gt": posed.t_m2c.tolist(),
        "K_gt": scene.camera.K_33.tolist(),
        "mask_path": mask_name,
        "mask_value": number + 1,
        "cad_points": posed.solid.vertices_V3.tolist(),
        "symmetry": [],
    }
