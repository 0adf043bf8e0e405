"""What further views of each picture are worth and cost, on the images that a finished run predicts.

    python benchmarks/tta.py --run runs/default [--images 250]

A row is a setting of test-time augmentation (``tta_mode: model``) with the run's best checkpoint in torch: metrics, and
the processor time per image, reading and fusing included. The network runs on one thread, two threads read.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

WITHOUT = "none"
SETTINGS: dict[str, dict[str, Any]] = {
    WITHOUT: {},
    "turns by 5": {"tta_rotations_deg": (0.0, -5.0, 5.0)},
    "turns by 10": {"tta_rotations_deg": (0.0, -10.0, 10.0)},
    "turns by 5 and 10": {"tta_rotations_deg": (0.0, -10.0, -5.0, 5.0, 10.0)},
    "turns by 20": {"tta_rotations_deg": (0.0, -20.0, 20.0)},
    "mirrored": {"tta_flip": True},
    "scales 1, 0.9": {"tta_scales": (1.0, 0.9)},
    "scales 1, 0.8, 1.25": {"tta_scales": (1.0, 0.8, 1.25)},
}
"""Keys of the contract; what a row does not name is the network's own."""

OWN = {"tta_scales": (1.0,), "tta_rotations_deg": (0.0,), "tta_flip": False}
METRICS = ("map50_95", "add_s_01d", "adds_01d", "rot_deg_median", "t_mm_median", "within_5deg_5cm")


def main() -> None:
    """Measure every setting on one run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--run", type=Path, required=True, help="directory of a finished run")
    parser.add_argument("--images", type=int, help="only the first so many")
    asked = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    print(f"{'views':<22}" + "".join(f"{name:>17}" for name in METRICS) + f"{'ms an image':>13}")
    for name, keys in SETTINGS.items():
        metrics, milliseconds = measure(asked.run, asked.images, None if name == WITHOUT else {**OWN, **keys})
        cells = "".join(f"{'-' if metrics.get(key) is None else format(metrics[key], '.4f'):>17}" for key in METRICS)
        print(f"{name:<22}{cells}{milliseconds:>13.1f}", flush=True)


def measure(run: Path, images: int | None, keys: dict[str, Any] | None) -> tuple[dict[str, Any], float]:
    """Metrics, and milliseconds of processor time per image."""
    import torch

    torch.set_num_threads(1)
    from dataclasses import replace

    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.contract.sections.predict import TtaSection
    from yolozu.data.index import DataIndex
    from yolozu.evaluation.boxes.coco import evaluate_coco
    from yolozu.evaluation.pose.evaluate import evaluate_pose
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.predict.adapters.opening import open_adapter
    from yolozu.progress import SilentProgress

    index = DataIndex.read(run / "data/predict.json")
    index = replace(index, records=index.records[:images])
    request = AdapterRequest(
        classes=index.classes,
        progress=SilentProgress(),
        checkpoint=run / "checkpoints/best.pt",
        views=None if keys is None else TtaSection(tta=True, tta_mode="model", **keys),
    )
    adapter = open_adapter("rtdetr_pose", request)
    adapter.predict(index.records[:8])  # what the first batch costs once
    started = time.process_time()
    predictions = adapter.predict(index.records)
    milliseconds = 1000.0 * (time.process_time() - started) / len(index.records)
    metrics = dict(evaluate_coco(index, predictions, engine="hotcoco").metrics)
    if index.has_poses:
        metrics |= evaluate_pose(index, ObjectModels.read(run / "data/models.json"), predictions).metrics
    return metrics, milliseconds


if __name__ == "__main__":
    main()
