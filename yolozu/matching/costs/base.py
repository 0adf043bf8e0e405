"""What a matching cost compares."""

# Shapes: L layers, B images, Q queries, T objects per image (padded), K values of a head.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from yolozu.geometry.pose_tensors import SeenBy
from yolozu.geometry.rotations import SymmetryTable
from yolozu.structures.targets import PoseTargets, Targets


@dataclass(frozen=True)
class Candidates:
    """Queries and the objects they may be given.

    Attributes:
        predicted: head -> (L, B, Q, K); those of poses may have fewer layers, which are the first ones.
        targets: the objects.
        k_delta_B4: predicted correction of each image's intrinsics; None without pose heads.
        symmetries: of the classes.
    """

    predicted: Mapping[str, Tensor]
    targets: Targets
    k_delta_B4: Tensor | None
    symmetries: SymmetryTable

    def poses(self) -> PoseTargets:
        """The objects' poses, for costs that cannot be without."""
        assert self.targets.poses is not None, "a pose cost is for data with poses"
        return self.targets.poses

    def seen_by(self) -> SeenBy:
        """The cameras, (B, 1, …), so that they broadcast against (L, B, Q, …)."""
        poses = self.poses()
        assert self.k_delta_B4 is not None, "a pose cost is for a detector with pose heads"
        return SeenBy(poses.K_B4[:, None], self.k_delta_B4[:, None], poses.size_B2[:, None])
