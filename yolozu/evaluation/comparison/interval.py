"""How far a metric of one set of predictions may be off: the bootstrap over images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from yolozu.evaluation.boxes.matching import matches_of
from yolozu.evaluation.boxes.metrics import METRICS
from yolozu.evaluation.boxes.problem import problem_of
from yolozu.evaluation.boxes.weighted import mean_over_categories, metrics_of
from yolozu.evaluation.comparison.bootstrap import drawn, percentile_interval, weighted_means, weighted_medians
from yolozu.evaluation.pose.pair_errors import PairErrors
from yolozu.evaluation.pose.problem import pose_problem_of
from yolozu.evaluation.pose.registry import POSE_METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.data.index import DataIndex
    from yolozu.evaluation.comparison.report import ComparedInterval
    from yolozu.evaluation.pose.problem import PoseProblem
    from yolozu.structures.predictions import ImagePredictions


def metric_interval(
    index: DataIndex,
    models: ObjectModels,
    predictions: Sequence[ImagePredictions],
    metric: str,
    *,
    max_images: int | None,
    interval: ComparedInterval,
) -> tuple[float, float] | None:
    """Lower and upper end; None where no drawn data set has anything to measure.

    Args:
        index: the images with their ground truth.
        models: by network class index.
        predictions: at most one entry per image.
        metric: of boxes (`METRICS`) or of poses (`POSE_METRICS`).
        max_images: only the first so many images of the index.
        interval: how many data sets are drawn, and how much of them lies inside.

    Raises:
        InputError: YZ802 for images the index does not have or that come twice, YZ803 for unknown classes.
    """
    images = len(index.records if max_images is None else index.records[:max_images])
    multiplicity_IR = drawn(images, interval.resamples, interval.seed)
    if metric in METRICS:
        problem = problem_of(index, predictions, max_images=max_images)
        values_MKR = metrics_of(matches_of(problem), multiplicity_IR, len(problem.classes))
        values_R = mean_over_categories(values_MKR)[list(METRICS).index(metric)]
    else:
        poses = pose_problem_of(index, predictions, max_images=max_images)
        values_R = _of_poses(poses, models, metric, multiplicity_IR)
    low, high = percentile_interval(values_R[None], interval.confidence)[0]
    return None if np.isnan(low) else (float(low), float(high))


def _of_poses(
    problem: PoseProblem, models: ObjectModels, metric: str, multiplicity_IR: NDArray[np.int32]
) -> NDArray[np.float64]:
    """(R,) the metric in each drawn data set."""
    if not len(problem.class_G):
        return np.full(multiplicity_IR.shape[1], np.nan)
    column = POSE_METRICS.load(metric).of(PairErrors(problem, models))
    reduce = weighted_medians if column.median else weighted_means
    return reduce(column.values_G, problem.image_G, multiplicity_IR)
