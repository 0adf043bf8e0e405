"""What test-time training is worth: the protocol of docs/ttt_protocol.md on the validation images of finished runs.

    python benchmarks/ttt.py --run runs/default --mim-run runs/ttt [--seeds 3] [--jobs 2] [--only mim] [--out FILE]

Every row is a method, every column a condition; a cell is the mean over seeds of mAP50-95 with adaptation minus that of
the same network as it is on the same pictures, with the standard deviation. A seed decides what is random about the
corruption, the order of the pictures, masks and fresh adapters. Each task runs on one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

CONDITIONS: dict[str, tuple[str, int] | None] = {
    "clean": None,
    "gaussian_noise": ("gaussian_noise", 3),
    "defocus_blur": ("defocus_blur", 3),
    "fog": ("fog", 3),
    "contrast": ("contrast", 3),
}
"""One corruption of each family (noise, blur, weather, digital) at severity 3, and the pictures as they are."""

STREAM = {"ttt_reset": "stream", "ttt_batch_size": 4}
SAFE, MIM = {"ttt_preset": "safe"}, {"ttt_preset": "mim_safe"}
STATISTICS, WITHOUT = {"ttt_steps": 0}, {"ttt_norm_weight": 0.0}

METHODS: dict[str, dict[str, Any]] = {
    "tent safe, stream": SAFE | STREAM,
    "tent safe, sample": SAFE,
    "mim_safe, stream": MIM | STREAM,
    "mim_safe, sample": MIM,
    "statistics alone, stream": STATISTICS | STREAM,
    "statistics alone, sample": STATISTICS,
    "tent without statistics, stream": SAFE | WITHOUT | STREAM,
    "mim without statistics, stream": MIM | WITHOUT | STREAM,
    "mim without statistics, sample": MIM | WITHOUT,
}
"""Keys of the contract; the last five take the first four apart."""

METRICS = ("map50_95", "add_01d")


@dataclass(frozen=True)
class Task:
    """One method on one condition with one seed."""

    method: str
    condition: str
    seed: int
    run: Path
    images: int


def measure(task: Task) -> dict[str, Any]:
    """What one task gives: metrics without and with adaptation, cost, losses, broken limits."""
    import torch

    torch.set_num_threads(1)
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.contract.sections.predict import TttSection
    from yolozu.data.corruption.corruption import Corruption
    from yolozu.evaluation.quick_metrics import quick_metrics
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.predict.adapters.opening import open_adapter
    from yolozu.predict.ttt.report import ttt_report
    from yolozu.predict.ttt.session import SwitchedProgress, predict_adapting
    from yolozu.progress import SilentProgress

    index = subset(task.run, task.images)
    models = ObjectModels.read(task.run / "data/models.json") if index.has_poses else None
    condition = CONDITIONS[task.condition]
    progress = SwitchedProgress(SilentProgress())
    request = AdapterRequest(
        classes=index.classes,
        progress=progress,
        checkpoint=task.run / "checkpoints/best.pt",
        transform=None if condition is None else Corruption(*condition, seed=task.seed),
    )
    order = np.random.default_rng(task.seed).permutation(len(index.records)).tolist()
    run = predict_adapting(
        open_adapter("rtdetr_pose", request),
        [index.records[place] for place in order],
        TttSection(ttt=True, ttt_seed=task.seed, **METHODS[task.method]),
        progress,
        name="rtdetr_pose",
    )
    report = ttt_report(run, lambda predictions: quick_metrics(index, predictions, models))
    before, after = report.no_adapt.metrics, report.adapted.metrics
    assert before is not None
    assert after is not None
    return {
        "method": task.method,
        "condition": task.condition,
        "seed": task.seed,
        "no_adapt": {name: before.get(name) for name in METRICS},
        "adapted": {name: after.get(name) for name in METRICS},
        "cost": report.cost.model_dump(),
        "loss": [report.loss_first, report.loss_last],
        "stops": report.stops,
    }


def subset(run: Path, images: int) -> Any:
    """The first so many validation images of a run."""
    from yolozu.data.index import DataIndex

    index = DataIndex.read(run / "data/predict.json")
    return replace(index, records=index.records[:images])


def show(done: list[dict[str, Any]], metric: str) -> None:
    """A table of differences."""
    print(f"\n{metric}: with adaptation minus without, mean and standard deviation over seeds")
    print(f"{'':<32}" + "".join(f"{name:>16}" for name in CONDITIONS) + f"{'time':>8}")
    for method in METHODS:
        rows = [row for row in done if row["method"] == method]
        if rows:
            cells = [_cell([row for row in rows if row["condition"] == name], metric) for name in CONDITIONS]
            cost = statistics.median(row["cost"]["ratio"] for row in rows)
            print(f"{method:<32}" + "".join(f"{cell:>16}" for cell in cells) + f"{cost:>7.1f}x")
    for title, methods in (("as it is", ("tent safe, stream",)), ("as it is, with mim", ("mim_safe, stream",))):
        rows = [row for row in done if row["method"] in methods]
        if rows:
            levels = [[row["no_adapt"][metric] for row in rows if row["condition"] == name] for name in CONDITIONS]
            print(f"{title:<32}" + "".join(f"{statistics.mean(values):>16.3f}" for values in levels if values))


def _cell(rows: list[dict[str, Any]], metric: str) -> str:
    gains = [row["adapted"][metric] - row["no_adapt"][metric] for row in rows]
    if not gains:
        return "-"
    return f"{statistics.mean(gains):+.3f} ± {statistics.stdev(gains) if len(gains) > 1 else 0.0:.3f}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--run", type=Path, required=True, help="directory of a finished run")
    arguments.add_argument("--mim-run", type=Path, help="of one trained with enable_mim; without it mim is left out")
    arguments.add_argument("--images", type=int, default=250)
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments.add_argument("--only", default="", help="methods whose name holds this")
    arguments.add_argument("--out", type=Path, help="write all numbers there, as JSON")
    options = arguments.parse_args()

    from yolozu.evaluation.benchmark.protocol import truth_digest

    runs = {method: options.mim_run if "mim" in method else options.run for method in METHODS if options.only in method}
    for run in dict.fromkeys(run for run in runs.values() if run is not None):
        index = subset(run, options.images)
        digest = truth_digest(index.records, index.classes.category_ids)
        print(f"{run}: {len(index.records)} images of {index.split}, sha256 {digest}")
    tasks = [
        Task(method, condition, seed, run, options.images)
        for method, run in runs.items()
        if run is not None
        for condition in CONDITIONS
        for seed in range(options.seeds)
    ]
    done = []
    with ProcessPoolExecutor(options.jobs) as pool:
        for number, future in enumerate(as_completed(pool.submit(measure, task) for task in tasks), 1):
            done.append(future.result())
            print(f"\r{number}/{len(tasks)}", end="", flush=True)
    for metric in METRICS:
        show(done, metric)
    if options.out is not None:
        options.out.write_text(json.dumps(done, indent=1))


if __name__ == "__main__":
    main()
