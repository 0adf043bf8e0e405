"""What the detector gives."""

# Shapes: L decoder layers, B images, Q queries, N denoising queries, C classes, K values of a head.

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from yolozu.model.denoising import DenoisingGroups, DrawnObjects


@dataclass(frozen=True)
class DetectorOutput:
    """Predictions of the last decoder layer.

    Attributes:
        pred_logits: (B, Q, C) class logits; scores are their sigmoid.
        pred_boxes: (B, Q, 4) cxcywh normalized to the network input, in [0, 1].
        pose: empty without pose heads; else head -> (B, Q, K): ``log_z`` (K = 1, logarithm of the depth in metres over
            `yolozu.geometry.pose.normalized_focal`), ``rot6d`` (6), ``offsets`` (2, px of the network input, from the
            box's center to where the model's origin appears), where asked for ``log_sigma_z`` (1) and
            ``log_sigma_rot`` (1); and ``k_delta`` (B, 4), of the image: dfx, dfy relative, dcx, dcy in px.
    """

    pred_logits: Tensor
    pred_boxes: Tensor
    pose: dict[str, Tensor] = field(default_factory=dict)

    def named(self) -> dict[str, Tensor]:
        """Everything by the name of the exported output, such as ``pred_log_z``; logits and boxes first."""
        poses = {f"pred_{head}": values for head, values in self.pose.items()}
        return {"pred_logits": self.pred_logits, "pred_boxes": self.pred_boxes, **poses}


@dataclass(frozen=True)
class DenoisingOutput:
    """What became of the denoising queries.

    Attributes:
        predicted: head -> (L, B, N, K), as in `TrainingOutput.queries`.
        groups: which query was made from which object.
        drawn: of the objects that they are made of; None where they are all objects.
    """

    predicted: dict[str, Tensor]
    groups: DenoisingGroups
    drawn: DrawnObjects | None = None


@dataclass(frozen=True)
class TrainingOutput:
    """Everything that is supervised.

    Attributes:
        queries: head -> (L, B, Q, K), one slice per decoder layer: ``logits`` (K = C) and ``boxes`` (K = 4, cxcywh
            normalized to the network input, in [0, 1]); with pose heads also those, as in `DetectorOutput`.
        proposals: logits and boxes of the encoder's proposals, with L = 1.
        denoising: the denoising queries; None where there are none.
        k_delta_B4: correction of each image's intrinsics; None without pose heads.
        positions_BQ: int64, which of the encoder's positions each query began as; None where nobody asks.
    """

    queries: dict[str, Tensor]
    proposals: dict[str, Tensor]
    denoising: DenoisingOutput | None
    k_delta_B4: Tensor | None = None
    positions_BQ: Tensor | None = None

    def final(self) -> DetectorOutput:
        """The last decoder layer, as evaluation sees it."""
        return last_layer(self.queries, self.k_delta_B4)


def last_layer(predicted: dict[str, Tensor], k_delta_B4: Tensor | None) -> DetectorOutput:
    """What the last of the decoder's layers says, head -> (L, B, Q, K), with the images' correction of intrinsics."""
    pose = {name: values[-1] for name, values in predicted.items() if name not in ("logits", "boxes")}
    if k_delta_B4 is not None:
        pose["k_delta"] = k_delta_B4
    return DetectorOutput(predicted["logits"][-1], predicted["boxes"][-1], pose)
