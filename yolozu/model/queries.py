"""Query selection: the encoder's most confident proposals become the decoder's queries."""

# Shapes: B images, S positions of all levels together, Q queries, D model width, C classes.

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from yolozu.errors import InputError
from yolozu.model.heads.base import HeadSizes
from yolozu.model.heads.box import BoxHead
from yolozu.model.heads.classification import ClassificationHead
from yolozu.model.linear import Linear
from yolozu.model.reference_boxes import anchor_logits, anchor_validity


@dataclass(frozen=True)
class Proposals:
    """The chosen positions, most confident first.

    Attributes:
        content_BQD: features, with their graph.
        logits_BQC: class logits.
        box_logits_BQ4: float32, cxcywh before the sigmoid.
        index_BQ: int64, which positions they are.
    """

    content_BQD: Tensor
    logits_BQC: Tensor
    box_logits_BQ4: Tensor
    index_BQ: Tensor


class MostConfident(nn.Module):
    """The choice itself, a module of its own so that it can be observed, or made elsewhere, through a forward hook."""

    def __init__(self, num_queries: int) -> None:
        super().__init__()
        self.num_queries = num_queries

    def forward(self, scores_BS: Tensor) -> Tensor:
        """(B, Q) int64: the positions with the highest scores, best first; which of equal ones come first is open."""
        return scores_BS.topk(self.num_queries, dim=-1).indices


class QuerySelector(nn.Module):
    """Scores every position of the memory and keeps the best.

    Source: Zhao et al., DETRs Beat YOLOs on Real-time Object Detection, CVPR 2024, section 4.3; ranked by the highest
    class logit as in the published code.
    """

    def __init__(self, sizes: HeadSizes, *, num_queries: int, anchor_size: float) -> None:
        super().__init__()
        self.num_queries = num_queries
        self.anchor_size = anchor_size
        self.proj = Linear(sizes.d_model, sizes.d_model)
        self.norm = nn.LayerNorm(sizes.d_model)
        self.logits = ClassificationHead(sizes)
        self.boxes = BoxHead(sizes)
        self.choice = MostConfident(num_queries)
        nn.init.xavier_uniform_(self.proj.weight)

    def forward(self, memory_BSD: Tensor, sizes: tuple[tuple[int, int], ...]) -> Proposals:
        """The best proposals of each image.

        Args:
            memory_BSD: (B, S, D) the levels one after another, each row by row.
            sizes: height and width of each level.

        Raises:
            InputError: YZ401 when the image has fewer positions than there are queries.
        """
        _require_positions(sizes, self.num_queries)
        device = memory_BSD.device
        content_BSD = self.norm(self.proj(memory_BSD * anchor_validity(sizes, self.anchor_size, device)))
        logits_BSC = self.logits(content_BSD)
        index_BQ = self.choice(logits_BSC.detach().amax(dim=-1))
        content_BQD = _gather(content_BSD, index_BQ)
        anchors_BQ4 = anchor_logits(sizes, self.anchor_size, device)[index_BQ]
        # The box head runs on the chosen positions only: the others' boxes are never looked at.
        boxes_BQ4 = self.boxes(content_BQD).float() + anchors_BQ4
        return Proposals(content_BQD, _gather(logits_BSC, index_BQ), boxes_BQ4, index_BQ)

    def at(self, memory_BSD: Tensor, sizes: tuple[tuple[int, int], ...], index_BQ: Tensor) -> Proposals:
        """The proposals of given positions, whatever their scores; others are not looked at.

        Args:
            memory_BSD: (B, S, D) as in `forward`.
            sizes: height and width of each level.
            index_BQ: (B, Q) int64, positions in [0, S).
        """
        device = memory_BSD.device
        valid_BQ1 = anchor_validity(sizes, self.anchor_size, device)[index_BQ]
        content_BQD = self.norm(self.proj(_gather(memory_BSD, index_BQ) * valid_BQ1))
        anchors_BQ4 = anchor_logits(sizes, self.anchor_size, device)[index_BQ]
        boxes_BQ4 = self.boxes(content_BQD).float() + anchors_BQ4
        return Proposals(content_BQD, self.logits(content_BQD), boxes_BQ4, index_BQ)


def _gather(values_BSK: Tensor, index_BQ: Tensor) -> Tensor:
    """(B, Q, K): the rows of each image that ``index_BQ`` names."""
    return torch.gather(values_BSK, 1, index_BQ[..., None].expand(-1, -1, values_BSK.shape[-1]))


def _require_positions(sizes: tuple[tuple[int, int], ...], num_queries: int) -> None:
    positions = sum(height * width for height, width in sizes)
    if num_queries > positions:
        height, width = (side * 8 for side in sizes[0])
        raise InputError.one(
            "YZ401",
            where=f"network input {height}x{width}",
            problem=f"it has {positions} positions to propose objects from, but num_queries is {num_queries}",
            fix=f"set model.num_queries to {positions} or less, or raise image_size",
        )
