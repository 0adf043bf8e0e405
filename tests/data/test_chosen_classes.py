from __future__ import annotations

import pytest

from tests.data.builders import bop_row, found, survey_of, write_bop, write_coco, write_yolo
from yolozu.data.checking.check import check
from yolozu.data.chosen_classes import with_chosen_classes
from yolozu.errors import InputError


def indices(survey):
    return [[item.class_index for item in image.labeled.instances] for image in survey.splits[0].images]


def test_nothing_chosen_is_the_same_survey(tmp_path):
    survey = survey_of(write_yolo(tmp_path, {"train/0": "0 .5 .5 .1 .1"}), "train")
    assert with_chosen_classes(survey, None, None) is survey


def test_the_data_keep_their_category_ids_and_new_classes_get_free_ones(tmp_path):
    rows = [{"id": 1, "image_id": 20, "category_id": 3, "bbox": [4, 4, 20, 20]}]
    survey = survey_of(write_coco(tmp_path, rows))
    chosen = with_chosen_classes(survey, ["hen", "cat", "cow"], None)
    assert (chosen.classes.names, chosen.classes.category_ids) == (("hen", "cat", "cow"), (8, 3, 9))
    assert indices(chosen)[0] == [1]


def test_shapes_go_with_their_classes(tmp_path):
    survey = survey_of(write_bop(tmp_path, {"0": [bop_row(7), bop_row(3)], "1": []}))
    assert survey.classes.names == ("obj_000003", "obj_000007")
    chosen = with_chosen_classes(survey, ["obj_000007"], None)
    assert chosen.classes.category_ids == (7,)
    assert chosen.models.by_class == {0: survey.models.by_class[1]}
    assert indices(chosen)[0] == [0]


def test_a_class_outside_the_data_sets_table_stays_a_finding(tmp_path):
    root = write_yolo(tmp_path, {"train/0": "0 .5 .5 .1 .1\n2 .3 .3 .1 .1"})
    chosen = with_chosen_classes(survey_of(root, "train"), ["hen", "cow", "cat"], None)
    assert indices(chosen) == [[2]]
    assert "class_out_of_range labels/train/0.txt:2: class 2 is outside 0 to 1" in found(check(chosen), root)


def test_flaws_of_objects_that_are_left_out_are_none(tmp_path):
    root = write_yolo(tmp_path, {"train/0": "0 .5 .5 .1 .1\n1 .3 .3 .0 .1"})
    survey = survey_of(root, "train")
    assert not check(survey).clean
    assert check(with_chosen_classes(survey, ["cat"], None)).clean
    assert check(with_chosen_classes(survey, None, ["cat"])).clean


def test_a_slip_is_told_where_other_names_fit(tmp_path):
    survey = survey_of(write_yolo(tmp_path, {"train/0": "0 .5 .5 .1 .1"}), "train")
    chosen = with_chosen_classes(survey, ["cat", "dogs"], None)
    assert chosen.splits[0].notes == (
        "class_names: no class of the data set is called 'dogs'; did you mean 'dog', which is left out?",
    )


def test_without_a_likely_slip_all_names_are_told(tmp_path):
    survey = survey_of(write_yolo(tmp_path, {"train/0": "0 .5 .5 .1 .1"}), "train")
    with pytest.raises(InputError) as refused:
        with_chosen_classes(survey, ["zebra"], None)
    assert str(refused.value) == (
        f"class_names: YZ555 {tmp_path} has none of these classes\n  fix: name some of cat, dog"
    )
