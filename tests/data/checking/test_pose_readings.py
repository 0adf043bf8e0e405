from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.data.posed import HALF_TURN_X, MIRRORS, NAMES, drawn_objects
from yolozu.data.checking.pose_readings import BOP, SIDECAR, readings_of, words_of
from yolozu.data.layouts.layout import Layout, Split
from yolozu.data.layouts.mesh_files import ModelFiles

OBJECTS = drawn_objects()


def hints(objects, words=SIDECAR):
    return [reading.hint for reading in readings_of(objects, words, NAMES)]


def layout(label_format, models=None):
    split = Split("train", label_format, Path("images"), Path("labels"))
    return Layout(Path(), {"train": split}, None, (), models)


def test_words_are_those_of_the_format_and_of_the_models():
    assert words_of(layout("yolo"), "train") == SIDECAR
    assert words_of(layout("bop"), "train") == BOP
    words = words_of(layout("yolo", ModelFiles(Path("models"), 1e-3)), "train")
    assert (words.translation, words.unit, words.points, words.points_unit) == ("t_gt", "m", "the models", "mm")


def test_units_are_told_from_the_one_that_the_files_are_in():
    assert [hint for hint in hints(OBJECTS) if hint.startswith("t_gt is in") or "cad_points are in" in hint] == [
        "t_gt is in mm, not in m: divide it by 1000",
        "t_gt is in cm, not in m: divide it by 100",
        "t_gt is in inches, not in m: divide it by 39.3701",
        "cad_points are in mm, not in m: divide them by 1000",
        "cad_points are in cm, not in m: divide them by 100",
        "cad_points are in inches, not in m: divide them by 39.3701",
    ]
    assert "cam_t_m2c is in m, not in mm: multiply it by 1000" in hints(OBJECTS, BOP)
    assert "cam_t_m2c is 1000 times too large: divide it by 1000" in hints(OBJECTS, BOP)


def test_poses_and_boxes_that_agree_give_no_reason_to_look_for_other_numbers():
    assert [hint for hint in hints(OBJECTS) if "K_gt" in hint] == [
        "K_gt is in fractions of the image: multiply fx and cx by its width, fy and cy by its height"
    ]


def transposed(R_N33):
    return R_N33.transpose(0, 2, 1)


def inverse(objects):
    R_N33 = transposed(objects.R_m2c_N33)
    return replace(objects, R_m2c_N33=R_N33, t_m2c_N3=-np.einsum("nij,nj->ni", R_N33, objects.t_m2c_N3))


@pytest.mark.parametrize(
    ("words", "spoil"),
    [
        ("t_gt is in mm", lambda given: replace(given, t_m2c_N3=given.t_m2c_N3 * 1000)),
        ("t_gt is 1000 times too small", lambda given: replace(given, t_m2c_N3=given.t_m2c_N3 / 1000)),
        ("R_gt is transposed", lambda given: replace(given, R_m2c_N33=transposed(given.R_m2c_N33))),
        ("R_gt and t_gt lead from camera to model", inverse),
        ("R_gt, not t_gt, is for a camera", lambda given: replace(given, R_m2c_N33=HALF_TURN_X @ given.R_m2c_N33)),
        (
            "R_gt is left-handed: negate its third row",
            lambda given: replace(given, R_m2c_N33=MIRRORS["z"] @ given.R_m2c_N33),
        ),
        (
            "the camera frame is left-handed: negate the first row",
            lambda given: replace(
                given, R_m2c_N33=MIRRORS["x"] @ given.R_m2c_N33, t_m2c_N3=given.t_m2c_N3 @ MIRRORS["x"]
            ),
        ),
        ("R_gt is left-handed: negate all of it", lambda given: replace(given, R_m2c_N33=-given.R_m2c_N33)),
        ("K_gt is in fractions", lambda given: replace(given, K_N4=given.K_N4 / np.tile(given.sizes_px_N2, 2))),
        ("K_gt is for images of 320×320 px", lambda given: replace(given, K_N4=given.K_N4 * 2)),
        ("K_gt has its principal point", lambda given: replace(given, K_N4=given.K_N4 + np.array([0, 0, 30, -40]))),
        ("K_gt is of other images", lambda given: replace(given, K_N4=given.K_N4 * 1.5 + np.array([0, 0, 30, 10]))),
    ],
)
def test_a_reading_takes_its_mistake_back(words, spoil):
    bad = spoil(OBJECTS)
    (reading,) = [reading for reading in readings_of(bad, SIDECAR, NAMES) if reading.hint.startswith(words)]
    assert reading.apply(bad).overlap.min() > 0.9
    assert bad.overlap.mean() < 0.98
    assert reading.mirrors == (np.linalg.det(bad.R_m2c_N33[0]) < 0)


@pytest.mark.parametrize(
    ("factor", "told"),
    [
        (2.0, "320×320 px, these have 160×160: multiply fx, fy, cx and cy by 0.5"),
        (1 / 3, "53×53 px, these have 160×160: multiply fx, fy, cx and cy by 3"),
        (np.array([1.25, 0.75] * 2), "200×120 px, these have 160×160: multiply fx and cx by 0.8, fy and cy by 1.33"),
        (1 / 0.65, "246×246 px, these have 160×160: multiply fx, fy, cx and cy by 0.65"),
    ],
)
def test_the_size_that_a_camera_is_for_is_measured_on_the_boxes(factor, told):
    bad = replace(OBJECTS, K_N4=OBJECTS.K_N4 * factor)
    assert f"K_gt is for images of {told}" in hints(bad)


def test_without_models_only_usual_sizes_are_tried():
    found = [hint for hint in hints(replace(OBJECTS, points={})) if "for images of" in hint]
    assert len(found) == 8
    assert found[0] == "K_gt is for images of 320×320 px, these have 160×160: multiply fx, fy, cx and cy by 0.5"


def test_another_classs_model_is_tried_for_objects_of_one_class():
    boxes = OBJECTS.of(OBJECTS.shapes_N == 0)
    found = [reading for reading in readings_of(boxes, SIDECAR, NAMES) if "fit the model" in reading.hint]
    assert len(found) == 4
    assert found[0].hint == (
        "objects of class 'box' fit the model of class 'pyramid': give each class its own model, or correct the classes"
    )
    assert set(found[0].apply(boxes).shapes_N.tolist()) == {1}


def test_few_objects_are_not_measured_by():
    bad = replace(OBJECTS, K_N4=OBJECTS.K_N4 + np.array([0.0, 0.0, 40.0, 0.0])).of(np.arange(7))
    assert [hint for hint in hints(bad) if "principal point" in hint] == []
