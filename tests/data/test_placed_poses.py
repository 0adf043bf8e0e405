"""Cameras and poses follow the pixels exactly, through any chain of what is done to an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.data.augmentation.augment import Variation, placement_of
from yolozu.data.placed_poses import place_camera, place_poses
from yolozu.data.placement import Placement
from yolozu.data.preprocess import Preprocess
from yolozu.geometry.camera import intrinsics_matrix, project, rotation_about_z, transform
from yolozu.geometry.pose import back_projected, corrected_intrinsics, normalized_focal
from yolozu.geometry.symmetry import Symmetries
from yolozu.structures.poses import PoseLabels

SIDES = st.integers(30, 700)
INPUTS = st.sampled_from([32, 96, 160, 256])
MIRROR = np.diag([-1.0, 1.0, 1.0])


VARIATIONS = st.builds(
    Variation,
    mirrored=st.booleans(),
    zoom=st.floats(0.2, 3.0),
    shift_x=st.floats(-0.5, 0.5),
    shift_y=st.floats(-0.5, 0.5),
    rotation=st.one_of(st.just(0.0), st.floats(-np.pi, np.pi)),
    jitter=st.one_of(
        st.none(), st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.floats(-20, 20), st.floats(-20, 20))
    ),
)


def rotation_of(seed):
    Q, R = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    Q = Q * np.sign(np.diag(R))
    return Q if np.linalg.det(Q) > 0 else Q @ np.diag([1.0, 1.0, -1.0])


@dataclass(frozen=True, eq=False)
class Case:
    """An image with one object, and what is done to it."""

    labels: PoseLabels
    preprocess: Preprocess
    size: tuple[int, int]
    variation: Variation
    points_V3: np.ndarray

    @property
    def seen_by(self):
        return self.labels.K_4 if self.labels.K_true_4 is None else self.labels.K_true_4

    @property
    def placement(self):
        return placement_of(self.variation, *self.size, self.preprocess, self.seen_by)

    def placed(self, **changes):
        plain = Variation(**{**vars(self.variation), "jitter": None})
        told = placement_of(plain, *self.size, self.preprocess, self.seen_by)
        told = told if self.variation.jitter is not None else None
        return place_poses(self.labels, self.placement, told=told, **changes)


@st.composite
def cases(draw, variations=VARIATIONS):
    width, height = draw(SIDES), draw(SIDES)
    focal = draw(st.floats(0.5, 8.0)) * width
    K_4 = np.array(
        [
            focal,
            focal * draw(st.floats(0.8, 1.25)),
            width * draw(st.floats(-0.2, 1.2)),
            height * draw(st.floats(-0.2, 1.2)),
        ]
    )
    off_4 = np.array([draw(st.floats(0.9, 1.1)), draw(st.floats(0.9, 1.1)), 1.0, 1.0])
    z = draw(st.floats(0.3, 3.0))
    u, v = draw(st.floats(0.0, 1.0)) * width, draw(st.floats(0.0, 1.0)) * height
    t_3 = np.array([(u - K_4[2]) / K_4[0] * z, (v - K_4[3]) / K_4[1] * z, z])
    labels = PoseLabels(
        K_4=K_4 * off_4 if draw(st.booleans()) else K_4,
        K_true_4=K_4,
        R_m2c_N33=rotation_of(draw(st.integers(0, 10**6)))[None],
        t_m2c_N3=t_3[None],
        has_pose_N=np.array([True]),
        centers_px_N2=np.array([[u, v]]),
        has_center_N=np.array([True]),
    )
    points_V3 = np.random.default_rng(0).uniform(-0.1, 0.1, (20, 3)) * z
    preprocess = Preprocess(draw(INPUTS), draw(INPUTS), 0)
    return Case(labels, preprocess, (width, height), draw(variations), points_V3)


def corrected(placed):
    dfx, dfy, dcx, dcy = placed.k_delta_4
    return corrected_intrinsics(*placed.K_4, dfx=dfx, dfy=dfy, dcx=dcx, dcy=dcy)


def seen(points_V3, R_33, t_3, K_4):
    return project(transform(points_V3, R_33, t_3), intrinsics_matrix(*K_4))


UNMIRRORED = VARIATIONS.map(lambda variation: Variation(**{**vars(variation), "mirrored": False}))


@given(cases(UNMIRRORED))
def test_the_model_stays_on_its_pixels_through_any_chain(case):
    placed = case.placed()
    before = seen(case.points_V3, case.labels.R_m2c_N33[0], case.labels.t_m2c_N3[0], case.seen_by)
    after = seen(case.points_V3, placed.R_m2c_N33[0], placed.t_m2c_N3[0], corrected(placed))
    np.testing.assert_allclose(after, case.placement.points_to_input(before), atol=1e-6)
    center = case.placement.points_to_input(case.labels.centers_px_N2)
    np.testing.assert_allclose(placed.centers_px_N2, center, atol=1e-9)
    np.testing.assert_allclose(
        seen(np.zeros((1, 3)), np.eye(3), placed.t_m2c_N3[0], corrected(placed)), center, atol=1e-6
    )
    assert placed.has_pose_N.all()
    assert placed.has_center_N.all()
    assert placed.has_k_delta


@pytest.mark.slow
@given(cases(), st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), st.floats(-0.1, 0.1)))
def test_a_body_of_revolution_keeps_its_pose_in_the_mirror(case, offset):
    axis_3 = rotation_of(7)[:, 0]
    models = ObjectModels(
        {3: ObjectModel(np.zeros((0, 3)), None, Symmetries(axis_3=axis_3, offset_3=np.array(offset)))}
    )
    placed = case.placed(class_indices_N=np.array([3]), models=models)
    R_33, t_3 = placed.R_m2c_N33[0], placed.t_m2c_N3[0]
    np.testing.assert_allclose(R_33 @ R_33.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(R_33) == pytest.approx(1.0)
    assert placed.has_pose_N.all()
    # A body of revolution is known by points of its axis: where two of them are, all of its rings are.
    on_axis_23 = np.array(offset) + np.outer([0.0, 1.0], axis_3)
    turned = rotation_about_z(case.variation.rotation)
    before = transform(on_axis_23, turned @ case.labels.R_m2c_N33[0], turned @ case.labels.t_m2c_N3[0])
    expected = before @ MIRROR if case.variation.mirrored else before
    np.testing.assert_allclose(transform(on_axis_23, R_33, t_3), expected, atol=1e-9)
    center = seen(np.zeros((1, 3)), np.eye(3), t_3, corrected(placed))
    np.testing.assert_allclose(center, case.placement.points_to_input(case.labels.centers_px_N2), atol=1e-6)


@pytest.mark.slow
@given(cases(VARIATIONS.map(lambda variation: Variation(**{**vars(variation), "mirrored": True}))))
def test_other_objects_lose_pose_and_center_in_the_mirror(case):
    models = ObjectModels({3: ObjectModel(np.zeros((0, 3)), None)})
    for placed in (case.placed(), case.placed(class_indices_N=np.array([3]), models=models)):
        assert not placed.has_pose_N.any()
        assert not placed.has_center_N.any()
        assert placed.has_camera
        np.testing.assert_array_equal(placed.R_m2c_N33[0], np.eye(3))
        np.testing.assert_array_equal(placed.t_m2c_N3, [[0.0, 0.0, 1.0]])
        np.testing.assert_array_equal(placed.centers_px_N2, [[0.0, 0.0]])


@given(cases(UNMIRRORED), st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_perfect_heads_give_the_translation_back(case, box_x, box_y):
    placed = case.placed()
    height, width = case.preprocess.height, case.preprocess.width
    middle = np.array([box_x * width, box_y * height])
    offsets = placed.centers_px_N2[0] - middle
    fx, fy, cx, cy = corrected(placed)
    focal = normalized_focal(fx, fy, width=width, height=height)
    log_z = np.log(placed.t_m2c_N3[0, 2] / focal)
    u, v = middle + offsets
    found = back_projected(u, v, np.exp(log_z) * focal, fx=fx, fy=fy, cx=cx, cy=cy)
    np.testing.assert_allclose(found, placed.t_m2c_N3[0], atol=1e-6)


@given(cases(UNMIRRORED))
def test_the_correction_is_what_was_drawn(case):
    labels = PoseLabels(**{**vars(case.labels), "K_4": case.seen_by, "K_true_4": None})
    placed = Case(labels, case.preprocess, case.size, case.variation, case.points_V3).placed()
    if case.variation.jitter is None:
        assert not placed.has_k_delta
        np.testing.assert_array_equal(placed.k_delta_4, np.zeros(4))
    else:
        np.testing.assert_allclose(placed.k_delta_4, case.variation.jitter, atol=1e-8)


def test_a_letterbox_scales_and_shifts_the_camera():
    placement = Placement.letterbox(200, 100, 100, 100)
    np.testing.assert_allclose(place_camera(np.array([300.0, 320.0, 90.0, 60.0]), placement), [150, 160, 45, 55])


def test_without_a_camera_there_is_no_pose():
    labels = PoseLabels.none_of(2)
    placed = place_poses(labels, Placement.letterbox(200, 100, 100, 100))
    assert (placed.has_camera, placed.has_k_delta, placed.has_pose_N.tolist()) == (False, False, [False, False])
    assert placed.K_4.tolist() == [1.0, 1.0, 0.0, 0.0]
