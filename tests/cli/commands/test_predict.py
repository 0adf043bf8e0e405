from __future__ import annotations

import json
import shutil

import pytest
from PIL import Image

from tests.cli.runs import write_contract, write_dataset, write_run
from tests.fixtures.exported import CONFIG
from yolozu.artifacts.predictions import read_predictions
from yolozu.cli.app import main
from yolozu.data.corruption.registry import CORRUPTIONS


@pytest.fixture
def dataset(exported, tmp_path, monkeypatch):
    """The images of the tiny detector as a data set that names its classes, in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "data"
    write_dataset(root, exported)
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
    assert all("t_xyz" in pose for pose in entry.fields())
    assert "no known camera" not in capsys.readouterr().err


def test_a_camera_file_is_of_images_of_the_size_that_it_states(exported_pose, dataset, capsys):
    camera = {"fx": 100, "fy": 110, "cx": 60, "cy": 45.5, "width": 120, "height": 90}
    (dataset.parent / "camera.json").write_text(json.dumps(camera))
    words = f"predict --adapter onnxruntime --onnx {exported_pose.onnx} --dataset data --camera camera.json"
    assert main([*words.split(), "--max-images", "1"]) == 0
    (entry,) = read_predictions(dataset.parent / "reports/predictions.json")
    assert entry.intrinsics == {"fx": 100.0, "fy": 110.0, "cx": 60.0, "cy": 45.5}
    capsys.readouterr()
    assert main([*words.split(), "--max-images", "2"]) == 2
    assert capsys.readouterr().err.endswith(
        "--camera: YZ645 is the camera of pictures of 120x90 px, this one has 96x64\n"
        "  fix: predict pictures of its size, as the camera took them\n"
    )


def test_options_that_have_no_effect_are_refused_before_anything_is_read(dataset, capsys):
    assert main(["predict", "--adapter", "dummy", "--onnx", "gone.onnx", "--device", "cpu", "--dataset", "data"]) == 2
    assert capsys.readouterr().err == (
        "--onnx: YZ612 adapter 'dummy' does not read it\n"
        "  fix: leave it out, or choose --adapter onnxruntime or openvino\n"
        "--device: YZ612 adapter 'dummy' does not read it\n"
        "  fix: leave it out, or choose --adapter rtdetr_pose or onnxruntime\n"
    )


@pytest.mark.parametrize("command", ["predict", "test"])
def test_a_device_that_is_not_there_is_refused_before_a_picture_is_read(
    exported, dataset, capsys, monkeypatch, command
):
    monkeypatch.setattr("yolozu.devices.cuda_devices", lambda: 1)
    (dataset / "images/val/0.png").write_bytes(b"no picture")
    files = {"checkpoint": exported.checkpoint, "onnx": exported.onnx}
    for option, code in (("checkpoint", "YZ501"), ("onnx", "YZ615")):
        words = f"{command} --{option} {files[option]} --dataset data --device cuda:1"
        assert main(words.split()) == 2
        assert capsys.readouterr().err.startswith(f"device: cuda:1: {code} ")


def test_values_are_held_against_the_contract_all_at_once(dataset, capsys):
    words = "--adapter dumy --score-threshold nan --max-detections 0 --device tpu --corruption rain --tta-flip-prob 2"
    assert main(["predict", "--dataset", "data", *words.split()]) == 2
    errors = capsys.readouterr().err.splitlines()
    *kinds, last = CORRUPTIONS
    assert [line for line in errors if not line.startswith("  ")] == [
        "--adapter: YZ104 there is no adapter 'dumy', neither here nor in an installed package",
        "--score-threshold: YZ103 must be a number from 0 to 1, got nan",
        "--max-detections: YZ104 must be a whole number from 1 to 3000, got 0",
        f"--corruption: YZ104 must be {', '.join(kinds)} or {last}, or null, got rain",
        "--tta-flip-prob: YZ104 must be a number from 0 to 1, got 2",
        "--device: YZ104 must be cpu, cuda or cuda:N, got tpu",
    ]


def test_every_unreadable_image_is_named(dataset, capsys):
    for number in (1, 4):
        Image.new("RGB", (9, 9)).save(dataset / f"images/val/{number}.png")
        whole = (dataset / f"images/val/{number}.png").read_bytes()
        (dataset / f"images/val/{number}.png").write_bytes(whole[:40])
    assert main(["predict", "--adapter", "dummy", "--dataset", "data"]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "YZ220" in line]
    assert [line.partition(":")[0] for line in lines] == ["data/images/val/1.png", "data/images/val/4.png"]


def test_a_model_is_asked_for(dataset, capsys):
    assert main(["export-predictions", "--dataset", "data"]) == 2
    assert capsys.readouterr().err == (
        "--onnx: YZ612 adapter 'onnxruntime' needs it\n  fix: give --onnx FILE, or --run-id ID of a run that has one\n"
    )


def test_a_run_gives_model_data_and_settings(exported, dataset, capsys):
    write_run(dataset.parent / "runs/exp01", exported, score_threshold=0.65, max_images=2)
    assert main(["export-predictions", "--run-id", "exp01", "--wrap"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("reports/predictions.json: 2 images, ")
    assert said[1:] == ["  onnxruntime runs/exp01/exports/model.onnx on runs/exp01/data/rendered val"]
    meta = json.loads((dataset.parent / "reports/predictions.json").read_text())["meta"]
    assert (meta["adapter"], meta["score_threshold"], meta["images"]) == ("onnxruntime", 0.65, 2)


OF_A_RUN = {"corruption": "fog", "tta": True, "max_images": 2, "score_threshold": 0.65}
LISTED = "max_images=2, corruption=fog, tta=true"


def test_what_a_run_does_to_its_pictures_is_done_to_them_again_and_said(exported, dataset, capsys):
    write_run(dataset.parent / "runs/exp01", exported, **OF_A_RUN)
    for split in ([], ["--split", "val"]):
        assert main(["export-predictions", "--run-id", "exp01", "--wrap", *split]) == 0
        meta = json.loads((dataset.parent / "reports/predictions.json").read_text())["meta"]
        assert (meta["images"], meta["transform"]["corruption"], meta["tta"]["mode"]) == (2, "fog", "prediction")
        said = f"exp01: its pictures are predicted with {LISTED}, as it says; flags of this command win"
        assert capsys.readouterr().err.splitlines()[0] == said
    assert main(["export-predictions", "--run-id", "exp01", "--no-tta", "--max-images", "3"]) == 0
    assert "are predicted with corruption=fog, as it says" in capsys.readouterr().err


@pytest.mark.parametrize("by", ["--run-id exp01", "--onnx runs/exp01/exports/model.onnx"])
def test_what_a_run_does_to_its_pictures_does_not_reach_others(exported, dataset, capsys, by):
    write_run(dataset.parent / "runs/exp01", exported, **OF_A_RUN)
    assert main([*f"predict {by} --dataset data --wrap".split()]) == 0
    meta = json.loads((dataset.parent / "reports/predictions.json").read_text())["meta"]
    assert (meta["images"], meta["score_threshold"], meta.keys() & {"transform", "tta"}) == (5, 0.65, set())
    said = f"exp01: {LISTED} are meant for its own pictures and do nothing to these; flags of this command do"
    assert capsys.readouterr().err.splitlines()[0] == said
    assert main([*f"predict {by} --dataset data --wrap --corruption snow --max-images 1".split()]) == 0
    meta = json.loads((dataset.parent / "reports/predictions.json").read_text())["meta"]
    assert (meta["images"], meta["transform"]["corruption"], "tta" in meta) == (1, "snow", False)


def test_what_a_contract_named_on_the_command_line_says_counts_for_all_pictures(exported, dataset, capsys):
    write_contract(dataset.parent / "exp.json", corruption="fog")
    assert main(f"predict --config exp.json --onnx {exported.onnx} --dataset data --wrap".split()) == 0
    meta = json.loads((dataset.parent / "reports/predictions.json").read_text())["meta"]
    assert meta["transform"]["corruption"] == "fog"
    assert "meant for" not in capsys.readouterr().err


def test_an_exported_file_that_the_run_s_checkpoint_is_not_behind_is_refused(exported, exported_pose, dataset, capsys):
    write_run(dataset.parent / "runs/exp01", exported)
    shutil.copy(exported_pose.checkpoint, "runs/exp01/checkpoints/best.pt")
    assert main(["export-predictions", "--run-id", "exp01"]) == 2
    assert capsys.readouterr().err == (
        "runs/exp01/exports/model.onnx: YZ604 exported from another checkpoint than runs/exp01/checkpoints/best.pt\n"
        "  fix: export this checkpoint again, or predict with the checkpoint that the file came from\n"
    )


def test_a_contract_or_an_architecture_beside_a_checkpoint_must_be_its_own(exported, dataset, capsys):
    model = CONFIG.model_dump(mode="json") | {"num_queries": 30}
    (dataset.parent / "base.json").write_text(json.dumps(model))
    write_contract(dataset.parent / "exp.json", image_size=[96, 96])
    words = ["predict", "--checkpoint", str(exported.checkpoint), "--dataset", "data", "--config"]
    assert main([*words, "base.json"]) == 2
    assert capsys.readouterr().err.endswith(
        f"{exported.checkpoint}: YZ630 model.num_queries is 20 in this file, but 30 in base.json\n"
        "  fix: name the contract it was trained with, or leave out --config base.json\n"
    )
    assert main([*words, "exp.json"]) == 2
    assert "image_size is [64, 96] in this file, but [96, 96] in exp.json" in capsys.readouterr().err
    write_contract(dataset.parent / "exp.json")
    assert main([*words, "exp.json"]) == 0


def test_what_was_done_is_said(exported, dataset, capsys):
    words = f"predict --onnx {exported.onnx} --dataset data --max-images 2 --corruption fog --corruption-severity 2"
    assert main([*words.split(), "--tta", "--tta-flip-prob", "1"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.endswith(f"onnxruntime {exported.onnx} on data val; fog 2; tta_mode prediction")


def test_the_report_of_test_time_training_is_written(exported, dataset, capsys):
    words = f"predict --checkpoint {exported.checkpoint} --dataset data --max-images 2 --ttt --ttt-preset safe"
    assert main([*words.split(), "--ttt-log-out", "out/ttt.json"]) == 0
    report = json.loads((dataset.parent / "out/ttt.json").read_text())
    assert (report["settings"]["preset"], len(report["batches"])) == ("safe", 2)
    assert "on data val; ttt tent (norm_only, sample): 2 steps, " in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "words",
    [
        "--adapter rtdetr_pose --config base.json --checkpoint runs/smoke/checkpoints/best.pt --max-images 2",
        "--adapter rtdetr_pose --tta --tta-seed 0 --tta-flip-prob 0.5",
        "--adapter rtdetr_pose --ttt --ttt-preset safe --ttt-reset sample",
        "--adapter rtdetr_pose --ttt --ttt-preset safe --ttt-reset stream --ttt-batch-size 4 --ttt-max-batches 8",
    ],
)
def test_documented_command_lines(exported, dataset, capsys, words):
    (dataset.parent / "base.json").write_text(CONFIG.model_dump_json())
    write_run(dataset.parent / "runs/default", exported)
    write_run(dataset.parent / "runs/smoke", exported)
    assert main(["export-predictions", *words.split(), "--wrap", "--output", "reports/p.json"]) == 0, (
        capsys.readouterr().err
    )
    assert json.loads((dataset.parent / "reports/p.json").read_text())["schema_version"] == 1
