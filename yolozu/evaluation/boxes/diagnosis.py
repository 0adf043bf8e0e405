"""What kind of mistakes the detections are: all numbers are hotcoco's, put into the order of classes and images."""

# Shapes: K classes in network order.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolozu.evaluation.boxes.engines.hotcoco_engine import evaluator_of
from yolozu.evaluation.boxes.metrics import AREAS, LIMITS
from yolozu.evaluation.boxes.problem import CocoProblem, image_order
from yolozu.structures.image_record import ImageRecord

MATCH_IOU, BACKGROUND_IOU = 0.5, 0.1
"""Overlap of a hit; overlap below which a detection is of the background (TIDE's thresholds)."""
BINS = 10
"""Of the reliability diagram."""


@dataclass(frozen=True)
class ErrorType:
    """One of TIDE's kinds of mistakes.

    Attributes:
        name: hotcoco's (TIDE's) name of it: Cls, Loc, Both, Dupe, Bkg, Miss.
        count: how often.
        delta_ap: average precision at IoU .50 that a cure of all of them would add.
    """

    name: str
    count: int
    delta_ap: float


@dataclass(frozen=True)
class Bin:
    """Detections of similar scores.

    Attributes:
        low: least score.
        high: highest score.
        confidence: their mean score.
        accuracy: share of them that are hits.
        count: how many.
    """

    low: float
    high: float
    confidence: float
    accuracy: float
    count: int


@dataclass(frozen=True)
class Suspect:
    """A label that a sure detection contradicts.

    Attributes:
        kind: ``wrong_label`` or ``missing_annotation``.
        image: place of the image among the evaluated ones.
        detection: place of the detection among all of the problem.
        truth: place of the labeled object among all of the problem; None where there is none.
        score: of the detection.
        predicted: its class's name.
        labeled: name of the labeled class; None where nothing is labeled.
    """

    kind: str
    image: int
    detection: int
    truth: int | None
    score: float
    predicted: str
    labeled: str | None


@dataclass(frozen=True)
class ImageScore:
    """How well the sure detections of an image do.

    Attributes:
        image: place of the image among the evaluated ones.
        f1: harmonic mean of precision and recall at IoU .50.
        hits: detections of an object.
        extra: detections of none.
        missed: objects without detection.
    """

    image: int
    f1: float
    hits: int
    extra: int
    missed: int


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What all detections show.

    Attributes:
        precision_R: (101,) precision at IoU .50 over recall 0, .01 … 1, mean over the classes that have objects; None
            where there is no object at all.
        precision_RK: (101, K) the same of each class; NaN for a class without an object.
        errors: by TIDE.
        bins: that have detections.
        ece: expected calibration error, in [0, 1].
    """

    precision_R: NDArray[np.float64] | None
    precision_RK: NDArray[np.float64]
    errors: tuple[ErrorType, ...]
    bins: tuple[Bin, ...]
    ece: float


@dataclass(frozen=True, eq=False)
class SureDiagnosis:
    """What the detections show that are sure enough to be answers.

    Attributes:
        confusion: (K + 1, K + 1) objects by class (row) and by the class they were detected as (column); the last row
            counts detections of no object, the last column objects without detection.
        suspects: labels that may be wrong, the surest first.
        images: every image with an object or such a detection.
    """

    confusion: NDArray[np.int64]
    suspects: tuple[Suspect, ...]
    images: tuple[ImageScore, ...]


def diagnose(problem: CocoProblem) -> Diagnosis:
    """Precision over recall, kinds of mistakes and calibration over all detections.

    Source: Bolya et al., TIDE, ECCV 2020; Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    evaluator = evaluator_of(problem)
    curves = evaluator.eval
    assert curves is not None, "the evaluator has accumulated"
    table_RK = np.asarray(curves["precision"])[0, :, :, AREAS.index("all"), LIMITS.index(100)]
    by_class_RK = np.where(table_RK < 0.0, np.nan, table_RK)[:, _places(problem)]
    known_RK = by_class_RK[:, ~np.isnan(by_class_RK).all(axis=0)]
    tide = evaluator.tide_errors(pos_thr=MATCH_IOU, bg_thr=BACKGROUND_IOU)
    calibration = evaluator.calibration(n_bins=BINS, iou_threshold=MATCH_IOU)
    return Diagnosis(
        precision_R=known_RK.mean(axis=1) if known_RK.size else None,
        precision_RK=by_class_RK,
        errors=tuple(ErrorType(name, count, tide["delta_ap"][name]) for name, count in tide["counts"].items()),
        bins=tuple(_bin(row) for row in calibration["bins"] if row["count"]),
        ece=calibration["ece"],
    )


def diagnose_sure(problem: CocoProblem, records: Sequence[ImageRecord], *, score_threshold: float) -> SureDiagnosis:
    """Confusions, doubtful labels and every image, of the detections from ``score_threshold`` on.

    Args:
        problem: of these detections alone.
        records: the evaluated images, as the problem was made of.
        score_threshold: least score.
    """
    evaluator, order = evaluator_of(problem), image_order(records)
    matrix = np.asarray(evaluator.confusion_matrix(iou_thr=MATCH_IOU)["matrix"]).astype(np.int64)
    places = [*_places(problem), len(problem.classes)]
    found: Any = evaluator.image_diagnostics(iou_thr=MATCH_IOU, score_thr=score_threshold)
    suspects = [
        Suspect(
            kind=row["type"],
            image=order[row["image_id"] - 1],
            detection=row["dt_id"] - 1,
            truth=None if row["gt_id"] is None else row["gt_id"] - 1,
            score=row["dt_score"],
            predicted=row["dt_category"],
            labeled=row["gt_category"],
        )
        for row in found["label_errors"]
    ]
    images = [
        ImageScore(order[number - 1], row["f1"], row["tp"], row["fp"], row["fn"])
        for number, row in found["img_summary"].items()
    ]
    suspects.sort(key=lambda one: (-one.score, one.image, one.detection))
    return SureDiagnosis(
        matrix[np.ix_(places, places)], tuple(suspects), tuple(sorted(images, key=lambda one: one.image))
    )


def _places(problem: CocoProblem) -> list[int]:
    """Place of each class, in network order, among hotcoco's: by ascending id."""
    by_id = sorted(problem.classes.category_ids)
    return [by_id.index(category) for category in problem.classes.category_ids]


def _bin(row: dict[str, Any]) -> Bin:
    return Bin(row["bin_lower"], row["bin_upper"], row["avg_confidence"], row["avg_accuracy"], row["count"])
