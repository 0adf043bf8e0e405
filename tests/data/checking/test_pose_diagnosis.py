from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from tests.data.posed import HALF_TURN_X, MIRRORS, NAMES, drawn_objects, hide_parts
from yolozu.data.checking.pose_diagnosis import Judgement
from yolozu.data.checking.pose_diagnosis import judged as judged_in_parts
from yolozu.data.checking.pose_fit import with_points_scaled
from yolozu.data.checking.pose_readings import SIDECAR

OBJECTS = drawn_objects()
COUNT = len(OBJECTS)
UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def judged(objects, parts_N=None) -> Judgement:
    parts_N = np.zeros(len(objects), np.int64) if parts_N is None else parts_N
    return judged_in_parts(objects, parts_N, SIDECAR, NAMES)


def noisy(objects, deviation):
    generator = np.random.default_rng(0)
    extent = np.tile(objects.boxes_xyxy_px_N4[:, 2:] - objects.boxes_xyxy_px_N4[:, :2], 2)
    return replace(
        objects, boxes_xyxy_px_N4=objects.boxes_xyxy_px_N4 + generator.normal(0, deviation, extent.shape) * extent
    )


def loose(objects, factor):
    margin = (objects.boxes_xyxy_px_N4[:, 2:] - objects.boxes_xyxy_px_N4[:, :2]) * (factor - 1) / 2
    return replace(objects, boxes_xyxy_px_N4=objects.boxes_xyxy_px_N4 + np.concatenate([-margin, margin], axis=1))


def rotated(objects, change):
    return replace(objects, R_m2c_N33=change(objects.R_m2c_N33))


def moved(objects, change):
    return replace(objects, t_m2c_N3=change(objects.t_m2c_N3))


def transposed(objects):
    return rotated(objects, lambda R: R.transpose(0, 2, 1))


def turned_back(objects):
    return -np.einsum("nji,nj->ni", objects.R_m2c_N33, objects.t_m2c_N3)


@pytest.mark.parametrize(
    "change",
    [
        lambda given: given,
        hide_parts,
        lambda given: hide_parts(given, share=1.0),
        lambda given: noisy(given, 0.05),
        lambda given: noisy(given, 0.1),
        lambda given: loose(given, 1.2),
        lambda given: loose(given, 0.85),
        lambda given: hide_parts(loose(given, 1.1)),
    ],
    ids=["exact", "hidden", "all hidden", "5 % noise", "10 % noise", "loose", "tight", "loose and hidden"],
)
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("count", [None, 20, 3])
@pytest.mark.parametrize("known", [True, False], ids=["models", "no models"])
def test_correct_poses_are_believed_however_their_boxes_are_drawn(change, seed, count, known):
    objects = change(drawn_objects(seed=seed))
    objects = objects.of(np.arange(count or len(objects)))
    judgement = judged(objects if known else replace(objects, points={}))
    assert judgement.diagnoses == {}
    assert not judgement.off.any()
    assert judgement.proper.all()
    assert judgement.before.all()


MISTAKES = [
    (
        lambda given: moved(given, lambda t: t * 1000),
        "t_gt is in mm, not in m: divide it by 1000",
    ),
    (
        lambda given: moved(given, lambda t: t / 1000),
        "t_gt is 1000 times too small: multiply it by 1000",
    ),
    (
        lambda given: with_points_scaled(given, 1000),
        "cad_points are in mm, not in m: divide them by 1000",
    ),
    (
        transposed,
        "R_gt is transposed: write it row by row, model to camera (columns are the model's axes)",
    ),
    (
        lambda given: moved(transposed(given), lambda _: turned_back(given)),
        "R_gt and t_gt lead from camera to model: invert them, R = Rᵀ and t = −Rᵀ t",
    ),
    (
        lambda given: moved(given, lambda _: turned_back(given)),
        "t_gt is the camera's position seen from the model: write t = −R t",
    ),
    (
        lambda given: moved(rotated(given, lambda R: HALF_TURN_X @ R), lambda t: t @ HALF_TURN_X),
        "the camera looks along −z (OpenGL, Blender): negate the second and third row of R_gt and of t_gt",
    ),
    *[
        (
            lambda given, axis=axis: rotated(given, lambda R: R @ MIRRORS[axis]),
            f"R_gt is left-handed: negate its {ordinal} column (the model's {axis} axis)",
        )
        for axis, ordinal in (("x", "first"), ("y", "second"), ("z", "third"))
    ],
    (
        lambda given: moved(rotated(given, lambda R: MIRRORS["y"] @ R), lambda t: t @ MIRRORS["y"]),
        "the camera frame is left-handed: negate the second row of R_gt and of t_gt",
    ),
    (
        lambda given: replace(given, points={shape: points @ UP for shape, points in given.points.items()}),
        "cad_points have the y axis upward, the poses are for z: write (x, −z, y)",
    ),
    (
        lambda given: replace(
            given, points={shape: points - points.min(axis=0) for shape, points in given.points.items()}
        ),
        "cad_points have another origin than the poses, which are of the middle of the model: subtract the middle of "
        "their bounding box",
    ),
    (
        lambda given: replace(given, K_N4=given.K_N4 * 2),
        "K_gt is for images of 320×320 px, these have 160×160: multiply fx, fy, cx and cy by 0.5",
    ),
    (
        lambda given: replace(given, K_N4=given.K_N4 + np.array([0.0, 0.0, 60.0, 30.0])),
        "K_gt has its principal point elsewhere (images cropped or padded?): add -60 to cx and -30 to cy",
    ),
]


@pytest.mark.parametrize(("spoil", "hint"), MISTAKES, ids=[hint for _, hint in MISTAKES])
def test_a_mistake_of_all_poses_is_named_with_its_remedy(spoil, hint):
    judgement = judged(spoil(OBJECTS))
    (diagnosis,) = set(judgement.diagnoses.values())
    assert diagnosis.hint == hint
    assert diagnosis.count == len(judgement.diagnoses) >= 0.95 * COUNT
    assert diagnosis.explained > 0.99 >= diagnosis.given - 0.01


@pytest.mark.parametrize(("spoil", "hint"), MISTAKES, ids=[hint for _, hint in MISTAKES])
def test_hidden_parts_do_not_hide_a_mistake(spoil, hint):
    found = {diagnosis.hint for diagnosis in judged(spoil(hide_parts(OBJECTS))).diagnoses.values()}
    assert {words.partition("add")[0] for words in found} == {hint.partition("add")[0]}


def test_models_of_another_size_are_measured():
    (diagnosis,) = set(judged(with_points_scaled(OBJECTS, 2.3)).diagnoses.values())
    assert re.fullmatch(
        r"cad_points are 2\.3\d? times too large, or t_gt as many times too small: correct one of the two",
        diagnosis.hint,
    )
    assert diagnosis.explained > 0.95


def test_objects_of_exchanged_models_are_explained_class_by_class():
    points = dict(OBJECTS.points)
    points[0], points[1] = points[1], points[0]
    judgement = judged(replace(OBJECTS, points=points))
    assert {found.hint.partition(":")[0] for found in judgement.diagnoses.values()} == {
        f"objects of class {NAMES[0]!r} fit the model of class {NAMES[1]!r}",
        f"objects of class {NAMES[1]!r} fit the model of class {NAMES[0]!r}",
    }


def test_some_poses_in_mm_among_others_are_found_and_only_they():
    t_N3 = OBJECTS.t_m2c_N3.copy()
    t_N3[:5] *= 1000
    judgement = judged(moved(OBJECTS, lambda _: t_N3))
    assert sorted(judgement.diagnoses) == [0, 1, 2, 3, 4]
    assert judgement.diagnoses[0].fix() == (
        "t_gt is in mm, not in m: divide it by 1000 (5 poses: median overlap with the boxes 0.00, then 1.00)"
    )


def test_a_mistake_of_one_split_is_found_in_it_alone():
    parts_N = (np.arange(COUNT) >= COUNT - 20).astype(np.int64)
    R_N33 = np.where(parts_N[:, None, None] == 1, OBJECTS.R_m2c_N33.transpose(0, 2, 1), OBJECTS.R_m2c_N33)
    judgement = judged(rotated(OBJECTS, lambda _: R_N33), parts_N)
    assert set(judgement.diagnoses) <= set(range(COUNT - 20, COUNT))
    assert {found.hint.partition(":")[0] for found in judgement.diagnoses.values()} == {"R_gt is transposed"}


def test_a_pose_that_nothing_explains_is_off_its_box():
    t_N3 = OBJECTS.t_m2c_N3.copy()
    t_N3[3, 0] += 0.4
    judgement = judged(moved(OBJECTS, lambda _: t_N3))
    assert judgement.diagnoses == {}
    assert np.flatnonzero(judgement.off).tolist() == [3]


def test_without_a_model_an_origin_far_from_the_box_is_off():
    t_N3 = OBJECTS.t_m2c_N3.copy()
    t_N3[3, 0] += 0.4
    judgement = judged(replace(OBJECTS, points={}, t_m2c_N3=t_N3))
    assert np.flatnonzero(judgement.off).tolist() == [3]


def test_boxes_that_all_disagree_with_poses_for_no_known_reason_are_off():
    generator = np.random.default_rng(0)
    turns, _ = np.linalg.qr(generator.normal(size=(COUNT, 3, 3)))
    scattered = moved(OBJECTS, lambda t: t * generator.uniform(2.0, 6.0, (COUNT, 1)))
    judgement = judged(rotated(scattered, lambda _: turns * np.linalg.det(turns)[:, None, None]))
    assert judgement.off.mean() > 0.8


def test_an_axis_is_not_named_where_every_one_would_do():
    boxes = OBJECTS.of(OBJECTS.shapes_N == 0)
    judgement = judged(rotated(boxes, lambda R: R @ MIRRORS["x"]))
    assert (judgement.mirrored.all(), judgement.diagnoses) == (True, {})


def test_rounded_rotations_are_rotations():
    assert judged(rotated(OBJECTS, lambda R: R.round(3))).proper.all()
    assert not judged(rotated(OBJECTS, lambda R: R.round(1))).proper.all()


def test_nothing_is_judged_where_there_is_no_pose():
    assert judged(OBJECTS.of(np.zeros(COUNT, np.bool_))).diagnoses == {}
