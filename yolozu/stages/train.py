"""Train: index files in, checkpoints and metrics out."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.earlier_runs import EWC_STATE, SI_STATE
from yolozu.contract.sections.continual import BESIDE_REPLAYED, ContinualSection, DistillationSection
from yolozu.contract.sections.data import AugmentSection, PreprocessSection
from yolozu.contract.sections.init_from import InitSection
from yolozu.contract.sections.lora import LoraSection, QuantizationSection
from yolozu.contract.sections.losses import LossSection
from yolozu.contract.sections.matching import MatchingSection
from yolozu.contract.sections.model import ModelSection
from yolozu.contract.sections.optim import LengthSection, OptimSection, ScheduleSection
from yolozu.contract.sections.predict import VALIDATED
from yolozu.contract.sections.train import DeviceSection, LoopSection, MimSection, SeedSection
from yolozu.contract.sections.trained_model import with_additions
from yolozu.optim.registry import SCHEDULES_OF_TOTAL
from yolozu.stages.base import Stage, StageContext, StageSpec, gives, needs, reads
from yolozu.training.data_checks import (
    crowded_lines,
    lone_image_lines,
    pose_keys_without_effect,
    require_fitting_splits,
    require_poses,
    resolve_best_metric,
    resolve_pose_heads,
    symmetries_of,
)
from yolozu.training.first_weights import initialize_from_file
from yolozu.training.quantized_base import quantize_base
from yolozu.training.teacher_checkpoint import open_teacher

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.contract.sections.model import ModelConfig
    from yolozu.data.index import DataIndex
    from yolozu.data.preprocess import Preprocess
    from yolozu.geometry.rotations import SymmetryTable
    from yolozu.model.detector import Detector
    from yolozu.training.checkpointing import CheckpointInfo, TrainingFiles
    from yolozu.training.config import TrainingConfig
    from yolozu.training.loggers.base import Setting
    from yolozu.training.loggers.following import LogPlan
    from yolozu.training.loop import Summary
    from yolozu.training.quantized_base import QuantizedBase
    from yolozu.training.validate import Score


class TrainSpec(StageSpec):
    """What decides the trained weights."""

    seed: SeedSection
    device: DeviceSection
    preprocess: PreprocessSection
    augment: AugmentSection
    model: ModelSection
    init: InitSection
    optim: OptimSection
    schedule: ScheduleSection
    length: LengthSection
    loop: LoopSection
    matching: MatchingSection
    losses: LossSection
    mim: MimSection
    lora: LoraSection
    quantization: QuantizationSection
    distillation: DistillationSection
    continual: ContinualSection

    @classmethod
    def obstacle(cls, old: dict[str, Any], new: dict[str, Any], *, finished: bool) -> str | None:
        """None where only length or patience differ: raised or lifted, or, of an unfinished training, made shorter.

        Likewise where only the state differs that is made after the last step.
        """
        if _that_trains(old) != _that_trains(new):
            return ""
        limits = [(old["length"][key], new["length"][key]) for key in ("max_steps", "epochs")]
        longer = all(after is None or (before is not None and before <= after) for before, after in limits)
        before, after = (spec["loop"]["early_stop_patience"] for spec in (old, new))
        more_patient = after == 0 or 0 < before <= after
        if not more_patient or (finished and not longer):
            return ""
        scheduler = new["schedule"]["scheduler"]
        changed = any(before != after for before, after in limits)
        if changed and scheduler in SCHEDULES_OF_TOTAL and not new["length"]["extend"]:
            return f"{scheduler} would have had other learning rates from the start; extend: true goes on all the same"
        return None

    def absent_inputs(self) -> Collection[str]:
        """Earlier runs, where the contract names none."""
        own = self.continual.derpp_teacher_key == BESIDE_REPLAYED
        alone = own and self.continual.continual_from is None and self.distillation.self_distill_from is None
        return ("earlier",) if alone else ()

    def needs_device(self) -> str:
        """The contract's."""
        return self.device.device

    def runs_as_several(self) -> bool:
        """With ``ddp``."""
        return self.loop.ddp


def _that_trains(spec: dict[str, Any]) -> dict[str, Any]:
    """What decides each step: not the length, nor whether the last one is followed by a state of `ewc`.

    Where `ewc` holds weights of an earlier run, that run's state is an input of its own, which comes and goes with it.
    """
    loop = {**spec["loop"], "early_stop_patience": None}
    return {**spec, "length": None, "loop": loop, "continual": {**spec["continual"], "ewc": None, "ewc_samples": None}}


@dataclass(frozen=True)
class TrainInputs:
    """Indices of images, shapes of objects, what is known of first weights, background pictures and earlier runs."""

    train: Path = needs("prepare_data.train")
    val: Path = needs("prepare_data.val")
    models: Path = needs("prepare_data.models")
    init_from: Path = reads("plan/init_from.json")
    backgrounds: Path = reads("plan/backgrounds.json")
    earlier: Path | None = reads("plan/earlier.json", optional=True)


@dataclass(frozen=True)
class TrainOutputs:
    """The last and the best weights, how it went, what became of those it started from, and what later tasks read."""

    last: Path = gives("checkpoints/last.pt", carry=True)
    best: Path = gives("checkpoints/best.pt", carry=True, keep_previous=True)
    train_metrics: Path = gives("reports/train_metrics.jsonl", carry=True)
    val_metrics: Path = gives("reports/val_metrics.jsonl", carry=True)
    run_meta: Path = gives("reports/run_meta.json")
    init: Path = gives("reports/init.json", optional=True)
    ewc_state: Path = gives(EWC_STATE, optional=True)
    si_state: Path = gives(SI_STATE, optional=True)


def run(spec: TrainSpec, inputs: TrainInputs, outputs: TrainOutputs, context: StageContext) -> dict[str, Any]:
    """Fit a detector, from the start or from where an earlier try has got to."""
    _hold_cublas(spec)
    from yolozu.artifacts.init_report import write_init_report
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.artifacts.run_meta import timestamp, write_run_meta
    from yolozu.data.dataset import TrainingImages, ValidationImages
    from yolozu.data.index import DataIndex
    from yolozu.data.preprocess import Preprocess
    from yolozu.training.config import Materials, build_criterion, regularization_of
    from yolozu.training.distributed import SINGLE_PROCESS, StoppedByRank0, joined
    from yolozu.training.joined_data import joined_data
    from yolozu.training.loop import fit
    from yolozu.training.non_finite.policy import NonFinitePolicy
    from yolozu.training.resume import ResumeSources

    started = timestamp()
    own, val = DataIndex.read(inputs.train, context.moved), DataIndex.read(inputs.val, context.moved)
    require_fitting_splits(own, val, num_classes=spec.model.model.num_classes)
    data = joined_data(
        own,
        ObjectModels.read(inputs.models),
        spec.continual,
        planned=inputs.earlier,
        batch_size=spec.loop.batch_size,
        keep=context.operations.cache == "ram",
    )
    train, models, preprocess = data.index, data.models, Preprocess.from_section(spec.preprocess)
    config = resolve_pose_heads(spec.model.model, train)
    config = with_additions(config, spec.mim, spec.lora, fill=preprocess.border())
    require_poses(spec.loop, spec.losses, config, train)
    best_metric = resolve_best_metric(spec.loop, config, train, val, models)
    detector = _detector(spec, config, train)
    # Where an earlier try has left weights, `fit` puts those into the place of these.
    init_report, lines = initialize_from_file(
        detector,
        config,
        train.classes,
        init_from=spec.init.init_from,
        head_init=spec.init.head_init,
        planned=inputs.init_from,
    )
    teaching = open_teacher(spec.distillation, inputs.earlier, config, train.classes, preprocess)
    base = quantize_base(detector, config, scheme=spec.quantization.scheme, required=spec.quantization.required)
    config, lines = base.config, (*lines, *base.lines)
    regularization = regularization_of(spec.continual, {"ewc": outputs.ewc_state, "si": outputs.si_state})
    regularization = regularization.with_held(detector, train.classes.names, planned=inputs.earlier)
    symmetries = symmetries_of(config, train, models)
    lines = (*lines, *pose_keys_without_effect(config, spec.matching, spec.losses, train))
    lines = (*lines, *crowded_lines(config.num_queries, train, val))
    size = (preprocess.height, preprocess.width)
    if not data.per_batch:  # else no batch is one image
        lines = (*lines, *lone_image_lines(spec.loop, config, spec.augment.multiscale, size, num_images=len(own)))
    lines = (*lines, *data.lines)
    info = _checkpoint_info(spec, config, context, train, preprocess, symmetries=symmetries)
    files, image_names = _files(outputs, context), [record.image for record in train.records]
    device = spec.device.device
    with joined(device) if context.one_of_several else nullcontext((SINGLE_PROCESS, device)) as (processes, own_device):
        training = replace(_training_config(spec, context), device=own_device)
        try:
            summary = fit(
                training,
                Materials(
                    detector=detector,
                    loss=build_criterion(spec.matching, spec.losses, symmetries),
                    preprocess=preprocess,
                    train_index=own,
                    train_images=TrainingImages(
                        train,
                        preprocess,
                        spec.augment,
                        spec.seed.seed,
                        context.operations.cache,
                        models=models,
                        num_replayed=data.num_replayed,
                        stored=data.stored,
                    ),
                    val_index=val,
                    val_images=ValidationImages(val, preprocess, context.operations.cache),
                    score=_score(models, with_poses=symmetries is not None),
                    score_threshold=VALIDATED.score_threshold,
                    max_detections=VALIDATED.max_detections,
                    mim_weight=spec.losses.loss_weights.mim if spec.mim.enable_mim else 0.0,
                    derpp_weight=data.derpp_weight,
                    replayed_per_batch=data.per_batch,
                    origin_lines=lines,
                    best_metric=best_metric,
                    from_seed=spec.init.init_from is None,
                    teaching=teaching,
                    regularization=regularization,
                ),
                info,
                files,
                guard=NonFinitePolicy(training, info, image_names, files.black_boxes, processes, teaching),
                sources=ResumeSources(context.published, context.earlier_digests, insist=context.insist_on_resume),
                progress=context.progress,
                stopping=context.stopping,
                saved=context.saved,
                log_plan=_log_plan(spec, context),
                processes=processes,
            )
        except StoppedByRank0:
            return {}
    if not processes.is_first:
        return {}
    if init_report is not None:
        write_init_report(outputs.init, init_report)
    meta = _run_meta(spec, context, preprocess, started, processes=processes.size)
    write_run_meta(outputs.run_meta, meta.model_copy(update=_of_weights(detector, base, summary)))
    return {
        "steps": summary.steps,
        "epochs": summary.epochs,
        "best_step": summary.best_step,
        "best_metric": summary.best_metric,
        "best_score": summary.best_score,
        "stopped_early": summary.stopped_early,
    }


def _hold_cublas(spec: TrainSpec) -> None:
    """Give cuBLAS the fixed workspace without which torch refuses its matrix products as not deterministic.

    It is read from the environment when CUDA starts; what a user has set there stays.
    """
    device = spec.device.device
    if device != "cpu" and spec.loop.is_deterministic_on(device):
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


def _training_config(spec: TrainSpec, context: StageContext) -> TrainingConfig:
    from yolozu.training.config import TrainingConfig

    return TrainingConfig(
        seed=spec.seed.seed,
        device=spec.device.device,
        optim=spec.optim,
        schedule=spec.schedule,
        length=spec.length,
        loop=spec.loop,
        operations=context.operations,
        lora=spec.lora,
    )


def _detector(spec: TrainSpec, config: ModelConfig, train: DataIndex) -> Detector:
    from yolozu.model.detector import build_detector
    from yolozu.training.randomness import seeded

    with seeded(spec.seed.seed, "weights"):
        return build_detector(config, num_classes=len(train.classes))


def _score(models: ObjectModels, *, with_poses: bool) -> Score:
    """The same numbers as `evaluate` gives."""
    from yolozu.evaluation.quick_metrics import quick_metrics

    return lambda index, predictions: quick_metrics(index, predictions, models if with_poses else None)


def _checkpoint_info(
    spec: TrainSpec,
    config: ModelConfig,
    context: StageContext,
    train: DataIndex,
    preprocess: Preprocess,
    *,
    symmetries: SymmetryTable | None,
) -> CheckpointInfo:
    from yolozu.artifacts.digest import digest_of
    from yolozu.training.checkpointing import CheckpointInfo

    dumped = spec.model_dump(mode="json")
    return CheckpointInfo(
        model_config=config.model_dump(mode="json"),
        classes=train.classes,
        preprocess=preprocess.to_json(),
        spec=dumped,
        contract_digest=digest_of(dumped),
        state_digest=context.state_digest,
        symmetries=symmetries,
    )


def _files(outputs: TrainOutputs, context: StageContext) -> TrainingFiles:
    from yolozu.training.checkpointing import TrainingFiles

    return TrainingFiles(
        last=outputs.last,
        best=outputs.best,
        train_metrics=outputs.train_metrics,
        val_metrics=outputs.val_metrics,
        pending_best=context.scratch / "best.pending.pt",
        black_boxes=context.evidence / "black_box",
        aside=context.aside,
    )


def _log_plan(spec: TrainSpec, context: StageContext) -> LogPlan | None:
    from yolozu.training.loggers.following import LogPlan

    names = context.operations.all_loggers()
    if not names:
        return None
    settings = {key: value for section in spec.model_dump(mode="json").values() for key, value in _flat(section)}
    return LogPlan(names, context.evidence.parent.name, context.evidence, settings)


def _flat(values: dict[str, Any], above: str = "") -> Iterator[tuple[str, Setting]]:
    """Dotted key and value; lists as the contract writes them."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", str(value) if isinstance(value, list) else value


def _of_weights(detector: Detector, base: QuantizedBase, summary: Summary) -> dict[str, Any]:
    """What the record of a run says of them: which are in few bits, and how many have trained."""
    from yolozu.training.trainable import trained_part

    return {
        "quantization": base.record,
        "trainable": trained_part(detector, optimizer_bytes=summary.optimizer_bytes),
    }


def _run_meta(
    spec: TrainSpec, context: StageContext, preprocess: Preprocess, started: str, *, processes: int = 1
) -> Any:
    from yolozu.artifacts import run_meta

    provenance = context.provenance
    cwd = Path(provenance["cwd"])
    return run_meta.RunMeta(
        git=run_meta.git_state(cwd, run_dir=context.evidence.parent),
        dependency_lock=run_meta.dependency_lock(cwd),
        preprocess=preprocess.to_json(),
        hardware=run_meta.hardware(),
        runtime=run_meta.runtime(
            spec.device.device,
            deterministic=spec.loop.is_deterministic_on(spec.device.device),
            processes=processes,
        ),
        command=run_meta.Command(argv=provenance["argv"], cwd=provenance["cwd"]),
        contract_digest=provenance["contract_digest"],
        dataset_digest=provenance["dataset_digest"],
        timestamps=run_meta.Timestamps(started=started, finished=run_meta.timestamp()),
    )


STAGE = Stage(
    "train", 2, TrainSpec, TrainInputs, TrainOutputs, run, resumable=True, title="Train the detector", logs=True
)
