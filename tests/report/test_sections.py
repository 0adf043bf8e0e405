"""What each section says."""

import json
from pathlib import Path

from tests.report.html_reading import read_page
from tests.report.made import SCENES, Scene, material_in, rows_in
from yolozu.artifacts.cells_report import Cell, CellsReport, Layers, Loss
from yolozu.artifacts.record import write_record
from yolozu.contract.loader import load_contract
from yolozu.contract.overrides import Override
from yolozu.contract.show import to_yaml
from yolozu.planning.receipt import Receipt
from yolozu.report.material import Material, RunFiles, Show
from yolozu.report.page import Section, page
from yolozu.report.registry import SECTIONS


def shown(name, material):
    body = SECTIONS.load(name)(material)
    return None if body is None else read_page(page("x", [], [Section(name, name, body)]))


def test_the_summary_says_the_numbers_and_what_they_are_of(tmp_path):
    read = shown("summary", material_in(tmp_path))
    assert "mAP, IoU .500.667" not in read.text
    assert "Measured on 4 images of the split “val” with 4 objects of 3 classes; 5 detections." in read.text
    assert "1 of 3 classes have no object here and count in no mean: owl" in read.text


def test_a_run_that_was_not_evaluated_has_no_numbers(tmp_path):
    assert shown("summary", material_in(tmp_path, boxes=None)) is None


def test_curves_are_drawn_of_what_was_measured(tmp_path):
    train = rows_in(
        tmp_path / "train.jsonl",
        ("train_step", 1, {"total": 3.0, "bbox": 1.0}, {"lr": 0.1}),
        ("train_epoch", 1, {"total": 3.0}, {"lr": 0.1}),
        ("train_step", 2, {"total": 2.0, "bbox": 0.5}, {"lr": 0.1}),
    )
    val = rows_in(tmp_path / "val.jsonl", ("val_step", 2, {"total": 1.5}, {"map50_95": 0.25, "add_01d": None}))
    read = shown("training", material_in(tmp_path, train_metrics=train, val_metrics=val))
    assert "IoU .50 to .95, optimizer step 2: 0.25" in read.text
    assert "bbox, optimizer step 2: 0.5" in read.text
    assert "Held-out poses" not in read.text
    assert "2 optimizer steps, into epoch 1." in read.text


def test_without_a_training_there_are_no_curves(tmp_path):
    assert shown("training", material_in(tmp_path)) is None


def test_the_worst_pictures_come_first_and_the_best_are_others(tmp_path):
    read = shown("pictures", material_in(tmp_path, show=Show(2, 0.25)))
    captions = read.text.split("F1 ")[1:]
    assert captions[0].startswith("0.00 · 0 found, 2 missed, 1 wrong · images/val/0001.jpg")
    assert captions[1].startswith("1.00 · 1 found, 0 missed, 0 wrong · images/val/0000.jpg")
    assert len(read.pictures) == 4


def test_pictures_without_a_hit_are_not_among_the_best(tmp_path):
    read = shown("pictures", material_in(tmp_path, [Scene(SCENES[0].truth, [])]))
    assert "Best" not in read.text
    assert shown("pictures", material_in(tmp_path, predictions=None)) is None


def test_a_threshold_that_no_detection_reaches_is_told(tmp_path):
    read = shown("pictures", material_in(tmp_path, show=Show(2, 0.95)))
    assert "No detection has a score of 0.95 or more;" in read.text


def test_boxes_have_a_curve_and_a_row_a_class(tmp_path):
    read = shown("boxes", material_in(tmp_path))
    assert "cat, recall 0.5: 1" in read.text
    assert "all classes" in read.text
    assert "cat220.5050.5050.5050.500dog22" in read.text
    assert shown("boxes", material_in(tmp_path, boxes=None)) is None


def test_many_classes_are_folded_away(tmp_path):
    material = material_in(tmp_path)
    row = material.boxes.per_class[0]
    rows = [row.model_copy(update={"name": f"class {place}", "index": place % 3}) for place in range(40)]
    material.__dict__["boxes"] = material.boxes.model_copy(update={"per_class": rows})
    read = shown("boxes", material)
    assert "15 further classes" in read.text
    assert "The 7 most frequent classes and the mean of all." in read.text


def test_mistakes_are_counted_by_kind_and_by_class(tmp_path):
    read = shown("mistakes", material_in(tmp_path))
    assert "Wrong classoverlaps an object of another class1" in read.text
    assert "is ↓  detected as →catdogowlnothingcat11··dog·1·1owl····nothing··1·" in read.text
    assert shown("mistakes", material_in(tmp_path, [Scene([], [])])) is None


def test_calibration_says_in_which_direction_scores_are_wrong(tmp_path):
    read = shown("calibration", material_in(tmp_path))
    assert "error of 5 detections is" in read.text
    assert "the model is surer than it is right" in read.text
    assert "0.9 to 1.01" in read.text
    assert shown("calibration", material_in(tmp_path, [Scene(SCENES[0].truth, [])])) is None


def test_doubtful_labels_are_shown_the_surest_first(tmp_path):
    read = shown("doubtful_labels", material_in(tmp_path))
    assert "dog 0.80 · another class is labeled: cat · images/val/0001.jpg" in read.text
    assert "owl 0.60 · nothing is labeled · images/val/0002.jpg" in read.text
    assert len(read.pictures) == 2
    assert shown("doubtful_labels", material_in(tmp_path, SCENES[:1])) is None


def test_sections_of_files_that_a_run_does_not_have_are_left_out(tmp_path):
    for name in ("poses", "exported_file", "scenarios", "time", "contract", "provenance"):
        assert shown(name, material_in(tmp_path)) is None, name


def test_the_contract_shows_what_was_given_first(tmp_path):
    (tmp_path / "exp.yaml").write_text("max_steps: 3\nrequire: {map50: '> 0.1'}\n")
    loaded = load_contract(tmp_path / "exp.yaml", [Override("lr", 0.5, "lr=<b>")])
    path = tmp_path / "resolved.yaml"
    path.write_text(to_yaml(loaded))
    read = shown("contract", material_in(tmp_path, contract=path))
    assert "3 of " in read.text
    given = read.text.split("Keys that were given")[1].split("All keys")[0]
    assert given == (f'keyvaluefromlr0.5lr=<b>max_steps3{tmp_path}/exp.yaml:1require.map50"> 0.1"{tmp_path}/exp.yaml:2')


def test_finished_stages_are_timed(tmp_path):
    receipts = tmp_path / "receipts"
    for stage, seconds in (("train", 3725.0), ("prepare_data", 0.25), ("report", 1.0)):
        Receipt(stage, 1, {}, {}, {}, {}, "2026-01-02T03:04:05+00:00", seconds, {}).write(receipts / f"{stage}.json")
    read = shown("time", material_in(tmp_path, receipts=receipts))
    assert "prepare_data2026-01-02 03:04:050.2 strain2026-01-02 03:04:051 h 02 min" in read.text
    assert "report" not in read.text


def test_the_parts_of_a_finished_run_of_an_earlier_release_are_all_shown():
    run = Path(__file__).parents[1] / "fixtures/release_0_1_0/runs/finished"
    files = {
        "index": "data/predict.json", "models": "data/models.json", "predictions": "predictions/predictions.json",
        "boxes": "reports/eval_coco.json", "poses": "reports/eval_pose.json", "parity": "reports/onnx_parity.json",
        "run_meta": "reports/run_meta.json", "contract": "reports/config_resolved.yaml", "receipts": "receipts",
        "scenarios": "reports/scenarios.json",
    }  # fmt: skip
    material = Material("finished", RunFiles(**{name: run / path for name, path in files.items()}), Show(2, 0.0))
    for name, said in {
        "poses": "objects have a pose;",
        "exported_file": "The exported file and the checkpoint: passed",
        "scenarios": "clean",
        "time": "train",
        "contract": "keys were given",
        "provenance": "contract, SHA-256",
    }.items():
        assert said in shown(name, material).text, name


def test_a_file_with_processing_inside_has_its_own_verdict(tmp_path):
    earlier = Path(__file__).parents[1] / "fixtures/release_0_1_0/runs/finished/reports/onnx_parity.json"
    processing = {
        "passed": True, "reason": "the same detections on 8 images", "pairs": 3, "unmatched": 0, "tied": 0,
        "score_max": 0.0, "box_max": 0.0, "rot_deg_max": None, "t_mm_max": None, "onnx_sha256": "0" * 64,
    }  # fmt: skip
    path = tmp_path / "onnx_parity.json"
    path.write_text(json.dumps({**json.loads(earlier.read_text()), "processing": processing}))
    read = shown("exported_file", Material("x", RunFiles(parity=path), Show(2, 0.0)))
    assert "With processing inside: the same detections on 8 images." in read.text


def test_a_model_that_finds_nothing_is_explained(tmp_path):
    recorded = json.loads((Path(__file__).parents[1] / "training/recorded/few_steps.json").read_text())
    for stage, said in (("train", {"spec": recorded["spec"]}), ("prepare_data", {"numbers": recorded["counts"]})):
        (tmp_path / f"{stage}.json").write_text(json.dumps(said))
    train = rows_in(tmp_path / "train.jsonl", ("train_step", 24, {"total": 3.0}, {"lr": 0.1}))
    files = {"receipts": tmp_path, "train_metrics": train}
    read = shown("why_so_little", material_in(tmp_path, [Scene(SCENES[0].truth, [])], **files))
    assert "24 optimizer steps, 4 of them to warm up, from random weights; small networks need 800 and more: train" in (
        read.text
    )
    assert "(max_steps=800 extend=true)" in read.text
    assert shown("why_so_little", material_in(tmp_path, **files)) is None
    assert shown("why_so_little", material_in(tmp_path, [Scene(SCENES[0].truth, [])])) is None


def forgotten(directory, **changes):
    """The report of a run that kept the cat and lost the dog, with poses."""
    numbers = {"map50_95": 0.8, "map50": 0.9, "localization": 1.0, "recognition": 1.0}
    before = {**numbers, "add_s_01d": 0.7, "rot_deg_median": 4.0}
    after = {**before, "map50_95": 0.1, "localization": 0.9, "recognition": 0.2, "rot_deg_median": 30.0}
    rows = [
        {"name": "cat", "ground_truth": 3, "before": before, "after": before},
        {"name": "<dog>", "ground_truth": 2, "before": before, "after": after},
        {"name": "owl", "ground_truth": 0, "before": dict.fromkeys(before), "after": dict.fromkeys(before)},
    ]
    task = {"task": "one", "run": "runs/one", "images": 4, "before": before, "after": after, "per_class": rows}
    report = {
        "schema_version": 1, "timestamp": "", "tasks": ["one", "two"], "metric": "map50_95",
        "matrix": [[0.8, None], [0.1, 0.9]], "average": 0.5, "forgetting": 0.7, "backward_transfer": -0.7,
        "score_threshold": 0.25, "earlier": [task], **changes,
    }  # fmt: skip
    path = directory / "forgetting.json"
    path.write_text(json.dumps(report))
    return path


def test_what_was_forgotten_is_told_class_by_class(tmp_path):
    read = shown("what_was_forgotten", material_in(tmp_path, forgetting=forgotten(tmp_path)))
    assert "Average mAP0.500of all tasks after the last one" in read.text
    assert "Backward transfer\u22120.700" in read.text
    assert "after \u2193  on \u2192onetwoone0.800·two0.1000.900" in read.text
    assert "<dog>: 0.800 before, 0.100 after" in read.text
    assert (
        "<dog>20.800 \u2192 0.1001.000 \u2192 0.9001.000 \u2192 0.2000.700 \u2192 0.7004.0° \u2192 30.0°" in read.text
    )
    assert "owl" not in read.text
    assert shown("what_was_forgotten", material_in(tmp_path)) is None


def test_objects_that_are_not_found_at_all_are_recognized_by_nobody(tmp_path):
    path = forgotten(tmp_path)
    report = json.loads(path.read_text())
    report["earlier"][0]["per_class"][0]["after"] |= {"localization": 0.0, "recognition": None}
    path.write_text(json.dumps(report))
    read = shown("what_was_forgotten", material_in(tmp_path, forgetting=path))
    assert "cat: 1.000 before, 0.000 after" in read.text


def cell(precision, value, *, lost, passed=True, policy="fail", diverging=None):
    return Cell(
        precision=precision,
        runtime="openvino",
        passed=passed,
        policy=policy,
        reason="",
        map50_95=Loss(value=value, loss=lost, allowed=0.003),
        add_s_01d=None,
        layers=Layers(first_diverging=diverging, tolerance=0.1, worst="backbone.stem", largest=0.2),
        described={},
        bytes=1_500_000,
    )


def test_files_in_runtimes_are_one_table(tmp_path):
    assert shown("files_and_runtimes", material_in(tmp_path)) is None
    cells = {
        "fp32/openvino": cell("fp32", 0.5, lost=0.0),
        "int8/openvino": cell("int8", 0.4, lost=0.1, passed=False, policy="warn", diverging="encoder.lateral.0"),
    }
    report = CellsReport(timestamp="2026-11-30T00:00:00Z", passed=True, images=4, cells=cells)
    write_record(tmp_path / "cells.json", report)
    read = shown("files_and_runtimes", material_in(tmp_path, cells=tmp_path / "cells.json"))
    assert "on all 4 images of the validation split" in read.text
    assert "\u22120.1000encoder.lateral.0failed, only warned of" in read.text
