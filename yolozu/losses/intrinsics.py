"""How far predicted corrections of intrinsics are from the true ones."""

# Shapes: B images.

from __future__ import annotations

import torch
from torch import Tensor

from yolozu.losses.base import Loss, Supervision


def intrinsics_l1_loss(k_delta_B4: Tensor, target_B4: Tensor, size_B2: Tensor) -> Tensor:
    """Sum of the absolute differences: focal lengths relative, the principal point relative to the input's sides.

    Args:
        k_delta_B4: (B, 4) dfx, dfy relative, dcx, dcy in px of the network input.
        target_B4: (B, 4), likewise.
        size_B2: (B, 2) height and width of the network input, px.

    Returns:
        (B,) at least 0.
    """
    sides_B4 = torch.cat([torch.ones_like(size_B2), size_B2.flip(-1)], dim=1)
    return ((k_delta_B4 - target_B4) / sides_B4).abs().sum(dim=1)


def _of_images(supervision: Supervision) -> Tensor:
    found = supervision.corrections
    assert found is not None, "the criterion leaves this term out where there are no poses"
    return intrinsics_l1_loss(found.k_delta_B4, found.target_B4, found.size_B2) * found.known_B


INTRINSICS = Loss("images", _of_images)
