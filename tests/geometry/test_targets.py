import torch

from yolozu.geometry.targets import Targets, concatenated


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
