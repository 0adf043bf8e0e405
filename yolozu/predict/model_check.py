"""A model file held against the contract that a command line names beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.artifacts.checkpoint import Checkpoint
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.onnx_metadata import SIGMA_OUTPUTS, OnnxMetadata
from yolozu.contract.sections.model import ModelConfig
from yolozu.contract.text.scalars import write_flow
from yolozu.data.preprocess import Preprocess
from yolozu.errors import Finding, InputError

WHILE_TRAINING = ("model.denoising.", "model.decoder.dropout")
"""Keys of the architecture that a finished network shows nothing of."""

Keys = dict[str, Any]
"""Dotted key of a contract -> JSON value."""


@dataclass(frozen=True)
class ToldModel:
    """What a contract says of a network.

    Attributes:
        file: where it says so.
        model: the architecture.
        preprocess: how images become its input; None where only an architecture is told.
    """

    file: str
    model: ModelConfig
    preprocess: Preprocess | None

    def require_checkpoint(self, path: Path, checkpoint: Checkpoint) -> None:
        """Refuse a checkpoint of another network.

        Raises:
            InputError: YZ630, a finding for each key.
        """
        found = {f"model.{key}": value for key, value in _leaves(checkpoint.model_config)}
        found["model.num_classes"] = len(checkpoint.classes)
        self._require(path, {**found, **_preprocess_of(checkpoint.preprocess)})

    def require_onnx(self, path: Path, metadata: OnnxMetadata) -> None:
        """Refuse an exported file of another network; of its architecture it shows queries, classes and heads.

        Raises:
            InputError: YZ630, a finding for each key.
        """
        found = {
            "model.num_queries": metadata.output_shapes["pred_logits"][1],
            "model.num_classes": len(metadata.classes),
            "model.pose": metadata.has_pose,
            "model.use_uncertainty": SIGMA_OUTPUTS[0] in metadata.output_shapes,
        }
        self._require(path, {**found, **_preprocess_of(metadata.preprocess)})

    def _require(self, path: Path, found: Keys) -> None:
        told = self._told()
        if not found["model.pose"]:
            told.pop("model.use_uncertainty")
        findings = [
            Finding(
                "YZ630",
                str(path),
                f"{key} is {write_flow(found[key])} in this file, but {write_flow(value)} in {self.file}",
                f"name the contract it was trained with, or leave out --config {self.file}",
            )
            for key, value in told.items()
            if key in found and found[key] != value
        ]
        if findings:
            raise InputError(findings)

    def _told(self) -> Keys:
        """What the contract decides; what training decides (classes, pose heads) only where it is spelled out."""
        told = {f"model.{key}": value for key, value in _leaves(self.model.model_dump(mode="json"))}
        told = {key: value for key, value in told.items() if not key.startswith(WHILE_TRAINING)}
        open_keys = {"model.num_classes": None, "model.pose": "auto", "model.decoder.d_model": None}
        told = {key: value for key, value in told.items() if key not in open_keys or value != open_keys[key]}
        return told if self.preprocess is None else {**told, **_preprocess_of(self.preprocess.to_json())}


def require_exported_from(checkpoint_path: Path, onnx_path: Path, metadata: OnnxMetadata) -> None:
    """Refuse an exported file that another checkpoint is behind.

    Raises:
        InputError: YZ604.
    """
    if metadata.checkpoint_sha256 != digest_file(checkpoint_path):
        raise InputError.one(
            "YZ604",
            where=str(onnx_path),
            problem=f"exported from another checkpoint than {checkpoint_path}",
            fix="export this checkpoint again, or predict with the checkpoint that the file came from",
        )


def _preprocess_of(preprocess: dict[str, Any]) -> Keys:
    return {
        "image_size": [preprocess["height"], preprocess["width"]],
        "letterbox_fill": preprocess["fill"],
    }


def _leaves(value: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, entry in value.items():
        if isinstance(entry, dict):
            yield from _leaves(entry, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", entry
