"""Multi-scale deformable attention: each query looks at a few learned points around its box on every level."""

# Shapes: B images, N queries, S positions of all levels together, D model width, H heads, d = D / H, L levels,
# P points per level, K = L * P, X = B * H. Queries come last where points are sampled: CPUs then work on long rows.

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from yolozu.model.linear import Linear
from yolozu.model.sampling import sample_bilinear


class DeformableAttention(nn.Module):
    """Attention to sampled points of the feature maps.

    Sampling point = box center + offset / P * box size / 2; its value is bilinear, 0 outside the map.
    Source: Zhu et al., Deformable DETR, ICLR 2021, equation 3, with four-coordinate references (appendix A.4).
    """

    def __init__(self, d_model: int, *, num_heads: int, num_levels: int, num_points: int) -> None:
        super().__init__()
        assert d_model % num_heads == 0, f"{num_heads} heads do not divide {d_model} channels"
        self.num_heads = num_heads
        self.num_levels = num_levels
        self.num_points = num_points
        samples = num_heads * num_levels * num_points
        self.sampling_offsets = Linear(d_model, samples * 2)
        self.attention_weights = Linear(d_model, samples)
        self.value_proj = Linear(d_model, d_model)
        self.output_proj = Linear(d_model, d_model)
        self._initialize()

    def _initialize(self) -> None:
        """Start with head h looking in direction 2 pi h / H, point p at p + 1 steps, all points weighted alike."""
        angles_H = torch.arange(self.num_heads, dtype=torch.float32) * (2.0 * math.pi / self.num_heads)
        directions_H2 = torch.stack([angles_H.cos(), angles_H.sin()], dim=-1)
        directions_H2 = directions_H2 / directions_H2.abs().amax(dim=-1, keepdim=True)
        steps_P = torch.arange(1, self.num_points + 1, dtype=torch.float32)
        offsets_HP2 = directions_H2[:, None] * steps_P[:, None]
        offsets_HLP2 = offsets_HP2[:, None].expand(-1, self.num_levels, -1, -1)
        nn.init.zeros_(self.sampling_offsets.weight)
        with torch.no_grad():
            self.sampling_offsets.bias.copy_(offsets_HLP2.flatten())
        nn.init.zeros_(self.attention_weights.weight)
        nn.init.zeros_(self.attention_weights.bias)
        for projection in (self.value_proj, self.output_proj):
            nn.init.xavier_uniform_(projection.weight)
            nn.init.zeros_(projection.bias)

    def forward(
        self, queries_BND: Tensor, boxes_BN4: Tensor, memory_BSD: Tensor, sizes: tuple[tuple[int, int], ...]
    ) -> Tensor:
        """What each query gathers from the feature maps.

        Args:
            queries_BND: (B, N, D).
            boxes_BN4: (B, N, 4) cxcywh normalized to the network input.
            memory_BSD: (B, S, D) the levels one after another, each row by row.
            sizes: height and width of each level.

        Returns:
            (B, N, D).
        """
        batch, num_queries = queries_BND.shape[:2]
        points_XLPN2 = self._points(queries_BND, boxes_BN4)
        values_BDS = self.value_proj(memory_BSD).transpose(1, 2).contiguous()
        values_XdS = values_BDS.unflatten(1, (self.num_heads, -1)).flatten(0, 1)
        weights_XLPN = self._weights(queries_BND).view(points_XLPN2.shape[:-1])
        of_levels = []
        # Level by level: the product with the weights then finds the samples still in the cache.
        for level, values in enumerate(values_XdS.split([height * width for height, width in sizes], dim=-1)):
            maps_XdHW = values.view(*values.shape[:2], *sizes[level])
            sampled_XdPN = sample_bilinear(maps_XdHW, points_XLPN2[:, level])
            of_levels.append((sampled_XdPN * weights_XLPN[:, None, level]).sum(dim=2))
        gathered_XdN = torch.stack(of_levels).sum(dim=0)
        gathered_BND = gathered_XdN.view(batch, self.num_heads * gathered_XdN.shape[1], num_queries).transpose(1, 2)
        output: Tensor = self.output_proj(gathered_BND)
        return output

    def _points(self, queries_BND: Tensor, boxes_BN4: Tensor) -> Tensor:
        """(X, L, P, N, 2) in grid_sample's frame: -1 and 1 are the borders of the map."""
        batch, num_queries, _ = queries_BND.shape
        offsets_BNHK2 = self.sampling_offsets(queries_BND).unflatten(2, (self.num_heads, -1, 2))
        # 2 * (center + offset / P * size / 2) - 1, with the factors gathered on the small box tensors
        center_BN2 = boxes_BN4[..., :2] * 2.0 - 1.0
        reach_BN2 = boxes_BN4[..., 2:] / self.num_points
        points_BNHK2 = offsets_BNHK2 * reach_BN2[:, :, None, None] + center_BN2[:, :, None, None]
        points_BHKN2: Tensor = points_BNHK2.permute(0, 2, 3, 1, 4)
        return points_BHKN2.reshape(batch * self.num_heads, self.num_levels, self.num_points, num_queries, 2)

    def _weights(self, queries_BND: Tensor) -> Tensor:
        """(X, K, N), summing to 1 over all points of all levels."""
        weights_BNHK = self.attention_weights(queries_BND).unflatten(2, (self.num_heads, -1))
        return torch.softmax(weights_BNHK.permute(0, 2, 3, 1).flatten(0, 1), dim=1)
