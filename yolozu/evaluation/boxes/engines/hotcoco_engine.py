"""COCO evaluation by hotcoco (Rust), from columns to curves without a dict per box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from yolozu.evaluation.boxes.metrics import Curves
from yolozu.evaluation.boxes.problem import CocoProblem

if TYPE_CHECKING:
    from hotcoco import COCOeval


def evaluate(problem: CocoProblem) -> Curves:
    """The curves of ``problem``."""
    curves = evaluator_of(problem).eval
    assert curves is not None, "accumulate() was called"
    return Curves(np.asarray(curves["precision"]), np.asarray(curves["recall"]))


def evaluator_of(problem: CocoProblem) -> COCOeval:
    """Hotcoco's own evaluator of ``problem``, evaluated and accumulated; ids of detections are their places from 1."""
    from hotcoco import COCO, COCOeval

    truth = COCO.from_arrays(
        problem.image_rows(),
        problem.category_rows(),
        problem.truth_images,
        problem.truth_categories,
        problem.truth_boxes_xywh_px,
        area=problem.truth_areas_px,
        iscrowd=problem.truth_crowd,
    )
    columns = (problem.found_images, problem.found_boxes_xywh_px, problem.found_scores, problem.found_categories)
    evaluator = COCOeval(truth, truth.load_res(np.column_stack(columns).astype(np.float64)), "bbox")
    evaluator.evaluate()
    evaluator.accumulate()
    return evaluator
