"""Limits: what breaks them, and what is said then."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.contract.sections.ttt_presets import Limits
from yolozu.predict.ttt.guards import Breach, gradient_breach, loss_breach, update_breach

NONE = Limits()
positive = st.floats(1e-6, 1e6)
finite = st.floats(-1e6, 1e6)
not_finite = st.sampled_from([math.nan, math.inf, -math.inf])
limits = st.builds(Limits, *[st.none() | positive] * 5)


@given(limits, not_finite, positive)
def test_what_is_no_finite_number_breaks_whatever_the_limits(limits, value, first):
    assert loss_breach(limits, value, first) == Breach("non_finite_loss", None, None)
    assert gradient_breach(limits, value) == Breach("non_finite_gradient", None, None)
    assert update_breach(limits, value, first) == Breach("update_norm", None, limits.update_norm)
    assert update_breach(NONE, first, value) == Breach("total_update_norm", None, None)


@given(finite, finite)
def test_without_limits_every_finite_number_is_allowed(value, other):
    assert loss_breach(NONE, value, other) is None
    assert gradient_breach(NONE, abs(value)) is None
    assert update_breach(NONE, abs(value), abs(other)) is None


@given(positive, positive)
def test_norms_break_above_their_limit_and_not_at_it(value, limit):
    for reason, found in (
        ("grad_norm", gradient_breach(Limits(grad_norm=limit), value)),
        ("update_norm", update_breach(Limits(update_norm=limit), value, 0.0)),
        ("total_update_norm", update_breach(Limits(total_update_norm=limit), 0.0, value)),
    ):
        assert found == (Breach(reason, value, limit) if value > limit else None)


@given(finite, positive, positive)
def test_losses_are_held_against_the_first(loss, first, limit):
    ratio = loss_breach(Limits(loss_ratio=limit), loss, first)
    assert ratio == (Breach("loss_ratio", loss / first, limit) if loss / first > limit else None)
    increase = loss_breach(Limits(loss_increase=limit), loss, first)
    assert increase == (Breach("loss_increase", loss - first, limit) if loss - first > limit else None)


@pytest.mark.parametrize("first", [0.0, -1.0])
def test_nothing_is_relative_to_a_loss_that_is_not_positive(first):
    assert loss_breach(Limits(loss_ratio=2.0), 5.0, first) is None


def test_one_limit_is_named_at_a_time_the_narrower_first():
    everything = Limits(update_norm=1.0, total_update_norm=1.0, loss_ratio=2.0, loss_increase=1.0)
    assert loss_breach(everything, 9.0, 1.0) == Breach("loss_ratio", 9.0, 2.0)
    assert update_breach(everything, 2.0, 3.0) == Breach("update_norm", 2.0, 1.0)


@pytest.mark.parametrize(
    ("reason", "is_so"),
    [("non_finite_loss", True), ("non_finite_gradient", True), ("update_norm", False), ("loss_ratio", False)],
)
def test_which_reasons_are_no_measure_of_anything(reason, is_so):
    assert Breach(reason, None, None).is_non_finite is is_so
