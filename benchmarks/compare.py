"""Bootstrap intervals at the size of COCO val2017: seconds to match once, to resample, and of the whole comparison.

python benchmarks/compare.py [--images 5000] [--detections 100] [--resamples 1000]
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.eval_coco import CLASSES, make
from yolozu.artifacts.meshes import ObjectModels
from yolozu.artifacts.predictions import load_predictions
from yolozu.data.index import DataIndex
from yolozu.evaluation.boxes.matching import RIGHT, matches_of
from yolozu.evaluation.boxes.problem import problem_of
from yolozu.evaluation.comparison.compare import compare
from yolozu.evaluation.comparison.report import ComparedInterval, ComparedSide
from yolozu.progress import progress_for
from yolozu.structures.predictions import ImagePredictions


def noisy(entry: ImagePredictions, rng: np.random.Generator) -> ImagePredictions:
    """The same detections with boxes that are a little off."""
    off = rng.normal(0, 0.02, entry.boxes_cxcywh.shape) * entry.boxes_cxcywh[:, [2, 3, 2, 3]]
    boxes = np.clip(entry.boxes_cxcywh + off, 1e-4, 1.0)
    return ImagePredictions(entry.image, entry.width, entry.height, entry.class_ids, entry.scores, boxes)


def main() -> int:
    """Make the data, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--detections", type=int, default=100)
    parser.add_argument("--resamples", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        make(Path(directory), arguments.images, arguments.detections, poses=False)
        index = DataIndex.read(Path(directory) / "index.json")
        first = load_predictions(Path(directory) / "predictions.json").images
    rng = np.random.default_rng(1)
    second = [noisy(entry, rng) for entry in first]
    started = time.perf_counter()
    matches = matches_of(problem_of(index, first, max_images=None))
    found = (matches.fate_ATD[0] == RIGHT).sum(axis=1)
    print(f"{len(matches.row_D)} detections, {index.num_instances} objects in {len(CLASSES)} classes")
    print(f"found at .50: {found[0]}, at .75: {found[5]}; matched in {time.perf_counter() - started:.1f} s")
    started, used = time.perf_counter(), time.process_time()
    result = compare(
        index,
        ObjectModels(),
        (first, second),
        sides=(ComparedSide(name="a", sha256="", meta={}), ComparedSide(name="b", sha256="", meta={})),
        max_images=None,
        interval=ComparedInterval(resamples=arguments.resamples, seed=0, confidence=0.95),
        progress=progress_for(sys.stderr),
    )
    seconds, busy = time.perf_counter() - started, time.process_time() - used
    ap = result.metrics["map50_95"]
    print(f"compared with {arguments.resamples} resamples in {seconds:.1f} s ({busy:.1f} s of processor time)")
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}; AP {ap.a:.4f} {ap.b:.4f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
