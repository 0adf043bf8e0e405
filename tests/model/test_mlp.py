"""Stacks of Linears."""

import torch
from torch import nn

from yolozu.model.mlp import FeedForward, Mlp


def test_mlp_rectifies_between_layers_only():
    mlp = Mlp(2, 3, 1, num_layers=2)
    for layer, weight in zip(mlp.layers, (1.0, -1.0), strict=True):
        nn.init.constant_(layer.weight, weight)
        nn.init.zeros_(layer.bias)
    assert mlp(torch.tensor([[1.0, 1.0], [-1.0, -1.0]])).tolist() == [[-6.0], [0.0]]


def test_dropout_acts_while_training_only():
    torch.manual_seed(0)
    part = FeedForward(8, 16, activation=nn.ReLU(), dropout=0.5)
    values = torch.randn(2, 3, 8)
    assert not torch.equal(part(values), part(values))
    part.eval()
    assert torch.equal(part(values), part(values))


def test_without_dropout_training_and_evaluation_agree():
    part = FeedForward(8, 16, activation=nn.GELU())
    values = torch.randn(2, 3, 8)
    assert torch.equal(part(values), part.eval()(values))
