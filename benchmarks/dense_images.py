"""A training step on dense images: seconds with the budget of denoising queries, and with two of every object.

OMP_NUM_THREADS=1 python benchmarks/dense_images.py [--objects 100 700 1500] [--steps 3]
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import torch

from yolozu.contract.sections.losses import LossSection
from yolozu.contract.sections.matching import MatchingSection
from yolozu.contract.sections.trained_model import TrainedModelConfig
from yolozu.model.denoising import Denoising
from yolozu.model.detector import Detector, build_detector
from yolozu.structures.targets import Targets
from yolozu.training.config import build_criterion

if TYPE_CHECKING:
    from yolozu.training.criterion import Criterion

BUDGET = 100
IMAGES, SIDE = 2, 96
MODEL = {"backbone": {"name": "tiny_cnn"}, "projector": {"d_model": 64}, "num_queries": 20}


def dense(objects: int) -> Targets:
    """Two images with so many small objects each."""
    generator = torch.Generator().manual_seed(1)
    centers = torch.rand(IMAGES, objects, 2, generator=generator) * 0.9 + 0.05
    boxes = torch.cat([centers, torch.full_like(centers, 0.01)], dim=-1)
    return Targets(boxes.new_zeros(IMAGES, objects, dtype=torch.int64), boxes, torch.ones(IMAGES, objects) > 0)


def seconds(detector: Detector, loss: Criterion, targets: Targets, budget: int, steps: int) -> tuple[float, int]:
    """The shortest of some steps, and the denoising queries of each."""
    assert isinstance(detector.denoising, Denoising)
    detector.denoising.num_queries = budget
    images, shortest, queries = torch.rand(IMAGES, 3, SIDE, SIDE), float("inf"), 0
    for step in range(steps):
        started = time.perf_counter()
        output = detector(images, targets, torch.Generator().manual_seed(step))
        loss(output, targets)[0].backward()
        shortest, queries = min(shortest, time.perf_counter() - started), output.denoising.groups.num_queries
    return shortest, queries


def main() -> None:
    """Measure both in turn for each number of objects, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, nargs="+", default=[100, 700, 1500])
    parser.add_argument("--steps", type=int, default=3)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    detector = build_detector(TrainedModelConfig.model_validate(MODEL), num_classes=2).train()
    loss = build_criterion(MatchingSection(), LossSection())
    for objects in arguments.objects:
        targets = dense(objects)
        (own, queries), (all_of_them, more) = (
            seconds(detector, loss, targets, budget, arguments.steps) for budget in (BUDGET, max(BUDGET, objects))
        )
        print(
            f"{objects} objects: {own:.2f} s with {queries} queries, {all_of_them:.2f} s with {more}: "
            f"{all_of_them / own:.1f} times"
        )


if __name__ == "__main__":
    main()
