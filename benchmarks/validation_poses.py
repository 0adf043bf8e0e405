"""What validation with poses costs beside the network: from the outputs of its heads to metrics of boxes and poses.

    python benchmarks/validation_poses.py [--tree CHECKOUT]… [--images 1000] [--detections 300] [--objects 10]

The validator of `yolozu.training.validate` runs with a network that gives the same outputs for every batch, and a loss
of 0. Every image has so many objects, found some degrees and millimetres off, and as many detections as asked for, all
with every field of a pose. Checkouts take turns; what is told is the best of the repetitions: processor time per 1,000
images, most memory beyond what stood before, and the metrics, which two checkouts must agree on.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

BATCH = 8
CLASSES = 10
SIDE = 640
WIDTH, HEIGHT = 640, 480
K_4 = np.array([600.0, 600.0, 320.0, 240.0])
VERTICES = 1000


def of_tree(name: str) -> Any:
    """The class or function of this name, wherever the checkout keeps it."""
    root = Path(importlib.import_module("yolozu").__path__[0])
    pattern = re.compile(rf"^(?:class|def) {name}\b", re.MULTILINE)
    (path,) = (path for path in root.rglob("*.py") if pattern.search(path.read_text()))
    module = ".".join(("yolozu", *path.relative_to(root).with_suffix("").parts))
    return getattr(importlib.import_module(module), name)


def scene(detections: int, objects: int) -> dict[str, np.ndarray]:
    """A batch: class, box, R_m2c and t_m2c of every detection; the first ones of an image are its objects."""
    rng, shape = np.random.default_rng(0), (BATCH, detections)
    z = rng.uniform(0.5, 1.5, shape)
    center = rng.uniform(0.2, 0.8, (*shape, 2))
    shown = center * (WIDTH, HEIGHT) + rng.normal(0, 3, (*shape, 2))
    return {
        "class": rng.integers(0, CLASSES, shape),
        "box": np.concatenate([center, rng.uniform(0.05, 0.3, (*shape, 2))], axis=-1),
        "R": Rotation.random(BATCH * detections, rng=rng).as_matrix().reshape(*shape, 3, 3),
        "t": np.concatenate([(shown - K_4[2:]) / K_4[:2] * z[..., None], z[..., None]], axis=-1),
        "score": np.where(np.arange(detections) < objects, 2.0, rng.uniform(-4.0, 1.0, shape)),
    }


def outputs_of(found: dict[str, np.ndarray]) -> Any:
    """What a network says that sees the scene in the middle of its square input: `DetectorOutput`."""
    import torch

    pad, z = (SIDE - HEIGHT) / 2, found["t"][..., 2:]
    projected = found["t"][..., :2] / z * K_4[:2] + K_4[2:] + (0.0, pad)
    boxes = found["box"] * (WIDTH, HEIGHT, WIDTH, HEIGHT) / SIDE + (0.0, pad / SIDE, 0.0, 0.0)
    logits = np.full((*found["class"].shape, CLASSES), -20.0)
    np.put_along_axis(logits, found["class"][..., None], found["score"][..., None], axis=-1)
    pose = {
        "log_z": np.log(z / (K_4[:2].prod() ** 0.5 / SIDE)),
        "rot6d": np.concatenate([found["R"][..., 0], found["R"][..., 1]], axis=-1),
        "offsets": projected - boxes[..., :2] * SIDE,
        "k_delta": np.zeros((BATCH, 4)),
        "log_sigma_z": np.full_like(z, -3.0),
        "log_sigma_rot": np.full_like(z, -2.0),
    }
    tensors = {name: torch.from_numpy(values).float() for name, values in pose.items()}
    return of_tree("DetectorOutput")(torch.from_numpy(logits).float(), torch.from_numpy(boxes).float(), tensors)


def truth_of(found: dict[str, np.ndarray], images: int, objects: int) -> Any:
    """An index whose objects are those of the scene, a little off."""
    rng = np.random.default_rng(1)
    record_of, labels_of = of_tree("ImageRecord"), of_tree("PoseLabels")
    table = of_tree("ClassTable")(tuple(f"object {place}" for place in range(CLASSES)), tuple(range(1, CLASSES + 1)))
    records = []
    for number in range(images):
        own = {name: values[number % BATCH, :objects] for name, values in found.items()}
        labels = labels_of(
            K_4=K_4,
            K_true_4=None,
            R_m2c_N33=own["R"] @ Rotation.from_rotvec(rng.normal(0, 0.03, (objects, 3))).as_matrix(),
            t_m2c_N3=own["t"] + rng.normal(0, 0.003, (objects, 3)),
            has_pose_N=np.ones(objects, np.bool_),
            centers_px_N2=np.zeros((objects, 2)),
            has_center_N=np.zeros(objects, np.bool_),
        )
        boxes, crowd = own["box"] * rng.normal(1, 0.02, (objects, 4)), np.zeros(objects, np.bool_)
        name, areas = f"{number:06d}.png", boxes[:, 2:].prod(axis=1) * WIDTH * HEIGHT
        records.append(record_of(name, Path(name), WIDTH, HEIGHT, "0" * 64, own["class"], boxes, crowd, areas, labels))
    return of_tree("DataIndex")(Path(), "val", table, tuple(records))


def models() -> Any:
    """Bumpy ellipsoids without symmetries."""
    directions = np.random.default_rng(2).normal(size=(VERTICES, 3))
    points = directions / np.linalg.norm(directions, axis=1, keepdims=True) * [0.06, 0.05, 0.04]
    return of_tree("ObjectModels")({place: of_tree("ObjectModel")(points, 0.12) for place in range(CLASSES)})


def batches(*_: Any, num_images: int, **__: Any) -> Iterator[Any]:
    """Instead of what loads images: batches of what the validator looks at."""
    import torch

    letterbox = of_tree("Placement").letterbox(WIDTH, HEIGHT, SIDE, SIDE)
    targets = SimpleNamespace(counts=[1] * BATCH, to=lambda _: targets)
    for start in range(0, num_images, BATCH):
        yield SimpleNamespace(
            images_B3HW=torch.zeros(BATCH, 3, 32, 32),
            targets=targets,
            placements=[letterbox] * BATCH,
            indices=list(range(start, start + BATCH)),
        )


class Score:
    """The metrics that training asks for, and the processor seconds that they took."""

    def __init__(self) -> None:
        self._measure, self._models, self.seconds = of_tree("quick_metrics"), models(), 0.0

    def __call__(self, index: Any, predictions: Any) -> dict[str, float | None]:
        """As `yolozu.training.validate.Score` says."""
        began = time.process_time()
        metrics = self._measure(index, predictions, self._models)
        self.seconds = time.process_time() - began
        return metrics


def validate(index: Any, output: Any, score: Score) -> dict[str, float | None]:
    """Metrics of a network that gives ``output`` for every batch."""
    import torch

    class Network(torch.nn.Module):
        def forward(self, _: torch.Tensor) -> Any:
            return output

    module = importlib.import_module("yolozu.training.validate")
    module.validation_batches = batches
    known = {
        "index": index,
        "preprocess": of_tree("Preprocess")(SIDE, SIDE, 114),
        "loss": SimpleNamespace(of_predictions=lambda *_: (torch.zeros(()), {})),
        "score": score,
        "score_threshold": 0.001,
        "max_detections": output.pred_logits.shape[1],
        "batch_size": BATCH,
        "device": torch.device("cpu"),
    }  # what else a validator has says how images are loaded
    needed = (field.name for field in fields(module.Validator) if field.default is MISSING)
    validator = module.Validator(**{name: known.get(name) for name in needed})
    return validator(Network(), stopping=lambda: False, tell=lambda _: None).metrics


def measure(images: int, detections: int, objects: int) -> dict[str, Any]:
    """One validation here, after one of a batch that makes everything ready."""
    found, score = scene(detections, objects), Score()
    output, index = outputs_of(found), truth_of(found, images, objects)
    validate(truth_of(found, BATCH, objects), output, score)
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before, began = memory("VmRSS"), time.process_time()
    metrics = validate(index, output, score)
    busy = time.process_time() - began
    return {
        "predictions": 1000 * (busy - score.seconds) / images,
        "metrics": 1000 * score.seconds / images,
        "peak": memory("VmHWM") - before,
        "found": {name: value for name, value in metrics.items() if value is not None},
    }


def memory(name: str) -> float:
    """A line of Linux's account of this process, MB."""
    return int(re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text()).group(1)) * 1024 / 1e6


def main() -> None:
    """Measure every checkout in processes of its own, by turns, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", action="append", type=Path, metavar="CHECKOUT", help="default: this one")
    parser.add_argument("--images", type=int, default=1000, help=f"in batches of {BATCH}")
    parser.add_argument("--detections", type=int, default=300, help="per image")
    parser.add_argument("--objects", type=int, default=10, help="per image")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    images = options.images - options.images % BATCH
    if options.here:
        print(json.dumps(measure(images, options.detections, options.objects)))
        return
    trees = options.tree or [Path(__file__).parents[1]]
    sizes = ["--images", images, "--detections", options.detections, "--objects", options.objects]
    command = [sys.executable, str(Path(__file__).resolve()), "--here", *map(str, sizes)]
    found: dict[Path, list[dict[str, Any]]] = {tree: [] for tree in trees}
    for _ in range(options.repetitions):
        for tree in trees:
            environment = {**os.environ, "PYTHONPATH": str(tree.resolve()), "OMP_NUM_THREADS": "1"}
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
            found[tree].append(json.loads(done.stdout))
    print(
        f"{images} images of {options.objects} objects and {options.detections} detections; "
        f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}"
    )
    title = "processor s per 1,000 images"
    width = max(len(title), *(len(str(tree)) for tree in trees))
    print(f"{title:<{width}} predictions  metrics     both  peak MB  kB an image")
    for tree, runs in found.items():
        first, second, peak = (min(run[name] for run in runs) for name in ("predictions", "metrics", "peak"))
        row = f"{first:>11.2f} {second:>8.2f} {first + second:>8.2f} {peak:>8.0f} {1000 * peak / images:>12.0f}"
        print(f"{tree!s:<{width}} {row}")
    for tree, runs in found.items():
        print(f"{tree}: " + ", ".join(f"{name} {value:.6g}" for name, value in runs[0]["found"].items()))


if __name__ == "__main__":
    main()
