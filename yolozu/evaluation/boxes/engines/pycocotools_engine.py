"""COCO evaluation by pycocotools, the reference."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

from yolozu.evaluation.boxes.metrics import Curves

if TYPE_CHECKING:
    from yolozu.evaluation.boxes.problem import CocoProblem


def evaluate(problem: CocoProblem) -> Curves:
    """The curves of ``problem``. What pycocotools prints on the way is kept off the terminal."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = _dataset(COCO(), problem, _truth_rows(problem))
        found = _found_rows(problem)
        # loadRes fails on an empty list
        results = truth.loadRes(found) if found else _dataset(COCO(), problem, [])
        evaluator = COCOeval(truth, results, "bbox")
        evaluator.evaluate()
        evaluator.accumulate()
    return Curves(evaluator.eval["precision"], evaluator.eval["recall"])


def _dataset(coco: Any, problem: CocoProblem, annotations: list[dict[str, Any]]) -> Any:
    coco.dataset = {"images": problem.image_rows(), "categories": problem.category_rows(), "annotations": annotations}
    coco.createIndex()
    return coco


def _truth_rows(problem: CocoProblem) -> list[dict[str, Any]]:
    columns = zip(
        problem.truth_images.tolist(),
        problem.truth_categories.tolist(),
        problem.truth_boxes_xywh_px.tolist(),
        problem.truth_areas_px.tolist(),
        problem.truth_crowd.tolist(),
        strict=True,
    )
    return [
        # ids start at 1: matches are kept in arrays where 0 means none
        {"id": row, "image_id": image, "category_id": category, "bbox": box, "area": area, "iscrowd": int(crowd)}
        for row, (image, category, box, area, crowd) in enumerate(columns, start=1)
    ]


def _found_rows(problem: CocoProblem) -> list[dict[str, Any]]:
    columns = zip(
        problem.found_images.tolist(),
        problem.found_categories.tolist(),
        problem.found_boxes_xywh_px.tolist(),
        problem.found_scores.tolist(),
        strict=True,
    )
    return [
        {"image_id": image, "category_id": category, "bbox": box, "score": score}
        for image, category, box, score in columns
    ]
