from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.exported import PREPROCESS
from tests.predict.tta.scenes import K_4, record_of
from yolozu.contract.sections.predict import TtaSection
from yolozu.data.placement import Placement, Turn
from yolozu.errors import UsageError
from yolozu.predict.tta.views import OWN, View, describe_views, require_fitting, views_of

SIDES = st.integers(1, 700)


def test_without_augmentation_there_is_the_networks_own_view():
    assert views_of(None) == (OWN,) == (View(1.0, 0.0, mirrored=False),)


def test_views_are_all_scales_in_all_turns_and_mirrored_with_the_networks_own_first():
    section = TtaSection(tta_scales=(0.5, 1.0), tta_rotations_deg=(10.0, 0.0), tta_flip=True)
    views = views_of(section)
    assert views[0] == OWN
    assert len(views) == len(set(views)) == 8
    assert set(views) == {View(*view) for view in product((0.5, 1.0), (10.0, 0.0), (False, True))}
    assert describe_views(section) == {
        "mode": "prediction",
        "scales": [0.5, 1.0],
        "rotations_deg": [10.0, 0.0],
        "flip": True,
        "iou": 0.55,
        "views": 8,
    }


@given(SIDES, SIDES, st.booleans())
def test_the_own_view_is_the_letterbox(width, height, any_size):
    placement = OWN.place(record_of(), width, height, PREPROCESS, any_size=any_size)
    assert placement == Placement.letterbox(width, height, PREPROCESS.width, PREPROCESS.height)


@given(SIDES, SIDES, st.floats(0.25, 4.0), st.booleans())
def test_a_scaled_picture_has_just_that_scale_and_is_whole(width, height, scale, mirrored):
    """Whatever the canvas has to be rounded to; mirrored or not."""
    placement = View(scale, mirrored=mirrored).place(record_of(), width, height, PREPROCESS, any_size=True)
    own = Placement.letterbox(width, height, PREPROCESS.width, PREPROCESS.height)
    assert placement.scale == pytest.approx(own.scale * scale)
    assert placement.input_width % 32 == placement.input_height % 32 == 0
    corners = placement.points_to_input(np.array([[0.0, 0.0], [width, height]]))
    assert corners.min() > -1e-6
    assert (corners <= np.array([placement.input_width, placement.input_height]) + 1e-6).all()


@given(st.floats(0.25, 1.0))
def test_a_network_of_one_size_sees_a_smaller_picture_in_the_same_canvas(scale):
    placement = View(scale).place(record_of(), 200, 150, PREPROCESS, any_size=False)
    assert (placement.input_width, placement.input_height) == (PREPROCESS.width, PREPROCESS.height)
    assert placement.scale == pytest.approx(scale * PREPROCESS.height / 150)


def test_a_picture_is_turned_about_the_principal_point_or_else_its_middle():
    with_camera = View(turn_deg=30.0).place(record_of(), 200, 150, PREPROCESS, any_size=True)
    fx, fy, cx, cy = K_4
    scale, pad = with_camera.scale, (with_camera.pad_x_px, with_camera.pad_y_px)
    assert with_camera.turn == Turn(np.radians(30.0), cx * scale + pad[0], cy * scale + pad[1], fy / fx)
    without = View(turn_deg=30.0).place(record_of(camera=False), 200, 150, PREPROCESS, any_size=True)
    assert without.turn == Turn(np.radians(30.0), 100 * scale + pad[0], 75 * scale + pad[1], 1.0)


def test_larger_views_need_a_network_of_any_size():
    views = (OWN, View(1.25), View(1.25, mirrored=True), View(1.5), View(0.8))
    require_fitting(views, any_size=True)
    require_fitting((OWN, View(0.8)), any_size=False)
    with pytest.raises(UsageError) as refused:
        require_fitting(views, any_size=False)
    assert str(refused.value) == (
        "tta_scales: YZ622 the network takes one input size only, and 1.25, 1.5 would need a larger one\n"
        "  fix: use scales up to 1, export with onnx_dynamic_hw: true, or predict the checkpoint with adapter: "
        "rtdetr_pose"
    )
