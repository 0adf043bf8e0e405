from __future__ import annotations

import json

import pytest

from tests.app.test_datasets import make_split
from tests.artifacts.predictions.samples import POSE, detection, entry, wrapped, write
from tests.data.builders import write_coco
from yolozu.artifacts.coco_classes import COCO_NAMES
from yolozu.cli.app import main

SIZE = {"width": 64, "height": 48}
BOX = {"cx": 0.5, "cy": 0.5, "w": 0.25, "h": 0.5}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def convert(*words) -> int:
    return main(["convert-predictions", *map(str, words)])


def rows(path) -> list[tuple[int, int, list[float]]]:
    return [(row["image_id"], row["category_id"], row["bbox"]) for row in json.loads(path.read_text())]


def test_what_is_written_and_what_is_left_out_is_said(here, capsys):
    path = write(here, wrapped(entry("a.jpg", detection(**POSE)), entry("b.jpg", image_size=...), meta={"by": "us"}))
    assert convert(path, "--to", "map", "--output", "out/map.json") == 0
    printed = capsys.readouterr()
    assert printed.out == "out/map.json: map, 2 images, 2 detections (cxcywh_norm)\n"
    assert printed.err == (
        "entries: warning: YZ723 map has no place for image_size; left out\n"
        "  fix: convert to wrapped, which holds everything, or go on without\n"
        "file: warning: YZ723 map has no place for meta.by; left out\n"
        "  fix: convert to wrapped, which holds everything, or go on without\n"
    )
    assert main(["validate", "predictions", "out/map.json"]) == 0


def test_a_layout_that_cannot_declare_its_boxes_is_mentioned(here, capsys):
    path = write(here, [entry("a.jpg")])
    assert convert(path, "--to", "list", "--to-bbox-format", "xyxy_abs", "--output", "o.json") == 0
    assert capsys.readouterr().err == "note: a list cannot say so itself; read it with --bbox-format xyxy_abs\n"
    assert main(["validate", "predictions", "o.json", "--bbox-format", "xyxy_abs", "--strict"]) == 0
    assert main(["validate", "predictions", "o.json"]) == 1
    assert convert("o.json", "--bbox-format", "xyxy_abs", "--to", "list", "--output", "back.json") == 0
    assert json.loads((here / "back.json").read_text())[0]["detections"][0]["bbox"] == pytest.approx(
        detection()["bbox"], rel=1e-15
    )


@pytest.mark.slow
def test_a_coco_data_set_numbers_its_images_itself(here):
    write_coco(here / "coco", [])
    path = write(here, [entry("a.png", detection(class_id=7, bbox=BOX), image_size=SIZE)])
    assert convert(path, "--to", "coco", "--dataset", "coco", "--output", "results.json") == 0
    assert rows(here / "results.json") == [(20, 7, [24, 12, 16, 24])]
    assert convert("results.json", "--to", "wrapped", "--dataset", "coco", "--output", "back.json") == 0
    back = json.loads((here / "back.json").read_text())["predictions"]
    assert [(one["image"], one["detections"][0]["class_id"]) for one in back] == [("pictures/a.png", 7)]
    assert main(["eval-coco", "--dataset", "coco", "--predictions", "back.json"]) == 0


def test_annotations_are_enough_without_a_data_set(here):
    instances = write_coco(here / "coco", []) / "instances.json"
    path = write(here, [entry("a.png", detection(class_id=7, bbox=BOX), image_size=...)])
    assert convert(path, "--to", "coco", "--annotations", instances, "--output", "results.json") == 0
    assert rows(here / "results.json") == [(20, 7, [24, 12, 16, 24])]
    assert convert("results.json", "--to", "list", "--annotations", instances, "--output", "back.json") == 0
    assert json.loads((here / "back.json").read_text())[0]["image"] == "a.png"


def test_yolo_labels_take_numbers_from_names_and_categories_from_coco_when_asked(here, capsys):
    make_split(here / "data", "val", ["0 0.5 0.5 0.2 0.2\n"] * 2)
    (here / "data" / "classes.txt").write_text("\n".join(COCO_NAMES))
    path = write(here, [entry("1.png", detection(class_id=79, bbox=BOX), image_size=SIZE)])
    for words, category in (((), 79), (("--category-ids", "coco"), 90)):
        assert convert(path, "--to", "coco", "--dataset", "data", *words, "--output", "results.json") == 0
        assert rows(here / "results.json") == [(1, category, [24, 12, 16, 24])]
        told = words or ("--category-ids", "dataset")
        assert convert("results.json", "--to", "list", "--dataset", "data", *told, "--output", "back.json") == 0
        assert json.loads((here / "back.json").read_text())[0]["detections"][0]["class_id"] == 79
        assert capsys.readouterr().err.count("note: category ids are the data set's, 0-79") == (category == 79)


def of_three_classes(here, *category_ids):
    """Results of a data set with the classes a, b and c, whose labels hold their places from 0."""
    make_split(here / "data", "val", ["0 0.5 0.5 0.2 0.2\n"])
    (here / "data" / "classes.txt").write_text("a\nb\nc\n")
    box = {"image_id": 0, "bbox": [1, 2, 3, 4], "score": 0.5}
    return write(here, [{**box, "category_id": category} for category in category_ids])


def classes_read(here, path, *words):
    assert convert(path, "--to", "list", "--dataset", "data", *words, "--output", "o.json") == 0
    return [found["class_id"] for found in json.loads((here / "o.json").read_text())[0]["detections"]]


@pytest.mark.parametrize(("ids", "classes", "said"), [((0, 1), [0, 1], 0), ((1, 2, 3), [0, 1, 2], 1), ((3,), [2], 1)])
def test_category_ids_count_from_1_where_only_that_can_be(here, capsys, ids, classes, said):
    assert classes_read(here, of_three_classes(here, *ids)) == classes
    note = ": its category ids count classes from 1, as Ultralytics writes them; --category-ids says otherwise"
    assert capsys.readouterr().err.count(note) == said


def test_the_way_to_count_can_be_said(here, capsys):
    path = of_three_classes(here, 1, 2)
    found = {way: classes_read(here, path, "--category-ids", way) for way in ("one-based", "zero-based", "dataset")}
    assert found == {"one-based": [0, 1], "zero-based": [1, 2], "dataset": [1, 2]}
    assert "note: " not in capsys.readouterr().err.replace("note: a list", "")


def test_category_ids_that_mean_other_classes_from_0_and_from_1_are_refused(here, capsys):
    path = of_three_classes(here, 1, 2)
    assert convert(path, "--to", "list", "--dataset", "data", "--output", "o.json") == 2
    assert capsys.readouterr().err.endswith(
        f"{path}: YZ729 the category ids 1-2 may be meant in 2 ways (zero-based: 0-2; one-based: 1-3), "
        "each with other classes\n  fix: say which with --category-ids zero-based or one-based\n"
    )
    assert not (here / "o.json").exists()


@pytest.mark.parametrize(("ids", "text"), [((0, 3), "0, 3"), ((7,), "7")])
def test_category_ids_of_no_numbering_are_refused(here, capsys, ids, text):
    path = of_three_classes(here, *ids)
    assert convert(path, "--to", "list", "--dataset", "data", "--output", "o.json") == 2
    assert "YZ725" in capsys.readouterr().err


def test_coco_names_may_have_cocos_own_ids(here, capsys):
    path = of_three_classes(here, 12, 80)
    (here / "data" / "classes.txt").write_text("\n".join(COCO_NAMES))
    assert classes_read(here, path) == [11, 79]  # none of COCO's own is 12
    path = write(here, [{"image_id": 0, "bbox": [1, 2, 3, 4], "score": 0.5, "category_id": 90}])
    assert classes_read(here, path) == [79]
    assert "its category ids are COCO's own, 1-90" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("stated", "ids", "classes", "note"),
    [
        ((0, 1, 2), (0, 2), [0, 2], None),
        ((0, 1, 2), (1, 2), [1, 2], "no row has the category id 0; if it counts classes from 1"),
        ((0, 1, 2), (1, 3), [0, 2], "its category ids count classes from 1"),
        ((1, 2, 3), (1, 2), [1, 2], None),
        ((1, 2, 3), (0, 2), [1, 3], "its category ids count classes from 0, the data set's from 1"),
        ((3, 7, 9), (3, 7), [3, 7], None),
    ],
)
def test_ids_that_a_file_states_count_wherever_they_can(here, capsys, stated, ids, classes, note):  # noqa: PLR0917
    path = of_three_classes(here, *ids)
    names = zip("abc", stated, strict=True)
    document = {
        "images": [{"id": 0, "file_name": "0.png", "width": 64, "height": 48}],
        "annotations": [
            {"id": 1, "image_id": 0, "category_id": stated[0], "bbox": [1, 1, 9, 9], "area": 81, "iscrowd": 0}
        ],
        "categories": [{"id": key, "name": name} for name, key in names],
    }
    (here / "gt.json").write_text(json.dumps(document))
    split = {"images_dir": "images/val", "instances_json": "../gt.json"}
    (here / "data/dataset.json").write_text(json.dumps({"splits": {"val": split}}))
    (here / "data/classes.txt").unlink()
    assert classes_read(here, path) == classes
    said = capsys.readouterr().err.replace("note: a list", "")
    assert "note:" not in said if note is None else note in said
    assert convert(path, "--to", "list", "--annotations", "gt.json", "--output", "p.json") == 0
    assert [one["class_id"] for one in json.loads((here / "p.json").read_text())[0]["detections"]] == classes


def test_ids_that_a_file_states_are_not_doubted(here):
    path = of_three_classes(here, 1, 2)
    split = {"images_dir": "images/val", "labels_dir": "labels/val"}
    document = {"splits": {"val": split}, "classes": ["a", "b", "c"], "category_ids": [0, 1, 2]}
    (here / "data/dataset.json").write_text(json.dumps(document))
    assert classes_read(here, path) == [1, 2]


def test_results_that_nothing_explains_and_predictions_that_are_results(here, capsys):
    results = [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}]
    path = write(here, results)
    assert convert(path, "--to", "wrapped", "--output", "o.json") == 2
    assert "YZ728 COCO results call images and classes by numbers" in capsys.readouterr().err
    assert main(["validate", "predictions", str(path)]) == 1
    assert "fix: convert them: yolozu convert-predictions FILE --to wrapped" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--to", "coco", "--to-bbox-format", "xyxy_abs"), "COCO results have boxes in xywh_abs"),
        (("--to", "list", "--split", "val"), "say which data set with --dataset"),
        (("--to", "list", "--category-ids", "coco"), "say which data set with --dataset"),
        (("--to", "csv"), "'csv' is not one of 'wrapped', 'list', 'map', 'coco'"),
    ],
)
def test_contradictions_are_usage_errors(here, capsys, words, problem):
    assert convert(write(here, [entry()]), *words, "--output", "o.json") == 2
    assert problem in capsys.readouterr().err
    assert not (here / "o.json").exists()


def test_a_place_that_cannot_be_written_is_named(here, capsys):
    (here / "taken").mkdir()
    assert convert(write(here, [entry()]), "--to", "list", "--output", "taken") == 2
    assert "--output taken: YZ727 is a directory\n" in capsys.readouterr().err


def test_a_file_is_not_converted_in_its_own_place(here, capsys):
    path = write(here, [entry()])
    before = path.read_bytes()
    assert convert(path, "--to", "coco", "--output", str(path)) == 2
    assert f"--output {path}: YZ905 this command reads it\n" in capsys.readouterr().err
    assert path.read_bytes() == before
