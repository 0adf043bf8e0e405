"""A training of seconds: rectangles of two colors, a detector of a few thousand parameters."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from yolozu.artifacts.classes import ClassTable
from yolozu.artifacts.digest import digest_of
from yolozu.contract.data import AugmentSection
from yolozu.contract.model import ModelConfig
from yolozu.contract.objective import LossSection, MatchingSection
from yolozu.contract.optim import LengthSection, OptimSection, ScheduleSection
from yolozu.contract.train import LoopSection, OperationsSection
from yolozu.data.dataset import TrainingImages, ValidationImages
from yolozu.data.index import DataIndex, ImageRecord
from yolozu.data.preprocess import Preprocess
from yolozu.model.detector import build_detector
from yolozu.progress import SilentProgress
from yolozu.training.criterion import build_criterion
from yolozu.training.distributed import ALONE, Group
from yolozu.training.keeper import About, TrainingFiles
from yolozu.training.loop import Summary, fit
from yolozu.training.metrics_log import comparable
from yolozu.training.randomness import seeded
from yolozu.training.recipe import Materials, Recipe
from yolozu.training.resume import Origin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from yolozu.artifacts.predictions import ImagePredictions

SIDE = 64
COLORS = ((220, 40, 40), (40, 60, 220))
CLASSES = ClassTable(("red", "blue"), (1, 7))
PREPROCESS = Preprocess(SIDE, SIDE, 114)
MODEL = ModelConfig.model_validate(
    {
        "backbone": {"name": "tiny_cnn", "args": {"width_mult": 0.25}},
        "projector": {"d_model": 32},
        "encoder": {"num_heads": 2, "ffn_dim": 32, "expansion": 0.25, "fusion_blocks": 1},
        "decoder": {"num_layers": 2, "num_heads": 2, "num_points": 2, "ffn_dim": 32, "dropout": 0.1},
        "denoising": {"num_queries": 4},
        "num_queries": 8,
        "anchor_size": 0.2,
    }
)
AUGMENT = AugmentSection(hflip_prob=0.5, hsv_v=0.3, scale_min=0.8, scale_max=1.2, translate=0.1)


def make_index(root: Path, split: str, count: int, seed: int) -> DataIndex:
    """``count`` images of one or two rectangles each, written below ``root``; the last one is empty."""
    (root / split).mkdir(parents=True)
    generator = np.random.default_rng(seed)
    records = []
    for number in range(count):
        objects = 0 if number == count - 1 else int(generator.integers(1, 3))
        image = generator.integers(90, 150, (SIDE, SIDE, 3)).astype(np.uint8)
        sizes, labels = generator.uniform(0.25, 0.5, (objects, 2)), generator.integers(0, 2, objects)
        centers = sizes / 2 + generator.uniform(0, 1, (objects, 2)) * (1 - sizes)
        boxes = np.concatenate([centers, sizes], axis=1)
        for (cx, cy, w, h), label in zip(boxes * SIDE, labels, strict=True):
            image[round(cy - h / 2) : round(cy + h / 2), round(cx - w / 2) : round(cx + w / 2)] = COLORS[label]
        path = root / split / f"{number:03}.png"
        Image.fromarray(image).save(path)
        records.append(
            ImageRecord(
                image=f"{split}/{number:03}.png",
                path=path,
                width=SIDE,
                height=SIDE,
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                class_indices=labels,
                boxes_cxcywh=boxes,
                is_crowd=np.zeros(objects, dtype=bool),
                areas_px=boxes[:, 2] * boxes[:, 3] * SIDE * SIDE,
            )
        )
    return DataIndex(root, split, CLASSES, tuple(records))


def recipe(**changes: object) -> Recipe:
    """A recipe that uses everything; ``changes`` replace keys of any section."""
    keys: dict[str, object] = {
        "lr": 2e-3,
        "gradient_accumulation_steps": 2,
        "clip_grad_norm": 1.0,
        "lr_warmup_steps": 2,
        "max_steps": 10,
        "batch_size": 2,
        "use_ema": True,
        "ema_decay": 0.9,
        "ema_eval": True,
        "val_every_steps": 3,
        "save_last_every": 2,
        "log_every": 1,
        **changes,
    }
    sections = {
        name: section(**{key: value for key, value in keys.items() if key in section.model_fields})
        for name, section in {
            "optim": OptimSection,
            "schedule": ScheduleSection,
            "length": LengthSection,
            "loop": LoopSection,
            "operations": OperationsSection,
        }.items()
    }
    return Recipe(seed=3, device="cpu", **sections)


@dataclass(frozen=True)
class Tiny:
    """Indices, and everything needed to train on them."""

    train: DataIndex
    val: DataIndex

    def materials(self, chosen: Recipe) -> Materials:
        """Fresh ones, with the weights that the seed gives."""
        with seeded(chosen.seed, "weights"):
            detector = build_detector(MODEL, num_classes=len(CLASSES))
        return Materials(
            detector=detector,
            loss=build_criterion(MatchingSection(), LossSection()),
            preprocess=PREPROCESS,
            train_index=self.train,
            train_images=TrainingImages(self.train, PREPROCESS, AUGMENT, chosen.seed),
            val_index=self.val,
            val_images=ValidationImages(self.val, PREPROCESS),
            score=scattered_score,
            score_threshold=0.001,
            max_detections=50,
        )

    def fit(
        self,
        directory: Path,
        chosen: Recipe,
        *,
        materials: Materials | None = None,
        published: Path | None = None,
        insist: bool = False,
        stopping: Callable[[], bool] = lambda: False,
        progress: object = None,
        processes: Group = ALONE,
    ) -> Summary:
        """Train in ``directory``, from where an earlier try got to; ``published`` is the directory of one to extend."""
        return fit(
            chosen,
            self.materials(chosen) if materials is None else materials,
            about_of(chosen),
            files_in(directory),
            origin=Origin({} if published is None else published_in(published), insist=insist),
            progress=SilentProgress() if progress is None else progress,
            stopping=stopping,
            processes=processes,
        )


def scattered_score(index: DataIndex, predictions: list[ImagePredictions]) -> dict[str, float | None]:
    """A number in [0, 1) that any changed bit of the predictions changes: it goes up and down from step to step."""
    content = b"".join(entry.scores.tobytes() + entry.boxes_cxcywh.tobytes() for entry in predictions)
    return {"map50_95": hashlib.sha256(content).digest()[0] / 256, "map50": None}


def outcome(directory: Path) -> dict[str, object]:
    """All that two equal trainings have in common: whole checkpoints, and rows without durations."""
    files = files_in(directory)
    rows = {
        path.name: [comparable(json.loads(line)) for line in path.read_text().splitlines()]
        for path in (files.train_metrics, files.val_metrics)
    }
    checkpoints = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (files.last, files.best)}
    return {**rows, **checkpoints}


def about_of(chosen: Recipe) -> About:
    spec = {name: getattr(chosen, name).model_dump(mode="json") for name in ("optim", "schedule", "length", "loop")}
    spec |= {"matching": MatchingSection().model_dump(mode="json"), "losses": LossSection().model_dump(mode="json")}
    digest = digest_of(spec)
    return About(MODEL.model_dump(mode="json"), CLASSES, PREPROCESS.to_json(), spec, digest, digest)


def files_in(directory: Path) -> TrainingFiles:
    directory.mkdir(parents=True, exist_ok=True)
    return TrainingFiles(
        last=directory / "last.pt",
        best=directory / "best.pt",
        train_metrics=directory / "train.jsonl",
        val_metrics=directory / "val.jsonl",
        pending_best=directory / "best.pending.pt",
        black_boxes=directory / "black_box",
    )


def published_in(directory: Path) -> dict[str, Path]:
    files = files_in(directory)
    return {name: getattr(files, name) for name in ("last", "best", "train_metrics", "val_metrics")}


class StopAfter:
    """Asked to stop once it has been asked ``count`` times."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0
