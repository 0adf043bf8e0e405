"""Two parameters in groups of their own, and a step of an optimizer on them; a small network likewise."""

import torch
from torch import nn

from yolozu.optim.groups import ParameterGroup
from yolozu.optim.optimizers import build_optimizer, set_learning_rate


def two_groups(first, second):
    return [ParameterGroup("backbone", 0.5, 0.1, {"a": first}), ParameterGroup("head", 1.0, 0.0, {"b": second})]


def parameters(value=1.0):
    return nn.Parameter(torch.full((2,), value)), nn.Parameter(torch.full((2,), value))


def stepped(name, *, gradients=(1.0,), momentum=0.0, nesterov=False):
    a, b = parameters()
    optimizer = build_optimizer(two_groups(a, b), name=name, momentum=momentum, nesterov=nesterov)
    set_learning_rate(optimizer, 0.2)
    for gradient in gradients:
        a.grad, b.grad = torch.full((2,), gradient), torch.full((2,), gradient)
        optimizer.step()
    return a[0].item(), b[0].item()


def network_and_optimizer(name):
    torch.manual_seed(0)
    network = nn.Conv2d(16, 8, 3).to(memory_format=torch.channels_last)
    groups = [ParameterGroup("all", 1.0, 0.01, dict(network.named_parameters()))]
    optimizer = build_optimizer(groups, name=name, momentum=0.9, nesterov=False)
    set_learning_rate(optimizer, 0.1)
    return network, groups, optimizer


def train(network, optimizer, steps, seed):
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        optimizer.zero_grad()
        network(torch.randn(2, 16, 5, 5, generator=generator)).square().mean().backward()
        optimizer.step()
