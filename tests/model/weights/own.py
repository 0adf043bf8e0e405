"""Small detectors of ours as files to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from tests.model.tiny import CONFIG, scattered
from yolozu.artifacts.checkpoint import Checkpoint, write_checkpoint
from yolozu.contract.sections.trained_model import TrainedModelConfig
from yolozu.model.detector import Detector, build_detector
from yolozu.structures.classes import ClassTable

if TYPE_CHECKING:
    from pathlib import Path

ABC = ("a", "b", "c")


def config(**changes: Any) -> TrainedModelConfig:
    """A tiny architecture; ``changes`` replace top-level keys of the model."""
    return TrainedModelConfig.model_validate({**CONFIG, **changes})


def fresh(names: tuple[str, ...] = ABC, *, seed: int = 5, **changes: Any) -> Detector:
    """A detector as a seed gives it."""
    torch.manual_seed(seed)
    return build_detector(config(**changes), num_classes=len(names))


def trained(names: tuple[str, ...] = ABC, **changes: Any) -> Detector:
    """A detector with weights as after training."""
    detector = fresh(names, **changes)
    scattered(detector, seed=len(names))
    return detector


def checkpoint_in(path: Path, detector: Detector, names: tuple[str, ...] = ABC, **changes: Any) -> Path:
    """``detector`` as a checkpoint at ``path``, with zeros as its raw weights and ``detector`` as its average."""
    weights = {name: torch.zeros_like(tensor) for name, tensor in detector.state_dict().items()}
    saved = Checkpoint(
        model_config=config(**changes).model_dump(mode="json"),
        classes=ClassTable(names, tuple(range(len(names)))),
        preprocess={},
        weights=weights,
        ema=dict(detector.state_dict()),
        eval_weights="ema",
        contract_digest="",
        step=40,
        epoch=2,
        metrics={},
    )
    write_checkpoint(path, saved)
    return path
