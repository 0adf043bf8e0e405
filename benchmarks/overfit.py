"""Can the detector learn at all? Eight real photos, from random weights, until it finds nearly everything in them.

    python benchmarks/overfit.py [DATA_SET] [SPLIT]

Trains through the same loop as `yolozu train`, without augmentation, and validates on the training images themselves.
DATA_SET is a directory in YOLO layout (default: ../shared/data/coco128, split train2017). Exit 1 when the goal is
missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import torch

from yolozu.artifacts.digest import DigestCache
from yolozu.contract.sections.data import AugmentSection
from yolozu.contract.sections.losses import LossSection
from yolozu.contract.sections.matching import MatchingSection
from yolozu.contract.sections.model import ModelConfig
from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.optim import LengthSection, OptimSection, ScheduleSection
from yolozu.contract.sections.train import LoopSection
from yolozu.data.dataset import TrainingImages, ValidationImages
from yolozu.data.index import DataIndex
from yolozu.data.layouts.layout import find_layout
from yolozu.data.preprocess import Preprocess
from yolozu.data.survey import index_of, survey
from yolozu.errors import Interrupted
from yolozu.evaluation.boxes.coco import evaluate_coco
from yolozu.model.detector import build_detector
from yolozu.progress import SilentProgress
from yolozu.structures.predictions import ImagePredictions
from yolozu.training.checkpointing import CheckpointInfo, TrainingFiles
from yolozu.training.config import Materials, TrainingConfig, build_criterion
from yolozu.training.loop import fit
from yolozu.training.non_finite.policy import NonFinitePolicy
from yolozu.training.randomness import seeded
from yolozu.training.resume import ResumeSources
from yolozu.training.validate import Score

GOAL_MAP50 = 0.9
GOAL_SECONDS = 120.0
IMAGES = 8
EVERY = 10
DATA_SET = Path(__file__).parents[2] / "shared" / "data" / "coco128"
PREPROCESS = Preprocess(height=256, width=256, fill=114)
MODEL = ModelConfig.model_validate(
    {
        "backbone": {"name": "tiny_cnn"},
        "projector": {"d_model": 128},
        "encoder": {"ffn_dim": 256, "expansion": 0.5, "fusion_blocks": 1},
        "decoder": {"num_layers": 3, "ffn_dim": 256},
        "denoising": {"num_queries": 50},
        "num_queries": 100,
    }
)
CONFIG = TrainingConfig(
    seed=0,
    device="cpu",
    optim=OptimSection(lr=5e-4, weight_decay=0.0),
    schedule=ScheduleSection(),
    length=LengthSection(max_steps=400),
    loop=LoopSection(batch_size=IMAGES, use_ema=True, ema_decay=0.99, ema_eval=True, val_every=EVERY),
    operations=OperationsSection(log_every=20, cache="ram", save_last_every=10_000),
)


class Watch:
    """Scores validations, prints them, and asks to stop once one has reached the goal."""

    def __init__(self) -> None:
        self.map50 = 0.0
        self.step = 0
        self.seconds = 0.0
        self._started = time.perf_counter()

    def score(self, index: DataIndex, predictions: list[ImagePredictions]) -> dict[str, float | None]:
        """The metrics, printed."""
        metrics = evaluate_coco(index, predictions, engine="hotcoco").metrics
        self.seconds = time.perf_counter() - self._started
        assert metrics["map50"] is not None
        assert metrics["map50_95"] is not None
        self.map50 = metrics["map50"]
        self.step += EVERY
        print(f"{self.step:>5} {metrics['map50']:>6.3f} {metrics['map50_95']:>9.3f} {self.seconds:>8.1f}", flush=True)
        return metrics

    def stopping(self) -> bool:
        """Whether the goal is reached."""
        return self.map50 >= GOAL_MAP50


def first_images(root: Path, split: str) -> DataIndex:
    """The first images of a split that have objects."""
    with tempfile.TemporaryDirectory() as directory, DigestCache(Path(directory) / "digests.sqlite") as cache:
        found = survey(find_layout(root), [split], cache, SilentProgress())
    images = [image for image in found.splits[0].images if image.labeled.instances]
    return index_of(found, found.splits[0], images[:IMAGES], root_base="cwd")


def materials_of(index: DataIndex, score: Score) -> Materials:
    with seeded(CONFIG.seed, "weights"):
        detector = build_detector(MODEL, num_classes=len(index.classes))
    return Materials(
        detector=detector,
        loss=build_criterion(MatchingSection(), LossSection()),
        preprocess=PREPROCESS,
        train_index=index,
        train_images=TrainingImages(index, PREPROCESS, AugmentSection(), CONFIG.seed, "ram"),
        val_index=index,
        val_images=ValidationImages(index, PREPROCESS, "ram"),
        score=score,
        score_threshold=0.001,
        max_detections=300,
    )


def train(index: DataIndex, watch: Watch, directory: Path) -> None:
    """Until the goal, or to the end."""
    info = CheckpointInfo(MODEL.model_dump(mode="json"), index.classes, PREPROCESS.to_json(), {}, "", "")
    files = TrainingFiles(
        last=directory / "last.pt",
        best=directory / "best.pt",
        train_metrics=directory / "train.jsonl",
        val_metrics=directory / "val.jsonl",
        pending_best=directory / "best.pending.pt",
        black_boxes=directory / "black_box",
    )
    materials = materials_of(index, watch.score)
    with suppress(Interrupted):  # how the loop says that it has stopped on request
        fit(
            CONFIG,
            materials,
            info,
            files,
            guard=NonFinitePolicy(CONFIG, info, [record.image for record in index.records], files.black_boxes),
            sources=ResumeSources({}),
            progress=SilentProgress(),
            stopping=watch.stopping,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_set", nargs="?", type=Path, default=DATA_SET)
    parser.add_argument("split", nargs="?", default="train2017")
    options = parser.parse_args()
    index = first_images(options.data_set, options.split)
    print(
        f"{len(index)} images, {index.num_instances} objects, {torch.get_num_threads()} threads; every {EVERY} steps:"
    )
    print(f"{'mAP50':>6} {'mAP50-95':>9} {'seconds':>8}")
    watch = Watch()
    with tempfile.TemporaryDirectory() as directory:
        train(index, watch, Path(directory))
    reached = watch.map50 >= GOAL_MAP50 and watch.seconds <= GOAL_SECONDS
    print(f"goal: mAP50 {GOAL_MAP50} within {GOAL_SECONDS:.0f} s: {'reached' if reached else 'missed'}")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
