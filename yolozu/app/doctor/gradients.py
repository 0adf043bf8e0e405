"""How much of the gradient each loss makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.stages.registry import STAGES

if TYPE_CHECKING:
    from yolozu.app.doctor.stages import Bench
    from yolozu.data.index import DataIndex


def gradient_shares(bench: Bench, index: DataIndex, *, name: str) -> dict[str, float]:
    """Share of each loss in the gradient of a trial's last weights, on one batch of its pictures.

    The share is of the sum of Euclidean norms over all parameters, each loss with its weight, auxiliary layers and
    denoising included. Losses that count for nothing, or have nothing to learn from in these pictures, are left out.
    """
    import torch

    from yolozu.app.doctor.trials import trial_spec
    from yolozu.artifacts.checkpoint import read_checkpoint
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.data.dataset import TrainingImages
    from yolozu.data.preprocess import Preprocess
    from yolozu.losses.registry import LOSSES
    from yolozu.model.loading import detector_from
    from yolozu.training.batch_sharding import shares_of
    from yolozu.training.batches import training_windows
    from yolozu.training.config import TrainingConfig, build_criterion, build_learner
    from yolozu.training.data_checks import resolve_pose_heads, symmetries_of
    from yolozu.training.distributed import SINGLE_PROCESS

    stage = STAGES.load("train")
    spec = trial_spec(bench.spec(stage), images=len(index), steps=1)
    checkpoint = read_checkpoint(bench.output(stage, "last", into=name))
    detector = detector_from(checkpoint)
    models = ObjectModels.read(bench.root / bench.session.plan["train"].inputs["models"])
    symmetries = symmetries_of(resolve_pose_heads(spec.model.model, index), index, models)
    preprocess = Preprocess.from_section(spec.preprocess)
    config = TrainingConfig.of_spec(spec.model_dump(mode="json"), seed=spec.seed.seed, device=spec.device.device)
    images = TrainingImages(index, preprocess, spec.augment, spec.seed.seed, "none", models=models)
    timetable = config.timetable(len(index))
    windows = training_windows(images, timetable, seed=config.seed, done_steps=0, loading=config.loading)
    window = next(windows)
    windows.close()
    norms: dict[str, float] = {}
    weights = {term: weight for term, weight in spec.losses.loss_weights.model_dump().items() if term in LOSSES}
    for term, weight in weights.items():
        if weight == 0.0 or (symmetries is None and LOSSES.load(term).needs_poses):
            continue
        alone = spec.losses.loss_weights.model_copy(update={**dict.fromkeys(weights, 0.0), term: weight})
        criterion = build_criterion(spec.matching, spec.losses.model_copy(update={"loss_weights": alone}), symmetries)
        learner = build_learner(config, detector, criterion, preprocess=preprocess, total_steps=1)
        with learner.recomputing(0):
            total, _ = learner.losses_of(shares_of(window, SINGLE_PROCESS)[0], 0, 0, 0)
            learning = [parameter for parameter in learner.parameters().values() if parameter.requires_grad]
            found = torch.autograd.grad(total, learning, allow_unused=True)
        norms[term] = float(sum(part.square().sum() for part in found if part is not None)) ** 0.5
    whole = sum(norms.values())
    return {term: norm / whole for term, norm in norms.items() if norm > 0.0}
