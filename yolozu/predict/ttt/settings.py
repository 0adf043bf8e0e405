"""How a network adapts: the contract's keys, with what its preset and its method fill in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self, TypeVar

from yolozu.contract.sections.ttt_presets import Limits, filter_of, limits_of, method_of

if TYPE_CHECKING:
    from yolozu.contract.sections.predict import TttMethod, TttSection, UpdateFilter

Value = TypeVar("Value")


@dataclass(frozen=True)
class MethodDefaults:
    """What a method takes where neither contract nor preset say otherwise.

    Attributes:
        update_filter: which parameters adapt.
        lr: learning rate.
        norm_weight: weight of one picture's statistics in BatchNorm layers.
    """

    update_filter: UpdateFilter
    lr: float
    norm_weight: float


@dataclass(frozen=True)
class TttSettings:
    """Everything that decides how a network adapts; `contract.sections.predict.TttSection` tells the meanings."""

    preset: str | None
    method: TttMethod
    update_filter: UpdateFilter
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    reset: Literal["sample", "stream"]
    steps: int
    batch_size: int
    max_batches: int | None
    lr: float
    norm_weight: float
    seed: int
    stop_on_non_finite: bool
    rollback_on_stop: bool
    limits: Limits
    mim_mask_prob: float | None

    @classmethod
    def from_section(cls, section: TttSection, defaults: MethodDefaults) -> Self:
        """What was given, else the preset's, else the method's own.

        Args:
            section: the contract's keys.
            defaults: of the method that `method_of` names.
        """
        return cls(
            preset=section.ttt_preset,
            method=method_of(section),
            update_filter=_first(filter_of(section), defaults.update_filter),
            include=section.ttt_include,
            exclude=section.ttt_exclude,
            reset=section.ttt_reset,
            steps=section.ttt_steps,
            batch_size=section.ttt_batch_size if section.ttt_reset == "stream" else 1,
            max_batches=section.ttt_max_batches if section.ttt_reset == "stream" else None,
            lr=_first(section.ttt_lr, defaults.lr),
            norm_weight=_first(section.ttt_norm_weight, defaults.norm_weight),
            seed=section.ttt_seed,
            stop_on_non_finite=section.ttt_stop_on_non_finite,
            rollback_on_stop=section.ttt_rollback_on_stop,
            limits=limits_of(section),
            mim_mask_prob=section.ttt_mim_mask_prob,
        )


def _first(given: Value | None, otherwise: Value) -> Value:
    return otherwise if given is None else given
