"""Whether a training learns poses, from what the contract asks for and what the data has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.errors import InputError
from yolozu.losses.registry import LOSSES

if TYPE_CHECKING:
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.contract.sections.losses import LossSection
    from yolozu.contract.sections.matching import MatchingSection
    from yolozu.contract.sections.model import ModelConfig
    from yolozu.contract.sections.train import LoopSection
    from yolozu.data.index import DataIndex
    from yolozu.geometry.rotations import SymmetryTable


def decided(config: ModelConfig, train: DataIndex) -> ModelConfig:
    """The architecture with pose heads or without: ``auto`` becomes whether any training object has a pose."""
    return config.model_copy(update={"pose": train.has_poses}) if config.pose == "auto" else config


def require_poses(loop: LoopSection, losses: LossSection, config: ModelConfig, train: DataIndex) -> None:
    """Refuse a training, or phases of one, in which nothing could learn.

    Raises:
        InputError: YZ513.
    """
    if config.pose and train.has_poses:
        return
    asked = [key for key in ("stage_off_steps", "stage_k_steps") if getattr(loop, key)]
    asked += [] if _learns_boxes(losses) else ["loss_weights"]
    if not asked:
        return
    problem = f"no object of split {train.split} has a pose" if config.pose else "the detector has no pose heads"
    raise InputError.one(
        "YZ513",
        where=", ".join(asked),
        problem=f"only pose heads would learn, but {problem}",
        fix=f"drop {' and '.join(asked)}, or train on data with poses",
    )


def _learns_boxes(losses: LossSection) -> bool:
    """Whether a loss counts that needs no poses, as the losses say of themselves."""
    weights = losses.loss_weights.model_dump()
    return any(weight > 0.0 and not LOSSES.load(name).needs_poses for name, weight in weights.items() if name in LOSSES)


def symmetries_of(config: ModelConfig, train: DataIndex, models: ObjectModels) -> SymmetryTable | None:
    """Those of the classes; None where data or detector have no poses."""
    from yolozu.geometry.rotations import SymmetryTable

    return SymmetryTable.of_models(models, len(train.classes)) if config.pose and train.has_poses else None


def without_effect(
    config: ModelConfig, matching: MatchingSection, losses: LossSection, train: DataIndex
) -> tuple[str, ...]:
    """What to say of keys about poses on data that has none: a line, or nothing."""
    if train.has_poses:
        return ()
    keys = [key for key in ("cost_z", "cost_rot", "cost_t") if getattr(matching, key) > 0]
    keys += ["task_aligner"] if losses.task_aligner != "none" else []
    keys += ["model.use_uncertainty"] if config.use_uncertainty else []
    keys += ["model.pose: true (its heads learn nothing)"] if config.pose else []
    if not keys:
        return ()
    return (f"warning: no object of split {train.split} has a pose, so there is no effect of {', '.join(keys)}",)
