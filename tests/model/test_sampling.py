"""Two ways to the same samples."""

import pytest
import torch
from torch.nn import functional as F

from yolozu.model.sampling import gather_bilinear, sample_bilinear


def values_and_gradients(sample, maps, points):
    maps, points = maps.clone().requires_grad_(), points.clone().requires_grad_()
    sampled = sample(maps, points)
    weights = torch.linspace(-1.0, 1.0, sampled.numel(), dtype=sampled.dtype).view(sampled.shape)
    return sampled, *torch.autograd.grad((sampled * weights).sum(), (maps, points))


def reference(maps, points):
    return F.grid_sample(maps, points, mode="bilinear", padding_mode="zeros", align_corners=False)


@pytest.mark.parametrize(("height", "width"), [(5, 7), (1, 1), (8, 2)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gathering_is_grid_sampling(height, width, dtype):
    """Points in the map, on its border, half and wholly outside, several on one cell."""
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(3, 4, height, width, generator=generator, dtype=dtype)
    points = torch.rand(3, 2, 25, 2, generator=generator, dtype=dtype) * 3.0 - 1.5
    points[0, 0, :5] = torch.tensor([[-1.0, -1.0], [1.0, 1.0], [0.0, 0.0], [-1.0, 0.3], [9.0, 0.0]], dtype=dtype)
    points[1, 0, 3:6] = points[1, 0, 2]
    for ours, theirs in zip(
        values_and_gradients(gather_bilinear, maps, points), values_and_gradients(reference, maps, points), strict=True
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-6)


def test_a_point_by_hand():
    maps = torch.tensor([[[[1.0, 3.0], [5.0, 7.0]]]])
    points = torch.tensor([[[[0.0, 0.0], [-0.5, -0.5], [-1.0, -1.0]]]])  # middle, first cell, corner of the map
    assert gather_bilinear(maps, points).flatten().tolist() == [4.0, 1.0, 0.25]


def test_cpus_use_grid_sampling_which_is_deterministic_there():
    maps, points = torch.rand(2, 3, 4, 4), torch.rand(2, 1, 6, 2)
    torch.testing.assert_close(sample_bilinear(maps, points), reference(maps, points), atol=0.0, rtol=0.0)


def test_gathering_runs_where_torch_is_held_to_deterministic_algorithms():
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        generator = torch.Generator().manual_seed(1)
        maps, points = torch.rand(2, 3, 4, 4, generator=generator), torch.rand(2, 1, 6, 2, generator=generator)
        first, second = (values_and_gradients(gather_bilinear, maps, points) for _ in range(2))
    finally:
        torch.use_deterministic_algorithms(before)
    assert all(torch.equal(one, two) for one, two in zip(first, second, strict=True))
