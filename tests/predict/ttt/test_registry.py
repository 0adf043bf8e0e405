"""Every method of test-time training keeps the promise of the registry."""

from __future__ import annotations

import pytest
import torch

from tests.predict.ttt.tiny import detector, images, same, settings, state_of
from yolozu.contract.sections.predict import TttMethod
from yolozu.predict.ttt.adaptation import Adaptation
from yolozu.predict.ttt.registry import TTT_METHODS
from yolozu.predict.ttt.settings import MethodDefaults

pytestmark = pytest.mark.parametrize("name", list(TTT_METHODS))


def loss(name, network, pictures=None, seed=0):
    method = TTT_METHODS.load(name).on(network, settings(method=name))
    return method.loss(images() if pictures is None else pictures, torch.Generator().manual_seed(seed))


def test_the_contract_offers_it(name):
    assert name in TttMethod.__args__


def test_it_says_what_is_taken_where_nothing_else_is_said(name):
    defaults = TTT_METHODS.load(name).defaults
    assert isinstance(defaults, MethodDefaults)
    assert defaults.lr > 0.0
    assert 0.0 <= defaults.norm_weight <= 1.0


def test_the_loss_is_a_finite_number_that_is_not_negative(name):
    for pictures in (images(), torch.zeros(1, 3, 64, 96), torch.ones(3, 3, 96, 64)):
        found = loss(name, detector().eval(), pictures)
        assert found.shape == ()
        assert found.isfinite()
        assert found >= 0.0


def test_the_same_pictures_and_the_same_generator_give_the_same_bits(name):
    network = detector().eval()
    before = state_of(network)
    assert torch.equal(loss(name, network), loss(name, network))
    assert torch.equal(loss(name, network), loss(name, detector().eval()))
    assert same(state_of(network), before)


@pytest.mark.slow
@pytest.mark.parametrize("update_filter", ["all", "norm_only", "adapter_only"])
def test_the_gradient_reaches_what_adapts_and_steps_lower_the_loss(name, update_filter):
    network = detector()
    how = settings(method=name, update_filter=update_filter, steps=4, lr=1e-3, norm_weight=0.0)
    with Adaptation(network, how) as adaptation:
        steps = adaptation.adapt(images(), "a").steps
        reached = [key for key, own in adaptation.parameters.items() if own.grad is not None and own.grad.any()]
        assert len(reached) > len(adaptation.parameters) / 4
        assert all(own.grad is None for key, own in network.named_parameters() if key not in adaptation.parameters)
    assert [step.grad_norm > 0.0 for step in steps] == [True] * 4
    if name == "tent":  # mim hides other patches in every step
        assert steps[-1].loss < steps[0].loss


def test_afterwards_the_network_is_what_it_was(name):
    network = detector()
    before = state_of(network)
    with Adaptation(network, settings(method=name, lr=0.1, steps=2)) as adaptation:
        adaptation.adapt(images(), "a")
        assert not same(state_of(network), before)
    assert same(state_of(network), before)
