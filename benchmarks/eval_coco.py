"""COCO evaluation at the size of COCO val2017: both engines, and reading and checking the predictions file.

    python benchmarks/eval_coco.py [--images 5000] [--detections 100] [--poses] [--command] [--engines hotcoco]

Every part runs in a process of its own, so that peak memory is its own too; what was there before it is taken off.
With `--command`, the same is also evaluated as a user would, from a data set with images on disk: once when no image
has been looked at before, once again.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.predictions import check_predictions, load_predictions, write_predictions
from yolozu.artifacts.predictions.columns_file import columns_path, part_of, write_columns
from yolozu.artifacts.predictions.convert import convert_predictions
from yolozu.data.index import DataIndex
from yolozu.evaluation.boxes.coco import evaluate_coco
from yolozu.evaluation.known_images import known_images
from yolozu.structures.classes import ClassTable
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import ImagePredictions

CLASSES = ClassTable(tuple(f"class {number}" for number in range(80)), tuple(range(1, 81)))
OBJECTS_PER_IMAGE = 7.36
ENGINES = ("hotcoco", "pycocotools")
PASSES = ("check", "read", "columns", "convert")


def make(directory: Path, images: int, detections: int, *, poses: bool) -> None:
    """Write an index and predictions: half of the objects found, the other detections anywhere."""
    rng = np.random.default_rng(0)
    records, predictions = [], []
    for number in range(images):
        count = int(rng.poisson(OBJECTS_PER_IMAGE))
        boxes, classes = random_boxes(rng, count), rng.integers(0, len(CLASSES), count)
        found = np.flatnonzero(rng.random(count) < 0.5)[:detections]
        others = detections - len(found)
        near = np.clip(boxes[found] + rng.normal(0, 0.01, (len(found), 4)), 0.001, 1.0)
        name = f"images/val/{number:06d}.jpg"
        records.append(
            ImageRecord(
                image=name,
                path=directory / name,
                width=640,
                height=480,
                sha256="0" * 64,
                class_indices=classes,
                boxes_cxcywh=boxes,
                is_crowd=rng.random(count) < 0.01,
                areas_px=boxes[:, 2] * boxes[:, 3] * 640 * 480,
            )
        )
        predictions.append(
            ImagePredictions(
                name,
                640,
                480,
                np.concatenate([classes[found], rng.integers(0, len(CLASSES), others)]) + 1,
                np.concatenate([rng.random(len(found)), rng.random(others) * 0.7]),
                np.concatenate([near, random_boxes(rng, others)]),
                extras=random_poses(rng, detections) if poses else (),
            )
        )
    DataIndex(directory, "val", CLASSES, tuple(records)).write(directory / "index.json")
    write_predictions(directory / "predictions.json", predictions, {})
    beside, part = directory / "with columns" / "predictions.json", part_of(predictions)
    write_predictions(beside, predictions, {})
    assert part is not None
    write_columns(columns_path(beside), [part], {}, predictions_sha256=digest_file(beside))


def random_boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    sides = np.exp(rng.uniform(np.log(0.02), np.log(0.6), (count, 2)))
    return np.concatenate([sides / 2 + rng.random((count, 2)) * (1 - sides), sides], axis=1)


def random_poses(rng: np.random.Generator, count: int) -> tuple[dict[str, Any], ...]:
    """All fields that a pose model writes."""
    rotations = Rotation.random(count, rng=rng).as_matrix()
    t_xyz = rng.uniform((-0.5, -0.5, 0.5), (0.5, 0.5, 2.0), (count, 3))
    return tuple(
        {
            "R": R.tolist(),
            "t_xyz": t.tolist(),
            "log_z": float(np.log(t[2])),
            "rot6d": R[:, :2].T.ravel().tolist(),
            "offsets": rng.normal(size=2).tolist(),
            "k_delta": rng.normal(0, 0.01, 4).tolist(),
            "sigma_z": float(rng.random()),
            "sigma_rot": float(rng.random()),
        }
        for R, t in zip(rotations, t_xyz, strict=True)
    )


def make_data_set(directory: Path) -> None:
    """Write the index as COCO instances, with an image of one color for each record."""
    index = DataIndex.read(directory / "index.json")
    annotations: list[dict[str, Any]] = []
    (directory / "images" / "val").mkdir(parents=True)
    for number, record in enumerate(index.records):
        Image.new("RGB", (640, 480), (number % 256, number // 256, 0)).save(directory / record.image, quality=5)
        for box, area, class_index, crowd in zip(
            record.boxes_cxcywh, record.areas_px, record.class_indices, record.is_crowd, strict=True
        ):
            cx, cy, w, h = (box * (640, 480, 640, 480)).tolist()
            annotations.append(
                {"id": len(annotations) + 1, "image_id": number, "category_id": int(class_index) + 1, "area": area,
                 "bbox": [cx - w / 2, cy - h / 2, w, h], "iscrowd": int(crowd)}
            )  # fmt: skip
    images = [
        {"id": number, "file_name": f"{number:06d}.jpg", "width": 640, "height": 480} for number in range(len(index))
    ]
    categories = [{"id": row["id"], "name": row["name"]} for row in CLASSES.to_json()]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (directory / "instances.json").write_text(json.dumps(document))
    split = {"images_dir": "images/val", "instances_json": "instances.json"}
    (directory / "dataset.json").write_text(json.dumps({"splits": {"val": split}}))


def measure(part: str, directory: Path) -> dict[str, Any]:
    """Seconds, peak memory beyond the start and what to compare, of one part in this process."""
    path = directory / "predictions.json"
    index = DataIndex.read(directory / "index.json")
    known = known_images(index)
    images = load_predictions(path, known=known).images if part in ENGINES else []
    forget_peak()
    before, started = memory_mib("VmRSS"), time.perf_counter()
    result: list[float | None]
    if part == "check":
        result = [check_predictions(path, known=known).detections]
    elif part == "read":
        result = [sum(len(entry) for entry in load_predictions(path, known=known).images)]
    elif part == "columns":
        path = directory / "with columns" / "predictions.json"
        result = [sum(len(entry) for entry in load_predictions(path, known=known).images)]
    elif part == "convert":
        result = [convert_predictions(path, directory / "coco.json", "coco", known=known).detections]
    else:
        result = list(evaluate_coco(index, images, engine=part).stats)  # type: ignore[arg-type]
    return {"seconds": time.perf_counter() - started, "mib": memory_mib("VmHWM") - before, "result": result}


def forget_peak() -> None:
    """Begin to measure the peak of memory from here (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def memory_mib(kind: str) -> float:
    """Memory of this process: ``VmRSS`` now, ``VmHWM`` at its peak."""
    found = re.search(rf"{kind}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found.group(1)) / 1024


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--images", type=int, default=5000)
    arguments.add_argument("--detections", type=int, default=100, help="per image")
    arguments.add_argument("--poses", action="store_true", help="with all fields of a pose")
    arguments.add_argument("--engines", nargs="*", choices=ENGINES, default=ENGINES)
    arguments.add_argument("--command", action="store_true", help="also run yolozu eval-coco from the shell")
    arguments.add_argument("--part", help=argparse.SUPPRESS)
    arguments.add_argument("--directory", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.part:
        print(json.dumps(measure(options.part, options.directory)))
        return
    with tempfile.TemporaryDirectory() as name:
        make(Path(name), options.images, options.detections, poses=options.poses)
        size = (Path(name) / "predictions.json").stat().st_size / 1e6
        print(f"{options.images} images, {options.images * options.detections} detections, file of {size:.0f} MB, "
              f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")  # fmt: skip
        print(f"{'part':<22}{'seconds':>9}{'MiB':>8}  result")
        found = {part: measured_apart(part, name) for part in (*PASSES, *options.engines)}
        if len(options.engines) == len(ENGINES):
            compare(found)
        if options.command:
            make_data_set(Path(name))
            for title in ("command, first", "command, again"):
                print(f"{title:<22}{command_seconds(Path(name)):>9.2f}")


def measured_apart(part: str, directory: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--part", part, "--directory", directory]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"{part:<22}{found['seconds']:>9.2f}{found['mib']:>8.0f}  {found['result'][0]:.9g}")
    return found


def compare(found: dict[str, dict[str, Any]]) -> None:
    """Print how far the engines are apart, and how much faster one is."""
    fast, slow = (found[engine] for engine in ENGINES)
    pairs = list(zip(fast["result"], slow["result"], strict=True))
    assert all((one is None) == (other is None) for one, other in pairs), "a number only one of them has"
    difference = max(abs(one - other) for one, other in pairs if one is not None)
    print(f"{len(pairs)} numbers differ by at most {difference:.1e}; ratio {slow['seconds'] / fast['seconds']:.0f}, "
          f"with reading {slow['seconds'] / (fast['seconds'] + found['read']['seconds']):.0f}")  # fmt: skip


def command_seconds(directory: Path) -> float:
    """Of `yolozu eval-coco`, from the start of Python to its end."""
    words = ["eval-coco", "--dataset", str(directory), "--predictions", str(directory / "predictions.json")]
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "yolozu", *words], check=True, capture_output=True, cwd=directory)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
