"""Statistics that a step has moved, and back."""

import torch
from torch import nn

from yolozu.training.held_buffers import HeldBuffers


def test_statistics_are_put_back_to_the_bit_and_parameters_are_not_touched():
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)).train()
    module(torch.rand(2, 3, 8, 8))
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    buffers = HeldBuffers(module)
    buffers.hold()
    module(torch.rand(2, 3, 8, 8) * torch.inf)
    assert not module[1].running_mean.isfinite().any()
    with torch.no_grad():
        module[0].bias.add_(1.0)
    buffers.put_back()
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items() if name != "0.bias")
    assert torch.equal(module[0].bias, before["0.bias"] + 1.0)
    assert module[1].num_batches_tracked == 1


def test_a_module_without_buffers():
    buffers = HeldBuffers(nn.Linear(1, 1))
    buffers.hold()
    buffers.put_back()
