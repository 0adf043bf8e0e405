"""COCO evaluation of boxes: twelve numbers, the same per class, and what they were measured on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from yolozu.contract.sections.evaluate import EvalEngine
from yolozu.data.index import DataIndex
from yolozu.evaluation.boxes.metrics import METRICS, Curves
from yolozu.evaluation.boxes.problem import CocoProblem, problem_of
from yolozu.evaluation.boxes.registry import ENGINES
from yolozu.evaluation.boxes.report import CocoClass, CocoCounts, CocoReport
from yolozu.structures.predictions import ImagePredictions

NAMED_CLASSES = 5
"""Classes that a warning names one by one."""


def evaluate_coco(
    index: DataIndex,
    predictions: Sequence[ImagePredictions],
    *,
    engine: EvalEngine = "hotcoco",
    max_images: int | None = None,
    dry_run: bool = False,
) -> CocoReport:
    """Hold predictions against ground truth by the COCO protocol.

    Source: Lin et al., Microsoft COCO, 2014, and pycocotools' COCOeval, whose numbers these are.

    Args:
        index: the images with their ground truth.
        predictions: at most one entry per image; images without one count as images where nothing was found.
        engine: what computes the numbers; both give the same.
        max_images: evaluate only the first so many images of the index, on both sides.
        dry_run: count, but measure nothing.

    Returns:
        The report, of boxes that are normalized; `CocoReport.of_file` says what reading them from a file had to say.

    Raises:
        InputError: YZ802 for images the index does not have or that come twice, YZ803 for unknown classes.
    """
    evaluate = ENGINES.load(engine)
    problem = problem_of(index, predictions, max_images=max_images)
    curves = None if dry_run else evaluate(problem)
    metrics, per_class = _metrics(curves, None), _per_class(problem, curves)
    return CocoReport(
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        metrics=metrics,
        stats=list(metrics.values()),
        per_class=per_class,
        counts=CocoCounts(
            images=len(problem.sizes),
            ground_truth=len(problem.truth_images),
            detections=len(problem.found_images),
            covered_images=problem.covered,
        ),
        bbox_format="cxcywh_norm",
        engine=engine,
        warnings=_warnings(problem, per_class),
        dry_run=dry_run,
    )


def _metrics(curves: Curves | None, category: int | None) -> dict[str, float | None]:
    return {name: None if curves is None else metric.of(curves, category) for name, metric in METRICS.items()}


def _per_class(problem: CocoProblem, curves: Curves | None) -> list[CocoClass]:
    by_id = sorted(problem.classes.category_ids)
    truth, found = _count(problem.truth_categories), _count(problem.found_categories)
    pairs = zip(problem.classes.category_ids, problem.classes.names, strict=True)
    return [
        CocoClass(
            index=place,
            id=category,
            name=name,
            ground_truth=truth.get(category, 0),
            detections=found.get(category, 0),
            metrics=_metrics(curves, by_id.index(category)),
        )
        for place, (category, name) in enumerate(pairs)
    ]


def _count(categories: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[int, int]:
    ids, counts = np.unique(categories, return_counts=True)
    return dict(zip(ids.tolist(), counts.tolist(), strict=True))


def _warnings(problem: CocoProblem, per_class: Sequence[CocoClass]) -> list[str]:
    said = []
    images = len(problem.sizes)
    if problem.uncovered is not None:
        missing = images - problem.covered
        said.append(
            f"{missing} of {images} images have no entry in the predictions (the first is {problem.uncovered}); "
            "their objects count as missed"
        )
    if not len(problem.truth_images):
        said.append("there is no ground truth: every metric is null")
        return said
    flat = int((problem.truth_boxes_xywh_px[:, 2:] <= 0.0).any(axis=1).sum())
    if flat:
        objects = f"{flat} of {len(problem.truth_images)} objects"
        said.append(
            f"{objects} have no width or height: nothing overlaps them, they count as missed, as in pycocotools"
        )
    absent = [row.name for row in per_class if row.ground_truth == 0]
    if absent:
        shown = ", ".join(absent[:NAMED_CLASSES]) + (", …" if len(absent) > NAMED_CLASSES else "")
        said.append(f"{len(absent)} of {len(per_class)} classes have no object here and count in no mean: {shown}")
    return said
