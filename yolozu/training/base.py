"""What a step hands to those who take part in it: the objective, and losses beside it."""

# Shapes: B images of a process's part of a batch, H and W of the network input.

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from yolozu.structures.targets import Targets
    from yolozu.training.batch_sharding import Share


class Objective(Protocol):
    """What is minimized, normalized by the number of objects in the batch (at least 1)."""

    def __call__(self, output: Any, targets: Targets, step: int | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum () with its graph, and its weighted terms () without, of optimizer step ``step`` (from 0)."""
        ...

    def of_predictions(self, output: Any, targets: Targets) -> tuple[Tensor, dict[str, Tensor]]:
        """The same of what evaluation sees: one layer, no denoising."""
        ...


@dataclass(frozen=True)
class TrainingPass:
    """What a process's part of a batch has become.

    Attributes:
        images_B3HW: (B, 3, H, W) network input.
        output: what the detector makes of it, with its graph.
        targets: what it should have said.
        share: the part.
        step: optimizer step, from 0.
        place: of the batch in its window.
    """

    images_B3HW: Tensor
    output: Any
    targets: Targets
    share: Share
    step: int
    place: int


class AddedTerm(Protocol):
    """A loss beside the objective, such as that of a second task."""

    @property
    def name(self) -> str:
        """Under which it is reported."""
        ...

    def __call__(self, done: TrainingPass) -> Tensor:
        """() what the part adds to the loss of the whole window, weighted; zero with its graph where it has nothing."""
        ...
