"""Self-attention over a sequence, from plain Linears that adapters and quantization can reach."""

# Shapes: B images, N tokens, D model width, H heads, d = D / H, X = B * H.

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yolozu.model.linear import Linear


class SelfAttention(nn.Module):
    """Multi-head attention; positions are added to queries and keys, never to values.

    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2; positions as in Carion et al., DETR, 2020.
    """

    def __init__(self, d_model: int, num_heads: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        assert d_model % num_heads == 0, f"{num_heads} heads do not divide {d_model} channels"
        self.num_heads = num_heads
        self.dropout = dropout
        self.q_proj = Linear(d_model, d_model)
        self.k_proj = Linear(d_model, d_model)
        self.v_proj = Linear(d_model, d_model)
        self.o_proj = Linear(d_model, d_model)
        self._initialize()

    def _initialize(self) -> None:
        # The reference initializes q, k and v as one (3D, D) matrix: Xavier's bound is sqrt(2) smaller than for (D, D).
        for projection in (self.q_proj, self.k_proj, self.v_proj):
            nn.init.xavier_uniform_(projection.weight, gain=1.0 / math.sqrt(2.0))
            nn.init.zeros_(projection.bias)
        nn.init.zeros_(self.o_proj.bias)

    def forward(self, tokens_BND: Tensor, positions_BND: Tensor, visible_NN: Tensor | None = None) -> Tensor:
        """What each token gathers from the others.

        Args:
            tokens_BND: (B, N, D).
            positions_BND: (B, N, D) or (1, N, D).
            visible_NN: (N, N) bool, True where the row's token sees the column's; None lets all see all.

        Returns:
            (B, N, D).
        """
        located_BND = tokens_BND + positions_BND
        mixed_BHNd = attend(
            self._heads(self.q_proj(located_BND)),
            self._heads(self.k_proj(located_BND)),
            self._heads(self.v_proj(tokens_BND)),
            visible_NN,
            dropout=self.dropout if self.training else 0.0,
        )
        gathered: Tensor = self.o_proj(mixed_BHNd.transpose(1, 2).flatten(2))
        return gathered

    def _heads(self, tokens_BND: Tensor) -> Tensor:
        batch, count, width = tokens_BND.shape
        return tokens_BND.view(batch, count, self.num_heads, width // self.num_heads).transpose(1, 2)


def attend(
    queries_BHNd: Tensor, keys_BHNd: Tensor, values_BHNd: Tensor, visible_NN: Tensor | None, *, dropout: float
) -> Tensor:
    """softmax(Q K^T / sqrt(d)) V (Vaswani et al., 2017, equation 1).

    PyTorch's fused kernel, but for bfloat16 on CPUs, where the plain products are twice as fast.

    Args:
        queries_BHNd: (B, H, N, d).
        keys_BHNd: (B, H, N, d).
        values_BHNd: (B, H, N, d).
        visible_NN: (N, N) bool, or None.
        dropout: share of the weights that are left out.

    Returns:
        (B, H, N, d).
    """
    if queries_BHNd.dtype == torch.bfloat16 and queries_BHNd.device.type == "cpu":
        return _attend_by_products(queries_BHNd, keys_BHNd, values_BHNd, visible_NN, dropout)
    return F.scaled_dot_product_attention(queries_BHNd, keys_BHNd, values_BHNd, attn_mask=visible_NN, dropout_p=dropout)


def _attend_by_products(
    queries_BHNd: Tensor, keys_BHNd: Tensor, values_BHNd: Tensor, visible_NN: Tensor | None, dropout: float
) -> Tensor:
    scaled_XNd = (queries_BHNd / math.sqrt(queries_BHNd.shape[-1])).flatten(0, 1)
    keys_XdN, values_XNd = keys_BHNd.flatten(0, 1).transpose(1, 2), values_BHNd.flatten(0, 1)
    if visible_NN is None:
        scores_XNN = torch.bmm(scaled_XNd, keys_XdN)
    else:
        hidden_NN = torch.where(visible_NN, 0.0, -torch.inf).to(scaled_XNd.dtype)
        scores_XNN = torch.baddbmm(hidden_NN, scaled_XNd, keys_XdN)
    with torch.autocast("cpu", enabled=False):  # it would widen all weights to float32 and back
        weights_XNN = F.dropout(scores_XNN.softmax(dim=-1), dropout)
    return torch.bmm(weights_XNN, values_XNd).view(queries_BHNd.shape)
