"""Predictions held against ground truth where no report is asked for: quick metrics of boxes and poses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.data.index import DataIndex
    from yolozu.structures.predictions import ImagePredictions


def quick_metrics(
    index: DataIndex, predictions: Sequence[ImagePredictions], models: ObjectModels | None
) -> dict[str, float | None]:
    """The numbers of `evaluate` that are quick to measure, by the same names; None of images without annotations.

    Args:
        index: the images with their ground truth.
        predictions: at most one entry per image; images without one count as images where nothing was found.
        models: of the classes; None leaves poses out.

    Raises:
        InputError: YZ802 for images the index does not have or that come twice, YZ803 for unknown classes.
    """
    from yolozu.evaluation.boxes.coco import evaluate_coco
    from yolozu.evaluation.boxes.metrics import METRICS

    if not index.labeled:
        return dict.fromkeys(METRICS)
    metrics = dict(evaluate_coco(index, predictions, engine="hotcoco").metrics)
    if models is not None:
        from yolozu.evaluation.pose.evaluate import pose_metrics

        metrics |= pose_metrics(index, models, predictions)
    return metrics
