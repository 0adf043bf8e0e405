"""What a loss sees, and what it is."""

# Shapes: N supervised queries (of all layers, images and sources), M of them matched to an object, C classes, K values.

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Supervision:
    """Every supervised query in one flat list, beside the objects of the matched ones.

    Attributes:
        logits_NC: class logits.
        row_M: int64, which of the N is matched.
        labels_M: int64, class of its object.
        boxes_M4: its predicted box, cxcywh normalized to the network input.
        target_boxes_M4: its object's box.
    """

    logits_NC: Tensor
    row_M: Tensor
    labels_M: Tensor
    boxes_M4: Tensor
    target_boxes_M4: Tensor


@dataclass(frozen=True)
class Loss:
    """A term of the objective.

    Attributes:
        over: whether ``compute`` gives one number per query, (N,), or per matched pair, (M,).
        compute: the numbers, before weighting and division by the number of objects.
    """

    over: Literal["queries", "pairs"]
    compute: Callable[[Supervision], Tensor]
