"""Two predictions of the same images: how their numbers differ, and how sure that is."""

# Shapes: I images, G objects with a pose, K categories, M metrics, R data sets, N numbers.

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.meshes import ObjectModels
from yolozu.data.index import DataIndex
from yolozu.evaluation.boxes.matching import matches_of
from yolozu.evaluation.boxes.metrics import METRICS
from yolozu.evaluation.boxes.problem import CocoProblem, problem_of
from yolozu.evaluation.boxes.weighted import mean_over_categories, metrics_of
from yolozu.evaluation.comparison.bootstrap import drawn, percentile_interval, weighted_means, weighted_medians
from yolozu.evaluation.comparison.report import (
    ComparedClass,
    ComparedCounts,
    ComparedInterval,
    ComparedNumber,
    ComparedSide,
    CompareReport,
)
from yolozu.evaluation.pose.pair_errors import PairErrors
from yolozu.evaluation.pose.problem import pose_problem_of
from yolozu.evaluation.pose.registry import POSE_METRICS
from yolozu.progress import Progress
from yolozu.structures.predictions import ImagePredictions

COMPARED_POSES = ("add_s_01d", "within_5deg_5cm", "rot_deg_median", "t_mm_median")


def compare(
    index: DataIndex,
    models: ObjectModels,
    pair: tuple[Sequence[ImagePredictions], Sequence[ImagePredictions]],
    *,
    sides: tuple[ComparedSide, ComparedSide],
    max_images: int | None,
    interval: ComparedInterval,
    warnings: Sequence[str] = (),
    progress: Progress,
) -> CompareReport:
    """Compare predictions of the first ``max_images`` images.

    Intervals are from the paired bootstrap over images: both are measured on the same drawn data sets.

    Args:
        index: the images with their ground truth.
        models: by network class index.
        pair: predictions, at most one entry per image each.
        sides: what the report says of each file.
        max_images: compare only the first so many images of the index.
        interval: how differences are judged.
        warnings: what a reader of the numbers should know.
        progress: where it is shown.

    Raises:
        InputError: YZ802 for images the index does not have or that come twice, YZ803 for unknown classes.
    """
    problems = [problem_of(index, predictions, max_images=max_images) for predictions in pair]
    images = len(problems[0].sizes)
    multiplicity_IR = drawn(images, interval.resamples, interval.seed)
    with progress.bar("resampling", 2 * (interval.resamples + 1)) as bar:
        one, other = [_Boxes.of(problem, multiplicity_IR, bar.advance) for problem in problems]
    overall = _differences(tuple(METRICS), one.overall, other.overall, interval.confidence)
    by_id = sorted(index.classes.category_ids)
    poses = _compared_poses(index, models, pair, max_images, multiplicity_IR)
    per_class = []
    for place, (category, name) in enumerate(zip(index.classes.category_ids, index.classes.names, strict=True)):
        row = by_id.index(category)
        a, b = one.of_class(row), other.of_class(row)
        per_class.append(
            ComparedClass(
                index=place,
                id=category,
                name=name,
                ground_truth=int((problems[0].truth_categories == category).sum()),
                metrics=_differences(tuple(METRICS), a, b, interval.confidence),
                poses=None if poses is None else poses.differences(interval.confidence, place),
            )
        )
    return CompareReport(
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        a=sides[0],
        b=sides[1],
        metrics=overall,
        poses=None if poses is None else poses.differences(interval.confidence),
        per_class=per_class,
        counts=ComparedCounts(
            images=images,
            ground_truth=len(problems[0].truth_images),
            both_found=None if poses is None else int(poses.both_G.sum()),
        ),
        interval=interval,
        warnings=list(warnings),
    )


Measured = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
"""Numbers of the data set, and of the drawn ones: (N,) and (N, R); or (M, K) and (M, K, R)."""


@dataclass(frozen=True, eq=False)
class _Boxes:
    """Numbers of one side."""

    overall: Measured
    by_class: Measured

    @classmethod
    def of(cls, problem: CocoProblem, multiplicity_IR: NDArray[np.int32], advance: Callable[[int], None]) -> _Boxes:
        """Match once, then measure the data set itself and every drawn one."""
        matches, num_classes = matches_of(problem), len(problem.classes)
        once_I1 = np.ones((len(problem.sizes), 1), np.int32)
        point_MK1 = metrics_of(matches, once_I1, num_classes, advance=advance)
        resampled_MKR = metrics_of(matches, multiplicity_IR, num_classes, advance=advance)
        overall = mean_over_categories(point_MK1)[:, 0], mean_over_categories(resampled_MKR)
        return cls(overall, (point_MK1[:, :, 0], resampled_MKR))

    def of_class(self, row: int) -> Measured:
        """Numbers of the class with that place by ascending id."""
        return self.by_class[0][:, row], self.by_class[1][:, row]


@dataclass(frozen=True, eq=False)
class _Poses:
    """One value an object of both sides: what the metrics are means or medians of."""

    values: tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.float64]]]
    both_G: NDArray[np.bool_]
    class_G: NDArray[np.int64]
    image_G: NDArray[np.int64]
    multiplicity_IR: NDArray[np.int32]

    def differences(self, confidence: float, class_index: int | None = None) -> dict[str, ComparedNumber]:
        """Of all objects, or of those of one class."""
        of_class_G = np.ones(len(self.class_G), np.bool_) if class_index is None else self.class_G == class_index
        sides = [self._measured(values, of_class_G) for values in self.values]
        return _differences(COMPARED_POSES, sides[0], sides[1], confidence)

    def _measured(self, values: dict[str, NDArray[np.float64]], of_class_G: NDArray[np.bool_]) -> Measured:
        once_I1 = np.ones((len(self.multiplicity_IR), 1), np.int32)
        points, resampled = [], []
        for name in COMPARED_POSES:
            median = POSE_METRICS.load(name).median
            counted_G = of_class_G & self.both_G if median else of_class_G
            reduce = weighted_medians if median else weighted_means
            points.append(reduce(values[name][counted_G], self.image_G[counted_G], once_I1)[0])
            resampled.append(reduce(values[name][counted_G], self.image_G[counted_G], self.multiplicity_IR))
        return np.array(points), np.stack(resampled)


def _compared_poses(
    index: DataIndex,
    models: ObjectModels,
    pair: tuple[Sequence[ImagePredictions], Sequence[ImagePredictions]],
    max_images: int | None,
    multiplicity_IR: NDArray[np.int32],
) -> _Poses | None:
    problems = [pose_problem_of(index, predictions, max_images=max_images) for predictions in pair]
    first = problems[0]
    if not len(first.class_G) or not any(problem.estimates_by_class.any() for problem in problems):
        return None
    errors = [PairErrors(problem, models) for problem in problems]
    one, other = ({name: POSE_METRICS.load(name).of(side).values_G for name in COMPARED_POSES} for side in errors)
    both_G = ~np.isnan(one["rot_deg_median"]) & ~np.isnan(other["rot_deg_median"])
    return _Poses((one, other), both_G, first.class_G, first.image_G, multiplicity_IR)


def _differences(names: Sequence[str], a: Measured, b: Measured, confidence: float) -> dict[str, ComparedNumber]:
    deltas_NR = b[1] - a[1]
    intervals_N2 = percentile_interval(deltas_NR, confidence)
    counts_N = (~np.isnan(deltas_NR)).sum(axis=1)
    return {
        name: ComparedNumber(
            a=_known(a[0][row]),
            b=_known(b[0][row]),
            delta=_known(b[0][row] - a[0][row]),
            low=_known(low),
            high=_known(high),
            resamples=int(counts_N[row]),
            excludes_zero=bool(low > 0.0 or high < 0.0),
        )
        for row, (name, (low, high)) in enumerate(zip(names, intervals_N2, strict=True))
    }


def _known(number: np.float64) -> float | None:
    return None if np.isnan(number) else float(number)
