"""The objects of a batch of images, padded to the most any image has."""

# Shapes: B images, T targets per image (padded).

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


@dataclass(frozen=True)
class Targets:
    """Ground truth of a batch in the frame of the network input.

    Attributes:
        labels_BT: int64, network class index; 0 where padded.
        boxes_BT4: float32, cxcywh normalized to the network input; 0 where padded.
        valid_BT: bool, False where padded. An image's objects come first, padding last. T may be 0.
    """

    labels_BT: Tensor
    boxes_BT4: Tensor
    valid_BT: Tensor

    def to(self, device: torch.device | str) -> Targets:
        """The same targets on ``device``."""
        return Targets(self.labels_BT.to(device), self.boxes_BT4.to(device), self.valid_BT.to(device))

    def with_room_for(self, num_objects: int) -> Targets:
        """The same targets, padded to ``num_objects``, at least T."""
        missing = num_objects - self.labels_BT.shape[1]
        if missing == 0:
            return self
        return Targets(
            F.pad(self.labels_BT, (0, missing)),
            F.pad(self.boxes_BT4, (0, 0, 0, missing)),
            F.pad(self.valid_BT, (0, missing)),
        )

    @property
    def counts(self) -> list[int]:
        """Objects per image."""
        return [int(count) for count in self.valid_BT.sum(dim=1).tolist()]


def concatenated(parts: Sequence[Targets]) -> Targets:
    """Targets of several batches with the same T, one after another."""
    return Targets(
        torch.cat([part.labels_BT for part in parts]),
        torch.cat([part.boxes_BT4 for part in parts]),
        torch.cat([part.valid_BT for part in parts]),
    )
