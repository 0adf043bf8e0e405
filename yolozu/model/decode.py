"""From the network's raw outputs to scored detections. NumPy only, so that exported models need no PyTorch."""

# Shapes: B images, Q queries, C classes, N detections of one image.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from yolozu.artifacts.onnx_metadata import DETECTION_OUTPUTS, POSE_OUTPUTS
from yolozu.errors import InputError
from yolozu.structures.detections import RawDetections, RawPoses

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Outputs = Mapping[str, npt.NDArray[np.floating]]
    """What a network gives for B images, by the name of the exported output."""


def decode_detections(outputs: Outputs, *, score_threshold: float, max_detections: int) -> list[RawDetections]:
    """The best-scored pairs of query and class of each image; one query may give several classes.

    Equal scores keep the order of queries, then classes. Source: the post-processing of RT-DETR (Zhao et al., CVPR
    2024, published code), which needs no non-maximum suppression.

    Args:
        outputs: ``pred_logits`` (B, Q, C) and ``pred_boxes`` (B, Q, 4), and those of pose heads where there are any,
            all as `yolozu.artifacts.onnx_metadata.OUTPUTS` says.
        score_threshold: lowest score that is kept.
        max_detections: most detections per image.

    Raises:
        InputError: YZ403 when an output is NaN or infinite.
    """
    for name, values in outputs.items():
        _require_finite(name, values)
    logits_BQC, boxes_BQ4 = (outputs[name] for name in DETECTION_OUTPUTS)
    num_classes = logits_BQC.shape[-1]
    detections = []
    for image, scores_QC in enumerate(_sigmoid(logits_BQC)):
        flat = scores_QC.reshape(-1)
        passing = np.flatnonzero(flat >= score_threshold)
        best = passing[np.argsort(-flat[passing], kind="stable")[:max_detections]]
        query, class_index = np.divmod(best, num_classes)
        boxes_N4 = boxes_BQ4[image][query].astype(np.float64)
        poses = raw_poses(outputs, image)
        detections.append(
            RawDetections(
                flat[best], class_index.astype(np.int64), boxes_N4, None if poses is None else poses.of(query)
            )
        )
    return detections


def raw_poses(outputs: Outputs, image: int) -> RawPoses | None:
    """What the pose heads say about every query of image ``image`` of the batch; None without such heads."""
    if not outputs.keys() >= set(POSE_OUTPUTS):
        return None
    log_z_Q1, rot6d_Q6, offsets_Q2, k_delta_4 = (outputs[name][image].astype(np.float64) for name in POSE_OUTPUTS)
    sigma_z, sigma_rot = (
        outputs[name][image, :, 0].astype(np.float64) if name in outputs else None
        for name in ("pred_log_sigma_z", "pred_log_sigma_rot")
    )
    return RawPoses(log_z_Q1[:, 0], rot6d_Q6, offsets_Q2, k_delta_4, sigma_z, sigma_rot)


def _sigmoid(logits: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Without overflow: exp only ever sees numbers at most 0."""
    small = np.exp(-np.abs(logits.astype(np.float64)))
    result: npt.NDArray[np.float64] = np.where(logits >= 0, 1.0, small) / (1.0 + small)
    return result


def _require_finite(name: str, values: npt.NDArray[np.floating]) -> None:
    broken = ~np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    if broken.any():
        raise InputError.one(
            "YZ403",
            where=f"{name}, image {int(np.argmax(broken))} of the batch",
            problem="the network gave NaN or infinity",
            fix="predict with another checkpoint, or train with a lower lr or clip_grad_norm",
        )
