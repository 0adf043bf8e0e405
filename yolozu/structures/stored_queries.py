"""What a detector once said of an image, as it lies in the network input of today."""

# Shapes: M queries that are in view, C classes that the detector knew.

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class StoredQueries:
    """Stored outputs of one image.

    Attributes:
        logits_MC: (M, C) float32 class logits.
        boxes_M4: (M, 4) float32 cxcywh normalized to the network input, clipped to it.
        columns_C: (C,) int64 network index, of the detector that learns, of each of the C classes.
    """

    logits_MC: NDArray[np.float32]
    boxes_M4: NDArray[np.float32]
    columns_C: NDArray[np.int64]
