from __future__ import annotations

import json
import shutil

import pytest
from PIL import Image

from tests.fixtures.exported import CLASSES
from yolozu.artifacts.predictions import read_predictions
from yolozu.cli.app import main


@pytest.fixture
def dataset(exported, tmp_path, monkeypatch):
    """The images of the tiny detector as a data set that names its classes, in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "data"
    shutil.copytree(exported.index.root, root)
    (root / "labels/val").mkdir(parents=True)
    descriptor = {
        "splits": {"val": {"images_dir": "images/val", "labels_dir": "labels/val"}},
        "classes": list(CLASSES.names),
        "category_ids": list(CLASSES.category_ids),
    }
    (root / "dataset.json").write_text(json.dumps(descriptor))
    return root


def test_a_checkpoint_predicts_a_split(exported, dataset, capsys):
    words = f"export-predictions --adapter rtdetr_pose --checkpoint {exported.checkpoint} --dataset data --max-images 3"
    assert main([*words.split(), "--wrap", "--score-threshold", "0.65", "--output", "out/predictions.json"]) == 0
    entries = read_predictions(dataset.parent / "out/predictions.json")
    assert [entry.image for entry in entries] == ["images/val/0.png", "images/val/1.png", "images/val/2.png"]
    meta = json.loads((dataset.parent / "out/predictions.json").read_text())["meta"]
    assert (meta["adapter"], meta["score_threshold"], meta["images"]) == ("rtdetr_pose", 0.65, 3)
    found = sum(len(entry) for entry in entries)
    assert capsys.readouterr().out.startswith(f"out/predictions.json: 3 images, {found} detections, ")


def test_an_exported_file_predicts_without_its_checkpoint_and_prints_json(exported, dataset, capsys):
    words = f"predict --adapter onnxruntime --onnx {exported.onnx} --dataset data --split val --json"
    assert main(words.split()) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["output"], printed["images"]) == ("reports/predictions.json", 5)
    assert isinstance(json.loads((dataset.parent / "reports/predictions.json").read_text()), list)


def test_a_data_set_that_names_no_classes_takes_any_model(exported, dataset):
    (dataset / "dataset.json").unlink()
    assert main(f"predict --adapter onnxruntime --onnx {exported.onnx} --dataset data".split()) == 0


def test_a_camera_given_by_hand_gives_poses_their_depth(exported_pose, dataset, capsys):
    words = f"predict --adapter onnxruntime --onnx {exported_pose.onnx} --dataset data --max-images 1 --intrinsics"
    assert main([*words.split(), "100,110,60,45.5"]) == 0
    (entry,) = read_predictions(dataset.parent / "reports/predictions.json")
    assert entry.intrinsics == {"fx": 100.0, "fy": 110.0, "cx": 60.0, "cy": 45.5}
    assert all("t_xyz" in pose for pose in entry.extras)
    assert "no known camera" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("100,100,60", "'100,100,60' is no list of four numbers"),
        ("a,b,c,d", "'a,b,c,d' is no list of four numbers"),
        ("0,100,60,45", "'0,100,60,45' is no camera: fx and fy must be above 0"),
        ("100,nan,60,45", "'100,nan,60,45' is no camera: fx and fy must be above 0"),
        ("100,100,inf,45", "'100,100,inf,45' is no camera: fx and fy must be above 0"),
    ],
)
def test_a_camera_that_is_none_is_refused(dataset, capsys, text, problem):
    assert main(["predict", "--adapter", "onnxruntime", "--dataset", "data", "--intrinsics", text]) == 2
    assert capsys.readouterr().err == (
        f"--intrinsics: YZ617 {problem}\n  fix: write fx,fy,cx,cy in px, such as 600,600,320,240\n"
    )


def test_options_that_have_no_effect_are_refused_before_anything_is_read(dataset, capsys):
    assert main(["predict", "--adapter", "dummy", "--onnx", "gone.onnx", "--device", "cpu", "--dataset", "data"]) == 2
    assert capsys.readouterr().err == (
        "--onnx: YZ612 adapter 'dummy' does not read it\n"
        "  fix: leave it out, or choose --adapter onnxruntime\n"
        "--device: YZ612 adapter 'dummy' does not read it\n"
        "  fix: leave it out, or choose --adapter rtdetr_pose or onnxruntime\n"
    )


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("--score-threshold nan", "--score-threshold: YZ617 nan: Input should be a finite number"),
        ("--score-threshold 2", "--score-threshold: YZ617 2.0: Input should be less than or equal to 1"),
        ("--max-detections 0", "--max-detections: YZ617 0: Input should be greater than or equal to 1"),
        ("--device tpu", "--device: YZ617 tpu: String should match pattern '^(cpu|cuda(:\\d+)?)$'"),
    ],
)
def test_values_are_held_against_the_contract(dataset, capsys, words, error):
    assert main([*["predict", "--adapter", "dummy", "--dataset", "data"], *words.split()]) == 2
    assert capsys.readouterr().err == f"{error}\n  fix: see yolozu export-predictions --help\n"


def test_every_unreadable_image_is_named(dataset, capsys):
    for number in (1, 4):
        Image.new("RGB", (9, 9)).save(dataset / f"images/val/{number}.png")
        whole = (dataset / f"images/val/{number}.png").read_bytes()
        (dataset / f"images/val/{number}.png").write_bytes(whole[:40])
    assert main(["predict", "--adapter", "dummy", "--dataset", "data"]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "YZ220" in line]
    assert [line.partition(":")[0] for line in lines] == ["data/images/val/1.png", "data/images/val/4.png"]


def test_a_missing_checkpoint_is_asked_for(dataset, capsys):
    assert main(["export-predictions", "--dataset", "data"]) == 2
    assert capsys.readouterr().err == (
        "--checkpoint: YZ612 adapter 'rtdetr_pose' needs it\n  fix: give --checkpoint FILE\n"
    )
