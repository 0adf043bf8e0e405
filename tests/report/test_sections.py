"""What each section says."""

from tests.report.html_reading import read_page
from tests.report.made import SCENES, Scene, material_in, rows_in
from yolozu.report.material import Show
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
    assert "2 optimizer steps, 1 epochs." in read.text


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
