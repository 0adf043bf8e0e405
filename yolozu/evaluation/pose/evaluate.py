"""Evaluation of poses: what was measured, the same per class, and what it was measured on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np

from yolozu.artifacts.meshes import ObjectModels
from yolozu.data.index import DataIndex
from yolozu.evaluation.pose.metrics import nearest_pairs
from yolozu.evaluation.pose.pair_errors import PairErrors
from yolozu.evaluation.pose.problem import PoseProblem, pose_problem_of
from yolozu.evaluation.pose.registry import POSE_METRICS, QUICK_METRICS
from yolozu.evaluation.pose.report import PoseClass, PoseCounts, PoseReport
from yolozu.evaluation.pose.targets import ImageTargets
from yolozu.geometry.extent import diameter_of, in_other_unit
from yolozu.structures.classes import ClassTable
from yolozu.structures.predictions import ImagePredictions

OTHER_UNIT = (500.0, 2000.0)
"""Between these, distances differ by mm against m."""
NAMED_CLASSES = 5
"""Classes that a warning names one by one."""


def evaluate_pose(
    index: DataIndex,
    models: ObjectModels,
    predictions: Sequence[ImagePredictions],
    *,
    max_images: int | None = None,
    targets: Sequence[ImageTargets] | None = None,
) -> PoseReport:
    """Hold estimated poses against the true ones.

    Which estimates count says `pose_problem_of`, which belongs to which object `matched_pairs`; an object without one
    counts as missed.

    Args:
        index: the images with their ground truth.
        models: shapes by network class index.
        predictions: at most one entry per image; detections with ``R`` and ``t_xyz`` are estimates.
        max_images: evaluate only the first so many images of the index, on both sides.
        targets: what is to be found in every image; None where every object is.

    Raises:
        InputError: YZ802 for images the index does not have or that come twice, YZ803 for unknown classes.
    """
    problem = pose_problem_of(index, predictions, max_images=max_images, targets=targets)
    errors = PairErrors(problem, models)
    columns = {name: POSE_METRICS.load(name).of(errors) for name in POSE_METRICS}
    matched_G = nearest_pairs(errors) >= 0

    def class_result(place: int, category: int, name: str) -> PoseClass:
        counted_G, shape = problem.class_G == place, errors.shapes.get(place)
        return PoseClass(
            index=place,
            id=category,
            name=name,
            ground_truth=int(counted_G.sum()),
            estimates=int(problem.estimates_by_class[place]),
            matched=int(matched_G[counted_G].sum()),
            diameter_m=None if shape is None else shape.diameter,
            symmetric=None if shape is None else not shape.symmetries.trivial,
            metrics={name: column.number(counted_G) for name, column in columns.items()},
        )

    pairs = zip(index.classes.category_ids, index.classes.names, strict=True)
    per_class = [class_result(place, category, name) for place, (category, name) in enumerate(pairs)]
    return PoseReport(
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        metrics={name: column.number() for name, column in columns.items()},
        per_class=per_class,
        counts=PoseCounts(
            images=problem.images,
            covered_images=problem.covered,
            ground_truth=len(problem.class_G),
            estimates=int(problem.estimates_by_class.sum()),
            matched=int(matched_G.sum()),
            without_model=sum(row.ground_truth for row in per_class if row.diameter_m is None),
        ),
        not_measured=["vsd"],
        warnings=[*_warnings(problem, per_class), *_of_shapes(errors, index.classes)],
    )


def pose_metrics(
    index: DataIndex, models: ObjectModels, predictions: Sequence[ImagePredictions]
) -> dict[str, float | None]:
    """The metrics that are quick to measure, under the names and with the values of `evaluate_pose`.

    Raises:
        InputError: YZ802 for images the index does not have or that come twice, YZ803 for unknown classes.
    """
    errors = PairErrors(pose_problem_of(index, predictions), models)
    return {name: POSE_METRICS.load(name).of(errors).number() for name in QUICK_METRICS}


def _of_shapes(errors: PairErrors, classes: ClassTable) -> Iterator[str]:
    """What is said of balls, and of diameters that the points of their models contradict."""
    for class_index, shape in errors.shapes.items():
        if shape is not None and len(shape.symmetries.axes) > 1:
            yield (
                f"{classes.names[class_index]} looks the same after any rotation; its MSSD and MSPD allow turns about "
                "each of its axes alone, as bop_toolkit does"
            )
        true = 0.0 if shape is None else diameter_of(shape.points_V3)
        if shape is not None and in_other_unit(shape.diameter, true):
            yield (
                f"the diameter of {classes.names[class_index]} is stated as {shape.diameter:.4g} m, its points are "
                f"{true:.4g} m across ({true / shape.diameter:.4g} times): its recalls are relative to the stated one"
            )


def _warnings(problem: PoseProblem, per_class: Sequence[PoseClass]) -> Iterator[str]:
    if problem.uncovered is not None:
        missing = f"{problem.images - problem.covered} of {problem.images} images"
        yield (
            f"{missing} have no entry in the predictions (the first is {problem.uncovered}); "
            "their objects count as missed"
        )
    if not len(problem.class_G):
        yield "no object has a pose: every metric is null"
        return
    if not problem.estimates_by_class.any():
        yield "no detection has a pose (R and t_xyz): every object counts as missed"
    if len(problem.object_P):
        distances = (np.linalg.norm(t, axis=1) for t in (problem.t_E3, problem.t_G3))
        estimated, labeled = (float(np.median(distance)) for distance in distances)
        if estimated > 0.0 and OTHER_UNIT[0] < max(estimated / labeled, labeled / estimated) < OTHER_UNIT[1]:
            yield (
                f"estimates are {estimated:.3g} m away, objects {labeled:.3g} m (medians): is t in another unit? "
                "BOP results are in mm, predictions in m"
            )
    absent = [row.name for row in per_class if row.ground_truth and row.diameter_m is None]
    if absent:
        shown = ", ".join(absent[:NAMED_CLASSES]) + (", …" if len(absent) > NAMED_CLASSES else "")
        have = "1 class with poses has" if len(absent) == 1 else f"{len(absent)} classes with poses have"
        yield f"{have} no model, and no measure of points: {shown}"
