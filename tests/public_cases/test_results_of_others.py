"""Results as other programs write them."""

from __future__ import annotations

import json

import pytest

from tests.app.test_datasets import make_split
from yolozu.cli.app import main


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_split(tmp_path / "set", "val", ["0 0.5 0.5 0.5 0.5\n1 0.25 0.25 0.25 0.25\n2 0.75 0.75 0.25 0.25\n"])
    (tmp_path / "set/classes.txt").write_text("a\nb\nc\n")
    return tmp_path


def results(root, categories):
    boxes = [[16, 12, 32, 24], [8, 6, 16, 12], [40, 30, 16, 12]]
    rows = [
        {"image_id": 0, "file_name": "0.png", "category_id": key, "bbox": box, "score": 0.9}
        for key, box in zip(categories, boxes, strict=False)
    ]
    (root / "predictions.json").write_text(json.dumps(rows))


def convert(*words):
    return main(
        ["convert-predictions", "predictions.json", "--to", "wrapped", "--dataset", "set", "--output", "p.json", *words]
    )


def precision(root):
    assert main(["eval-coco", "--dataset", "set", "--predictions", "p.json", "--output", "r.json"]) == 0
    return json.loads((root / "r.json").read_text())["metrics"]["map50_95"]


# ultralytics/ultralytics#18140, #19456: predictions.json of a data set of one's own counts classes from 1.
def test_perfect_predictions_that_count_from_1_are_perfect(root, capsys):
    results(root, [1, 2, 3])
    assert convert() == 0
    assert "count classes from 1" in capsys.readouterr().err
    assert precision(root) == pytest.approx(1.0)


# ultralytics/ultralytics#18251: from 0 before, from 1 since; without the last class nothing tells which.
def test_ids_that_could_be_either_are_refused_with_both_readings(root, capsys):
    results(root, [1, 2])
    assert convert() == 2
    assert "zero-based: 0-2; one-based: 1-3" in capsys.readouterr().err
    assert convert("--category-ids", "one-based") == 0
    assert precision(root) == pytest.approx(2 / 3)
