"""A step of AdamW by hand."""

import pytest

from tests.optim.stepping import stepped


def test_weights_decay_apart_from_the_gradient():
    moved = 1.0 / (1.0 + 1e-8)  # the first step's bias-corrected ratio
    assert stepped("adamw") == pytest.approx((1 - 0.1 * 0.1 - 0.1 * moved, 1 - 0.2 * moved), abs=1e-6)
