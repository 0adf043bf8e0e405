"""Checkpoints: weights, classes, preprocessing and, where training goes on from it, the training's state, in one file.

The file is what `torch.save` makes of one text (canonical JSON) and one flat map of tensors, so that equal checkpoints
are equal files, and reading one never runs code: ``torch.load(weights_only=True)``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from yolozu.artifacts.jsonio import canonical
from yolozu.artifacts.torch_archive import MALFORMED, ArchiveError, plain, read_archive, write_archive
from yolozu.errors import InputError, YolozuError
from yolozu.structures.classes import ClassTable

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

FORMAT = "yolozu.checkpoint"
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class TrainingRecord:
    """All that training needs to go on as if it had never stopped.

    Attributes:
        values: JSON values (counters, scores, digests).
        tensors: named tensors (optimizer state).
    """

    values: dict[str, Any]
    tensors: dict[str, Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """A trained detector.

    Attributes:
        model_config: the architecture, as `ModelConfig` dumps it.
        classes: which logit is which category.
        preprocess: how an image becomes network input.
        weights: state dict of the detector.
        ema: state dict of its moving average, or None.
        eval_weights: which of the two is validated, exported and predicted with.
        contract_digest: digest of the training's spec.
        step: optimizer steps behind these weights.
        epoch: epochs completed.
        metrics: validation metrics of these weights, empty where they were not validated.
        training_state: for resuming; None in a checkpoint that is only for use.
        source: the file it was read from, for messages; not saved.
    """

    model_config: dict[str, Any]
    classes: ClassTable
    preprocess: dict[str, Any]
    weights: dict[str, Tensor]
    ema: dict[str, Tensor] | None
    eval_weights: Literal["model", "ema"]
    contract_digest: str
    step: int
    epoch: int
    metrics: dict[str, float | None]
    training_state: TrainingRecord | None = None
    source: str = field(default="checkpoint", compare=False)

    def evaluation_weights(self) -> dict[str, Tensor]:
        """The state dict that stands for this checkpoint."""
        if self.eval_weights == "model":
            return self.weights
        assert self.ema is not None, "eval_weights: ema without an average"
        return self.ema


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the file at ``path``, whole or not at all. Equal checkpoints give equal bytes.

    Raises:
        OSError: the system refuses; it names the file.
    """
    groups = {"weights": checkpoint.weights, "ema": checkpoint.ema}
    record = checkpoint.training_state
    if record is not None:
        groups["training"] = record.tensors
    header = {
        "model_config": checkpoint.model_config,
        "classes": checkpoint.classes.to_json(),
        "preprocess": checkpoint.preprocess,
        "eval_weights": checkpoint.eval_weights,
        "contract_digest": checkpoint.contract_digest,
        "step": checkpoint.step,
        "epoch": checkpoint.epoch,
        "metrics": checkpoint.metrics,
        "training": None if record is None else record.values,
        "groups": [name for name, tensors in groups.items() if tensors is not None],
    }
    tensors = {
        f"{group}/{name}": plain(tensor)
        for group, named in groups.items()
        if named is not None
        for name, tensor in sorted(named.items())
    }
    _share_what_is_equal(tensors)
    payload = {"format": FORMAT, "schema_version": SCHEMA_VERSION, "header": canonical(header), "tensors": tensors}
    write_archive(path, payload)


def _share_what_is_equal(tensors: dict[str, Tensor]) -> None:
    """Let weights that never moved, and are bit for bit those of the average, lie in the file once."""
    import torch

    for key, own in tensors.items():
        group, _, name = key.partition("/")
        other = tensors.get(f"weights/{name}") if group == "ema" else None
        if other is None or own.numel() < 2 or (own.shape, own.dtype) != (other.shape, other.dtype):
            continue
        if torch.equal(own.flatten().view(torch.uint8), other.flatten().view(torch.uint8)):
            tensors[key] = other


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint at ``path``, on the CPU. Nothing in the file is executed.

    Raises:
        InputError: YZ450 no such file, YZ451 damaged or truncated, YZ452 some other file, YZ453 another schema version,
            YZ454 its parts contradict each other.
    """
    payload = _payload(path)
    version = payload["schema_version"]
    if version != SCHEMA_VERSION:
        newer = isinstance(version, int) and version > SCHEMA_VERSION
        raise InputError.one(
            "YZ453",
            where=str(path),
            problem=f"checkpoint of schema version {version!r}, this yolozu reads version {SCHEMA_VERSION}",
            fix="use the newer yolozu that wrote it"
            if newer
            else "train again, or read it with the yolozu that wrote it",
        )
    try:
        return _from_payload(payload, source=str(path))
    except MALFORMED as error:
        raise InputError.one(
            "YZ454",
            where=str(path),
            problem=f"checkpoint whose parts contradict each other: {type(error).__name__}: {error}",
            fix="take an unedited copy of the file, or train again",
        ) from error


def _payload(path: Path) -> dict[str, Any]:
    try:
        payload = read_archive(path, "checkpoint")
    except ArchiveError as error:
        if error.kind == "missing":
            raise InputError.one(
                "YZ450",
                where=str(path),
                problem=f"checkpoint cannot be read: {error.detail}",
                fix="check the path; doit run_id=… train makes one",
            ) from error
        raise (_foreign if error.kind == "foreign" else _damaged)(path, error.detail) from error
    if not isinstance(payload, dict) or payload.get("format") != FORMAT or "schema_version" not in payload:
        raise _foreign(path, "is a torch file, but no yolozu checkpoint")
    return payload


def _foreign(path: Path, problem: str) -> YolozuError:
    return InputError.one(
        "YZ452",
        where=str(path),
        problem=problem,
        fix="give a last.pt or best.pt that yolozu has written",
    )


def _damaged(path: Path, detail: str) -> YolozuError:
    return InputError.one(
        "YZ451",
        where=str(path),
        problem=f"checkpoint is damaged: {detail}",
        fix="copy it again from where it came, or train again",
    )


def _from_payload(payload: dict[str, Any], *, source: str) -> Checkpoint:
    header = json.loads(payload["header"])
    groups: dict[str, dict[str, Tensor]] = {name: {} for name in header["groups"]}
    for key, tensor in payload["tensors"].items():
        group, _, name = key.partition("/")
        if not hasattr(tensor, "untyped_storage"):
            raise TypeError(f"{key} is no tensor")
        groups[group][name] = tensor
    eval_weights = header["eval_weights"]
    if eval_weights not in ("model", "ema") or (eval_weights == "ema" and "ema" not in groups):
        raise ValueError(f"eval_weights: {eval_weights!r} of {sorted(groups)}")
    record = None if header["training"] is None else TrainingRecord(header["training"], groups["training"])
    return Checkpoint(
        model_config=header["model_config"],
        classes=ClassTable.from_json(header["classes"]),
        preprocess=header["preprocess"],
        weights=groups["weights"],
        ema=groups.get("ema"),
        eval_weights=eval_weights,
        contract_digest=header["contract_digest"],
        step=header["step"],
        epoch=header["epoch"],
        metrics=header["metrics"],
        training_state=record,
        source=source,
    )
