"""A bundled step, computed again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import ValidationError

from yolozu.data.preprocess import Preprocess
from yolozu.model.device import device_named
from yolozu.model.loading import detector_from
from yolozu.training.config import TrainingConfig, build_learner, criterion_of_spec
from yolozu.training.learner import Learner
from yolozu.training.non_finite.bundle import StepBundle, foreign_bundle, read_bundle
from yolozu.training.non_finite.locate import number
from yolozu.training.non_finite.recompute import RecomputedStep, recompute
from yolozu.training.randomness import deterministic

SCHEMA_VERSION = 1

Amp = Literal["none", "bf16", "fp16"]


@dataclass(frozen=True)
class Replay:
    """A bundle, and what computing its step gave here.

    Attributes:
        bundle: what was recorded.
        amp: precision it was computed in.
        device: where.
        recomputed: what came out.
        non_finite_weights: weights that were not finite before the step.
        non_finite_optimizer: entries of the optimizer's state that were not.
    """

    bundle: StepBundle
    amp: Amp
    device: str
    recomputed: RecomputedStep
    non_finite_weights: tuple[str, ...]
    non_finite_optimizer: tuple[str, ...]

    @property
    def same_place(self) -> bool:
        """Whether the first place that is not finite is the one that was recorded."""
        recorded, found = self.bundle.finding.anomaly, self.recomputed.anomaly
        if recorded is None or found is None:
            return recorded is found
        return (recorded.kind, recorded.name, recorded.batch) == (found.kind, found.name, found.batch)

    def to_json(self) -> dict[str, Any]:
        """JSON values; numbers that are not finite as the texts ``nan``, ``inf`` and ``-inf``."""
        bundle, found = self.bundle, self.recomputed
        return {
            "schema_version": SCHEMA_VERSION,
            **vars(bundle.circumstances),
            "recorded": bundle.finding.to_json(),
            "replayed": {
                "device": self.device,
                "amp": self.amp,
                "non_finite": found.non_finite,
                "parts": [
                    {
                        "batch": part.place + 1,
                        "process": part.rank,
                        "images": list(names),
                        "losses": {name: number(value) for name, value in terms.items()},
                    }
                    for part, names, terms in zip(bundle.parts, bundle.names, found.losses, strict=True)
                ],
                "grad_norm": None if found.grad_norm is None else number(found.grad_norm),
                "anomaly": None if found.anomaly is None else found.anomaly.to_json(),
            },
            "reproduced": found.non_finite == bundle.finding.non_finite,
            "same_place": self.same_place,
            "non_finite_weights": list(self.non_finite_weights),
            "non_finite_optimizer": list(self.non_finite_optimizer),
        }


def replay(path: Path, *, amp: Amp | None = None, device: str | None = None) -> Replay:
    """Compute the step of a bundle once more.

    Args:
        path: the bundle.
        amp: another precision than the training's.
        device: another device than the training's.

    Raises:
        InputError: the bundle cannot be read.
        UsageError: YZ501 and YZ502, this machine lacks the device, or the device the precision.
    """
    bundle = read_bundle(path)
    seen = bundle.circumstances
    place = device_named(seen.device if device is None else device)
    with deterministic(seen.deterministic), _threads(seen.threads):
        try:
            config = TrainingConfig.of_spec(bundle.spec, seed=seen.seed, device=str(place))
            chosen = config.loop.amp if amp is None else amp
            eager = {"amp": chosen, "use_ema": False, "ema_eval": False, "torch_compile": False}
            learner = _learner(bundle, replace(config, loop=config.loop.model_copy(update=eager)))
        except (KeyError, ValidationError) as error:
            problem = f"is a bundle of a contract that this version does not know: {str(error).splitlines()[0]}"
            raise foreign_bundle(path, problem) from error
        found = recompute(learner, bundle.parts, seen.step - 1)
    return Replay(
        bundle=bundle,
        amp=chosen,
        device=str(place),
        recomputed=found,
        non_finite_weights=_non_finite(bundle.checkpoint.weights),
        non_finite_optimizer=_non_finite(bundle.record.tensors),
    )


def _learner(bundle: StepBundle, config: TrainingConfig) -> Learner:
    detector, continual = detector_from(bundle.checkpoint), bundle.spec.get("continual", {})
    return build_learner(
        config,
        detector,
        criterion_of_spec(bundle.spec, bundle.symmetries),
        preprocess=Preprocess.from_json(bundle.checkpoint.preprocess),
        total_steps=bundle.circumstances.total_steps,
        teaching=bundle.teaching,
        mim_weight=0.0 if detector.reconstruction is None else bundle.spec["losses"]["loss_weights"]["mim"],
        derpp_weight=continual["derpp_weight"] if continual.get("derpp", False) else 0.0,
    )


def _non_finite(tensors: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for name, tensor in tensors.items() if not bool(torch.isfinite(tensor).all()))


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Sums are split among threads, so their number decides bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
