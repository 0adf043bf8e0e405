"""Masked image modelling: a network that can still paint what is hidden of a picture still understands it."""

# Shapes: B images, H and W of the network input.

from __future__ import annotations

from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from yolozu.errors import UsageError
from yolozu.losses.reconstruction import hidden_pixels_loss
from yolozu.model.detector import Detector
from yolozu.model.reconstruction import random_patches
from yolozu.predict.ttt.settings import MethodDefaults, TttSettings


class Mim:
    """Reconstruction of hidden patches by the head that `enable_mim` has trained.

    Source: Gandelsman et al., Test-Time Training with Masked Autoencoders, NeurIPS 2022; patches and loss are those of
    training.
    """

    defaults: ClassVar[MethodDefaults] = MethodDefaults(update_filter="adapter_only", lr=1e-3, norm_weight=1 / 9)
    sees_whole_images: ClassVar[bool] = False

    def __init__(self, detector: Detector, mask_prob: float | None) -> None:
        """Adapt ``detector``, which has a reconstruction head; ``mask_prob`` None hides as much as in training."""
        assert detector.reconstruction is not None
        self._detector, self._head = detector, detector.reconstruction
        self._share = self._head.mask_prob if mask_prob is None else mask_prob

    @classmethod
    def on(cls, network: nn.Module, settings: TttSettings) -> Self:
        """For a detector with a reconstruction head.

        Raises:
            UsageError: YZ641 it has none.
        """
        if not isinstance(network, Detector) or network.reconstruction is None:
            raise UsageError.one(
                "YZ641",
                where="ttt_method: mim",
                problem="the network has no reconstruction head: it was trained without enable_mim",
                fix="train with enable_mim: true, or use ttt_method: tent",
            )
        return cls(network, settings.mim_mask_prob)

    def loss(self, images_B3HW: Tensor, generator: torch.Generator) -> Tensor:
        """() mean absolute error of the hidden pixels, in the units of the network input."""
        batch, _, height, width = images_B3HW.shape
        hidden_B1HW = random_patches(
            batch, height, width, patch_size=self._head.patch_size, share=self._share, generator=generator
        ).to(images_B3HW.device, non_blocking=True)
        painted_B3HW = self._detector.reconstruct(images_B3HW, hidden_B1HW)
        return hidden_pixels_loss(painted_B3HW, images_B3HW, hidden_B1HW).mean()
