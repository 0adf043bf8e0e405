import torch

from yolozu.geometry.targets import Targets


def test_counts_are_those_of_the_objects_without_padding():
    valid = torch.tensor([[True, True], [True, False], [False, False]])
    targets = Targets(torch.zeros(3, 2, dtype=torch.int64), torch.zeros(3, 2, 4), valid)
    assert targets.counts == [2, 1, 0]


def test_targets_move_together():
    targets = Targets(torch.zeros(1, 0, dtype=torch.int64), torch.zeros(1, 0, 4), torch.zeros(1, 0, dtype=torch.bool))
    moved = targets.to("meta")
    assert {moved.labels_BT.device.type, moved.boxes_BT4.device.type, moved.valid_BT.device.type} == {"meta"}
