"""Masked image modelling: hidden patches of images, and the head that paints them.

Sources: He et al., Masked Autoencoders Are Scalable Vision Learners, CVPR 2022; Xie et al., SimMIM: A Simple Framework
for Masked Image Modeling, CVPR 2022, whose light head and raw pixels as the target these are.
"""

# Shapes: B images, H and W of the network input, h and w in patches, N patches of an image, S positions of all levels
# together, D model width.

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yolozu.model.cached_tensors import numbers
from yolozu.model.linear import Linear

FINEST_STRIDE = 8
"""Pixels of the network input along a side of a cell of the finest map."""

NUM_LEVELS = 3
CHANNELS = 3


def random_patches(
    batch: int, height: int, width: int, *, patch_size: int, share: float, generator: torch.Generator
) -> Tensor:
    """Which pixels are hidden: whole patches, as many in every image.

    Args:
        batch: images.
        height: of the images, px; a multiple of ``patch_size``.
        width: likewise.
        patch_size: side of a patch, px.
        share: of the patches that are hidden, 0 to 1; rounded to whole patches, at least one.
        generator: decides which.

    Returns:
        (B, 1, H, W) bool, on the generator's device.
    """
    assert height % patch_size == 0, (height, patch_size)
    assert width % patch_size == 0, (width, patch_size)
    rows, columns = height // patch_size, width // patch_size
    count = max(1, round(share * rows * columns))
    order_BN = torch.rand(batch, rows * columns, generator=generator, device=generator.device).argsort(dim=1)
    hidden_BN = torch.zeros(batch, rows * columns, dtype=torch.bool, device=generator.device)
    hidden_BN.scatter_(1, order_BN[:, :count], True)
    hidden_B1hw = hidden_BN.view(batch, 1, rows, columns)
    return hidden_B1hw.repeat_interleave(patch_size, dim=2).repeat_interleave(patch_size, dim=3)


def hide(images_B3HW: Tensor, hidden_B1HW: Tensor, fill_3: Sequence[float]) -> Tensor:
    """The images with one color where they are hidden.

    The color is that of the letterbox border: of all colors it is the one that the detector has seen in large areas
    without any object, so that nothing is found there, and it depends on nothing in the image that is to be guessed.

    Args:
        images_B3HW: (B, 3, H, W) network input.
        hidden_B1HW: (B, 1, H, W) bool.
        fill_3: the border's color in the units of the network input.

    Returns:
        (B, 3, H, W) a copy.
    """
    fill_311 = numbers(tuple(fill_3), images_B3HW.dtype, images_B3HW.device)[:, None, None]
    return torch.where(hidden_B1HW, fill_311, images_B3HW)


def visible_mean(images_B3HW: Tensor, hidden_B1HW: Tensor) -> Tensor:
    """(B, 3, 1, 1) the mean color of what is visible of each image; 0 where nothing is.

    Painting begins there, so that a head learns what differs from it and no picture is a surprise for its brightness.
    """
    visible_B1HW = ~hidden_B1HW
    sums_B311 = (images_B3HW * visible_B1HW).sum(dim=(2, 3), keepdim=True)
    return sums_B311 / visible_B1HW.sum(dim=(2, 3), keepdim=True).clamp(min=1)


class ReconstructionHead(nn.Module):
    """Pixels out of the encoded maps; every cell of the finest map paints its own square.

    All maps take part, the coarse ones repeated over the cells that they cover: what hidden patches look like is known
    from far around, and every part of the encoder learns from (and at test time adapts to) the reconstruction.

    Attributes:
        mask_prob: share of patches hidden when the head learned.
        patch_size: their side, px of the network input.
        fill_3: their color, in the units of the network input.
    """

    def __init__(self, d_model: int, *, mask_prob: float, patch_size: int, fill_3: tuple[float, float, float]) -> None:
        super().__init__()
        self.mask_prob, self.patch_size, self.fill_3 = mask_prob, patch_size, fill_3
        self.levels = nn.ModuleList(Linear(d_model, d_model) for _ in range(NUM_LEVELS))
        self.pixels = Linear(d_model, CHANNELS * FINEST_STRIDE**2)
        nn.init.zeros_(self.pixels.weight)  # painting begins with one color
        nn.init.zeros_(self.pixels.bias)

    def forward(self, memory_BSD: Tensor, sizes: Sequence[tuple[int, int]]) -> Tensor:
        """(B, 3, H, W) differences from the mean color of what is visible, in the units of the network input.

        Args:
            memory_BSD: the encoded maps, finest first, each row by row.
            sizes: height and width of each.
        """
        maps = torch.split(memory_BSD, [height * width for height, width in sizes], dim=1)
        spread = [
            F.interpolate(level(map_BND).transpose(1, 2).unflatten(2, size), sizes[0], mode="nearest")
            for level, map_BND, size in zip(self.levels, maps, sizes, strict=True)
        ]
        cells_BhwD = F.gelu(torch.stack(spread).sum(dim=0)).permute(0, 2, 3, 1)
        return F.pixel_shuffle(self.pixels(cells_BhwD).permute(0, 3, 1, 2), FINEST_STRIDE)
