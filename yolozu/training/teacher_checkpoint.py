"""The teacher of a training: a checkpoint, and whether it can teach this detector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.errors import Finding, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from yolozu.artifacts.checkpoint import Checkpoint
    from yolozu.contract.sections.continual import DistillationSection
    from yolozu.contract.sections.model import ModelConfig
    from yolozu.data.preprocess import Preprocess
    from yolozu.structures.classes import ClassTable
    from yolozu.training.teacher import Teaching

WHERE = "self_distill_from"
OF_POSES = ("log_z", "rot6d", "offsets")


def open_teacher(
    section: DistillationSection,
    planned: Path | None,
    config: ModelConfig,
    classes: ClassTable,
    preprocess: Preprocess,
) -> Teaching | None:
    """The teacher that the contract names, and what it teaches; None where it names none.

    Its architecture may be another one: queries are compared by the encoder's position they begin at, and those are the
    same in every detector for one size of images.

    Args:
        section: who teaches what.
        planned: what the planner knew of the teacher's file.
        config: the student's architecture.
        classes: the student's.
        preprocess: the student's.

    Raises:
        InputError: YZ545 to YZ547, it cannot teach this detector, all reasons together; YZ421, it is not the planned
            one; YZ313, there is none; or it cannot be read.
    """
    if section.self_distill_from is None:
        return None
    from yolozu.artifacts.checkpoint import read_checkpoint
    from yolozu.artifacts.earlier_runs import teacher_checkpoint
    from yolozu.model.adapter_files import merged_checkpoint
    from yolozu.model.loading import adapters_of, detector_from
    from yolozu.training.teacher import Teaching

    path = teacher_checkpoint(section.self_distill_from, where=WHERE)
    assert planned is not None, "a contract with a teacher has it planned"
    _require_planned(path, planned)
    checkpoint = read_checkpoint(path)
    if adapters_of(checkpoint) is not None:
        checkpoint = merged_checkpoint(checkpoint)  # it computes the same in less time
    detector = detector_from(checkpoint)
    has_heads = {"the teacher": detector.k_head is not None, "this detector": config.pose is True}
    findings = [
        *_of_classes(checkpoint, classes),
        *_of_poses(checkpoint, section.keys, has_heads),
        *_of_input(checkpoint, preprocess),
    ]
    if findings:
        raise InputError(findings)
    return Teaching(
        detector=detector,
        model_config=checkpoint.model_config,
        origin=f"{path} ({checkpoint.step} steps)",
        num_classes=len(checkpoint.classes),
        weight=section.self_distill_weight,
        temperature=section.self_distill_temperature,
        kl=section.self_distill_kl,
        keys=section.keys,
        pseudo_labels=section.pseudo_labels,
        pseudo_label_score=section.pseudo_label_score,
    )


def _require_planned(path: Path, planned: Path) -> None:
    from yolozu.artifacts.digest import DigestCache
    from yolozu.artifacts.jsonio import read_json
    from yolozu.paths import digest_cache_path

    with DigestCache(digest_cache_path(), reads_all=True) as cache:  # so that who plans again knows it
        found = cache.file(path)
    fix = "run the same command again: it plans with the files as they are"
    if read_json(planned, code="YZ421", fix=fix)["teacher"] != found:
        raise InputError.one(
            "YZ421", where=f"{WHERE}: {path}", problem="has changed since the run was planned", fix=fix
        )


def _of_classes(checkpoint: Checkpoint, classes: ClassTable) -> Iterator[Finding]:
    """The teacher's classes come first, in its order: its logits are held against the first of the student's."""
    theirs, ours = checkpoint.classes.names, classes.names
    if theirs != ours[: len(theirs)]:
        yield Finding(
            "YZ545",
            f"{WHERE}: {checkpoint.source}",
            f"its classes are {', '.join(theirs)}; this training's are {', '.join(ours)}, which do not begin with them",
            f"list them first: class_names: [{', '.join([*theirs, *(name for name in ours if name not in theirs)])}]",
        )


def _of_poses(checkpoint: Checkpoint, keys: Sequence[str], has_heads: dict[str, bool]) -> Iterator[Finding]:
    asked = [key for key in keys if key in OF_POSES]
    lacking = [who for who, has in has_heads.items() if not has]
    if asked and lacking:
        yield Finding(
            "YZ546",
            f"self_distill_keys: {','.join(keys)}",
            f"{' and '.join(lacking)} {'have' if len(lacking) > 1 else 'has'} no pose heads ({checkpoint.source})",
            f"leave out {', '.join(asked)}",
        )


def _of_input(checkpoint: Checkpoint, preprocess: Preprocess) -> Iterator[Finding]:
    from yolozu.data.preprocess import Preprocess

    theirs = Preprocess.from_json(checkpoint.preprocess, where=checkpoint.source)
    if (theirs.scale, theirs.mean, theirs.std) != (preprocess.scale, preprocess.mean, preprocess.std):
        yield Finding(
            "YZ547",
            f"{WHERE}: {checkpoint.source}",
            "sees pixels of other values than this detector: scale, mean or std of its preprocessing differ",
            "train a teacher with this version",
        )
