"""The classes that published detectors share."""

from __future__ import annotations

import json

from yolozu.artifacts.coco_classes import COCO_CLASSES, COCO_NAMES


def test_they_are_eighty_in_coco_s_order():
    assert (len(COCO_NAMES), len(set(COCO_NAMES))) == (80, 80)
    places = {0: "person", 10: "fire hydrant", 24: "backpack", 39: "bottle", 56: "chair", 62: "tv", 79: "toothbrush"}
    assert {place: COCO_NAMES[place] for place in places} == places


def test_ids_run_to_ninety_with_ten_gaps():
    ids = dict(zip(COCO_CLASSES.names, COCO_CLASSES.category_ids, strict=True))
    assert (ids["person"], ids["stop sign"], ids["parking meter"], ids["toothbrush"]) == (1, 13, 14, 90)
    assert len(set(ids.values())) == 80


def test_names_and_ids_are_those_of_the_annotations(real_data):
    document = json.loads((real_data / "coco128/annotations/instances_train2017.json").read_text())
    rows = sorted((row["id"], row["name"]) for row in document["categories"])
    assert list(zip(COCO_CLASSES.category_ids, COCO_CLASSES.names, strict=True)) == rows
