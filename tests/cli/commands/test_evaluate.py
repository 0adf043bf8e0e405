from __future__ import annotations

import json

import pytest

from tests.app.test_datasets import make_split
from tests.artifacts.predictions.samples import detection, entry, wrapped, write
from yolozu.cli.app import main

BOX = {"cx": 0.5, "cy": 0.5, "w": 0.2, "h": 0.2}


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    make_split(tmp_path / "data", "val", ["0 0.5 0.5 0.2 0.2\n", "0 0.5 0.5 0.4 0.4\n"])
    return tmp_path / "data"


def predictions(tmp_path, value=None):
    size = {"width": 64, "height": 48}
    found = detection(class_id=0, bbox=BOX)
    return write(tmp_path, wrapped(entry("images/val/0.png", found, image_size=size)) if value is None else value)


def run(*words) -> int:
    return main(["eval-coco", "--dataset", "data", *map(str, words)])


def test_the_table_fits_eighty_columns(data, tmp_path, capsys):
    assert run("--predictions", predictions(tmp_path)) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines()[:-1])) <= 80
    assert out == (
        "data val: 2 images, 2 objects\n"
        "predictions: 1 detection in 1 image\n"
        "engine: hotcoco\n"
        "\n"
        "                            all    small   medium    large\n"
        "AP, IoU .50 to .95       0.5050   0.5050        -        -\n"
        "AP, IoU .50              0.5050\n"
        "AP, IoU .75              0.5050\n"
        "AR, 1 detection          0.5000\n"
        "AR, 10 detections        0.5000\n"
        "AR, 100 detections       0.5000   0.5000        -        -\n"
        "\n"
        "class                           objects    found       AP    AP.50   AR.100\n"
        "cat                                   2        1   0.5050   0.5050   0.5000\n"
        "warning: 1 of 2 images have no entry in the predictions (the first is "
        "images/val/1.png); their objects count as missed\n"
    )


def test_the_report_is_written_and_printed(data, tmp_path, capsys):
    assert run("--predictions", predictions(tmp_path), "--json", "--output", "out/eval.json", "--max-images", "1") == 0
    printed = json.loads(capsys.readouterr().out)
    assert json.loads((tmp_path / "out" / "eval.json").read_text()) == printed
    assert printed["counts"] == {"images": 1, "ground_truth": 1, "detections": 1, "covered_images": 1}
    assert printed["metrics"]["map50_95"] == pytest.approx(1.0)


def test_both_engines_can_be_asked_for(data, tmp_path, capsys):
    assert run("--predictions", predictions(tmp_path), "--json", "--engine", "pycocotools") == 0
    assert json.loads(capsys.readouterr().out)["engine"] == "pycocotools"


def test_a_dry_run_counts(data, tmp_path, capsys):
    assert run("--predictions", predictions(tmp_path), "--dry-run", "--bbox-format", "cxcywh_norm") == 0
    out = capsys.readouterr().out
    assert "AP" not in out
    assert "cat                                   2        1\n" in out


def test_predictions_with_errors_are_refused_with_the_place(data, tmp_path, capsys):
    path = predictions(tmp_path, wrapped(entry("images/val/7.png", detection(class_id=4))))
    assert run("--predictions", path) == 2
    err = capsys.readouterr().err
    assert f"{path}: predictions[0].image: YZ714 the data set's split has no image 'images/val/7.png'\n" in err
    assert f"{path}: predictions[0].detections[0].class_id: YZ715 no class of the data set has the id 4\n" in err


def test_an_unknown_box_format_is_a_usage_error(data, tmp_path):
    assert run("--predictions", predictions(tmp_path), "--bbox-format", "xyxy") == 2
