"""How far predicted translations are from those of their objects."""

# Shapes: P matched pairs.

from __future__ import annotations

from torch import Tensor

from yolozu.losses.base import pose_loss


def translation_l1_loss(t_P3: Tensor, target_t_P3: Tensor) -> Tensor:
    """Sum of the absolute differences in x, y and z.

    Args:
        t_P3: (P, 3) ``t_m2c``, metres.
        target_t_P3: (P, 3), likewise.

    Returns:
        (P,) metres, at least 0.
    """
    return (t_P3 - target_t_P3).abs().sum(dim=1)


TRANSLATION = pose_loss(lambda pairs: translation_l1_loss(pairs.t_P3, pairs.target_t_P3) * pairs.has_pose_P)
