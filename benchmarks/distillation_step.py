"""What a teacher costs: a training step with it beside the same step without, interleaved in one process.

    python benchmarks/distillation_step.py [--size 128] [--rounds 15]

A compact detector on batches of 16 random images of 2 classes with 2 to 6 objects each; the teacher has the same
architecture and knows the first class. Prints median and fastest step of fine-tuning, of distillation, and of
distillation with pseudo-labels, and how many times as long they take: processor time of one thread, which other
programs on the machine do not change.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING

import torch

from yolozu.contract.sections.losses import LossSection
from yolozu.contract.sections.matching import MatchingSection
from yolozu.contract.sections.model import ModelConfig
from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.optim import LengthSection, OptimSection, ScheduleSection
from yolozu.contract.sections.train import LoopSection
from yolozu.data.collate import Batch
from yolozu.data.preprocess import Preprocess
from yolozu.model.detector import build_detector
from yolozu.structures.targets import Targets
from yolozu.training.config import TrainingConfig, build_criterion, build_learner
from yolozu.training.teacher import PseudoLabels, Teaching

if TYPE_CHECKING:
    from yolozu.training.learner import Learner

THREADS, IMAGES, CLASSES, WARM_UP = 1, 16, 2, 2
MODEL = ModelConfig.model_validate(
    {
        "backbone": {"name": "tiny_cnn"},
        "projector": {"d_model": 64},
        "encoder": {"num_heads": 4, "ffn_dim": 128, "expansion": 0.5, "fusion_blocks": 1},
        "decoder": {"num_layers": 3, "num_heads": 4, "ffn_dim": 128},
        "denoising": {"num_queries": 20},
        "num_queries": 40,
        "anchor_size": 0.15,
    }
)


def batch_of(size: int) -> Batch:
    """Random pixels and objects."""
    generator = torch.Generator().manual_seed(0)
    valid_BT = torch.arange(6)[None] < torch.randint(2, 7, (IMAGES, 1), generator=generator)
    sides = torch.rand(IMAGES, 6, 2, generator=generator) * 0.3 + 0.1
    centers = sides / 2 + torch.rand(IMAGES, 6, 2, generator=generator) * (1 - sides)
    labels_BT = torch.randint(0, CLASSES, (IMAGES, 6), generator=generator) * valid_BT
    targets = Targets(labels_BT, torch.cat([centers, sides], dim=2) * valid_BT[..., None], valid_BT)
    pixels = torch.randint(0, 255, (IMAGES, size, size, 3), dtype=torch.uint8, generator=generator)
    return Batch(pixels.permute(0, 3, 1, 2), targets, [], list(range(IMAGES)))


def teaching(*, pseudo_labels: PseudoLabels) -> Teaching:
    """An untrained teacher, which sees some objects all the same: the score asks for little."""
    torch.manual_seed(1)
    detector = build_detector(MODEL, num_classes=1)
    return Teaching(
        detector, MODEL.model_dump(mode="json"), "random weights", 1, weight=1.0, temperature=1.0, kl="reverse",
        keys=("logits", "bbox"), pseudo_labels=pseudo_labels, pseudo_label_score=0.001,
    )  # fmt: skip


def learner(size: int, taught: Teaching | None) -> Learner:
    """A training of the detector."""
    torch.manual_seed(0)
    config = TrainingConfig(
        seed=0,
        device="cpu",
        optim=OptimSection(),
        schedule=ScheduleSection(),
        length=LengthSection(),
        loop=LoopSection(),
        operations=OperationsSection(),
    )
    return build_learner(
        config,
        build_detector(MODEL, num_classes=CLASSES),
        build_criterion(MatchingSection(), LossSection()),
        preprocess=Preprocess(size, size, 114),
        total_steps=1000,
        teaching=taught,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(THREADS)
    batch = batch_of(options.size)
    contenders = {
        "fine-tuning": learner(options.size, None),
        "distillation": learner(options.size, teaching(pseudo_labels="none")),
        "and pseudo-labels": learner(options.size, teaching(pseudo_labels="train")),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for step in range(WARM_UP + options.rounds):
        for name, contender in contenders.items():
            begun = time.process_time()
            contender.learn([batch], step)
            if step >= WARM_UP:
                seconds[name].append(time.process_time() - begun)
    plain = seconds["fine-tuning"]
    for name, times in seconds.items():
        ratio = statistics.median(one / other for one, other in zip(times, plain, strict=True))
        middle, fastest = statistics.median(times) * 1e3, min(times) * 1e3
        print(f"{name:20} median {middle:7.1f} ms  fastest {fastest:7.1f} ms  {ratio:.2f}", flush=True)


if __name__ == "__main__":
    main()
