"""What a training refuses, or says loudly, once it sees its data: poses that are missing, crowds, lone images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.errors import Finding, InputError
from yolozu.evaluation.pose.registry import QUICK_RECALLS
from yolozu.geometry.input_sizes import STRIDE, Size, input_sizes
from yolozu.losses.registry import LOSSES
from yolozu.training.state import METRIC

if TYPE_CHECKING:
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.contract.sections.losses import LossSection
    from yolozu.contract.sections.matching import MatchingSection
    from yolozu.contract.sections.model import ModelConfig
    from yolozu.contract.sections.train import LoopSection
    from yolozu.data.index import DataIndex
    from yolozu.geometry.rotations import SymmetryTable

UNMODELLED_RECALL = "within_5deg_5cm"
"""The recall of poses that needs no model of the object."""


def require_fitting_splits(train: DataIndex, val: DataIndex, *, num_classes: int | None) -> None:
    """Refuse data that cannot be trained on, all reasons together.

    Args:
        train: training images.
        val: held-out images.
        num_classes: that the contract states, or None.

    Raises:
        InputError: YZ507 a split without images, YZ508 another number of classes, YZ509 different class tables.
    """
    findings = [
        Finding(
            "YZ507",
            f"split {index.split} of {index.root}",
            "holds no image",
            "add images, or name another split",
        )
        for index in (train, val)
        if not index.records
    ]
    wanted, found = num_classes, len(train.classes)
    if wanted is not None and wanted != found:
        findings.append(
            Finding(
                "YZ508",
                "model.num_classes",
                f"is {wanted}, but the data set has {found} classes",
                f"leave it out, or set it to {found}",
            )
        )
    if train.classes != val.classes:
        findings.append(
            Finding(
                "YZ509",
                f"splits {train.split} and {val.split} of {train.root}",
                f"have different class tables, of {found} and {len(val.classes)} classes",
                "give both splits the same classes, in the same order",
            )
        )
    if findings:
        raise InputError(findings)


def resolve_pose_heads(config: ModelConfig, train: DataIndex) -> ModelConfig:
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


def resolve_best_metric(
    loop: LoopSection, config: ModelConfig, train: DataIndex, val: DataIndex, models: ObjectModels
) -> str:
    """What validations are ranked by, as `TrainingState.best_metric`: ``auto`` becomes what suits the data.

    Raises:
        InputError: YZ524, a metric of poses that the held-out images, or the network, do not have.
    """
    modelled = any(len(model.points_V3) for model in models.by_class.values())
    posed = bool(config.pose) and train.has_poses and val.has_poses
    if loop.best_metric == "auto":
        return "+".join([METRIC, *([_recall(modelled=modelled)] if posed else [])])
    if loop.best_metric in QUICK_RECALLS and not (posed and (modelled or loop.best_metric == UNMODELLED_RECALL)):
        problem = "no class has a model" if posed else f"no pose is predicted, or none is known in split {val.split}"
        raise InputError.one(
            "YZ524",
            where=f"best_metric: {loop.best_metric}",
            problem=f"cannot be measured: {problem}",
            fix=f"set best_metric: {_recall(modelled=False)}, or auto" if posed else "set best_metric: auto",
        )
    return loop.best_metric


def _recall(*, modelled: bool) -> str:
    return "add_s_01d" if modelled else UNMODELLED_RECALL


def _learns_boxes(losses: LossSection) -> bool:
    """Whether a loss counts that needs no poses, as the losses say of themselves."""
    weights = losses.loss_weights.model_dump()
    return any(weight > 0.0 and not LOSSES.load(name).needs_poses for name, weight in weights.items() if name in LOSSES)


def symmetries_of(config: ModelConfig, train: DataIndex, models: ObjectModels) -> SymmetryTable | None:
    """Those of the classes; None where data or detector have no poses."""
    from yolozu.geometry.rotations import SymmetryTable

    return SymmetryTable.of_classes(models.symmetries, len(train.classes)) if config.pose and train.has_poses else None


def pose_keys_without_effect(
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


def crowded_lines(num_queries: int, *indices: DataIndex) -> tuple[str, ...]:
    """What to say of images with more objects than the detector has queries: a line for each split, or nothing."""
    lines = []
    for index in indices:
        counts = {record.image: int((~record.is_crowd).sum()) for record in index.records}
        crowded = sum(count > num_queries for count in counts.values())
        if not crowded:
            continue
        fullest = max(counts, key=lambda image: counts[image])
        lines.append(
            f"warning: {crowded} of {len(counts)} images of split {index.split} have more objects than the detector "
            f"finds at most (model.num_queries: {num_queries}); the most are {counts[fullest]}, in {fullest}: "
            "raise it, or cut these images into pieces"
        )
    return tuple(lines)


def lone_image_lines(
    loop: LoopSection, config: ModelConfig, multiscale: bool | tuple[int, ...], size: Size, *, num_images: int
) -> tuple[str, ...]:
    """What to say of a last batch of one image whose coarsest map is one cell: a line, or nothing."""
    drawn = input_sizes(multiscale, size)
    normalized = {config.backbone.norm, config.encoder.norm} & {"bn", "syncbn"}
    if num_images % loop.batch_size != 1 or not normalized or (STRIDE, STRIDE) not in (drawn or (size,)):
        return ()
    return (
        f"note: the last batch of an epoch is one image, and of {STRIDE}x{STRIDE} px its coarsest map is one cell: "
        "batch normalization takes its running statistics there",
    )
