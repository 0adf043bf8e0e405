"""Tiny COCO data sets on disk, and pycocotools' numbers for the same files."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 40, 30


def write_coco(root: Path, document: dict[str, Any], results: list[dict[str, Any]]) -> Path:
    """The pictures, ``gt.json``, ``results.json`` and a ``dataset.json`` with the split ``val``."""
    (root / "pictures").mkdir(parents=True)
    for place, row in enumerate(document["images"]):
        Image.new("RGB", (row["width"], row["height"]), (place, 9, 9)).save(root / "pictures" / row["file_name"])
    (root / "gt.json").write_text(json.dumps(document))
    (root / "results.json").write_text(json.dumps(results))
    split = {"images_dir": "pictures", "instances_json": "gt.json"}
    (root / "dataset.json").write_text(json.dumps({"splits": {"val": split}}))
    return root


def pycocotools_stats(root: Path) -> list[float | None]:
    """The twelve numbers of the two files; None for -1."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(root / "gt.json"))
        evaluator = COCOeval(truth, truth.loadRes(str(root / "results.json")), "bbox")
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return [None if value == -1 else float(value) for value in evaluator.stats]


def random_problem(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Images whose ids are in another order than their names; equal scores, equal and empty boxes, crowds."""
    rng = np.random.default_rng(seed)
    ids = rng.choice(1000, 5, replace=False).tolist()
    images = [{"id": key, "file_name": f"{n}.png", "width": WIDTH, "height": HEIGHT} for n, key in enumerate(ids)]
    categories = [{"id": key, "name": f"c{key}"} for key in (9, 2)]
    annotations, results = [], []
    for key in ids:
        for _ in range(rng.integers(0, 5)):
            box = [*rng.integers(0, 20, 2).tolist(), *(rng.integers(0, 5, 2) * 4).tolist()]
            category = int(rng.choice([9, 2]))
            annotations.append({
                "id": len(annotations) + 1,
                "image_id": key,
                "category_id": category,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": int(rng.random() < 0.15),
            })  # fmt: skip
            for _ in range(rng.integers(0, 3)):
                moved = [*box[:2], max(0, box[2] + int(rng.integers(-2, 3))), box[3]]
                results.append({"image_id": key, "category_id": category, "bbox": moved, "score": score(rng)})
        for _ in range(rng.integers(0, 2)):
            results.append({"image_id": key, "category_id": 9, "bbox": [1, 1, 8, 8], "score": score(rng)})
    shuffled = [results[place] for place in rng.permutation(len(results))]
    return {"images": images, "categories": categories, "annotations": annotations}, shuffled


def score(rng: np.random.Generator) -> float:
    return float(rng.integers(1, 4) / 4)
