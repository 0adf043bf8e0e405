from dataclasses import replace

import torch

from tests.fixtures.poses import with_poses
from tests.model import tiny
from yolozu.structures.targets import Targets, concatenated


def test_counts_are_those_of_the_objects_without_padding():
    valid = torch.tensor([[True, True], [True, False], [False, False]])
    targets = Targets(torch.zeros(3, 2, dtype=torch.int64), torch.zeros(3, 2, 4), valid)
    assert targets.counts == [2, 1, 0]


def test_targets_move_together():
    targets = Targets(torch.zeros(1, 0, dtype=torch.int64), torch.zeros(1, 0, 4), torch.zeros(1, 0, dtype=torch.bool))
    moved = targets.to("meta")
    assert {moved.labels_BT.device.type, moved.boxes_BT4.device.type, moved.valid_BT.device.type} == {"meta"}


def test_more_room_is_padding():
    targets = Targets(torch.tensor([[3]]), torch.full((1, 1, 4), 0.5), torch.tensor([[True]]))
    wider = targets.with_room_for(2)
    assert (wider.labels_BT.tolist(), wider.valid_BT.tolist()) == ([[3, 0]], [[True, False]])
    assert wider.boxes_BT4.tolist() == [[[0.5] * 4, [0.0] * 4]]
    assert targets.with_room_for(1) is targets


def test_parts_follow_one_another():
    one, other = (Targets(torch.tensor([[label]]), torch.zeros(1, 1, 4), torch.tensor([[True]])) for label in (3, 4))
    both = concatenated([one, other])
    assert (both.labels_BT.tolist(), both.counts, both.boxes_BT4.shape) == ([[3], [4]], [1, 1], (2, 1, 4))


def test_an_image_may_say_nothing_of_some_classes():
    one, other = (Targets(torch.tensor([[label]]), torch.zeros(1, 1, 4), torch.tensor([[True]])) for label in (1, 0))
    assert concatenated([one, other]).not_labeled(3) is None
    both = concatenated([one, replace(other, labeled_classes=[(0, 2)])])
    assert both.not_labeled(3).tolist() == [[False] * 3, [False, True, False]]
    assert both.with_room_for(4).to("cpu").labeled_classes == [None, (0, 2)]


def test_poses_move_with_the_objects():
    moved = with_poses(tiny.targets(1, 2)).to("meta")
    assert {value.device.type for value in vars(moved.poses).values()} == {"meta"}
    assert vars(moved.poses)["has_pose_BT"].dtype == torch.bool


def test_more_room_has_no_poses():
    truth = with_poses(tiny.targets(1, 2))
    wider = truth.with_room_for(4).poses
    assert wider.has_pose_BT.tolist() == [[True, False, False, False], [True, True, False, False]]
    assert not wider.has_offsets_BT[:, 2:].any()
    assert torch.equal(wider.R_BT33[:, 2:], torch.eye(3).expand(2, 2, 3, 3))
    assert wider.t_BT3[:, 2:].tolist() == [[[0.0, 0.0, 1.0]] * 2] * 2
    assert wider.offsets_BT2[:, 2:].tolist() == [[[0.0, 0.0]] * 2] * 2
    for name in ("R_BT33", "t_BT3", "offsets_BT2", "has_pose_BT"):
        assert torch.equal(getattr(wider, name)[:, :2], getattr(truth.poses, name))
    for name in ("K_B4", "k_delta_B4", "has_k_delta_B", "size_B2"):
        assert torch.equal(getattr(wider, name), getattr(truth.poses, name))


def test_parts_with_poses_follow_one_another():
    one, other = (with_poses(tiny.targets(2, 1, seed=seed), seed=seed) for seed in (0, 1))
    both = concatenated([one, other]).poses
    for name, value in vars(both).items():
        assert torch.equal(value, torch.cat([getattr(one.poses, name), getattr(other.poses, name)]))
    assert concatenated([tiny.targets(1)]).poses is None


def test_counts_are_known_on_the_device_without_asking_it():
    there = replace(tiny.targets(2, 0, 3), labeled_classes=None).to("meta")
    assert there.counts == there.labeled_counts == [2, 0, 3]
    assert replace(tiny.targets(2), labeled_BT=torch.tensor([[True, False]])).labeled_counts == [1]
