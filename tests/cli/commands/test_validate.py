from __future__ import annotations

import json

import pytest

from tests.app.test_datasets import make_split
from tests.artifacts.predictions.samples import detection, entry, wrapped, write
from yolozu.cli.app import main


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_sound_file_passes(tmp_path, capsys):
    path = write(tmp_path, wrapped())
    assert main(["validate", "predictions", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 1 image, 1 detection (cxcywh_norm): no errors, no warnings\n"


def test_findings_are_listed_with_place_and_fix(tmp_path, capsys):
    many = [detection(score=2)] * 3
    path = write(tmp_path, wrapped(entry("a.jpg", *many), schema_version=...))
    assert main(["validate", "predictions", str(path), "--max-findings", "2"]) == 1
    assert capsys.readouterr().out == (
        "schema_version: warning: YZ704 missing; read as version 1\n"
        "  fix: write schema_version: 1\n"
        "predictions[0].detections[0].score: YZ709 2 is outside [0, 1]\n"
        "  fix: write score inside it\n"
        "predictions[0].detections[1].score: YZ709 2 is outside [0, 1]\n"
        "  fix: write score inside it\n"
        "… and 1 more of these kinds: 1 × YZ704, 3 × YZ709\n"
        f"{path}: 1 image, 3 detections (cxcywh_norm): 3 errors, 1 warning\n"
    )


def test_strict_makes_a_warning_an_error(tmp_path):
    path = write(tmp_path, wrapped(schema_version=...))
    assert main(["validate", "predictions", str(path)]) == 0
    assert main(["validate", "predictions", str(path), "--strict"]) == 1


def test_the_data_set_is_asked_about_images_classes_and_coverage(tmp_path, capsys):
    make_split(tmp_path / "data", "val", ["0 0.5 0.5 0.2 0.2\n"] * 2)
    size = {"width": 64, "height": 48}
    path = write(tmp_path, wrapped(entry("0.png", detection(class_id=0), image_size=size)))
    assert main(["validate", "predictions", str(path), "--dataset", "data", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["coverage"] == {"covered_images": 1, "expected_images": 2}
    assert report["schema_version"] == 1
    assert report["findings_by_code"] == {"YZ716": 1}
    assert main(["validate", "predictions", str(path), "--dataset", "data", "--max-images", "1", "--strict"]) == 0
    assert "  predictions for 1 of 1 images\n" in capsys.readouterr().out


def test_options_about_a_data_set_need_one(tmp_path, capsys):
    assert main(["validate", "predictions", str(write(tmp_path, wrapped())), "--split", "val"]) == 2
    assert "say which data set with --dataset" in capsys.readouterr().err


def test_a_missing_file_cannot_be_looked_at(capsys):
    assert main(["validate", "predictions", "none.json"]) == 2
    assert "none.json: YZ701 cannot be read: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["run-meta", "parity"])
def test_a_record_that_is_incomplete_is_refused_and_a_missing_one_is_an_input_error(tmp_path, kind, capsys):
    assert main(["validate", kind, "none.json"]) == 2
    assert "none.json" in capsys.readouterr().err
    (tmp_path / "record.json").write_text('{"schema_version": 1}')
    assert main(["validate", kind, "record.json"]) == 1
    assert "record.json: timestamp" in capsys.readouterr().err


def test_a_complete_parity_report_passes(tmp_path, capsys):
    from tests.artifacts.test_parity_report import REPORT
    from yolozu.artifacts.parity_report import write_parity_report

    write_parity_report(tmp_path / "onnx_parity.json", REPORT)
    assert main(["validate", "parity", "onnx_parity.json"]) == 0
    assert capsys.readouterr().out == "onnx_parity.json: a complete onnx_parity.json\n"


def test_a_data_set_is_checked(tmp_path, capsys):
    make_split(tmp_path / "data", "val", ["0 0.5 0.5 0.2 0.2\n", "3 0.5 0.5 0.2 0.2\n"])
    assert main(["validate", "dataset", "data"]) == 1
    assert "class_out_of_range" in capsys.readouterr().out
