from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolozu.data.detections import camera_of, on_original_image, with_camera
from yolozu.data.placement import Placement
from yolozu.errors import InputError
from yolozu.geometry.pose import normalized_focal
from yolozu.structures.classes import ClassTable
from yolozu.structures.detections import RawDetections, RawPoses
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.poses import PoseLabels

CLASSES = ClassTable(("cup", "can"), (3, 7))
K_4 = np.array([60.0, 50.0, 24.0, 27.0])
# 50 x 50 becomes 64 x 64 in the middle of 96 x 64, with 16 px of border on either side.
PLACEMENT = Placement.letterbox(50, 50, 96, 64)
FIX = "\n  fix: predict with another checkpoint, or train with a lower lr or clip_grad_norm"


def record_of(K_4=None, width=50, height=50):
    nothing = np.zeros(0)
    return ImageRecord(
        image="a.png", path=Path("a.png"), width=width, height=height, sha256="",
        class_indices=nothing.astype(np.int64), boxes_cxcywh=nothing.reshape(0, 4), is_crowd=nothing.astype(bool),
        areas_px=nothing,
        poses=None if K_4 is None else replace(PoseLabels.none_of(0), K_4=K_4),
    )  # fmt: skip


def raw_of(*boxes, poses=None):
    count = len(boxes)
    return RawDetections(np.linspace(0.9, 0.8, count), np.arange(count) % 2, np.array(boxes, float), poses)


def poses_of(count=1, **changes):
    base = {
        "log_z_N": np.zeros(count),
        "rot6d_N6": np.tile([0.0, 2.0, 0.0, -1.0, 0.0, 0.0], (count, 1)),
        "offsets_px_N2": np.tile([3.0, -2.0], (count, 1)),
        "k_delta_4": np.zeros(4),
    }
    return RawPoses(**{**base, **changes})


def test_boxes_go_back_to_the_image_classes_to_their_ids_and_the_border_to_nothing():
    raw = raw_of((0.5, 0.5, 32 / 96, 0.5), (4 / 96, 0.5, 4 / 96, 0.5))
    found = on_original_image(record_of(), PLACEMENT, CLASSES, replace(raw, class_indices=np.array([1, 0])))
    assert (found.image, found.width, found.height, found.intrinsics) == ("a.png", 50, 50, None)
    assert found.class_ids.tolist() == [7]
    assert found.scores == pytest.approx([0.9])
    assert found.boxes_cxcywh == pytest.approx(np.array([[0.5, 0.5, 0.5, 0.5]]), abs=1e-6)
    assert found.poses == {}


@settings(max_examples=60, deadline=None)
@given(
    st.integers(20, 400),
    st.integers(20, 400),
    st.tuples(st.floats(-3, 3), st.floats(-3, 3), st.floats(0.1, 20)),
    st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(-9, 9), st.floats(-9, 9)),
    st.tuples(st.floats(-9, 9), st.floats(-9, 9)),
)
def test_a_pose_comes_back_exactly_through_the_camera_of_the_image(width, height, t_3, k_delta_4, offset_2):
    """Whatever the letterbox, the correction and where the box is: also where it reaches out of the image."""
    placement = Placement.letterbox(width, height, 96, 64)
    fx, fy, cx, cy = K_4 * placement.scale + (0, 0, placement.pad_x_px, placement.pad_y_px)
    fx, fy, cx, cy = fx * (1 + k_delta_4[0]), fy * (1 + k_delta_4[1]), cx + k_delta_4[2], cy + k_delta_4[3]
    x, y, z = t_3
    center = ((fx * x / z + cx - offset_2[0]) / 96, (fy * y / z + cy - offset_2[1]) / 64)
    poses = poses_of(
        log_z_N=np.log([z / normalized_focal(fx, fy, width=96, height=64)]),
        offsets_px_N2=np.array([offset_2]),
        k_delta_4=np.array(k_delta_4),
    )
    # so large that some of it is always on the image
    raw = raw_of((*center, 400.0, 400.0), poses=poses)
    found = on_original_image(record_of(K_4, width, height), placement, CLASSES, raw)
    (pose,) = found.fields()
    assert pose["t_xyz"] == pytest.approx(t_3, rel=1e-9, abs=1e-9)
    assert pose["log_z"] == pytest.approx(np.log(z), abs=1e-12)


def test_a_pose_has_all_fields_as_they_stand_in_a_file():
    sigmas = {"log_sigma_z_N": np.log([0.02]), "log_sigma_rot_N": np.log([0.3])}
    poses = poses_of(k_delta_4=np.array([0.25, 0.0, 1.0, -1.0]), **sigmas)
    found = on_original_image(record_of(K_4), PLACEMENT, CLASSES, raw_of((0.5, 0.5, 0.1, 0.1), poses=poses))
    (pose,) = found.fields()
    assert list(pose) == ["R", "t_xyz", "log_z", "rot6d", "offsets", "k_delta", "sigma_z", "sigma_rot"]
    assert pose["R"] == pytest.approx(np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]))
    assert isinstance(pose["R"][0][0], float)
    assert pose["rot6d"] == [0.0, 2.0, 0.0, -1.0, 0.0, 0.0]
    assert (pose["offsets"], pose["k_delta"]) == ([3.0, -2.0], [0.25, 0.0, 1.0, -1.0])
    assert (pose["sigma_z"], pose["sigma_rot"]) == (pytest.approx(0.02), pytest.approx(0.3))
    assert found.intrinsics == {"fx": 60.0, "fy": 50.0, "cx": 24.0, "cy": 27.0}


def test_without_a_camera_a_pose_has_no_depth_and_no_translation():
    found = on_original_image(record_of(), PLACEMENT, CLASSES, raw_of((0.5, 0.5, 0.1, 0.1), poses=poses_of()))
    assert [list(pose) for pose in found.fields()] == [["R", "rot6d", "offsets", "k_delta"]]
    assert found.intrinsics is None


def test_poses_stay_with_their_detections():
    boxes = ((0.5, 0.5, 0.1, 0.1), (0.01, 0.5, 0.01, 0.1), (0.6, 0.5, 0.1, 0.1))
    poses = poses_of(3, offsets_px_N2=np.arange(6.0).reshape(3, 2))
    found = on_original_image(record_of(K_4), PLACEMENT, CLASSES, raw_of(*boxes, poses=poses))
    assert [pose["offsets"] for pose in found.fields()] == [[0.0, 1.0], [4.0, 5.0]]


def test_an_image_without_detections_has_no_poses():
    found = on_original_image(record_of(K_4), PLACEMENT, CLASSES, raw_of((0, 0.5, 0.01, 0.1), poses=poses_of()))
    assert (len(found), found.fields()) == (0, [])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"rot6d_N6": np.array([[1.0, 0, 0, 2, 0, 0]])}, "pred_rot6d gives two columns that span no plane"),
        ({"rot6d_N6": np.zeros((1, 6))}, "pred_rot6d gives two columns that span no plane"),
        ({"k_delta_4": np.array([0, -1.0, 0, 0])}, "pred_k_delta gives a camera without a focal length"),
        ({"log_z_N": np.array([1000.0])}, "pred_log_z gives a depth that is no number of metres"),
        ({"log_z_N": np.array([-1000.0])}, "pred_log_z gives a depth that is no number of metres"),
    ],
)
def test_a_pose_that_none_can_be_is_an_error(changes, problem):
    raw = raw_of((0.5, 0.5, 0.1, 0.1), poses=poses_of(**changes))
    with pytest.raises(InputError) as refused:
        on_original_image(record_of(K_4), PLACEMENT, CLASSES, raw)
    assert str(refused.value) == f"a.png: detection 0: YZ620 {problem}{FIX}"


def test_a_camera_is_given_where_none_is_known():
    other = np.array([1.0, 2.0, 3.0, 4.0])
    assert camera_of(record_of()) is None
    assert camera_of(with_camera(record_of(), other)).tolist() == [1.0, 2.0, 3.0, 4.0]
    assert camera_of(with_camera(record_of(K_4), other)) is K_4
    labeled = replace(record_of(), poses=PoseLabels.none_of(0))
    assert camera_of(with_camera(labeled, other)) is other
