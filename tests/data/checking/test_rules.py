from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from tests.data.builders import check_of, found, write_coco, write_file, write_image, write_yolo
from yolozu.data.checking.rules import RULES
from yolozu.error_codes import CODES


def test_clean_data_breaks_no_rule(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "0 .5 .5 1 1\n1 .5 .5 1 1", "train/b": None, "val/c": ""})
    assert found(check_of(root), root) == []


def test_every_rule_has_a_code_of_its_own():
    codes = [rule.code for rule in RULES.values()]
    assert len(set(codes)) == len(codes)
    assert set(codes) <= set(CODES)


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("2 .5 .5 .1 .1", "class_out_of_range labels/train/a.txt:2: class 2 is outside 0 to 1"),
        ("-1 .5 .5 .1 .1", "class_out_of_range labels/train/a.txt:2: class -1 is outside 0 to 1"),
        ("0.5 .5 .5 .1 .1", "non_integer_class labels/train/a.txt:2: class '0.5' is no integer"),
        ("0 .5 .5 .1", "malformed_label labels/train/a.txt:2: 4 values; a box has 5, a polygon 7, 9, 11, …"),
        ("0 .5 .5 0 .1", "degenerate_box labels/train/a.txt:2: box has size 0×0.1"),
        ("0 .5 .5 .1 -.1", "degenerate_box labels/train/a.txt:2: box has size 0.1×-0.1"),
        ("0 .95 .5 .2 .1", "box_outside_image labels/train/a.txt:2: box reaches out of the image by 0.05 of its side"),
        (
            "0 .5 .0499 .2 .1001",
            "box_outside_image labels/train/a.txt:2: box reaches out of the image by 0.00015 of its side",
        ),
        (
            "0 1e305 .5 .2 .2",
            "box_outside_image labels/train/a.txt:2: 1e+305 is far outside the image, in px as in fractions",
        ),
        ("0 .5 .5 .2 .2", "duplicate_instance labels/train/a.txt:2: repeats labels/train/a.txt:1"),
    ],
)
def test_a_wrong_label_is_found_at_its_line(tmp_path, line, finding):
    root = write_yolo(tmp_path, {"train/a": f"0 .5 .5 .2 .2\n{line}\n"})
    assert found(check_of(root), root) == [finding]


@pytest.mark.parametrize("line", ["0 .05 .5 .1001 .1", "0 .9 .5 .2000019 .1", "0 .5 .5 .2001 .2", "1 .5 .5 .2 .2"])
def test_rounding_and_neighbors_are_no_flaws(tmp_path, line):
    root = write_yolo(tmp_path, {"train/a": f"0 .5 .5 .2 .2\n{line}\n"})
    assert found(check_of(root), root) == []


def test_a_file_that_is_no_image_is_found(tmp_path):
    root = write_yolo(tmp_path, {"train/a": ""})
    write_file(root / "images/train/b.jpg", "hello")
    (finding,) = found(check_of(root), root)
    assert finding.startswith("unreadable_image images/train/b.jpg: image cannot be read: cannot identify image file")


def test_an_image_of_another_size_than_its_annotations_is_found(tmp_path):
    root = write_coco(tmp_path, [])
    write_image(root / "pictures/a.png", 60, 48)
    assert found(check_of(root), root) == ["image_size pictures/a.png: is 60×48 px, its labels say 64×48"]


def test_a_listed_image_that_is_not_there_is_found(tmp_path):
    root = write_coco(tmp_path, [])
    (root / "pictures/a.png").unlink()
    (finding,) = found(check_of(root), root)
    assert finding.startswith("unreadable_image pictures/a.png: image cannot be read: No such file")


def test_images_that_share_a_label_file_are_found(tmp_path):
    root = write_yolo(tmp_path, {"train/a": ""})
    write_image(root / "images/train/a.jpg", seed=9)
    assert found(check_of(root), root) == ["same_stem images/train/a.png: would share its label file with a.jpg"]


def test_a_label_without_image_is_a_warning(tmp_path):
    root = write_yolo(tmp_path, {"train/a": ""})
    write_file(root / "labels/train/z.txt", "")
    checked = check_of(root)
    assert found(checked, root) == ["label_without_image labels/train/z.txt: no image has its name"]
    assert checked.clean


def test_an_image_in_two_splits_is_found_in_the_earlier_one(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "", "train/b": "", "val/c": ""})
    shutil.copy(root / "images/train/b.png", root / "images/val/copy.png")
    assert found(check_of(root, "train", "val"), root) == [
        "leakage images/train/b.png: has the same content as images/val/copy.png"
    ]
    assert found(check_of(root, "train"), root) == []


def test_a_copy_inside_a_split_is_no_leak(tmp_path):
    root = write_yolo(tmp_path, {"train/a": ""})
    shutil.copy(root / "images/train/a.png", root / "images/train/b.png")
    checked = check_of(root)
    assert found(checked, root) == []
    assert checked.report("fail")["splits"]["train"]["images_repeated"] == 1


def sixteen_bit_images(root, highest):
    for name, value in highest.items():
        path = root / f"images/train/{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.array([[0, value]], np.uint16)).save(path)
        write_file(root / f"labels/train/{name}.txt", "0 .5 .5 1 1")
    write_file(root / "classes.txt", "cat\n")
    return root


def test_sixteen_bit_images_of_a_camera_with_fewer_are_warned_of_once_a_split(tmp_path):
    checked = check_of(sixteen_bit_images(tmp_path, {"a": 100, "b": 4095}))
    assert found(checked, tmp_path) == [
        "sixteen_bit_low_range images/train: 2 of 2 images have 16 bits, and no value in them is above 4095: "
        "the network sees 16 of 256 grey levels"
    ]
    assert checked.clean


@pytest.mark.parametrize("highest", [16384, 65535])
def test_one_bright_image_shows_that_the_dark_ones_are_dark(tmp_path, highest):
    assert found(check_of(sixteen_bit_images(tmp_path, {"a": 100, "b": highest})), tmp_path) == []


def test_pixels_without_a_range_are_not_mended_by_copying_the_file_again(tmp_path):
    write_file(tmp_path / "classes.txt", "cat\n")
    write_file(tmp_path / "labels/train/a.txt", "0 .5 .5 1 1")
    (tmp_path / "images/train").mkdir(parents=True)
    Image.new("F", (8, 6)).save(tmp_path / "images/train/a.tif")
    (finding,) = check_of(tmp_path).findings()
    assert finding.problem == "image cannot be read: pixels of mode F have no known range"
    assert finding.fix == "save it with 8 or 16 bits a channel"


def test_a_split_of_two_names_is_no_leak_but_a_note(tmp_path):
    root = write_yolo(tmp_path, {"a/1": "", "a/2": ""})
    write_file(root / "data.yaml", "train: images/a\nval: images/a\n")
    checked = check_of(root / "data.yaml")
    assert found(checked, root) == []
    assert checked.survey.notes[-1] == (
        "train and val are the same images: they show whether training works, not how well"
    )


def test_an_image_that_two_splits_list_is_a_leak(tmp_path):
    root = write_yolo(tmp_path, {"a/1": "", "a/2": "", "a/3": ""})
    write_file(root / "train.txt", "images/a/1.png\nimages/a/2.png\n")
    write_file(root / "val.txt", "images/a/2.png\nimages/a/3.png\n")
    write_file(root / "data.yaml", "train: train.txt\nval: val.txt\nnames: [cat, dog]\n")
    assert found(check_of(root / "data.yaml"), root) == ["leakage images/a/2.png: is in split 'val' too"]


def test_labels_that_may_be_keypoints_are_a_warning(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "0 .5 .5 .4 .4 .35 .35 .65 .35 .5 .6"})
    checked = check_of(root)
    assert found(checked, root) == [
        "polygon_or_keypoints labels/train/a.txt:1: 1 line is read as a polygon of 5 points, "
        "and might be a box with keypoints: kpt_shape: [3, 2]"
    ]
    assert checked.clean
