"""From the network's raw outputs to scored detections. NumPy only, so that exported models need no PyTorch."""

# Shapes: B images, Q queries, C classes, N detections of one image.

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from yolozu.errors import InputError


@dataclass(frozen=True)
class RawDetections:
    """Detections of one image in the frame of the network input, best first.

    Attributes:
        scores: (N,) float64 in [0, 1].
        class_indices: (N,) int64, network class index.
        boxes_cxcywh: (N, 4) float64, normalized to the network input.
    """

    scores: npt.NDArray[np.float64]
    class_indices: npt.NDArray[np.int64]
    boxes_cxcywh: npt.NDArray[np.float64]


def decode_detections(
    pred_logits_BQC: npt.NDArray[np.floating],
    pred_boxes_BQ4: npt.NDArray[np.floating],
    *,
    score_threshold: float,
    max_detections: int,
) -> list[RawDetections]:
    """The best-scored pairs of query and class of each image; one query may give several classes.

    Equal scores keep the order of queries, then classes. Source: the post-processing of RT-DETR (Zhao et al., CVPR
    2024, published code), which needs no non-maximum suppression.

    Args:
        pred_logits_BQC: (B, Q, C) class logits.
        pred_boxes_BQ4: (B, Q, 4) cxcywh normalized to the network input.
        score_threshold: lowest score that is kept.
        max_detections: most detections per image.

    Raises:
        InputError: YZ403 when an output is NaN or infinite.
    """
    for name, values in (("pred_logits", pred_logits_BQC), ("pred_boxes", pred_boxes_BQ4)):
        _require_finite(name, values)
    num_classes = pred_logits_BQC.shape[-1]
    detections = []
    for scores_QC, boxes_Q4 in zip(_sigmoid(pred_logits_BQC), pred_boxes_BQ4.astype(np.float64), strict=True):
        flat = scores_QC.reshape(-1)
        passing = np.flatnonzero(flat >= score_threshold)
        best = passing[np.argsort(-flat[passing], kind="stable")[:max_detections]]
        query, class_index = np.divmod(best, num_classes)
        detections.append(RawDetections(flat[best], class_index.astype(np.int64), boxes_Q4[query]))
    return detections


def _sigmoid(logits: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Without overflow: exp only ever sees numbers at most 0."""
    small = np.exp(-np.abs(logits.astype(np.float64)))
    result: npt.NDArray[np.float64] = np.where(logits >= 0, 1.0, small) / (1.0 + small)
    return result


def _require_finite(name: str, values: npt.NDArray[np.floating]) -> None:
    broken = ~np.isfinite(values).all(axis=(1, 2))
    if broken.any():
        raise InputError.one(
            "YZ403",
            where=f"{name}, image {int(np.argmax(broken))} of the batch",
            problem="the network gave NaN or infinity",
            fix="predict with another checkpoint, or train with a lower lr or clip_grad_norm",
        )
