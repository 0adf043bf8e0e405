"""Masked image modelling as a task beside detection: a second pass, over images with hidden patches."""

# Shapes: B images of a process's part of a batch, H and W of the network input.

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from yolozu.losses.reconstruction import hidden_pixels_loss
from yolozu.model.detector import Detector
from yolozu.model.norms import running_statistics
from yolozu.model.reconstruction import random_patches
from yolozu.training.randomness import generator_for

if TYPE_CHECKING:
    from torch import Tensor, nn

    from yolozu.training.batch_sharding import Share
    from yolozu.training.learner import TrainingPass

EVERY = 2
"""Of the images of a batch, the first of every so many are hidden in part and painted."""


class Reconstruction:
    """The loss of a detector's reconstruction head.

    Norms use their running statistics: those stay statistics of whole images, and at test time, when nothing else is
    there, the head sees what it has learned from.
    """

    def __init__(self, detector: nn.Module, *, weight: float, seed: int) -> None:
        """Teach the head of ``detector``.

        Args:
            detector: a `Detector` with a reconstruction head.
            weight: factor on the loss.
            seed: of which patches are hidden.
        """
        assert isinstance(detector, Detector)
        assert detector.reconstruction is not None
        self._detector, self._head = detector, detector.reconstruction
        self._weight, self._seed = weight, seed

    name = "mim"

    def __call__(self, done: TrainingPass) -> Tensor:
        """() what the part adds to the loss of the window, weighted; zero with its graph where it has no such image.

        The loss is the mean over such images of a batch, and batches count by their images.
        """
        share = done.share
        chosen = slice(-share.first % EVERY, None, EVERY)
        images_B3HW = done.images_B3HW[chosen]
        hidden_B1HW = self._hidden(images_B3HW, share, done.step, done.place)[chosen]
        with running_statistics(self._detector):
            painted_B3HW = self._detector.reconstruct(images_B3HW, hidden_B1HW)
        losses_B = hidden_pixels_loss(painted_B3HW, images_B3HW, hidden_B1HW)
        painted_in_batch = -(-share.of // EVERY)
        return losses_B.sum() * (self._weight * share.of / (painted_in_batch * share.of_window))

    def _hidden(self, images_B3HW: Tensor, share: Share, step: int, place: int) -> Tensor:
        """(B, 1, H, W) of the part; drawn for the whole batch, so that it does not depend on how that is parted."""
        generator = generator_for(torch.device("cpu"), self._seed, "hidden patches", step, place)
        height, width = images_B3HW.shape[-2:]
        head = self._head
        hidden_B1HW = random_patches(
            share.of, height, width, patch_size=head.patch_size, share=head.mask_prob, generator=generator
        )
        own = slice(share.first, share.first + len(share.batch.indices))
        return hidden_B1HW[own].to(images_B3HW.device, non_blocking=True)
