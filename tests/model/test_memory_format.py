"""Memory layout of feature maps."""

import torch

from yolozu.model.memory_format import with_dense_gradient


def test_the_gradient_of_a_part_has_no_gaps():
    arrived = []
    source = torch.randn(2, 3, 4, 4, requires_grad=True)
    first = source * 2.0
    first.register_hook(arrived.append)
    weights = torch.randn(2, 5, 4, 4).contiguous(memory_format=torch.channels_last)
    (torch.cat([with_dense_gradient(first), torch.zeros(2, 2, 4, 4)], dim=1) * weights).sum().backward()
    (gradient,) = arrived
    assert torch.equal(source.grad, 2.0 * weights[:, :3])
    assert not weights[:, :3].is_contiguous(memory_format=torch.channels_last)
    dense = source * 2.0
    seen = []
    with_dense_gradient(dense).register_hook(seen.append)
    (torch.cat([dense, torch.zeros(2, 2, 4, 4)], dim=1) * weights).sum().backward()
    assert seen[0].is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(seen[0], gradient)


def test_constants_pass():
    constant = torch.zeros(1, 2, 3, 3)
    assert with_dense_gradient(constant) is constant
