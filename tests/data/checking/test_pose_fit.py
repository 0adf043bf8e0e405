from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.data.builders import survey_of
from tests.data.posed import drawn_objects, write_posed
from yolozu.artifacts.meshes import ObjectModel
from yolozu.data.checking.pose_fit import DIRECTIONS, PosedObjects, corners_of, posed_objects, with_points_scaled

CUBE = np.array([[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)])


def one(**changes) -> PosedObjects:
    """A cube of 2 m whose middle is 5 m ahead; its near face, 4 m away, covers 50 px of the 100 px image."""
    objects = PosedObjects(
        shapes_N=np.array([0]),
        R_m2c_N33=np.eye(3)[None],
        t_m2c_N3=np.array([[0.0, 0.0, 5.0]]),
        K_N4=np.array([[100.0, 100.0, 50.0, 50.0]]),
        boxes_xyxy_px_N4=np.array([[25.0, 25.0, 75.0, 75.0]]),
        sizes_px_N2=np.array([[100.0, 100.0]]),
        points={0: CUBE},
    )
    return replace(objects, **changes)


def test_the_projected_box_is_around_all_points():
    assert one().projected_xyxy_px.tolist() == [[25.0, 25.0, 75.0, 75.0]]
    assert one().overlap.tolist() == [1.0]


def test_overlap_and_cover_of_an_object_that_is_half_hidden():
    hidden = one(boxes_xyxy_px_N4=np.array([[25.0, 25.0, 50.0, 75.0]]))
    assert (hidden.overlap.tolist(), hidden.covered.tolist()) == ([0.5], [1.0])


def test_what_reaches_out_of_the_image_does_not_count():
    cut = one(t_m2c_N3=np.array([[2.0, 0.0, 5.0]]), boxes_xyxy_px_N4=np.array([[75.0, 25.0, 100.0, 75.0]]))
    assert cut.projected_xyxy_px.tolist() == [[pytest.approx(66.0 + 2 / 3), 25.0, 125.0, 75.0]]
    assert cut.overlap.tolist() == [pytest.approx(25.0 / (100.0 - 66.0 - 2 / 3))]


@pytest.mark.parametrize("z", [-5.0, 0.0, 1.0])
def test_a_model_that_is_not_wholly_before_the_camera_has_no_box(z):
    objects = one(t_m2c_N3=np.array([[0.0, 0.0, z]]))
    assert np.isnan(objects.projected_xyxy_px).all()
    assert (objects.overlap.tolist(), objects.covered.tolist()) == ([0.0], [0.0])


def test_an_unknown_model_is_as_large_as_the_box_around_the_projected_origin():
    objects = one(points={}, t_m2c_N3=np.array([[0.5, 0.0, 5.0]]))
    assert objects.has_shape.tolist() == [False]
    assert objects.projected_xyxy_px.tolist() == [[35.0, 25.0, 85.0, 75.0]]


def test_many_objects_are_projected_in_parts_as_one_by_one(monkeypatch):
    objects = drawn_objects(10)
    whole = objects.projected_xyxy_px
    monkeypatch.setattr("yolozu.data.checking.pose_fit.POINTS_AT_ONCE", 20)
    np.testing.assert_array_equal(replace(objects).projected_xyxy_px, whole)
    np.testing.assert_allclose(whole, objects.boxes_xyxy_px_N4)


def test_scaled_models_are_seen_so_much_larger_where_they_are_flat():
    flat = one(points={0: CUBE * (1.0, 1.0, 0.0)})
    assert with_points_scaled(flat, 2.0).projected_xyxy_px.tolist() == [[10.0, 10.0, 90.0, 90.0]]


def test_a_large_mesh_is_stood_in_for_by_few_points_that_span_the_same_boxes():
    points = np.random.default_rng(0).normal(size=(20000, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    points *= (0.05, 0.03, 0.02)
    corners = corners_of(ObjectModel(points, 0.1))
    assert len(corners) <= DIRECTIONS
    turns = drawn_objects(20).R_m2c_N33
    extent = np.ptp(turns @ points.T, axis=2)
    np.testing.assert_allclose(np.ptp(turns @ corners.T, axis=2), extent, rtol=0.01)
    assert corners_of(ObjectModel(CUBE, None)) is CUBE


def test_objects_of_a_split_are_those_that_can_be_judged(tmp_path):
    survey = survey_of(write_posed(tmp_path, images=3, size=64), "train")
    places, objects = posed_objects(survey, survey.splits)
    assert len(places) == len(objects) == len(list(survey.instances()))
    assert [place.instance.class_index for place in places] == objects.shapes_N.tolist()
    assert objects.sizes_px_N2.tolist() == [[64.0, 64.0]] * len(objects)
    assert objects.overlap.min() > 0.9
    assert {place.split.name for place in places} == {"train"}
    nothing, none = posed_objects(survey, ())
    assert (nothing, len(none), none.overlap.shape) == ([], 0, (0,))
