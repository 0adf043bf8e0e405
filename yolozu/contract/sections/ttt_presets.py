"""What the words of ``ttt_preset`` stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yolozu.contract.sections.predict import TttMethod, TttSection, UpdateFilter


@dataclass(frozen=True)
class Limits:
    """What ends adaptation when it is exceeded; None sets no limit.

    Attributes:
        grad_norm: norm of the gradient over all adapted parameters.
        update_norm: norm of what one step changes.
        total_update_norm: norm of what all steps since the last reset have changed.
        loss_ratio: loss relative to the first since the last reset.
        loss_increase: loss minus the first since the last reset.
    """

    grad_norm: float | None = None
    update_norm: float | None = None
    total_update_norm: float | None = None
    loss_ratio: float | None = None
    loss_increase: float | None = None


@dataclass(frozen=True)
class Preset:
    """What a word stands for.

    Attributes:
        method: what is minimized.
        update_filter: which parameters adapt; None leaves that to the method.
        limits: what ends adaptation.
    """

    method: TttMethod
    update_filter: UpdateFilter | None
    limits: Limits


PRESETS = {
    "safe": Preset("tent", "norm_only", Limits(1.0, 1.0, 1.0, loss_ratio=3.0)),
    "adapter_only": Preset("tent", "adapter_only", Limits(5.0, 5.0, 5.0, loss_ratio=3.0)),
    "mim_safe": Preset("mim", "adapter_only", Limits(5.0, 5.0, 5.0, loss_ratio=3.0)),
}
"""What ``ttt_preset`` offers; keys that are given go before it."""

NO_PRESET = Preset("tent", None, Limits())
"""What holds without one; which parameters adapt is then the method's to say."""


def preset_of(section: TttSection) -> Preset:
    """The preset that is asked for; what was given goes before it."""
    return NO_PRESET if section.ttt_preset is None else PRESETS[section.ttt_preset]


def method_of(section: TttSection) -> TttMethod:
    """The method that was given, or the preset's."""
    return preset_of(section).method if section.ttt_method is None else section.ttt_method


def filter_of(section: TttSection) -> UpdateFilter | None:
    """The filter that was given, or the preset's; None leaves it to the method."""
    return preset_of(section).update_filter if section.ttt_update_filter is None else section.ttt_update_filter


def limits_of(section: TttSection) -> Limits:
    """The limits that were given, each for itself, or the preset's."""
    preset = preset_of(section).limits
    given = {name: getattr(section, f"ttt_max_{name}") for name in vars(preset)}
    return Limits(**{name: getattr(preset, name) if value is None else value for name, value in given.items()})
