"""Hybrid encoder: attention within the coarsest level, convolutions between the levels.

Source: Zhao et al., DETRs Beat YOLOs on Real-time Object Detection, CVPR 2024, section 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yolozu.model.attention import SelfAttention
from yolozu.model.convolution import ConvNorm, CspRepLayer
from yolozu.model.memory_format import with_dense_gradient
from yolozu.model.mlp import FeedForward
from yolozu.model.reference_boxes import sine_positions


class EncoderLayer(nn.Module):
    """Self-attention and a GELU feed-forward part, each added to its input and then normalized."""

    def __init__(self, d_model: int, *, num_heads: int, ffn_dim: int) -> None:
        super().__init__()
        self.attention = SelfAttention(d_model, num_heads)
        self.attention_norm = nn.LayerNorm(d_model)
        self.feed_forward = FeedForward(d_model, ffn_dim, activation=nn.GELU())
        self.feed_forward_norm = nn.LayerNorm(d_model)

    def forward(self, tokens_BND: Tensor, positions_1ND: Tensor) -> Tensor:
        """The same shape."""
        tokens_BND = self.attention_norm(tokens_BND + self.attention(tokens_BND, positions_1ND))
        tokens: Tensor = self.feed_forward_norm(tokens_BND + self.feed_forward(tokens_BND))
        return tokens


class IntraScaleAttention(nn.Module):
    """Attention-based intra-scale feature interaction (AIFI): every position of one map sees all the others."""

    def __init__(self, d_model: int, *, num_layers: int, num_heads: int, ffn_dim: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            EncoderLayer(d_model, num_heads=num_heads, ffn_dim=ffn_dim) for _ in range(num_layers)
        )

    def forward(self, features_BDHW: Tensor) -> Tensor:
        """The same shape."""
        if not self.layers:
            return features_BDHW
        _, d_model, height, width = features_BDHW.shape
        # With channels-last maps neither of the two transpositions moves memory.
        tokens_BND = features_BDHW.flatten(2).transpose(1, 2)
        positions_1ND = sine_positions(height, width, d_model, features_BDHW.device)
        for layer in self.layers:
            tokens_BND = layer(tokens_BND, positions_1ND)
        return tokens_BND.transpose(1, 2).view(-1, d_model, height, width)


class HybridEncoder(nn.Module):
    """Attention on P5, then fusion top-down (P5 to P3) and bottom-up (P3 to P5).

    Modules of the top-down pass are ordered from P5 to P3, those of the bottom-up pass from P3 to P5.
    """

    def __init__(
        self,
        d_model: int,
        *,
        num_layers: int,
        num_heads: int,
        ffn_dim: int,
        expansion: float,
        fusion_blocks: int,
        norm: str = "bn",
    ) -> None:
        super().__init__()

        def fusion() -> CspRepLayer:
            return CspRepLayer(2 * d_model, d_model, num_blocks=fusion_blocks, expansion=expansion, norm=norm)

        self.attention = IntraScaleAttention(d_model, num_layers=num_layers, num_heads=num_heads, ffn_dim=ffn_dim)
        self.lateral = nn.ModuleList(ConvNorm(d_model, d_model, 1, activation="silu", norm=norm) for _ in range(2))
        self.top_down = nn.ModuleList(fusion() for _ in range(2))
        self.downsample = nn.ModuleList(
            ConvNorm(d_model, d_model, 3, stride=2, activation="silu", norm=norm) for _ in range(2)
        )
        self.bottom_up = nn.ModuleList(fusion() for _ in range(2))

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Fused maps.

        Args:
            features: P3, P4, P5, each (B, D, H, W) with half the height and width of the one before.

        Returns:
            The same shapes.
        """
        p3, p4, p5 = features
        top5 = self.lateral[0](self.attention(p5))
        top4 = self.lateral[1](self.top_down[0](_upsampled_beside(top5, p4)))
        fused3 = self.top_down[1](_upsampled_beside(top4, p3))
        fused4 = self.bottom_up[0](_beside(self.downsample[0](fused3), top4))
        fused5 = self.bottom_up[1](_beside(self.downsample[1](fused4), top5))
        return [fused3, fused4, fused5]


def _upsampled_beside(coarse_BDhw: Tensor, fine_BDHW: Tensor) -> Tensor:
    """(B, 2D, H, W): the coarse map at twice its size, then the fine one."""
    return _beside(F.interpolate(coarse_BDhw, scale_factor=2.0, mode="nearest"), fine_BDHW)


def _beside(first_BDHW: Tensor, second_BDHW: Tensor) -> Tensor:
    """(B, 2D, H, W)."""
    return torch.cat([with_dense_gradient(first_BDHW), with_dense_gradient(second_BDHW)], dim=1)
