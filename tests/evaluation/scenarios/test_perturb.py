from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluation.pose import scenes as posed
from tests.evaluation.scenes import Scene, Truth, index_of
from yolozu.contract.sections.scenario_setting import PerturbConfig
from yolozu.data.corruption.corruption import Corruption
from yolozu.evaluation.scenarios.perturb import FILL, SCALES, Shrink, shown
from yolozu.geometry.camera import intrinsics_matrix, project

VIEW = posed.View([posed.Thing(posed.BOX, (0.1, -0.05, 0.8)), posed.Thing(posed.BOTTLE, (-0.2, 0.1, 1.5))])


def records_of(view=VIEW):
    return posed.index_of([view]).records


def test_a_corruption_changes_pixels_and_nothing_else():
    records = records_of()
    view = shown(PerturbConfig(kind="noise"), 4, records, seed=7)
    assert (view.needs, view.told, view.true) == ("transform", records, records)
    assert view.transform == Corruption("gaussian_noise", 4, 7)


def test_a_corruption_has_its_own_name_too():
    assert shown(PerturbConfig(kind="snow"), 1, [], seed=0).transform == Corruption("snow", 1, 0)


def test_a_wrong_camera_is_told_and_not_true():
    records = records_of()
    view = shown(PerturbConfig(kind="intrinsics", dfx=0.1, dfy=-0.2, dcx=5.0, dcy=-3.0), None, records, seed=0)
    assert pytest.approx([660.0, 400.0, 325.0, 237.0]) == view.told[0].poses.K_4
    assert (view.needs, view.transform, view.true) == ("intrinsics", None, records)
    assert pytest.approx(posed.K) == records[0].poses.K_4


def test_where_no_camera_is_known_none_is_told():
    (record,) = index_of([Scene([Truth(0, (1.0, 2.0, 3.0, 4.0))])]).records
    assert shown(PerturbConfig(kind="intrinsics", dfx=0.1), None, [record], seed=0).told == (record,)


def test_a_shrunk_picture_lies_in_the_middle_with_grey_around():
    image = np.full((40, 60, 3), 200, np.uint8)
    small = Shrink(0.5)(image, "a")
    assert small.shape == image.shape
    assert (small[10:30, 15:45] == 200).all()
    outside = np.ones((40, 60), bool)
    outside[10:30, 15:45] = False
    assert (small[outside] == FILL).all()


def test_boxes_areas_and_camera_follow_the_shrunk_picture():
    (record,) = index_of([Scene([Truth(0, (100.0, 50.0, 80.0, 40.0))], width=640, height=480)]).records
    small = Shrink(0.5).record(record)
    assert small.boxes_cxcywh * [640, 480, 640, 480] == pytest.approx(np.array([[230.0, 155.0, 40.0, 20.0]]))
    assert small.areas_px == pytest.approx([800.0])
    camera = Shrink(0.5).record(records_of()[0]).poses.K_4
    assert camera == pytest.approx([300.0, 250.0, 320.0, 240.0])


@given(st.sampled_from(SCALES), st.integers(2, 700), st.integers(2, 500))
def test_a_pose_projects_where_its_pixels_went(scale, width, height):
    shrink = Shrink(scale)
    record = replace(records_of()[0], width=width, height=height)
    small = shrink.record(record)
    image = np.zeros((height, width, 3), np.uint8)
    inside = (shrink(image, "a") != FILL).all(axis=2)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    corner = np.array([columns[0], rows[0]])
    factor = np.array([len(columns) / width, len(rows) / height])
    before = project(record.poses.t_m2c_N3, intrinsics_matrix(*record.poses.K_4))
    after = project(small.poses.t_m2c_N3, intrinsics_matrix(*small.poses.K_4))
    assert after == pytest.approx(before * factor + corner, abs=1e-6)
    boxes = (record.boxes_cxcywh * np.tile([width, height], 2)) * np.tile(factor, 2)
    boxes[:, :2] += corner
    assert small.boxes_cxcywh * np.tile([width, height], 2) == pytest.approx(boxes)


def test_the_true_camera_shrinks_along():
    (record,) = records_of(replace(VIEW, K_true=(610.0, 510.0, 321.0, 241.0)))
    assert Shrink(0.5).record(record).poses.K_true_4 == pytest.approx([305.0, 255.0, 320.5, 240.5])


def test_scales_fall_with_severity_and_both_sides_know_of_them():
    records = records_of()
    assert list(SCALES) == sorted(SCALES, reverse=True)
    view = shown(PerturbConfig(kind="scale"), 5, records, seed=0)
    assert view.transform == Shrink(SCALES[4])
    assert view.told is view.true
    assert view.transform.describe() == {"scale": SCALES[4]}
