"""What the detector gives."""

# Shapes: L decoder layers, B images, Q queries, N denoising queries, C classes, K values of a head.

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from yolozu.model.denoising import DenoisingGroups


@dataclass(frozen=True)
class DetectorOutput:
    """Predictions of the last decoder layer.

    Attributes:
        pred_logits: (B, Q, C) class logits; scores are their sigmoid.
        pred_boxes: (B, Q, 4) cxcywh normalized to the network input, in [0, 1].
    """

    pred_logits: Tensor
    pred_boxes: Tensor


@dataclass(frozen=True)
class DenoisingOutput:
    """What became of the denoising queries.

    Attributes:
        predicted: head -> (L, B, N, K), as in `TrainingOutput.queries`.
        groups: which query was made from which object.
    """

    predicted: dict[str, Tensor]
    groups: DenoisingGroups


@dataclass(frozen=True)
class TrainingOutput:
    """Everything that is supervised.

    Attributes:
        queries: head -> (L, B, Q, K), one slice per decoder layer: ``logits`` (K = C) and ``boxes`` (K = 4, cxcywh
            normalized to the network input, in [0, 1]).
        proposals: the same of the encoder's proposals, with L = 1.
        denoising: the denoising queries; None where there are none.
    """

    queries: dict[str, Tensor]
    proposals: dict[str, Tensor]
    denoising: DenoisingOutput | None

    def final(self) -> DetectorOutput:
        """The last decoder layer, as evaluation sees it."""
        return DetectorOutput(self.queries["logits"][-1], self.queries["boxes"][-1])
