"""BOP data sets as people write them."""

from __future__ import annotations

import json

import pytest

from tests.data.builders import bop_box, bop_row, check_of, index_at, survey_of, write_bop, write_cameras


# NVlabs/FoundationPose#276: scripts that handle ids of images as "000012" write them into scene_gt.json so.
def test_padded_keys_of_scene_gt_lose_no_object(tmp_path):
    root = write_bop(tmp_path, {"000000": [bop_row()], "000001": [bop_row(3)]}, {0: [bop_box(1, 1, 9, 9)]})
    path = root / "train/000001/scene_gt_info.json"
    path.write_text(json.dumps({"0": [bop_box(1, 1, 9, 9)], "000001": [bop_box(2, 2, 8, 8)]}))
    assert [len(record.class_indices) for record in index_at(root, "train").records] == [1, 1]


# thodan/bop_toolkit#144: one scene, several cameras, each with images and labels of its own.
def test_a_scene_of_several_cameras_is_a_data_set(tmp_path):
    root = write_cameras(tmp_path, "test/000001", {"cam1": "rgb_cam1", "cam2": "rgb_cam2", "photoneo": "gray_photoneo"})
    index = index_at(root, "test")
    assert len(index) == 6
    assert index.num_poses == 3


# microsoft/singleshotpose#13, zju3dv/clean-pvnet#177: a diameter in m, another in cm, beside meshes in mm.
@pytest.mark.parametrize(("factor", "unit"), [(0.001, "m"), (0.1, "cm")])
def test_a_diameter_in_another_unit_than_the_mesh_is_found(tmp_path, factor, unit):
    stated = {"7": {"diameter": 50.0 * factor}}
    root = write_bop(tmp_path, {0: [bop_row()]}, {0: [bop_box(32, 24, 6, 9)]}, models=stated)
    violations = [violation for rule, violation in check_of(root).violations if rule == "model_unit"]
    assert [
        violation.fix.startswith(f"models_info.json seems to be in {unit}, the mesh in mm") for violation in violations
    ] == [True]


# NVlabs/Deep_Object_Pose#249: a tennis ball, whose symmetries are any turn about x, y and z.
def test_a_ball_with_three_axes_is_read(tmp_path):
    axes = [{"axis": axis, "offset": [0, 0, 0]} for axis in ([0, 0, 1], [1, 0, 0], [0, 1, 0])]
    stated = {"7": {"diameter": 50.0, "symmetries_continuous": axes}}
    root = write_bop(tmp_path, {0: [bop_row()]}, {0: [bop_box(32, 24, 6, 9)]}, models=stated)
    assert index_at(root, "train").num_poses == 1
    assert survey_of(root).models.by_class[1].symmetries.ball_center_3 == pytest.approx([0, 0, 0], abs=1e-12)
