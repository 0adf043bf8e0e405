"""The classes that published detectors share."""

from yolozu.model.weights.coco_names import COCO_NAMES


def test_they_are_eighty_in_coco_s_order():
    assert (len(COCO_NAMES), len(set(COCO_NAMES))) == (80, 80)
    places = {0: "person", 10: "fire hydrant", 24: "backpack", 39: "bottle", 56: "chair", 62: "tv", 79: "toothbrush"}
    assert {place: COCO_NAMES[place] for place in places} == places
