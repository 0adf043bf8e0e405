"""Poses of matched queries beside those of their objects, as losses take them."""

# Shapes: P matched pairs of layers with pose heads, B images.

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from yolozu.geometry.pose_tensors import SeenBy, log_depth, translation
from yolozu.geometry.rotations import SymmetryTable, rot6d_to_matrix
from yolozu.losses.base import Corrections, PosePairs
from yolozu.structures.targets import PoseTargets, Targets


def pose_pairs(
    heads: Mapping[str, Tensor],
    boxes_P4: Tensor,
    targets: Targets,
    k_delta_B4: Tensor,
    *,
    image_P: Tensor,
    object_P: Tensor,
    symmetries: SymmetryTable,
) -> PosePairs:
    """Predicted and true poses of the pairs.

    Args:
        heads: pose head -> (P, K).
        boxes_P4: predicted boxes, cxcywh normalized to the network input.
        targets: objects of the batch, with poses.
        k_delta_B4: predicted correction of each image's intrinsics.
        image_P: image of each pair's object.
        object_P: its index in the image.
        symmetries: of the classes.
    """
    poses = targets.poses
    assert poses is not None, "there are poses to pair with"
    size_P2 = poses.size_B2[image_P]
    # The correction learns from the true one alone; where that is not known it stays what it is: none.
    seen_by = SeenBy(poses.K_B4[image_P], k_delta_B4.detach()[image_P], size_P2)
    log_z_P = heads["log_z"].squeeze(-1)
    return PosePairs(
        labels_P=targets.labels_BT[image_P, object_P],
        log_z_P=log_depth(log_z_P, seen_by),
        R_P33=rot6d_to_matrix(heads["rot6d"]),
        offsets_P2=heads["offsets"],
        # The box learns from its own losses: a depth that is off would otherwise pull at it.
        t_P3=translation(log_z_P, heads["offsets"], boxes_P4.detach(), seen_by),
        log_sigmas={name: values.squeeze(-1) for name, values in heads.items() if name.startswith("log_sigma_")},
        target_R_P33=poses.R_BT33[image_P, object_P],
        target_t_P3=poses.t_BT3[image_P, object_P],
        has_pose_P=poses.has_pose_BT[image_P, object_P],
        target_offsets_P2=_offsets_from(boxes_P4, targets, poses, image_P=image_P, object_P=object_P),
        has_offsets_P=poses.has_offsets_BT[image_P, object_P],
        size_P2=size_P2,
        symmetries=symmetries,
    )


def corrections_of(poses: PoseTargets, k_delta_B4: Tensor) -> Corrections:
    """Predicted and true corrections of the images' intrinsics."""
    return Corrections(k_delta_B4, poses.k_delta_B4, poses.has_k_delta_B, poses.size_B2)


def _offsets_from(
    boxes_P4: Tensor, targets: Targets, poses: PoseTargets, *, image_P: Tensor, object_P: Tensor
) -> Tensor:
    """(P, 2) px from the centers of the predicted boxes, which is where predicted offsets count from."""
    middle_P2 = targets.boxes_BT4[image_P, object_P, :2] - boxes_P4[:, :2].detach()
    return poses.offsets_BT2[image_P, object_P] + middle_P2 * poses.size_B2[image_P].flip(-1)
