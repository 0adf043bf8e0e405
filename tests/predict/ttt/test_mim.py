"""Masked image modelling at test time: how well a network paints what is hidden."""

from __future__ import annotations

import pytest
import torch

from tests.fixtures.exported import CONFIG
from tests.predict.ttt.tiny import Toy, detector, images, settings
from yolozu.errors import UsageError
from yolozu.model.reconstruction import random_patches
from yolozu.predict.ttt.mim import Mim


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def hidden(share, seed=0):
    return random_patches(2, 64, 96, patch_size=16, share=share, generator=generator(seed))


def loss(network, pictures=None, seed=0, **keys):
    method = Mim.on(network, settings(method="mim", **keys))
    return method.loss(images() if pictures is None else pictures, generator(seed))


@pytest.fixture(scope="module")
def network():
    return detector().eval()


@pytest.mark.parametrize("network", [detector(config=CONFIG), Toy()], ids=["a detector", "another network"])
def test_a_network_that_cannot_paint_is_refused(network):
    with pytest.raises(UsageError) as refused:
        Mim.on(network, settings(method="mim"))
    assert str(refused.value) == (
        "ttt_method: mim: YZ641 the network has no reconstruction head: it was trained without enable_mim\n"
        "  fix: train with enable_mim: true, or use ttt_method: tent"
    )


@pytest.mark.parametrize(("keys", "share"), [({}, 0.5), ({"mim_mask_prob": 0.25}, 0.25)], ids=["as trained", "given"])
def test_the_loss_is_the_mean_error_of_the_hidden_pixels(network, keys, share):
    found = loss(network, **keys)
    where = hidden(share)
    apart = (network.reconstruct(images(), where) - images()).abs()
    assert found.shape == ()
    torch.testing.assert_close(found, apart[where.expand_as(apart)].mean())


def test_the_generator_decides_what_is_hidden(network):
    assert torch.equal(loss(network), loss(network))
    assert not torch.equal(loss(network), loss(network, seed=1))


def test_visible_pixels_do_not_count(network):
    """Neither painted nor true ones: a picture that only differs where it is hidden is all the loss sees."""
    painted = network.reconstruct(images(), hidden(0.5)).detach()
    where = hidden(0.5).expand_as(painted)
    network_says_so = torch.where(where, painted, images())
    assert loss(network, network_says_so).item() == pytest.approx(0.0, abs=1e-6)
    assert not torch.allclose(painted[~where], images()[~where], atol=0.01)


def test_whole_pictures_are_never_shown_to_the_network():
    assert Mim.sees_whole_images is False
