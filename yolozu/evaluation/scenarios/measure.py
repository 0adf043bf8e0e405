"""The numbers of a scenario, and why some of them are null."""

# Shapes: G ground-truth objects, D detections, P objects with a pose.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.meshes import ObjectModels
from yolozu.contract.sections.evaluate import EvalEngine
from yolozu.data.index import DataIndex
from yolozu.evaluation.boxes.metrics import Metric
from yolozu.evaluation.boxes.problem import CocoProblem, problem_of
from yolozu.evaluation.boxes.registry import ENGINES
from yolozu.evaluation.pose.metrics import Column
from yolozu.evaluation.pose.pair_errors import PairErrors
from yolozu.evaluation.pose.problem import pose_problem_of
from yolozu.evaluation.pose.registry import POSE_METRICS
from yolozu.evaluation.scenarios.report import Numbers
from yolozu.evaluation.scenarios.slices import Sliced
from yolozu.structures.predictions import ImagePredictions

IOU_PERCENT = 50
MM_PER_METRE = 1000.0


@dataclass(frozen=True)
class Measured:
    """What a scenario gave.

    Attributes:
        numbers: the numbers.
        objects: measured objects.
        detections: detections of the scenario.
        reasons: name of a number that is None -> why.
    """

    numbers: Numbers
    objects: int
    detections: int
    reasons: dict[str, str]


class Evaluation:
    """Predictions held against the truth once, to be measured in slices.

    Args:
        index: the images with their ground truth.
        models: by network class index.
        predictions: at most one entry per image.
        engine: implementation of the COCO protocol.
        score_threshold: detections below it are rejected.
    """

    def __init__(
        self,
        index: DataIndex,
        models: ObjectModels,
        predictions: Sequence[ImagePredictions],
        *,
        engine: EvalEngine,
        score_threshold: float,
    ) -> None:
        self.problem = problem_of(index, predictions, max_images=None)
        self._index, self._models, self._predictions = index, models, predictions
        self._engine: EvalEngine = engine
        self._threshold = score_threshold

    def measure(self, part: Sliced) -> Measured:
        """The numbers of a slice of `problem`."""
        objects = int(part.counted_G.sum())
        boxes, reasons = self._boxes(part) if objects else _nothing("no object is in this slice")
        poses, why = self._poses(part) if objects else _nothing("", "depth_error_m", "pose_error_deg", "add_s_01d")
        reasons |= {name: text or reasons["map50_95"] for name, text in why.items()}
        scores_D = self.problem.found_scores[part.own_D]
        rejected = float((scores_D < self._threshold).mean()) if len(scores_D) else None
        if rejected is None:
            reasons["rejection_rate"] = "no detection is in this slice"
        return Measured(Numbers(**boxes, **poses, rejection_rate=rejected), objects, len(scores_D), reasons)

    def _boxes(self, part: Sliced) -> tuple[dict[str, float | None], dict[str, str]]:
        evaluate, area = ENGINES.load(self._engine), part.area
        all_found = evaluate(part.problem)
        kept = evaluate(_at_least(part.problem, self._threshold))
        return {
            "map50_95": Metric("precision", area=area).of(all_found),
            "map50": Metric("precision", area=area, iou_percent=IOU_PERCENT).of(all_found),
            "recall": Metric("recall", area=area, iou_percent=IOU_PERCENT).of(kept),
        }, {}

    def _poses(self, part: Sliced) -> tuple[dict[str, float | None], dict[str, str]]:
        counted_P = part.counted_G[self._truth_rows]
        z_mm, degrees, add_s = (column.number(counted_P) for column in self._columns)
        numbers = {
            "depth_error_m": None if z_mm is None else z_mm / MM_PER_METRE,
            "pose_error_deg": degrees,
            "add_s_01d": add_s,
        }
        why = "no object of it has a pose" if not counted_P.any() else "no estimated pose belongs to one of its objects"
        reasons = {name: why for name, value in numbers.items() if value is None}
        if add_s is None and counted_P.any():
            reasons["add_s_01d"] = "no class of it has a model"
        return numbers, reasons

    @cached_property
    def _errors(self) -> PairErrors:
        return PairErrors(pose_problem_of(self._index, self._predictions), self._models)

    @cached_property
    def _columns(self) -> tuple[Column, Column, Column]:
        z_mm, degrees, add_s = (
            POSE_METRICS.load(name).of(self._errors) for name in ("z_mm_median", "rot_deg_median", "add_s_01d")
        )
        return z_mm, degrees, add_s

    @cached_property
    def _truth_rows(self) -> NDArray[np.int64]:
        """(P,) row among all objects of each object with a pose."""
        counts = [len(record.class_indices) for record in self._index.records]
        first_I = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.array(counts, np.int64))])
        rows_P: NDArray[np.int64] = first_I[self._errors.problem.image_G] + self._errors.problem.place_G
        return rows_P


def _nothing(why: str, *names: str) -> tuple[dict[str, float | None], dict[str, str]]:
    names = names or ("map50_95", "map50", "recall")
    return dict.fromkeys(names), dict.fromkeys(names, why)


def _at_least(problem: CocoProblem, threshold: float) -> CocoProblem:
    """The problem without rejected detections."""
    kept_D = problem.found_scores >= threshold
    return replace(
        problem,
        found_images=problem.found_images[kept_D],
        found_categories=problem.found_categories[kept_D],
        found_boxes_xywh_px=problem.found_boxes_xywh_px[kept_D],
        found_scores=problem.found_scores[kept_D],
    )
