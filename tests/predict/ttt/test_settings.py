"""How a network adapts: what was given, else the preset's, else the method's own."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from yolozu.contract.sections.predict import TttSection
from yolozu.contract.sections.ttt_presets import Limits
from yolozu.predict.ttt.settings import MethodDefaults, TttSettings

DEFAULTS = MethodDefaults(update_filter="norm_only", lr=0.125, norm_weight=0.25)
GIVEN = {
    "preset": "mim_safe",
    "method": "tent",
    "update_filter": "all",
    "include": ("a*", "b*"),
    "exclude": ("c*",),
    "reset": "stream",
    "steps": 3,
    "batch_size": 4,
    "max_batches": 5,
    "lr": 0.5,
    "norm_weight": 0.75,
    "seed": 7,
    "stop_on_non_finite": False,
    "rollback_on_stop": False,
    "mim_mask_prob": 0.625,
}


def settings(**keys):
    return TttSettings.from_section(TttSection(**{f"ttt_{name}": value for name, value in keys.items()}), DEFAULTS)


def test_what_was_given_stays_as_given():
    limits = {name: float(number) for number, name in enumerate(asdict(Limits()), 10)}
    found = asdict(settings(**GIVEN, **{f"max_{name}": value for name, value in limits.items()}))
    assert found == {**GIVEN, "limits": limits}
    assert {f"ttt_{name}" for name in GIVEN} | {f"ttt_max_{name}" for name in limits} | {"ttt"} == {
        *TttSection.model_fields
    }


def test_where_nothing_is_said_the_method_s_own_holds():
    assert settings() == TttSettings(
        preset=None,
        method="tent",
        update_filter="norm_only",
        include=(),
        exclude=(),
        reset="sample",
        steps=1,
        batch_size=1,
        max_batches=None,
        lr=0.125,
        norm_weight=0.25,
        seed=0,
        stop_on_non_finite=True,
        rollback_on_stop=True,
        limits=Limits(),
        mim_mask_prob=None,
    )


def test_a_preset_goes_before_the_method_s_own():
    found = settings(preset="mim_safe")
    assert (found.method, found.update_filter, found.limits.loss_ratio) == ("mim", "adapter_only", 3.0)
    assert (found.lr, found.norm_weight) == (0.125, 0.25)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_zero_is_a_weight_that_was_given(weight):
    assert settings(norm_weight=weight).norm_weight == weight


def test_batches_are_of_streams():
    found = settings(batch_size=4, max_batches=5)
    assert (found.reset, found.batch_size, found.max_batches) == ("sample", 1, None)
