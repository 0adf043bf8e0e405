"""How far painted pixels are from those that were hidden."""

# Shapes: B images, H and W of the network input.

from __future__ import annotations

from torch import Tensor


def hidden_pixels_loss(painted_B3HW: Tensor, images_B3HW: Tensor, hidden_B1HW: Tensor) -> Tensor:
    """Mean over the hidden pixels and their channels of ``|painted - image|``; what was visible does not count.

    Source: Xie et al., SimMIM: A Simple Framework for Masked Image Modeling, CVPR 2022, section 3.4.

    Args:
        painted_B3HW: (B, 3, H, W) reconstruction, in the units of the network input.
        images_B3HW: (B, 3, H, W) the images, in the same.
        hidden_B1HW: (B, 1, H, W) bool, at least one pixel in every image.

    Returns:
        (B,) float32, at least 0: comparable between images of all sizes and shares of hidden pixels.
    """
    apart_B3HW = (painted_B3HW.float() - images_B3HW.float()).abs() * hidden_B1HW
    return apart_B3HW.sum(dim=(1, 2, 3)) / (hidden_B1HW.sum(dim=(1, 2, 3)) * images_B3HW.shape[1])
