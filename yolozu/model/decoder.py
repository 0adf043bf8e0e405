"""Decoder: queries talk to each other, look at the image near their boxes, and refine the boxes layer by layer."""

# Shapes: L layers, B images, N queries (denoising first, then matching), S positions of all levels together, D model
# width, K values of a head.

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from yolozu.model.attention import SelfAttention
from yolozu.model.deformable import DeformableAttention
from yolozu.model.heads.base import HeadSizes
from yolozu.model.heads.registry import HEADS, POSE_HEADS
from yolozu.model.mlp import FeedForward, Mlp
from yolozu.model.reference_boxes import inverse_sigmoid

NUM_LEVELS = 3
FINEST_STRIDE = 8


class DecoderLayer(nn.Module):
    """Self-attention, deformable attention and a ReLU feed-forward part, each added to its input, then normalized."""

    def __init__(self, d_model: int, *, num_heads: int, num_points: int, ffn_dim: int, dropout: float) -> None:
        super().__init__()
        self.self_attention = SelfAttention(d_model, num_heads, dropout=dropout)
        self.self_norm = nn.LayerNorm(d_model)
        self.cross_attention = DeformableAttention(
            d_model, num_heads=num_heads, num_levels=NUM_LEVELS, num_points=num_points
        )
        self.cross_norm = nn.LayerNorm(d_model)
        self.feed_forward = FeedForward(d_model, ffn_dim, activation=nn.ReLU(), dropout=dropout)
        self.feed_forward_norm = nn.LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout) if dropout > 0.0 else nn.Identity()
        nn.init.xavier_uniform_(self.feed_forward.linear1.weight)
        nn.init.xavier_uniform_(self.feed_forward.linear2.weight)

    def forward(
        self,
        queries_BND: Tensor,
        positions_BND: Tensor,
        boxes_BN4: Tensor,
        memory_BSD: Tensor,
        sizes: tuple[tuple[int, int], ...],
        *,
        visible_NN: Tensor | None,
    ) -> Tensor:
        """(B, N, D); arguments as in `Decoder.forward`, with the positions that the boxes became."""
        talked = self.dropout(self.self_attention(queries_BND, positions_BND, visible_NN))
        queries_BND = self.self_norm(queries_BND + talked)
        looked = self.dropout(self.cross_attention(queries_BND + positions_BND, boxes_BN4, memory_BSD, sizes))
        queries_BND = self.cross_norm(queries_BND + looked)
        queries: Tensor = self.feed_forward_norm(queries_BND + self.feed_forward(queries_BND))
        return queries


class Decoder(nn.Module):
    """Layers with iterative box refinement; every layer has its own heads.

    A layer sees its reference boxes as constants. The gradient of its boxes reaches one layer back ("look forward
    twice").
    Sources: Zhu et al., Deformable DETR, ICLR 2021, appendix A.4; Zhang et al., DINO, ICLR 2023, section 3.4.
    """

    def __init__(
        self,
        sizes: HeadSizes,
        *,
        head_names: Sequence[str],
        pose_head_names: Sequence[str] = (),
        num_layers: int,
        num_heads: int,
        num_points: int,
        ffn_dim: int,
        dropout: float,
    ) -> None:
        super().__init__()
        d_model = sizes.d_model
        self.layers = nn.ModuleList(
            DecoderLayer(d_model, num_heads=num_heads, num_points=num_points, ffn_dim=ffn_dim, dropout=dropout)
            for _ in range(num_layers)
        )
        self.position_head = Mlp(4, 2 * d_model, d_model, num_layers=2)
        for layer in self.position_head.layers:
            assert isinstance(layer, nn.Linear)
            nn.init.xavier_uniform_(layer.weight)
        self.heads = nn.ModuleDict(
            {name: nn.ModuleList(HEADS.load(name)(sizes) for _ in range(num_layers)) for name in head_names}
        )
        self.pose_heads = nn.ModuleDict(
            {name: nn.ModuleList(POSE_HEADS.load(name)(sizes) for _ in range(num_layers)) for name in pose_head_names}
        )

    def forward(
        self,
        content_BND: Tensor,
        box_logits_BN4: Tensor,
        memory_BSD: Tensor,
        sizes: tuple[tuple[int, int], ...],
        visible_NN: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """What every head says after every layer (in evaluation: after the last one only).

        Args:
            content_BND: (B, N, D) what the queries start from.
            box_logits_BN4: (B, N, 4) their first boxes, cxcywh before the sigmoid; a constant.
            memory_BSD: (B, S, D) the encoder's maps, finest level first, each row by row.
            sizes: height and width of each level.
            visible_NN: (N, N) bool, True where the row's query sees the column's; None lets all see all.

        Returns:
            head -> (L, B, N, K), with L = 1 in evaluation; ``boxes`` are cxcywh in [0, 1], poses as in
            `DetectorOutput`.
        """
        queries_BND = content_BND
        boxes_BN4 = box_logits_BN4.sigmoid()
        reference_BN4 = boxes_BN4
        hidden, boxes, constant_boxes = [], [], []
        for layer, head in zip(self.layers, self._box_heads(), strict=True):
            positions_BND = self.position_head(boxes_BN4)
            queries_BND = layer(queries_BND, positions_BND, boxes_BN4, memory_BSD, sizes, visible_NN=visible_NN)
            change_BN4 = head(queries_BND).float()
            refined_BN4 = (change_BN4 + inverse_sigmoid(boxes_BN4)).sigmoid()
            hidden.append(queries_BND)
            # Equal numbers, but through `reference_BN4` the gradient also reaches the layer before.
            boxes.append((change_BN4 + inverse_sigmoid(reference_BN4)).sigmoid() if self.training else refined_BN4)
            reference_BN4, boxes_BN4 = refined_BN4, refined_BN4.detach()
            constant_boxes.append(boxes_BN4)
        first = 0 if self.training else len(hidden) - 1
        predicted = {"boxes": torch.stack(boxes[first:])}
        for name, heads in self.heads.items():
            if name != "boxes":
                assert isinstance(heads, nn.ModuleList)
                pairs = list(zip(heads, hidden, strict=True))[first:]
                predicted[name] = torch.stack([head(queries) for head, queries in pairs])
        size = sizes[0][0] * FINEST_STRIDE, sizes[0][1] * FINEST_STRIDE
        for name, heads in self.pose_heads.items():
            assert isinstance(heads, nn.ModuleList)
            seen = list(zip(heads, hidden, constant_boxes, strict=True))[first:]
            predicted[name] = torch.stack([head(queries, boxes_BN4, size) for head, queries, boxes_BN4 in seen])
        return predicted

    def _box_heads(self) -> nn.ModuleList:
        heads = self.heads["boxes"]
        assert isinstance(heads, nn.ModuleList)
        return heads
