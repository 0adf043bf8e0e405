from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.exported import PREPROCESS
from tests.predict.tta.scenes import record_of, scene, seen_in
from yolozu.predict.tta.unwarp import carried, carried_boxes, input_size
from yolozu.predict.tta.views import OWN, View

RECORD = record_of()


def place(view):
    return view.place(RECORD, 200, 150, PREPROCESS, any_size=True)


@given(st.floats(0.3, 3.0), st.booleans())
def test_boxes_of_upright_views_are_carried_exactly(scale, mirrored):
    view, own = place(View(scale, mirrored=mirrored)), place(OWN)
    boxes = np.array([[0.3, 0.6, 0.2, 0.4], [0.9, 0.1, 0.5, 0.1]])
    image = own.boxes_to_input(boxes)
    np.testing.assert_allclose(carried_boxes(view.boxes_to_input(boxes), view, own), image, atol=1e-12)
    np.testing.assert_allclose(carried_boxes(image, own, view), view.boxes_to_input(boxes), atol=1e-12)


def test_a_turned_box_becomes_that_of_its_ellipse():
    """A quarter turn swaps the sides; by an eighth, a circle keeps its box and a long box gets that of its ellipse."""
    own = place(OWN)
    width, height = input_size(own)
    square = np.array([[0.5, 0.5, 20 / width, 20 / height], [0.5, 0.5, 40 / width, 10 / height]])
    fx, fy = 210.0, 190.0
    quarter = carried_boxes(square, own, place(View(turn_deg=90.0)))
    np.testing.assert_allclose(
        quarter[:, 2:] * (width, height), [[20 * fx / fy, 20 * fy / fx], [10 * fx / fy, 40 * fy / fx]]
    )
    without = View(turn_deg=45.0).place(record_of(camera=False), 200, 150, PREPROCESS, any_size=True)
    eighth = carried_boxes(square, own, without)
    np.testing.assert_allclose(eighth[:, 2:] * (width, height), [[20, 20], [np.hypot(40, 10) / np.sqrt(2)] * 2])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.3, 3.0), st.floats(-180, 180))
def test_poses_of_a_network_without_faults_are_those_of_its_own_view(seed, scale, turn_deg):
    R_N33, t_N3 = scene(seed)
    view, own = (seen_in(entry, RECORD, R_N33, t_N3) for entry in (View(scale, turn_deg), OWN))
    found = carried(view.found, view.placement, own.placement)
    here, true = found.poses, own.found.poses
    np.testing.assert_allclose(here.log_z_N, true.log_z_N, atol=1e-9)
    np.testing.assert_allclose(here.rot6d_N6, true.rot6d_N6, atol=1e-9)
    size = input_size(own.placement)
    np.testing.assert_allclose(
        found.boxes_cxcywh[:, :2] * size + here.offsets_px_N2,
        own.found.boxes_cxcywh[:, :2] * size + true.offsets_px_N2,
        atol=1e-9,
    )


def test_the_cameras_shift_goes_with_the_pixels():
    R_N33, t_N3 = scene(0)
    view = seen_in(View(2.0), RECORD, R_N33, t_N3)
    view.found.poses.k_delta_4[2:] = [6.0, -4.0]
    found = carried(view.found, view.placement, place(OWN))
    assert found.poses.k_delta_4 == pytest.approx([0.1, 0.1, 3.0, -2.0])


def test_a_mirrored_view_has_no_poses():
    R_N33, t_N3 = scene(0)
    view = seen_in(View(mirrored=True), RECORD, R_N33, t_N3)
    assert view.found.poses is not None
    assert carried(view.found, view.placement, place(OWN)).poses is None
