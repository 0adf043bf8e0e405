"""A training of seconds: rectangles of two colors, a detector of a few thousand parameters."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from yolozu.artifacts.digest import digest_of
from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.contract.sections.data import AugmentSection
from yolozu.contract.sections.lora import LoraSection
from yolozu.contract.sections.losses import LossSection
from yolozu.contract.sections.matching import MatchingSection
from yolozu.contract.sections.model import ModelConfig
from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.optim import LengthSection, OptimSection, ScheduleSection
from yolozu.contract.sections.train import LoopSection, MimSection
from yolozu.contract.sections.trained_model import with_additions
from yolozu.data.dataset import TrainingImages, ValidationImages
from yolozu.data.index import DataIndex
from yolozu.data.preprocess import Preprocess
from yolozu.geometry.camera import rotation_about_z
from yolozu.geometry.rotations import SymmetryTable
from yolozu.geometry.symmetry import Symmetries
from yolozu.model.detector import build_detector
from yolozu.progress import SilentProgress
from yolozu.structures.classes import ClassTable
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.poses import PoseLabels
from yolozu.training.checkpointing import CheckpointInfo, TrainingFiles
from yolozu.training.config import Materials, TrainingConfig, build_criterion
from yolozu.training.distributed import SINGLE_PROCESS, Group
from yolozu.training.loggers.following import LogPlan
from yolozu.training.loop import Summary, fit
from yolozu.training.metrics_log import comparable
from yolozu.training.non_finite.policy import NonFinitePolicy
from yolozu.training.randomness import seeded
from yolozu.training.resume import ResumeSources

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from yolozu.data.stored_store import StoredStore
    from yolozu.structures.predictions import ImagePredictions

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
QUARTER_TURNS = np.stack([rotation_about_z(np.pi / 2 * turns) for turns in range(4)])
MODELS = ObjectModels(
    {
        0: ObjectModel(np.zeros((0, 3)), None, Symmetries(QUARTER_TURNS, np.zeros((4, 3)))),
        1: ObjectModel(np.zeros((0, 3)), None, Symmetries(axis_3=np.array([1.0, 0.0, 0.0]))),
    }
)
"""A red object has quarter turns, a blue one any turn about its x axis."""


@dataclass(frozen=True)
class Objective:
    """What is learned.

    Attributes:
        model: the architecture, with pose heads or without.
        matching: costs.
        losses: weights.
        augment: how images are varied.
        models: of the classes.
        symmetries: of the classes; None in a training without poses.
    """

    model: ModelConfig = MODEL
    matching: MatchingSection = field(default_factory=MatchingSection)
    losses: LossSection = field(default_factory=LossSection)
    augment: AugmentSection = AUGMENT
    models: ObjectModels = field(default_factory=ObjectModels)
    symmetries: SymmetryTable | None = None


BOXES = Objective()
POSES = Objective(
    model=MODEL.model_copy(update={"pose": True, "use_uncertainty": True}),
    matching=MatchingSection(
        cost_z=1.0, cost_rot=0.5, cost_t=1.0, cost_z_start_step=1, cost_rot_start_step=2, cost_t_start_step=3
    ),
    losses=LossSection(task_aligner="uncertainty"),
    augment=AUGMENT.model_copy(update={"intrinsics_jitter": True}),
    models=MODELS,
    symmetries=SymmetryTable.of_classes(MODELS.symmetries, 2),
)
"""All that has to do with poses at once."""


PAINTING = Objective(model=with_additions(MODEL, MimSection(enable_mim=True, mim_patch_size=8)))
"""Boxes, and hidden patches to paint."""

ADAPTERS = {"lora_r": 2, "lora_alpha": 3.0, "lora_dropout": 0.1, "lora_target": "all_linear_conv1x1"}
ADAPTING = Objective(model=with_additions(MODEL, MimSection(), LoraSection.model_validate(ADAPTERS)))
"""Boxes, with adapters beside all layers that can have one; `ADAPTERS` are the config's keys of them."""


def make_index(root: Path, split: str, count: int, seed: int, *, with_poses: bool = False) -> DataIndex:
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
                poses=some_poses(boxes, number) if with_poses and number % 5 != 4 else None,
            )
        )
    return DataIndex(root, split, CLASSES, tuple(records))


def some_poses(boxes: NDArray[np.float64], number: int) -> PoseLabels:
    """Poses that fit the boxes; a second object has none, and of even images another camera is the true one."""
    generator, count = np.random.default_rng(number), len(boxes)
    K_4 = np.array([80.0, 82.0, SIDE / 2, SIDE / 2])
    z_N, centers_N2 = generator.uniform(0.5, 1.5, count), boxes[:, :2] * SIDE + generator.uniform(-3, 3, (count, 2))
    has_pose_N = np.arange(count) == 0
    R_N33 = np.linalg.qr(generator.normal(size=(count, 3, 3)))[0]
    R_N33 *= np.linalg.det(R_N33)[:, None, None]
    t_N3 = np.concatenate([(centers_N2 - K_4[2:]) / K_4[:2] * z_N[:, None], z_N[:, None]], axis=1)
    return PoseLabels(
        K_4=K_4,
        K_true_4=K_4 * (1.02, 0.99, 1.03, 0.98) if number % 2 == 0 else None,
        R_m2c_N33=np.where(has_pose_N[:, None, None], R_N33, np.eye(3)),
        t_m2c_N3=np.where(has_pose_N[:, None], t_N3, (0.0, 0.0, 1.0)),
        has_pose_N=has_pose_N,
        centers_px_N2=np.where(has_pose_N[:, None], centers_N2, 0.0),
        has_center_N=has_pose_N,
    )


def training_config(**changes: object) -> TrainingConfig:
    """A config that uses everything; ``changes`` replace keys of any section."""
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
            "lora": LoraSection,
        }.items()
    }
    return TrainingConfig(seed=3, device="cpu", **sections)


@dataclass(frozen=True)
class Tiny:
    """Indices, what is learned from them, and everything needed to train.

    The last ``num_replayed`` training images come from a replay buffer, one of every batch; ``stored`` is what a
    detector once said of them.
    """

    train: DataIndex
    val: DataIndex
    objective: Objective = BOXES
    num_replayed: int = 0
    stored: StoredStore | None = None

    def materials(self, chosen: TrainingConfig) -> Materials:
        """Fresh ones, with the weights that the seed gives."""
        objective = self.objective
        with seeded(chosen.seed, "weights"):
            detector = build_detector(objective.model, num_classes=len(CLASSES))
        return Materials(
            detector=detector,
            loss=build_criterion(objective.matching, objective.losses, objective.symmetries),
            preprocess=PREPROCESS,
            train_index=replace(self.train, records=self.train.records[: len(self.train) - self.num_replayed]),
            train_images=TrainingImages(
                self.train,
                PREPROCESS,
                objective.augment,
                chosen.seed,
                models=objective.models,
                num_replayed=self.num_replayed,
                stored=self.stored,
            ),
            val_index=self.val,
            val_images=ValidationImages(self.val, PREPROCESS),
            score=scattered_score,
            score_threshold=0.001,
            max_detections=50,
            derpp_weight=0.0 if self.stored is None else 0.7,
            replayed_per_batch=1 if self.num_replayed else 0,
            mim_weight=0.0 if detector.reconstruction is None else objective.losses.loss_weights.mim,
        )

    def fit(
        self,
        directory: Path,
        chosen: TrainingConfig,
        *,
        materials: Materials | None = None,
        published: Path | None = None,
        earlier: TrainingConfig | None = None,
        insist: bool = False,
        stopping: Callable[[], bool] = lambda: False,
        progress: object = None,
        log_plan: LogPlan | None = None,
        processes: Group = SINGLE_PROCESS,
    ) -> Summary:
        """Train in ``directory``, from where an earlier try got to.

        ``published`` is the directory of a finished one to extend; ``earlier`` what an interrupted one was begun for.
        """
        digests = () if earlier is None else (about_of(earlier, self.objective).state_digest,)
        info, files = about_of(chosen, self.objective), files_in(directory)
        names = [record.image for record in self.train.records]
        trained = self.materials(chosen) if materials is None else materials
        return fit(
            chosen,
            trained,
            info,
            files,
            guard=NonFinitePolicy(chosen, info, names, files.black_boxes, processes, trained.teaching),
            sources=ResumeSources({} if published is None else published_in(published), digests, insist=insist),
            progress=SilentProgress() if progress is None else progress,
            stopping=stopping,
            log_plan=log_plan,
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


def about_of(chosen: TrainingConfig, objective: Objective = BOXES) -> CheckpointInfo:
    spec = {
        name: getattr(chosen, name).model_dump(mode="json") for name in ("optim", "schedule", "length", "loop", "lora")
    }
    spec |= {name: getattr(objective, name).model_dump(mode="json") for name in ("matching", "losses")}
    digest = digest_of(spec)
    return CheckpointInfo(
        objective.model.model_dump(mode="json"), CLASSES, PREPROCESS.to_json(), spec, digest, digest,
        objective.symmetries,
    )  # fmt: skip


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
