"""Boxes held against COCO files as they are found: the numbers are pycocotools' for the same files."""

from __future__ import annotations

from typing import Any

import pytest

from tests.evaluation.boxes.test_coco import evaluated
from tests.evaluation.coco_files import pycocotools_stats, write_coco


@pytest.fixture(autouse=True)
def _own_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def images(*ids):
    return [{"id": key, "file_name": f"{n}.png", "width": 40, "height": 30} for n, key in enumerate(ids)]


def document(boxes: dict[int, list[list[float]]]) -> dict[str, Any]:
    """Boxes by image id."""
    rows = [{"image_id": key, "category_id": 1, "bbox": box} for key, found in boxes.items() for box in found]
    annotations = [{**row, "id": n, "area": 0.0, "iscrowd": 0} for n, row in enumerate(rows, start=1)]
    return {"images": images(*boxes), "categories": [{"id": 1, "name": "c"}], "annotations": annotations}


def found(key, box, score=0.5):
    return {"image_id": key, "category_id": 1, "bbox": box, "score": score}


# cocodataset/cocoapi#650: equal scores, and the order of the images decides the average precision.
def test_tied_scores_count_in_the_order_of_image_ids(tmp_path):
    box, far = [2, 2, 8, 8], [20, 20, 8, 8]
    root = write_coco(tmp_path / "set", document({7: [box], 3: [box]}), [found(7, far), found(3, box)])
    assert evaluated(root).stats == pytest.approx(pycocotools_stats(root))
    assert evaluated(root).metrics["map50"] == pytest.approx(51 / 101)  # image 3 first; by path it would be half of it


# PaddleCV-SIG/EISeg#85, Seeed-Studio/ModelAssistant#64: annotations whose box is [0, 0, 0, 0], or has no width.
@pytest.mark.parametrize("flat", [[0, 0, 0, 0], [5, 5, 0, 9], [5, 5, 9, 0]])
def test_an_annotation_without_extent_is_an_object_that_was_missed(tmp_path, flat):
    box = [2, 2, 8, 8]
    root = write_coco(tmp_path / "set", document({1: [box, flat]}), [found(1, box), found(1, flat, 0.4)])
    result = evaluated(root)
    assert result.stats == pytest.approx(pycocotools_stats(root))
    assert "1 of 2 objects have no width or height" in result.warnings[0]
