"""What pose heads say, as depths and translations: the tensor form of `yolozu.geometry.pose`."""

# Shapes: "..." any leading dimensions; the camera's broadcast against those of the heads.

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from yolozu.geometry.pose import back_projected, corrected_intrinsics, normalized_focal


@dataclass(frozen=True)
class SeenBy:
    """The camera of what was predicted, in px of the network input.

    Attributes:
        K_4: (..., 4) fx, fy, cx, cy that are told.
        k_delta_4: (..., 4) their predicted correction: dfx, dfy relative, dcx, dcy in px.
        size_2: (..., 2) height and width of the network input.
    """

    K_4: Tensor
    k_delta_4: Tensor
    size_2: Tensor

    def intrinsics(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """fx, fy, cx, cy (...) after the correction."""
        dfx, dfy, dcx, dcy = self.k_delta_4.unbind(-1)
        fx, fy, cx, cy = self.K_4.unbind(-1)
        return corrected_intrinsics(fx, fy, cx, cy, dfx=dfx, dfy=dfy, dcx=dcx, dcy=dcy)

    def log_focal(self) -> Tensor:
        """(...) logarithm of the normalized focal length."""
        fx, fy, _, _ = self.intrinsics()
        height, width = self.size_2.unbind(-1)
        focal: Tensor = normalized_focal(fx, fy, width=width, height=height)
        return focal.log()


def log_depth(log_z: Tensor, seen_by: SeenBy) -> Tensor:
    """(...) logarithm of the depth in metres.

    Args:
        log_z: (...) of the depth head.
        seen_by: the camera.
    """
    return log_z + seen_by.log_focal()


def translation(log_z: Tensor, offsets_2: Tensor, boxes_4: Tensor, seen_by: SeenBy) -> Tensor:
    """``t_m2c`` of predicted objects.

    Args:
        log_z: (...) of the depth head.
        offsets_2: (..., 2) px of the network input, from the box's center to where the model's origin appears.
        boxes_4: (..., 4) cxcywh normalized to the network input.
        seen_by: the camera.

    Returns:
        (..., 3) metres, camera frame.
    """
    fx, fy, cx, cy = seen_by.intrinsics()
    height, width = seen_by.size_2.unbind(-1)
    u = boxes_4[..., 0] * width + offsets_2[..., 0]
    v = boxes_4[..., 1] * height + offsets_2[..., 1]
    x, y, z = back_projected(u, v, log_depth(log_z, seen_by).exp(), fx=fx, fy=fy, cx=cx, cy=cy)
    return torch.stack([x, y, z], dim=-1)
