"""How far predicted offsets are from those of their objects."""

# Shapes: P matched pairs.

from __future__ import annotations

from torch import Tensor

from yolozu.losses.base import PosePairs, pose_loss


def offset_l1_loss(offsets_P2: Tensor, target_offsets_P2: Tensor, size_P2: Tensor) -> Tensor:
    """Sum of the absolute differences to the right and downward, each relative to the network input's side.

    Args:
        offsets_P2: (P, 2) px of the network input.
        target_offsets_P2: (P, 2), likewise.
        size_P2: (P, 2) height and width of the network input, px.

    Returns:
        (P,) at least 0.
    """
    return ((offsets_P2 - target_offsets_P2) / size_P2.flip(-1)).abs().sum(dim=1)


def _of_pairs(pairs: PosePairs) -> Tensor:
    return offset_l1_loss(pairs.offsets_P2, pairs.target_offsets_P2, pairs.size_P2) * pairs.has_offsets_P


OFFSETS = pose_loss(_of_pairs)
