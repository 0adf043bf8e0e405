"""Poses of matched queries beside those of their objects."""

import pytest
import torch

from tests.fixtures.poses import perfect_heads, random_heads, with_poses
from tests.model.tiny import targets
from yolozu.geometry.rotations import SymmetryTable, rot6d_to_matrix
from yolozu.training.pose_pairs import corrections_of, pose_pairs

SIZE = (64, 96)
IMAGE, OBJECT = torch.tensor([1, 0, 1]), torch.tensor([1, 0, 0])


def posed(**options):
    return with_poses(targets(2, 2), size=SIZE, **options)


def paired(truth, heads=None, boxes=None):
    """Three pairs, in another order than the objects; by default they say what is true."""
    perfect = {name: values[IMAGE, OBJECT] for name, values in perfect_heads(truth).items()}
    return pose_pairs(
        perfect if heads is None else heads,
        truth.boxes_BT4[IMAGE, OBJECT] if boxes is None else boxes,
        truth,
        truth.poses.k_delta_B4,
        image_P=IMAGE,
        object_P=OBJECT,
        symmetries=SymmetryTable.none_of(3),
    )


def test_targets_are_those_of_the_pair_s_object():
    truth = posed(lacking=[(1, 1)])
    pairs, poses = paired(truth), truth.poses
    assert torch.equal(pairs.labels_P, truth.labels_BT[IMAGE, OBJECT])
    assert torch.equal(pairs.target_R_P33, poses.R_BT33[IMAGE, OBJECT])
    assert torch.equal(pairs.target_t_P3, poses.t_BT3[IMAGE, OBJECT])
    assert pairs.has_pose_P.tolist() == pairs.has_offsets_P.tolist() == [False, True, True]
    assert pairs.size_P2.tolist() == [[64.0, 96.0]] * 3


def test_what_is_predicted_is_decoded_with_the_camera_of_the_pair_s_image():
    pairs = paired(posed())
    assert (pairs.t_P3 - pairs.target_t_P3).abs().max() < 1e-6
    torch.testing.assert_close(pairs.R_P33, pairs.target_R_P33)
    torch.testing.assert_close(pairs.log_z_P, pairs.target_t_P3[:, 2].log())
    torch.testing.assert_close(pairs.offsets_P2, pairs.target_offsets_P2)
    assert pairs.log_sigmas == {}


def test_offsets_count_from_the_predicted_box():
    """A box 9.6 px too far to the right and 6.4 px too high: its offset has to make up for that."""
    truth = posed()
    boxes = truth.boxes_BT4[IMAGE, OBJECT] + torch.tensor([0.1, -0.1, 0.0, 0.0])
    moved = paired(truth, boxes=boxes)
    torch.testing.assert_close(
        moved.target_offsets_P2, paired(truth).target_offsets_P2 + torch.tensor([-9.6, 6.4]), rtol=0, atol=1e-4
    )
    corrected = perfect_heads(truth)
    heads = {name: values[IMAGE, OBJECT] for name, values in corrected.items()} | {"offsets": moved.target_offsets_P2}
    assert (paired(truth, heads, boxes).t_P3 - moved.target_t_P3).abs().max() < 1e-5


def test_a_box_learns_nothing_from_poses_and_heads_do():
    truth, heads = posed(), random_heads(3)
    boxes = truth.boxes_BT4[IMAGE, OBJECT].clone().requires_grad_()
    pairs = paired(truth, heads, boxes)
    (pairs.t_P3.sum() + (pairs.offsets_P2 - pairs.target_offsets_P2).abs().sum() + pairs.R_P33.sum()).backward()
    assert boxes.grad is None
    assert all(values.grad.abs().sum() > 0 for values in heads.values())
    torch.testing.assert_close(pairs.R_P33, rot6d_to_matrix(heads["rot6d"]))


def test_expected_errors_come_by_name():
    heads = random_heads(3, log_sigmas=True)
    found = paired(posed(), heads).log_sigmas
    assert list(found) == ["log_sigma_z", "log_sigma_rot"]
    for name, values in found.items():
        assert torch.equal(values, heads[name][:, 0])


def test_corrections_are_those_of_the_images():
    poses, k_delta = posed().poses, torch.rand(2, 4)
    found = corrections_of(poses, k_delta)
    assert found.k_delta_B4 is k_delta
    assert torch.equal(found.target_B4, poses.k_delta_B4)
    assert (found.known_B.tolist(), found.size_B2.tolist()) == ([True, False], [[64.0, 96.0]] * 2)


@pytest.mark.parametrize("name", ["log_z", "rot6d", "offsets"])
def test_no_pairs(name):
    truth = posed()
    none = torch.zeros(0, dtype=torch.int64)
    heads = random_heads(0)
    pairs = pose_pairs(
        heads, torch.zeros(0, 4), truth, truth.poses.k_delta_B4, image_P=none, object_P=none,
        symmetries=SymmetryTable.none_of(3),
    )  # fmt: skip
    assert pairs.t_P3.shape == (0, 3)
    (pairs.t_P3.sum() + pairs.R_P33.sum() + pairs.offsets_P2.sum()).backward()
    assert heads[name].grad.shape == heads[name].shape
