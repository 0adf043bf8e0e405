"""The step that could not be taken, as one file: enough to compute it again anywhere, without the data set."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import torch

from yolozu.artifacts.checkpoint import Checkpoint, TrainingRecord, read_checkpoint, write_checkpoint
from yolozu.data.collate import Batch
from yolozu.errors import InputError
from yolozu.geometry.rotations import SymmetryTable
from yolozu.structures.stored_queries import StoredQueries
from yolozu.structures.targets import PoseTargets, Targets
from yolozu.training.batch_sharding import Share
from yolozu.training.non_finite.locate import Anomaly, number
from yolozu.training.non_finite.recompute import BatchPart
from yolozu.training.non_finite.teacher import read_teacher, teacher_tensors, teacher_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

    from yolozu.errors import YolozuError
    from yolozu.training.checkpointing import CheckpointInfo
    from yolozu.training.learner import Learner
    from yolozu.training.teacher import Teaching

KIND = "black_box"
OF_BOXES = ("labels_BT", "boxes_BT4", "valid_BT")
VERSION = 2


@dataclass(frozen=True)
class NonFiniteFinding:
    """What stopped a training.

    Attributes:
        non_finite: the loss, or the gradient of finite losses.
        losses: ``total`` and its terms over the window; ``nan``, ``inf`` and ``-inf`` as texts.
        grad_norm: likewise.
        images: names of the images it came from.
        anomaly: the first place that was not finite; None where looking for it found none.
    """

    non_finite: Literal["loss", "grad"]
    losses: dict[str, float | str]
    grad_norm: float | str
    images: tuple[str, ...]
    anomaly: Anomaly | None

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "non_finite": self.non_finite,
            "losses": self.losses,
            "grad_norm": self.grad_norm,
            "images": list(self.images),
            "anomaly": None if self.anomaly is None else self.anomaly.to_json(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> NonFiniteFinding:
        """What `to_json` gave."""
        anomaly = value["anomaly"]
        found = None if anomaly is None else Anomaly.from_json(anomaly)
        return cls(**{**value, "images": tuple(value["images"]), "anomaly": found})


@dataclass(frozen=True)
class Circumstances:
    """All that the step depended on besides weights and images.

    Attributes:
        step: number of the optimizer step, from 1, as in messages; random numbers are those of ``step - 1``.
        total_steps: of the training.
        seed: of the training.
        lr_factor: what earlier skipped steps had left of the learning rate.
        device: where it was computed.
        threads: of torch.
        deterministic: whether torch was held to deterministic algorithms.
    """

    step: int
    total_steps: int
    seed: int
    lr_factor: float
    device: str
    threads: int
    deterministic: bool


@dataclass(frozen=True)
class StepBundle:
    """A bundle that was read.

    Attributes:
        checkpoint: the architecture, and the weights before the step.
        spec: sections of the contract, as JSON values.
        circumstances: of the step.
        finding: what was seen.
        parts: the batches of the step, or what each process had of them.
        names: of the images of each part.
        record: optimizer state and counters before the step.
        symmetries: of the classes; None in a training without poses.
        teaching: who taught what; None without a teacher.
    """

    checkpoint: Checkpoint
    spec: dict[str, Any]
    circumstances: Circumstances
    finding: NonFiniteFinding
    parts: tuple[BatchPart, ...]
    names: tuple[tuple[str, ...], ...]
    record: TrainingRecord
    symmetries: SymmetryTable | None = None
    teaching: Teaching | None = None


def bundle_path(directory: Path, step: int) -> Path:
    """The bundle of a step, counted from 1; the same step replaces its own."""
    return directory / f"step-{step:06}.pt"


def write_bundle(
    path: Path,
    info: CheckpointInfo,
    learner: Learner,
    *,
    circumstances: Circumstances,
    finding: NonFiniteFinding,
    parts: Sequence[BatchPart],
    names: Sequence[Sequence[str]],
    teaching: Teaching | None = None,
) -> None:
    """Write a bundle; ``learner`` must be as it was before the step.

    The file is a checkpoint (so it loads with ``weights_only=True``, and other commands can use its weights) whose
    training record holds a step to repeat instead of a place to go on from. The moving average is left out.
    """
    learned = learner.record()
    tensors = {f"optimizer/{name}": tensor for name, tensor in learned.tensors.items()} | teacher_tensors(teaching)
    for count, part in enumerate(parts):
        tensors[f"parts/{count}/images"] = part.share.batch.images_B3HW
        for name, tensor in _named(part.share.batch.targets).items():
            tensors[f"parts/{count}/targets/{name}"] = tensor
        tensors |= {f"parts/{count}/stored/{name}": tensor for name, tensor in _stored(part.share.batch).items()}
    if info.symmetries is not None:
        named = vars(info.symmetries).items()
        tensors |= {f"symmetries/{name}": tensor for name, tensor in named if tensor is not None}
    values = {
        "kind": KIND,
        "version": VERSION,
        "spec": info.spec,
        "circumstances": vars(circumstances),
        "finding": finding.to_json(),
        "parts": [
            {
                "indices": list(part.share.batch.indices),
                "labeled_classes": part.share.batch.targets.labeled_classes,
                "first": part.share.first,
                "of": part.share.of,
                "weight": part.share.weight,
                "place": part.place,
                "rank": part.rank,
            }
            for part in parts
        ],
        "names": [list(entry) for entry in names],
        "learner": learned.values,
        "with_poses": info.symmetries is not None,
        "teacher": teacher_values(teaching),
    }
    weights, _ = learner.weights()
    checkpoint = Checkpoint(
        model_config=info.model_config,
        classes=info.classes,
        preprocess=info.preprocess,
        weights=weights,
        ema=None,
        eval_weights="model",
        contract_digest=info.contract_digest,
        step=circumstances.step - 1,
        epoch=0,
        metrics={},
        training_state=TrainingRecord(values, tensors),
    )
    write_checkpoint(path, checkpoint)


def read_bundle(path: Path) -> StepBundle:
    """The bundle at ``path``.

    Raises:
        InputError: YZ450 to YZ454, it cannot be read at all; YZ510, it is some other checkpoint; YZ511, it is a bundle
            of another version, or its parts contradict each other.
    """
    checkpoint = read_checkpoint(path)
    record = checkpoint.training_state
    if record is None or record.values.get("kind") != KIND:
        raise InputError.one(
            "YZ510",
            where=str(path),
            problem="is a checkpoint, but not the bundle of a step that could not be taken",
            fix="give the file that the YZ506 message names, below reports/black_box/ of the run",
        )
    values = record.values
    if values["version"] != VERSION:
        raise foreign_bundle(path, f"is a bundle of version {values['version']}, this yolozu reads version {VERSION}")
    try:
        of_window = sum({entry["place"]: entry["of"] for entry in values["parts"]}.values())
        stored = sum(name.startswith("parts/") and name.endswith("/boxes_M4") for name in record.tensors)
        parts = tuple(
            _part(record.tensors, count, entry, of_window, stored) for count, entry in enumerate(values["parts"])
        )
        optimizer = {
            name.removeprefix("optimizer/"): tensor
            for name, tensor in record.tensors.items()
            if name.startswith("optimizer/")
        }
        return StepBundle(
            checkpoint=checkpoint,
            spec=values["spec"],
            circumstances=Circumstances(**values["circumstances"]),
            finding=NonFiniteFinding.from_json(values["finding"]),
            parts=parts,
            names=tuple(tuple(names) for names in values["names"]),
            record=TrainingRecord(values["learner"], optimizer),
            symmetries=_symmetries(record.tensors) if values["with_poses"] else None,
            teaching=read_teacher(values.get("teacher"), record.tensors, source=str(path)),
        )
    except (KeyError, TypeError) as error:
        raise foreign_bundle(path, f"is a bundle that cannot be understood: {error}") from error


def finding_of(
    non_finite: Literal["loss", "grad"],
    losses: Mapping[str, float],
    grad_norm: float,
    images: Sequence[str],
    anomaly: Anomaly | None,
) -> NonFiniteFinding:
    """A finding of plain numbers."""
    texts = {name: number(value) for name, value in losses.items()}
    return NonFiniteFinding(non_finite, texts, number(grad_norm), tuple(images), anomaly)


def foreign_bundle(path: Path, problem: str) -> YolozuError:
    """A bundle that this code cannot repeat."""
    return InputError.one(
        "YZ511", where=str(path), problem=problem, fix="read it with the yolozu that wrote it, or train again"
    )


def _named(targets: Targets) -> dict[str, Tensor]:
    """Every tensor of the targets by its name; those of poses as ``poses.<name>``."""
    found = {name: getattr(targets, name) for name in OF_BOXES}
    if targets.poses is not None:
        found |= {f"poses.{name}": tensor for name, tensor in vars(targets.poses).items()}
    return found


def _symmetries(tensors: Mapping[str, Tensor]) -> SymmetryTable:
    prefix = "symmetries/"
    named = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    return SymmetryTable(**named)


def _stored(batch: Batch) -> dict[str, Tensor]:
    """Stored outputs of the images of a batch, each array by its image and name."""
    return {
        f"{row}/{name}": torch.from_numpy(array)
        for row, one in enumerate(batch.stored)
        if one is not None
        for name, array in vars(one).items()
    }


def _stored_queries(tensors: Mapping[str, Tensor], prefix: str) -> StoredQueries | None:
    named = {entry.name: f"{prefix}{entry.name}" for entry in fields(StoredQueries)}
    if not any(name in tensors for name in named.values()):
        return None
    return StoredQueries(**{name: tensors[place].numpy() for name, place in named.items()})


def _part(
    tensors: Mapping[str, Tensor], count: int, entry: dict[str, Any], of_window: int, stored_of_window: int
) -> BatchPart:
    prefix = f"parts/{count}/targets/"
    named = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    of_poses = {name.removeprefix("poses."): value for name, value in named.items() if name.startswith("poses.")}
    labels_BT, boxes_BT4, valid_BT = (named[name] for name in OF_BOXES)
    told = entry.get("labeled_classes")  # which bundles of earlier releases do not have
    labeled = None if told is None else [None if known is None else tuple(known) for known in told]
    poses = PoseTargets(**of_poses) if of_poses else None
    targets = Targets(labels_BT, boxes_BT4, valid_BT, poses, labeled)
    images = tensors[f"parts/{count}/images"].contiguous(memory_format=torch.channels_last)
    rows = range(len(entry["indices"]))
    stored = [_stored_queries(tensors, f"parts/{count}/stored/{row}/") for row in rows]
    batch = Batch(images, targets, [], entry["indices"], stored)
    share = Share(batch, entry["first"], entry["of"], of_window, entry["weight"], stored_of_window)
    return BatchPart(share, entry["place"], entry["rank"])
