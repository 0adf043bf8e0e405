"""Torch and ONNX Runtime on the same images: whether they agree, and how fast each is from files to a file.

    python benchmarks/adapters.py --checkpoint best.pt --onnx model.onnx --dataset ROOT [--split val]
        [--images 128] [--batch-size 8] [--repeats 3]

Every repeat is a fresh process, and the two take turns. A run begins with the first image read and ends with the
predictions written; opening the model is told apart. Decoding and letterboxing happen in threads beside the model, so
that the shares of the parts may add up to more than the run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
from pycocotools import mask
from scipy.optimize import linear_sum_assignment

from yolozu.artifacts.predictions import read_predictions
from yolozu.structures.predictions import ImagePredictions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

ADAPTERS = {"torch": "rtdetr_pose", "ort": "onnxruntime"}
PARTS = ("decode", "letterbox", "normalize", "model", "postprocess", "write")
LEAST_IOU = 0.5
SHOWN = 10
MM_PER_METRE = 1000.0
TOLERANCES = {"IoU": 0.99, "score": 1e-3, "rotation": 0.1, "translation": 0.1}


class Stopwatch:
    """Seconds by part: of the processor in threads that read, of the clock elsewhere."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._lock = threading.Lock()

    def timed(self, part: str, function: Callable[..., Any], clock: Callable[[], float]) -> Callable[..., Any]:
        """``function``, its time counted as ``part``."""

        def call(*args: Any, **kwargs: Any) -> Any:
            started = clock()
            try:
                return function(*args, **kwargs)
            finally:
                with self._lock:
                    self.seconds[part] += clock() - started

        return call


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Predict once in this process."""
    from yolozu.app.images_to_predict import surveyed
    from yolozu.predict import batches, detect, run
    from yolozu.predict.adapters import rtdetr_pose
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.progress import SilentProgress

    images = surveyed(options.dataset, options.split)
    request = AdapterRequest(
        classes=images.classes,
        progress=SilentProgress(),
        checkpoint=options.checkpoint,
        onnx=options.onnx,
        batch_size=options.batch_size,
    )
    from yolozu.data.placement import Placement
    from yolozu.data.preprocess import Preprocess
    from yolozu.model.detector import Detector
    from yolozu.model.onnx_network import OnnxNetwork

    watch, wall, own = Stopwatch(), time.perf_counter, time.thread_time
    places = (
        (batches, "read_image", "decode", own),
        (Placement, "paste", "letterbox", own),
        (Preprocess, "to_network", "normalize", wall),
        (rtdetr_pose, "network_input", "normalize", wall),
        (OnnxNetwork, "__call__", "model", wall),
        (Detector, "forward", "model", wall),
        (detect, "decode_detections", "postprocess", wall),
        (detect, "on_original_image", "postprocess", wall),
        (run, "write_predictions", "write", wall),
    )
    with ExitStack() as stack:
        for owner, name, part, clock in places:
            stack.enter_context(patch.object(owner, name, watch.timed(part, getattr(owner, name), clock)))
        started = wall()
        done = run.predict_to_file(
            ADAPTERS[options.worker], request, images.index.records[: options.images], options.output
        )
        total = wall() - started
    seconds = done.seconds + watch.seconds["write"]
    return {"images": done.images, "open_s": total - seconds, "seconds": seconds, "parts": dict(watch.seconds)}


@dataclass(frozen=True)
class Pair:
    """Two detections of one object.

    Attributes:
        image: on which they are.
        score: the higher one.
        depth_m: of the first; None without one.
        iou: of their boxes.
        apart: difference of scores, degrees between rotations, mm between translations; None without poses.
    """

    image: str
    score: float
    depth_m: float | None
    iou: float
    apart: dict[str, float | None]

    def fits(self) -> bool:
        """Whether nothing is further apart than allowed."""
        values = [value for name, value in self.apart.items() if value is not None and value > TOLERANCES[name]]
        return self.iou >= TOLERANCES["IoU"] and not values


def matched(first: ImagePredictions, second: ImagePredictions) -> tuple[list[Pair], list[float]]:
    """Pairs of one class, as much alike as possible, and the scores of the detections that have no partner."""
    ious = _ious(first.boxes_cxcywh, second.boxes_cxcywh)
    scores = np.abs(first.scores[:, None] - second.scores[None])
    possible = (first.class_ids[:, None] == second.class_ids[None]) & (ious >= LEAST_IOU)
    rows, columns = linear_sum_assignment(np.where(possible, scores - ious, 10.0))
    kept = possible[rows, columns]
    rows, columns = rows[kept], columns[kept]
    pairs = [
        Pair(
            first.image,
            max(first.scores[row], second.scores[column]),
            first.poses["t_xyz"][row, 2] if "t_xyz" in first.poses else None,
            ious[row, column],
            {"score": scores[row, column], **_poses_apart(first, row, second, column)},
        )
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    ]
    alone = [*np.delete(first.scores, rows).tolist(), *np.delete(second.scores, columns).tolist()]
    return pairs, alone


def _poses_apart(first: ImagePredictions, row: int, second: ImagePredictions, column: int) -> dict[str, float | None]:
    one, other = (
        {name: values[place] for name, values in entry.poses.items()}
        for entry, place in ((first, row), (second, column))
    )
    if "R" not in one or "R" not in other:
        return {"rotation": None, "translation": None}
    # The angle by its sine: its cosine cannot tell small angles.
    chord = np.linalg.norm(one["R"] - other["R"]) / np.sqrt(8.0)
    t_known = "t_xyz" in one and "t_xyz" in other
    shift = float(np.linalg.norm(one["t_xyz"] - other["t_xyz"])) * MM_PER_METRE if t_known else None
    return {"rotation": float(np.degrees(2.0 * np.arcsin(min(1.0, chord)))), "translation": shift}


def _ious(first_cxcywh: NDArray[np.float64], second_cxcywh: NDArray[np.float64]) -> NDArray[np.float64]:
    one, other = (
        np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, 2:]], axis=1)
        for boxes in (first_cxcywh, second_cxcywh)
    )
    ious = mask.iou(one, other, np.zeros(len(other), dtype=np.uint8))
    return np.reshape(ious, (len(one), len(other)))


def agreement(first: Sequence[ImagePredictions], second: Sequence[ImagePredictions]) -> None:
    """Print how far apart the predictions of the same images are."""
    found = [matched(one, other) for one, other in zip(first, second, strict=True)]
    pairs = [pair for some, _ in found for pair in some]
    alone = sorted((score for _, some in found for score in some), reverse=True)
    print(f"agreement: {len(pairs)} pairs on {len(first)} images, {len(alone)} detections without partner")
    if alone:
        print(f"  without partner: scores up to {alone[0]:.4f}")
    for least in (0.0, 0.01, 0.3):
        some = [pair for pair in pairs if pair.score >= least]
        if not some:
            continue
        line = f"  score >= {least:<4g} {len(some):6} pairs: min IoU {min(pair.iou for pair in some):.5f}"
        for name, unit in (("score", ""), ("rotation", "°"), ("translation", " mm")):
            values = [pair.apart[name] for pair in some if pair.apart[name] is not None]
            line += f", {name} {max(values):.2g}{unit}" if values else ""
        print(f"{line}; out of tolerance: {sum(not pair.fits() for pair in some)}")
    for pair in [pair for pair in pairs if not pair.fits()][:SHOWN]:
        apart = ", ".join(f"{name} {value:.3g}" for name, value in pair.apart.items() if value is not None)
        depth = "" if pair.depth_m is None else f", {pair.depth_m:.3f} m away"
        print(f"  out of tolerance: {pair.image}, score {pair.score:.4f}{depth}: IoU {pair.iou:.5f}, {apart}")


def in_turns(options: argparse.Namespace, directory: Path) -> dict[str, list[dict[str, Any]]]:
    """Fresh processes, one adapter after the other; the predictions of the last ones stay in ``directory``."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in ADAPTERS}
    for _ in range(options.repeats):
        for name in ADAPTERS:
            words = [*sys.argv[1:], "--worker", name, "--output", str(directory / f"{name}.json")]
            done = subprocess.run([sys.executable, __file__, *words], check=True, stdout=subprocess.PIPE, text=True)
            runs[name].append(json.loads(done.stdout))
    return runs


def report(runs: dict[str, list[dict[str, Any]]]) -> None:
    """Print images/s and the share of each part, medians over the repeats."""
    print(f"{'':<8}{'images/s':>10}{'best':>8}{'open s':>8}" + "".join(f"{part:>13}" for part in PARTS))
    for name, some in runs.items():
        rates = [run["images"] / run["seconds"] for run in some]
        shares = [statistics.median(run["parts"].get(part, 0.0) / run["seconds"] for run in some) for part in PARTS]
        opened = statistics.median(run["open_s"] for run in some)
        row = f"{name:<8}{statistics.median(rates):>10.2f}{max(rates):>8.2f}{opened:>8.2f}"
        print(row + "".join(f"{share:>13.1%}" for share in shares))
    ratios = [one["seconds"] / other["seconds"] for one, other in zip(*runs.values(), strict=True)]
    print(f"ONNX Runtime is {statistics.median(ratios):.2f} times as fast as torch (median of {len(ratios)} turns)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--onnx", type=Path, required=True)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--split", default=None)
    parser.add_argument("--images", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--worker", choices=ADAPTERS, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker is not None:
        print(json.dumps(measure(options)))
        return
    with tempfile.TemporaryDirectory() as directory:
        print(f"{len(os.sched_getaffinity(0))} processors, load {os.getloadavg()[0]:.1f}")
        runs = in_turns(options, Path(directory))
        report(runs)
        agreement(*(read_predictions(Path(directory) / f"{name}.json") for name in ADAPTERS))


if __name__ == "__main__":
    main()
