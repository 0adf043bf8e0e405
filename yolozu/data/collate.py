"""Samples -> one batch of tensors."""

# Shapes: B images, T targets per image (padded), H and W of the network input.

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from yolozu.structures.targets import PoseTargets, Targets, concatenated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from yolozu.data.dataset import Sample
    from yolozu.data.placement import Placement
    from yolozu.structures.poses import PlacedPoses
    from yolozu.structures.stored_queries import StoredQueries


@dataclass(frozen=True)
class Batch:
    """Network inputs with their targets.

    Attributes:
        images_B3HW: uint8 RGB, channels last in memory.
        targets: in the frame of the network input.
        placements: where each image lies in its input.
        indices: numbers of the images in their index.
        stored: what a detector once said of each image, None where nothing is known; empty stands for all None.
    """

    images_B3HW: Tensor
    targets: Targets
    placements: list[Placement]
    indices: list[int]
    stored: list[StoredQueries | None] = field(default_factory=list)

    def pin_memory(self) -> Batch:
        """The same where an accelerator copies from without waiting; torch's loader asks for it by this name."""
        return replace(self, images_B3HW=self.images_B3HW.pin_memory(), targets=self.targets.pin_memory())


def collate(samples: Sequence[Sample]) -> Batch:
    """The batch of ``samples``, in their order."""
    images_BHW3 = torch.from_numpy(np.stack([sample.image_HW3 for sample in samples]))
    return Batch(
        images_B3HW=images_BHW3.permute(0, 3, 1, 2),
        targets=_padded(samples),
        placements=[sample.placement for sample in samples],
        indices=[sample.index for sample in samples],
        stored=[sample.stored for sample in samples],
    )


def stored_of(batch: Batch) -> list[StoredQueries | None]:
    """What is stored of each image of the batch."""
    return batch.stored or [None] * len(batch.indices)


def nothing() -> Batch:
    """A batch without images."""
    targets = Targets(torch.zeros(0, 0, dtype=torch.int64), torch.zeros(0, 0, 4), torch.zeros(0, 0, dtype=torch.bool))
    return Batch(torch.zeros(0, 3, 32, 32, dtype=torch.uint8), targets, [], [])


def joined_batch(parts: Sequence[Batch]) -> Batch:
    """The images of several batches in one; those without any do not count."""
    parts = [part for part in parts if part.indices]
    most = max((part.targets.labels_BT.shape[1] for part in parts), default=0)
    if not parts:
        return nothing()
    return Batch(
        images_B3HW=torch.cat([part.images_B3HW for part in parts]),
        targets=concatenated([part.targets.with_room_for(most) for part in parts]),
        placements=[placement for part in parts for placement in part.placements],
        indices=[index for part in parts for index in part.indices],
        stored=[one for part in parts for one in stored_of(part)],
    )


def _padded(samples: Sequence[Sample]) -> Targets:
    count, most = len(samples), max(len(sample.labels) for sample in samples)
    labels_BT = torch.zeros(count, most, dtype=torch.int64)
    boxes_BT4 = torch.zeros(count, most, 4)
    valid_BT = torch.zeros(count, most, dtype=torch.bool)
    for row, sample in enumerate(samples):
        objects = len(sample.labels)
        labels_BT[row, :objects] = torch.from_numpy(sample.labels)
        boxes_BT4[row, :objects] = torch.from_numpy(sample.boxes_cxcywh)
        valid_BT[row, :objects] = True
    poses = [sample.poses for sample in samples if sample.poses is not None]
    return Targets(
        labels_BT,
        boxes_BT4,
        valid_BT,
        _padded_poses(samples, poses, most) if poses else None,
        labeled_classes=None
        if all(sample.labeled_classes is None for sample in samples)
        else [sample.labeled_classes for sample in samples],
    )


def _padded_poses(samples: Sequence[Sample], poses: Sequence[PlacedPoses], most: int) -> PoseTargets:
    """Poses of samples that all come from one data set, so that all have them or none."""
    assert len(poses) == len(samples), "either every sample of a data set has poses, or none"
    sizes = [sample.image_HW3.shape[:2] for sample in samples]
    found = PoseTargets(
        size_B2=torch.tensor(sizes, dtype=torch.float32),
        K_B4=_stacked([placed.K_4 for placed in poses]),
        k_delta_B4=_stacked([placed.k_delta_4 for placed in poses]),
        has_k_delta_B=torch.tensor([placed.has_k_delta for placed in poses]),
        R_BT33=torch.zeros(len(samples), 0, 3, 3),
        t_BT3=torch.zeros(len(samples), 0, 3),
        has_pose_BT=torch.zeros(len(samples), 0, dtype=torch.bool),
        offsets_BT2=torch.zeros(len(samples), 0, 2),
        has_offsets_BT=torch.zeros(len(samples), 0, dtype=torch.bool),
    ).padded_by(most)
    for row, (sample, placed) in enumerate(zip(samples, poses, strict=True)):
        count = len(sample.labels)
        height, width = sizes[row]
        middles_N2 = sample.boxes_cxcywh[:, :2].astype(np.float64) * (width, height)
        found.R_BT33[row, :count] = torch.from_numpy(placed.R_m2c_N33)
        found.t_BT3[row, :count] = torch.from_numpy(placed.t_m2c_N3)
        found.has_pose_BT[row, :count] = torch.from_numpy(placed.has_pose_N)
        offsets_N2 = np.where(placed.has_center_N[:, None], placed.centers_px_N2 - middles_N2, 0.0)
        found.offsets_BT2[row, :count] = torch.from_numpy(offsets_N2)
        found.has_offsets_BT[row, :count] = torch.from_numpy(placed.has_center_N)
    return found


def _stacked(rows: Sequence[NDArray[np.float64]]) -> Tensor:
    return torch.from_numpy(np.stack(rows)).float()
