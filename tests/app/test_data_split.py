from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.builders import write_file, write_image, write_yolo
from yolozu.app.data_split import SplitOptions, split_data
from yolozu.errors import YolozuError
from yolozu.progress import SilentProgress

VAL = {"val": 0.25}


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write_photos(labels, root=Path("photos"), classes="cat\ndog\ncup\n"):
    """``{"a": "0"}`` -> photos/a.png with an object of class 0; equal numbers before a colon are equal pictures."""
    for seed, (name, text) in enumerate(labels.items()):
        picture, _, index = text.rpartition(":")
        write_image(root / f"{name}.png", seed=int(picture or 100 + seed))
        write_file(root / f"{name}.txt", f"{index} .5 .5 .2 .2\n")
    if classes is not None:
        write_file(root / "classes.txt", classes)
    return root


def split(root, **options):
    return split_data(root, SplitOptions(**{"shares": VAL, **options}), SilentProgress())


def test_copies_of_a_picture_stay_together():
    labels = {f"{letter}{number}": f"{ord(letter)}:0" for letter in "abcd" for number in range(2)}
    for seed in range(3):
        made = split(write_photos(labels), seed=seed, out=Path(str(seed)))
        (val,) = {Path(name).stem[0] for name in made.parts.names["val"]}
        assert [Path(name).stem for name in made.parts.names["val"]] == [f"{val}0", f"{val}1"]
        assert made.num_copies == 4


def test_a_picture_that_was_saved_again_is_a_copy():
    root = Path("photos")
    for number in range(4):
        colors = np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8)
        pixels = np.kron(colors, np.ones((16, 16, 1), np.uint8))
        picture = Image.fromarray(pixels)
        root.mkdir(exist_ok=True)
        picture.save(root / f"{number}.png")
        picture.resize((64, 48)).save(root / f"{number}_small.jpg", quality=60)
        for name in (f"{number}", f"{number}_small"):
            write_file(root / f"{name}.txt", "0 .5 .5 .2 .2")
    made = split(root)
    assert made.num_copies == 4
    assert len({Path(name).stem[0] for name in made.parts.names["val"]}) == 1


def test_pictures_whose_names_share_what_a_pattern_finds_stay_together():
    made = split(write_photos({f"cam{n // 3}_{n}": "0" for n in range(12)}), group_by=r"(cam\d)_")
    assert len({Path(name).stem[:4] for name in made.parts.names["val"]}) == 1
    assert Path("data.yaml").read_text().startswith("# Made by yolozu data split --val 0.25 --seed 0 --group-by '(cam")


def test_what_a_part_lacks_is_told():
    made = split(write_photos({"a": "0", "b": "0", "c": "5:1", "d": "5:1", "e": "2"}, classes=None))
    assert made.gaps == [
        "class 'class_1' is not in val: too few groups of pictures show it",
        "on one picture only, which is trained on: class_2",
        "no file names the classes; write their names into data.yaml",
    ]


def test_a_training_split_without_held_out_pictures_is_split_further():
    write_yolo(Path("set"), {f"train/{n}": "0 .5 .5 .2 .2" for n in range(8)})
    assert [len(names) for names in split(Path("set")).parts.names.values()] == [6, 2]


def test_a_data_set_that_is_split_is_split_further_only_when_told_which():
    write_yolo(Path("set"), {f"{name}/{n}": "0 .5 .5 .2 .2" for n in range(4) for name in ("train", "val")})
    with pytest.raises(YolozuError) as refused:
        split(Path("set"))
    assert str(refused.value) == (
        "set: YZ256 is split already: train, val\n  fix: say with --split NAME which of them is split further"
    )
    assert set(split(Path("set"), split="train").parts.names["val"]) < {f"images/train/{n}.png" for n in range(4)}


def test_nothing_is_overwritten_and_the_same_lists_are_no_matter():
    root = write_photos({str(n): "0" for n in range(8)})
    split(root)
    split(root)
    with pytest.raises(YolozuError) as refused:
        split(root, seed=1)
    fix = "\n  fix: move it away, or name another directory with --out"
    assert str(refused.value).splitlines(keepends=False)[0] == "train.txt: YZ905 is there already"
    assert f"data.yaml: YZ905 is there already{fix}" in str(refused.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"shares": {"val": 0.0, "test": 1.5}},
            "--val 0: YZ254 is no share of the pictures\n  fix: give a number above 0 and below 1\n"
            "--test 1.5: YZ254 is no share of the pictures\n  fix: give a number above 0 and below 1",
        ),
        (
            {"shares": {"val": 0.5, "test": 0.5}},
            "--val 0.5 --test 0.5: YZ254 leaves no picture to train on\n  fix: give shares that are below 1 together",
        ),
        (
            {"group_by": "("},
            "--group-by (: YZ255 is no regular expression: missing ), unterminated subpattern at position 0\n"
            r"  fix: give a regular expression, such as '^(.*?)_\d+' for all that stands before a number",
        ),
        (
            {"group_by": "x"},
            "--group-by x: YZ255 finds the same in no two of the 3 names, such as a.png\n"
            "  fix: give a pattern that two names share, or leave --group-by out",
        ),
        (
            {"group_by": "png"},
            "photos: YZ256 its 3 pictures are 1 group of pictures that belong together, too few for 2 parts\n"
            "  fix: add pictures, or ask for fewer parts or groups",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_written(options, message):
    root = write_photos({"a": "0", "b": "0", "c": "0"})
    with pytest.raises(YolozuError) as refused:
        split(root, **options)
    assert str(refused.value) == message
    assert {path.name for path in Path().iterdir()} - {"runs"} == {"photos"}


def test_a_name_that_no_list_can_hold_is_refused():
    with pytest.raises(YolozuError) as refused:
        split(write_photos({"a\nb": "0", "c": "0"}))
    assert str(refused.value) == (
        "'photos/a\\nb.png': YZ257 cannot stand in a list of pictures\n"
        "  fix: rename it: no line breaks, and no space at the end"
    )
