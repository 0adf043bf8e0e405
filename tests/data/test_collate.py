from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from tests.fixtures.poses import with_poses
from tests.model.tiny import targets
from yolozu.data.collate import collate, joined_batch, nothing
from yolozu.data.dataset import Sample
from yolozu.data.placement import Placement

PLACEMENT = Placement.letterbox(8, 8, 8, 8)


def sample(index, labels):
    boxes = np.full((len(labels), 4), 0.5, dtype=np.float32)
    image = np.full((8, 8, 3), index, dtype=np.uint8)
    return Sample(image, np.array(labels, dtype=np.int64), boxes, PLACEMENT, index)


def test_objects_come_first_and_padding_last():
    batch = collate([sample(3, [5]), sample(4, []), sample(5, [1, 2])])
    assert batch.targets.labels_BT.tolist() == [[5, 0], [0, 0], [1, 2]]
    assert batch.targets.valid_BT.tolist() == [[True, False], [False, False], [True, True]]
    assert batch.targets.boxes_BT4[:, :, 0].tolist() == [[0.5, 0.0], [0.0, 0.0], [0.5, 0.5]]
    assert (batch.indices, batch.placements) == ([3, 4, 5], [PLACEMENT] * 3)


def test_images_stay_uint8_and_are_channels_last():
    images = collate([sample(3, []), sample(4, [])]).images_B3HW
    assert (images.shape, images.dtype) == ((2, 3, 8, 8), torch.uint8)
    assert images[:, 0, 0, 0].tolist() == [3, 4]
    assert images.is_contiguous(memory_format=torch.channels_last)


def test_a_batch_without_objects_has_no_columns():
    targets = collate([sample(0, [])]).targets
    assert (targets.labels_BT.shape, targets.boxes_BT4.shape, targets.counts) == ((1, 0), (1, 0, 4), [0])


def test_a_batch_may_hold_nothing():
    empty = nothing()
    assert (len(empty.images_B3HW), empty.indices, empty.placements, empty.targets.counts) == (0, [], [], [])


def test_parts_join_to_the_batch_they_were_parted_from():
    samples = [sample(3, [5]), sample(4, []), sample(5, [1, 2])]
    whole, joined = collate(samples), joined_batch([collate(samples[:2]), nothing(), collate(samples[2:])])
    assert torch.equal(joined.images_B3HW, whole.images_B3HW)
    assert joined.targets.labels_BT.tolist() == whole.targets.labels_BT.tolist()
    assert joined.targets.valid_BT.tolist() == whole.targets.valid_BT.tolist()
    assert torch.equal(joined.targets.boxes_BT4, whole.targets.boxes_BT4)
    assert (joined.indices, joined.placements) == (whole.indices, whole.placements)
    assert joined_batch([nothing(), nothing()]).indices == []


def test_the_loader_pins_all_that_travels_to_the_device(monkeypatch):
    """As torch's loader does it where there is an accelerator: it asks for the method, and passes on what has none."""
    pinned = []

    def pin(tensor):
        pinned.append(tensor)
        return tensor.clone(memory_format=torch.preserve_format)

    monkeypatch.setattr(torch.Tensor, "pin_memory", pin)
    batch = replace(collate([sample(0, [1, 1]), sample(1, [])]), targets=with_poses(targets(2, 0)))
    found = torch.utils.data._utils.pin_memory.pin_memory(batch)
    assert len(pinned) == 1 + 3 + len(vars(found.targets.poses))
    assert found.images_B3HW.stride() == batch.images_B3HW.stride()
    assert found.targets.counts == [2, 0]
    assert (found.indices, found.placements) == (batch.indices, batch.placements)
