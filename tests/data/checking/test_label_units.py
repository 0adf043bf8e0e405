from __future__ import annotations

import pytest

from tests.data.builders import check_of, found, survey_of, write_yolo
from yolozu.data.checking.label_units import spellings_of

# Images of the builders have 64×48 px. The same two boxes, written in each way.
SPELLED = {
    "px": "0 20 20 10 8\n0 40 30 30 30\n",
    "px, two corners x1 y1 x2 y2": "0 15 16 25 24\n0 25 15 55 45\n",
    "two corners x1 y1 x2 y2": "0 .24 .33 .4 .5\n0 .4 .3 .86 .94\n",
}


def names(root):
    return {spelling.name for spelling in spellings_of(survey_of(root).splits[0].images).values()}


@pytest.mark.parametrize(("name", "text"), SPELLED.items())
def test_other_ways_to_write_boxes_are_recognized(tmp_path, name, text):
    assert names(write_yolo(tmp_path, {"train/a": text})) == {name}


def test_px_of_a_corner_and_a_size_are_px(tmp_path):
    root = write_yolo(tmp_path, {"train/a": "0 0 0 60 40\n0 2 40 3 4\n"})
    assert names(root) == {"px, left top width height"}


def test_a_polygon_in_px_is_recognized(tmp_path):
    assert names(write_yolo(tmp_path, {"train/a": "0 10 10 50 10 50 40"})) == {"px"}


def test_the_finding_says_so(tmp_path):
    root = write_yolo(tmp_path, {"train/a": SPELLED["px"]})
    checked = check_of(root)
    assert found(checked, root)[0] == (
        "box_outside_image labels/train/a.txt:1: box reaches out of the image by 24 of its side: it seems to be in px"
    )
    assert checked.findings()[0].fix == "write 'class cx cy w h', divided by the image's width and height"


@pytest.mark.parametrize("line", ["0 .95 .5 .2 .1", "0 .5 .0499 .2 .1001", "0 70 20 10 10"])
def test_single_slips_are_no_other_way(tmp_path, line):
    assert names(write_yolo(tmp_path, {"train/a": f"0 .5 .5 .2 .2\n{line}\n"})) == set()


def test_one_file_in_px_among_others_is_recognized(tmp_path):
    root = write_yolo(tmp_path, {"train/a": SPELLED["px"], "train/b": "0 .2 .2 .3 .3\n0 .6 .6 .3 .3"})
    images = survey_of(root).splits[0].images
    assert {key: spelling.name for key, spelling in spellings_of(images).items()} == {id(images[0]): "px"}
