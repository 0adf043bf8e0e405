"""What a method of test-time training is: a loss that needs no labels."""

# Shapes: B images, H and W of the network input.

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, Self

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from yolozu.predict.ttt.settings import MethodDefaults, TttSettings


class TttMethod(Protocol):
    """A loss of pictures alone.

    Attributes:
        defaults: what is taken where nothing else is said.
        sees_whole_images: whether `loss` runs the network on the images as they are, so that statistics of its
            activations are statistics of the images.
    """

    defaults: ClassVar[MethodDefaults]
    sees_whole_images: ClassVar[bool]

    @classmethod
    def on(cls, network: nn.Module, settings: TttSettings) -> Self:
        """The method for a network.

        Raises:
            UsageError: YZ641 the network has not what it takes.
        """
        ...

    def loss(self, images_B3HW: Tensor, generator: torch.Generator) -> Tensor:
        """() what is minimized, with its graph.

        Args:
            images_B3HW: (B, 3, H, W) network input.
            generator: of what is random, on the CPU.
        """
        ...
