"""Tent: the entropy of what a network says."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.predict.ttt.tiny import detector, images, settings
from yolozu.errors import UsageError
from yolozu.predict.ttt.tent import Tent, bernoulli_entropy


def answering(output):
    """Tent on a network that always gives the same."""
    network = torch.nn.Module()
    network.forward = lambda _: output
    return Tent.on(network, settings())


def loss(output):
    return answering(output).loss(images(), torch.Generator())


@pytest.mark.parametrize("classes", [1, 3, 80])
def test_who_knows_nothing_has_the_entropy_of_a_coin_per_class(classes):
    entropy = bernoulli_entropy(torch.zeros(2, 5, classes))
    assert entropy.shape == (2, 5)
    torch.testing.assert_close(entropy, torch.full((2, 5), classes * math.log(2.0)))


@pytest.mark.parametrize("logit", [1e4, -1e4])
def test_who_is_certain_has_none_and_a_finite_gradient(logit):
    logits = torch.full((1, 1, 2), logit, requires_grad=True)
    entropy = bernoulli_entropy(logits)
    entropy.sum().backward()
    assert entropy.item() == 0.0
    assert logits.grad is not None
    assert (logits.grad == 0.0).all()


@given(st.floats(-30.0, 30.0))
def test_it_is_the_textbook_s(logit):
    p = torch.tensor(logit, dtype=torch.float64).sigmoid().item()
    parts = [share * math.log(share) for share in (p, 1.0 - p) if share > 0.0]
    found = bernoulli_entropy(torch.tensor([[[logit]]], dtype=torch.float64)).item()
    assert found == pytest.approx(-sum(parts), abs=1e-12)
    assert found == pytest.approx(bernoulli_entropy(torch.tensor([[[-logit]]], dtype=torch.float64)).item())


def test_its_gradient_is_right():
    logits = torch.linspace(-6.0, 6.0, 12, dtype=torch.float64).reshape(2, 2, 3).requires_grad_()
    assert torch.autograd.gradcheck(bernoulli_entropy, (logits,))


@pytest.mark.parametrize("kind", [dict, SimpleNamespace], ids=["a map", "an object"])
def test_the_loss_is_the_mean_over_images_and_queries(kind):
    logits = torch.tensor([[[0.0, 0.0], [1e4, -1e4]], [[0.0, 1e4], [1e4, 1e4]]])
    assert loss(kind(pred_logits=logits)).item() == pytest.approx(3.0 * math.log(2.0) / 4.0)


def test_a_detector_has_logits():
    network = detector().eval()
    expected = bernoulli_entropy(network(images()).named()["pred_logits"]).mean()
    assert torch.equal(Tent.on(network, settings()).loss(images(), torch.Generator()), expected)


@pytest.mark.parametrize(
    ("output", "kind"),
    [({"logits": torch.zeros(1, 1, 1)}, "dict"), (torch.zeros(1), "Tensor"), ({"pred_logits": [0.0]}, "dict")],
)
def test_a_network_without_logits_is_refused(output, kind):
    with pytest.raises(UsageError) as refused:
        loss(output)
    assert str(refused.value) == (
        f"ttt_method: tent: YZ641 the network's output has no pred_logits, it is a {kind}\n"
        "  fix: let the model of the adapter give pred_logits (images, queries, classes), or predict without ttt"
    )
