"""COCO evaluation at the size of COCO val2017: both engines, and reading and checking the predictions file.

    python benchmarks/eval_coco.py [--images 5000] [--detections 100]

Every part runs in a process of its own, so that peak memory is its own too; what Python and numpy need is taken off.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from yolozu.artifacts.classes import ClassTable
from yolozu.artifacts.predictions import ImagePredictions, check_predictions, load_predictions, write_predictions
from yolozu.data.index import DataIndex, ImageRecord
from yolozu.evaluation.coco import evaluate_coco
from yolozu.evaluation.known import known_images

CLASSES = ClassTable(tuple(f"class {number}" for number in range(80)), tuple(range(1, 81)))
OBJECTS_PER_IMAGE = 7.36
ENGINES = ("hotcoco", "pycocotools")


def make(directory: Path, images: int, detections: int) -> None:
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
            )
        )
    DataIndex(directory, "val", CLASSES, tuple(records)).write(directory / "index.json")
    write_predictions(directory / "predictions.json", predictions, {})


def random_boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    sides = np.exp(rng.uniform(np.log(0.02), np.log(0.6), (count, 2)))
    return np.concatenate([sides / 2 + rng.random((count, 2)) * (1 - sides), sides], axis=1)


def measure(part: str, directory: Path) -> dict[str, float]:
    """Seconds, peak memory beyond the start and a number to compare, of one part in this process."""
    path = directory / "predictions.json"
    index = DataIndex.read(directory / "index.json")
    known = known_images(index)
    images = load_predictions(path, known=known).images if part in ENGINES else []
    before, started = peak_mib(), time.perf_counter()
    if part == "check":
        result = float(check_predictions(path, known=known).detections)
    elif part == "read":
        result = float(sum(len(entry) for entry in load_predictions(path, known=known).images))
    else:
        result = float(evaluate_coco(index, images, engine=part).metrics["map50_95"] or 0.0)  # type: ignore[arg-type]
    return {"seconds": time.perf_counter() - started, "mib": peak_mib() - before, "result": result}


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--images", type=int, default=5000)
    arguments.add_argument("--detections", type=int, default=100, help="per image")
    arguments.add_argument("--part", help=argparse.SUPPRESS)
    arguments.add_argument("--directory", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.part:
        print(json.dumps(measure(options.part, options.directory)))
        return
    with tempfile.TemporaryDirectory() as name:
        make(Path(name), options.images, options.detections)
        size = (Path(name) / "predictions.json").stat().st_size / 1e6
        print(f"{options.images} images, {options.images * options.detections} detections, file of {size:.0f} MB, "
              f"{os.cpu_count()} CPUs")  # fmt: skip
        print(f"{'part':<22}{'seconds':>9}{'MiB':>8}  result")
        for part in ("check", "read", *ENGINES):
            command = [sys.executable, __file__, "--part", part, "--directory", name]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            print(f"{part:<22}{found['seconds']:>9.2f}{found['mib']:>8.0f}  {found['result']:.9g}")


if __name__ == "__main__":
    main()
