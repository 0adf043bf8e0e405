from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.own_data.photos import write_photos
from tests.data.builders import bop_box, bop_row, write_bop, write_file, write_image, write_yolo
from yolozu.app.own_data.meaning import meaning_of
from yolozu.app.own_data.starting import own_data
from yolozu.errors import YolozuError
from yolozu.progress import SilentProgress

BOX = "0 .5 .5 .2 .2"


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def found_in(place):
    meaning = meaning_of(Path(place))
    assert meaning.data is not None
    return own_data(meaning.data, meaning.layout, SilentProgress())


def refusal_of(place):
    with pytest.raises(YolozuError) as refused:
        found_in(place)
    return str(refused.value)


def test_pictures_that_are_not_split_are_split_and_nothing_is_written_yet():
    found = found_in(write_photos(Path("photos")))
    assert [path.as_posix() for path in found.files] == ["train.txt", "val.txt", "data.yaml", "exp.yaml"]
    assert (found.keys.dataset_root, found.keys.split, found.keys.val_split) == ("data.yaml", "train", "val")
    assert (found.facts.num_pictures, found.facts.num_held_out) == (8, 2)
    assert (found.keys.classes, found.keys.described) == (("cat", "dog"), "photos, 10 pictures with label files")
    assert {path.name for path in Path().iterdir()} - {"runs"} == {"photos"}


@pytest.mark.parametrize("name", ["val", "valid", "val2017"])
def test_splits_that_are_there_are_used(name):
    found = found_in(write_yolo(Path("set"), {"train/a": BOX, "train/b": BOX, f"{name}/c": BOX}))
    assert list(found.files) == [Path("exp.yaml")]
    assert (found.keys.dataset_root, found.keys.val_split, found.made) == ("set", name, None)
    assert (found.facts.num_pictures, found.facts.num_held_out) == (2, 1)


def test_a_directory_called_like_the_rendered_scenes_is_meant_as_a_directory():
    write_yolo(Path("synthetic"), {"train/a": BOX, "val/b": BOX})
    assert found_in("synthetic").keys.dataset_root == "./synthetic"


def test_a_training_split_alone_is_split_and_a_test_split_left_alone():
    labels = {f"train/{number}": BOX for number in range(10)} | {"test/a": BOX}
    found = found_in(write_yolo(Path("set"), labels))
    assert (found.facts.num_pictures, found.facts.num_held_out) == (8, 2)


def test_held_out_pictures_that_a_data_yaml_promises_and_that_are_gone_are_held_out_anew():
    write_yolo(Path("set"), {f"train/{number}": BOX for number in range(10)}, classes=None)
    write_file(Path("set/data.yaml"), "train: images/train\nval: images/val\nnames: [cat]")
    assert found_in("set").facts.num_held_out == 2


def test_scenes_with_poses_are_data():
    rows, boxes = [bop_row(7)], [bop_box(16, 18, 32, 12)]
    write_bop(Path("set"), {0: rows, 1: rows}, {0: boxes, 1: boxes})
    found = found_in("set")
    assert (found.facts.has_poses, found.keys.described) == (True, "set, 2 pictures in BOP scenes")
    assert found.keys.dataset_root == "dataset.json"


def test_labels_that_break_a_rule_are_left_out():
    write_file(write_photos(Path("photos")) / "IMG_0.txt", f"{BOX}\nx\n")
    found = found_in("photos")
    assert found.keys.num_flawed == 1
    assert "check_data: drop " in found.files[Path("exp.yaml")]


def test_pictures_without_labels_are_told_how_to_be_labeled():
    write_image(Path("photos/a.jpg"))
    assert refusal_of("photos") == (
        "photos: YZ258 holds pictures, and no labels\n"
        "  fix: draw boxes with labelImg, Label Studio, CVAT or Roboflow (all free), save or export them as YOLO into "
        "this folder and give this command again; docs/how-to/own-photos.md shows how"
    )


def test_labels_without_any_object_are_told():
    for path in write_photos(Path("photos")).glob("IMG_*.txt"):
        path.write_text("")
    assert "photos: YZ282 no image of split 'all' has an object: 10 of 10 have labels\n" in refusal_of("photos")


def test_splits_of_other_names_are_not_guessed():
    write_yolo(Path("set"), {"a/1": BOX, "b/2": BOX})
    assert refusal_of("set") == (
        "set: YZ259 which of its splits is trained on cannot be told: a, b\n"
        "  fix: give yolozu init a new directory, and set dataset_root, split and val_split in the exp.yaml that it "
        "writes"
    )
