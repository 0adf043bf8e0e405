"""Steps of SGD by hand."""

import pytest

from tests.optim.stepping import network_and_optimizer, stepped
from yolozu.optim.optimizers import optimizer_tensors


def test_weight_decay_is_added_to_the_gradient():
    assert stepped("sgd") == pytest.approx((1 - 0.1 * (1 + 0.1), 1 - 0.2), abs=1e-6)


def test_momentum_and_nesterov():
    assert stepped("sgd", gradients=(1.0, 1.0), momentum=0.9)[1] == pytest.approx(1 - 0.2 - 0.2 * 1.9, abs=1e-6)
    assert stepped("sgd", gradients=(1.0,), momentum=0.9, nesterov=True)[1] == pytest.approx(1 - 0.2 * 1.9, abs=1e-6)


def test_without_momentum_has_no_state():
    _, groups, optimizer = network_and_optimizer("sgd")
    assert optimizer_tensors(optimizer, groups) == {}
