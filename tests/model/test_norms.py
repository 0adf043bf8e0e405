"""Normalization of feature maps."""

import pytest
import torch
from torch import nn

from yolozu.model.norms import FrozenBatchNorm, make_norm


def test_frozen_statistics_equal_those_of_an_evaluated_batch_norm():
    torch.manual_seed(0)
    trained = nn.BatchNorm2d(6)
    trained(torch.randn(8, 6, 4, 4) * 3 + 1)
    nn.init.uniform_(trained.weight)
    nn.init.uniform_(trained.bias)
    frozen = FrozenBatchNorm(6)
    state = {name: value for name, value in trained.state_dict().items() if name != "num_batches_tracked"}
    frozen.load_state_dict(state)
    images = torch.randn(2, 6, 5, 3)
    torch.testing.assert_close(frozen.train()(images), trained.eval()(images))


def test_frozen_statistics_have_nothing_to_train():
    assert list(FrozenBatchNorm(4).parameters()) == []


@pytest.mark.parametrize(("channels", "groups"), [(64, 32), (48, 16), (8, 8), (20, 4)])
def test_groups_divide_the_channels(channels, groups):
    assert make_norm("gn", channels).num_groups == groups


def test_bn_is_batch_normalization():
    assert isinstance(make_norm("bn", 4), nn.BatchNorm2d)
