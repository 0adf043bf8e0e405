"""The objects of a batch of images, padded to the most any image has."""

# Shapes: B images, T targets per image (padded).

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class PoseTargets:
    """Cameras and poses of a batch in the frame of the network input; float32 but for the masks.

    Attributes:
        size_B2: height and width of the network input, px.
        K_B4: fx, fy, cx, cy in px; 1, 1, 0, 0 where the camera is not known.
        k_delta_B4: dfx, dfy relative, dcx, dcy in px: what makes ``K_B4`` the camera that the picture shows.
        has_k_delta_B: bool, whether that is known.
        R_BT33: model to camera; the identity without a pose.
        t_BT3: model to camera, metres; (0, 0, 1) without a pose.
        has_pose_BT: bool.
        offsets_BT2: from the box's center to where the model's origin appears, px; 0 where that is not known.
        has_offsets_BT: bool.
    """

    size_B2: Tensor
    K_B4: Tensor
    k_delta_B4: Tensor
    has_k_delta_B: Tensor
    R_BT33: Tensor
    t_BT3: Tensor
    has_pose_BT: Tensor
    offsets_BT2: Tensor
    has_offsets_BT: Tensor

    def to(self, device: torch.device | str) -> PoseTargets:
        """The same on ``device``."""
        return PoseTargets(**{name: value.to(device, non_blocking=True) for name, value in vars(self).items()})

    def pin_memory(self) -> PoseTargets:
        """The same where an accelerator copies from without waiting."""
        return PoseTargets(**{name: value.pin_memory() for name, value in vars(self).items()})

    def padded_by(self, missing: int) -> PoseTargets:
        """The same with ``missing`` more places for objects in every image."""
        count = len(self.R_BT33)
        eye = torch.eye(3, device=self.R_BT33.device).expand(count, missing, 3, 3)
        ahead = F.pad(torch.ones(count, missing, 1, device=self.t_BT3.device), (2, 0))
        return replace(
            self,
            R_BT33=torch.cat([self.R_BT33, eye], dim=1),
            t_BT3=torch.cat([self.t_BT3, ahead], dim=1),
            has_pose_BT=F.pad(self.has_pose_BT, (0, missing)),
            offsets_BT2=F.pad(self.offsets_BT2, (0, 0, 0, missing)),
            has_offsets_BT=F.pad(self.has_offsets_BT, (0, missing)),
        )


@dataclass(frozen=True)
class Unlabeled:
    """Objects that a teacher sees and no label tells of, padded to the most (U) any image has.

    Attributes:
        labels_BU: int64, class index.
        boxes_BU4: float32, cxcywh normalized to the network input.
        valid_BU: bool, False where padded, anywhere.
        num_classes: classes that the teacher knows, the first of the network's.
    """

    labels_BU: Tensor
    boxes_BU4: Tensor
    valid_BU: Tensor
    num_classes: int


@dataclass(frozen=True)
class Targets:
    """Ground truth of a batch in the frame of the network input.

    Attributes:
        labels_BT: int64, network class index; 0 where padded.
        boxes_BT4: float32, cxcywh normalized to the network input; 0 where padded.
        valid_BT: bool, False where padded. An image's objects come first, padding last. T may be 0.
        poses: cameras and poses; None in a data set without any.
        labeled_classes: class indices that labels of each image tell of, None for all; None where all images have all.
        labeled_BT: bool, which objects a label tells of; None where all.
        not_background: objects that are no targets, and whose queries are not taught that they are background; or None.
        known_counts: objects of each image, where the host knows them; None where the device would have to be asked.
    """

    labels_BT: Tensor
    boxes_BT4: Tensor
    valid_BT: Tensor
    poses: PoseTargets | None = None
    labeled_classes: list[tuple[int, ...] | None] | None = None
    labeled_BT: Tensor | None = None
    not_background: Unlabeled | None = None
    known_counts: tuple[int, ...] | None = None

    def to(self, device: torch.device | str) -> Targets:
        """The same targets on ``device``; nobody waits for it, also not to count the objects there."""
        assert self.labeled_BT is None, "what a teacher sees is added last"
        assert self.not_background is None
        return Targets(
            self.labels_BT.to(device, non_blocking=True),
            self.boxes_BT4.to(device, non_blocking=True),
            self.valid_BT.to(device, non_blocking=True),
            poses=None if self.poses is None else self.poses.to(device),
            labeled_classes=self.labeled_classes,
            known_counts=tuple(self.counts),
        )

    def pin_memory(self) -> Targets:
        """The same where an accelerator copies from without waiting."""
        poses = None if self.poses is None else self.poses.pin_memory()
        return replace(
            self,
            labels_BT=self.labels_BT.pin_memory(),
            boxes_BT4=self.boxes_BT4.pin_memory(),
            valid_BT=self.valid_BT.pin_memory(),
            poses=poses,
        )

    def with_room_for(self, num_objects: int) -> Targets:
        """The same targets, padded to ``num_objects``, at least T."""
        missing = num_objects - self.labels_BT.shape[1]
        if missing == 0:
            return self
        return Targets(
            F.pad(self.labels_BT, (0, missing)),
            F.pad(self.boxes_BT4, (0, 0, 0, missing)),
            F.pad(self.valid_BT, (0, missing)),
            None if self.poses is None else self.poses.padded_by(missing),
            self.labeled_classes,
        )

    def not_labeled(self, num_classes: int) -> Tensor | None:
        """(B, ``num_classes``) bool, classes of which an image's labels tell nothing; None where there are none."""
        if self.labeled_classes is None:
            return None
        silent_BC = torch.zeros(len(self.labeled_classes), num_classes, dtype=torch.bool)
        for row, known in enumerate(self.labeled_classes):
            if known is not None:
                silent_BC[row] = True
                silent_BC[row, list(known)] = False
        return silent_BC.to(self.labels_BT.device, non_blocking=True)

    @property
    def counts(self) -> list[int]:
        """Objects per image."""
        if self.known_counts is not None:
            return list(self.known_counts)
        return [int(count) for count in self.valid_BT.sum(dim=1).tolist()]

    @property
    def labeled_counts(self) -> list[int]:
        """Objects per image that a label tells of; they come first."""
        return self.counts if self.labeled_BT is None else [int(count) for count in self.labeled_BT.sum(dim=1).tolist()]


def concatenated(parts: Sequence[Targets]) -> Targets:
    """Targets of several batches with the same T, one after another; all of one data set."""
    poses = [part.poses for part in parts if part.poses is not None]
    return Targets(
        torch.cat([part.labels_BT for part in parts]),
        torch.cat([part.boxes_BT4 for part in parts]),
        torch.cat([part.valid_BT for part in parts]),
        _concatenated_poses(poses) if poses else None,
        _concatenated_labeled(parts),
    )


def _concatenated_labeled(parts: Sequence[Targets]) -> list[tuple[int, ...] | None] | None:
    if all(part.labeled_classes is None for part in parts):
        return None
    per_part = (
        [None] * len(part.labels_BT) if part.labeled_classes is None else part.labeled_classes for part in parts
    )
    return [one for labeled in per_part for one in labeled]


def _concatenated_poses(parts: Sequence[PoseTargets]) -> PoseTargets:
    names = [entry.name for entry in fields(PoseTargets)]
    return PoseTargets(**{name: torch.cat([getattr(part, name) for part in parts]) for name in names})
