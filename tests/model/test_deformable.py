"""Deformable attention."""

import math

import pytest
import torch

from yolozu.model.deformable import DeformableAttention

SIZES = ((4, 6), (2, 3))


def attention(num_heads=2, num_points=3):
    torch.manual_seed(0)
    module = DeformableAttention(8, num_heads=num_heads, num_levels=2, num_points=num_points)
    torch.nn.init.normal_(module.sampling_offsets.weight, std=0.3)
    torch.nn.init.normal_(module.attention_weights.weight, std=0.3)
    return module


def bilinear(cells, x, y):
    """Value at (x, y) in [0, 1] of a (H, W, d) map whose cell centers are at (column + 1/2) / W; 0 outside."""
    height, width, _ = cells.shape
    column, row = x * width - 0.5, y * height - 0.5
    total = torch.zeros(cells.shape[2])
    for cell_row in (math.floor(row), math.floor(row) + 1):
        for cell_column in (math.floor(column), math.floor(column) + 1):
            if 0 <= cell_row < height and 0 <= cell_column < width:
                weight = (1 - abs(row - cell_row)) * (1 - abs(column - cell_column))
                total += weight * cells[cell_row, cell_column]
    return total


@torch.no_grad()
def test_it_equals_the_formula_point_by_point():
    heads, points = 2, 3
    module = attention(heads, points)
    queries, memory = torch.randn(2, 5, 8), torch.randn(2, 30, 8)
    boxes = torch.rand(2, 5, 4)
    values = module.value_proj(memory).view(2, 30, heads, 4)
    offsets = module.sampling_offsets(queries).view(2, 5, heads, 2, points, 2)
    weights = module.attention_weights(queries).view(2, 5, heads, 2 * points).softmax(-1).view(2, 5, heads, 2, points)
    gathered = torch.zeros(2, 5, heads, 4)
    for image in range(2):
        for query in range(5):
            x, y, width, height = boxes[image, query].tolist()
            for head in range(heads):
                for level, (rows, columns) in enumerate(SIZES):
                    cells = values[image, 0 if level == 0 else 24 :][: rows * columns, head].view(rows, columns, 4)
                    for point in range(points):
                        move_x, move_y = offsets[image, query, head, level, point].tolist()
                        at = x + move_x / points * width / 2, y + move_y / points * height / 2
                        gathered[image, query, head] += weights[image, query, head, level, point] * bilinear(cells, *at)
    expected = module.output_proj(gathered.flatten(2))
    torch.testing.assert_close(module(queries, boxes, memory, SIZES), expected, rtol=1e-4, atol=1e-5)


def test_heads_start_in_directions_around_the_box():
    module = DeformableAttention(8, num_heads=4, num_levels=2, num_points=2)
    bias = module.sampling_offsets.bias.view(4, 2, 2, 2)
    first = bias[:, 0, 0].tolist()
    assert first == [pytest.approx(way, abs=1e-6) for way in ([1, 0], [0, 1], [-1, 0], [0, -1])]
    torch.testing.assert_close(bias[:, :, 1], 2.0 * bias[:, :, 0])


def test_gradients_reach_queries_memory_and_boxes():
    module = attention()
    inputs = [torch.randn(1, 3, 8), torch.rand(1, 3, 4), torch.randn(1, 30, 8)]
    for tensor in inputs:
        tensor.requires_grad_()
    module(*inputs, SIZES).sum().backward()
    assert all(tensor.grad.abs().sum() > 0 for tensor in inputs)
