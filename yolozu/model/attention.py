"""Self-attention over a sequence, from plain Linears that adapters and quantization can reach."""

# Shapes: B images, N tokens, D model width, H heads.

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F


class SelfAttention(nn.Module):
    """Multi-head attention; positions are added to queries and keys, never to values.

    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2; positions as in Carion et al., DETR, 2020.
    """

    def __init__(self, d_model: int, num_heads: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        assert d_model % num_heads == 0, f"{num_heads} heads do not divide {d_model} channels"
        self.num_heads = num_heads
        self.dropout = dropout
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.o_proj = nn.Linear(d_model, d_model)
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
        mixed_BHNd = F.scaled_dot_product_attention(
            self._heads(self.q_proj(located_BND)),
            self._heads(self.k_proj(located_BND)),
            self._heads(self.v_proj(tokens_BND)),
            attn_mask=visible_NN,
            dropout_p=self.dropout if self.training else 0.0,
        )
        gathered: Tensor = self.o_proj(mixed_BHNd.transpose(1, 2).flatten(2))
        return gathered

    def _heads(self, tokens_BND: Tensor) -> Tensor:
        batch, count, _ = tokens_BND.shape
        return tokens_BND.view(batch, count, self.num_heads, -1).transpose(1, 2)
