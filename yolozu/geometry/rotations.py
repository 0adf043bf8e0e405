"""Rotations as tensors: from six numbers to a matrix, and angles between matrices, also up to symmetries.

Matrices act on column vectors from the left, ``X_camera = R_m2c @ X_model``; angles in radians.
"""

# Shapes: "..." any leading dimensions, which broadcast; C classes, S symmetries.

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from yolozu.geometry.pose import SMALLEST_SQUARE, gram_schmidt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yolozu.geometry.symmetry import Symmetries


def rot6d_to_matrix(rot6d: Tensor) -> Tensor:
    """The rotation whose first two columns are nearest to six numbers.

    Source: Zhou et al., On the Continuity of Rotation Representations in Neural Networks, CVPR 2019, section 4.2.

    Args:
        rot6d: (..., 6) first column, then second, of any length; neither 0 nor parallel.

    Returns:
        (..., 3, 3) orthonormal, determinant +1.
    """
    return torch.stack(gram_schmidt(rot6d[..., :3], rot6d[..., 3:]), dim=-1)


def rotation_angle(first_33: Tensor, second_33: Tensor) -> Tensor:
    """The angle that turns one rotation into another.

    ``atan2(|vee(R - Rᵀ)| / 2, (tr R - 1) / 2)`` with ``R = first @ secondᵀ``; unlike acos its gradient is finite at 0
    and pi (where it is 0, as of the norm's least subgradient).
    Source: Huynh, Metrics for 3D Rotations, Journal of Mathematical Imaging and Vision 35, 2009, Phi_6.

    Args:
        first_33: (..., 3, 3) rotations.
        second_33: (..., 3, 3), broadcast against the first.

    Returns:
        (...) in [0, pi].
    """
    # R = first @ second^T, spelled out where only its antisymmetric part and its trace are needed
    turn = first_33 @ second_33.transpose(-1, -2)
    twice_axis = torch.stack(
        [turn[..., 2, 1] - turn[..., 1, 2], turn[..., 0, 2] - turn[..., 2, 0], turn[..., 1, 0] - turn[..., 0, 1]],
        dim=-1,
    )
    trace = turn.diagonal(dim1=-2, dim2=-1).sum(-1)
    return torch.atan2(_length(twice_axis) / 2, (trace - 1) / 2)


def vector_angle(first_3: Tensor, second_3: Tensor) -> Tensor:
    """The angle between two vectors.

    Args:
        first_3: (..., 3) of any length.
        second_3: (..., 3), broadcast against the first.

    Returns:
        (...) in [0, pi].
    """
    shape = torch.broadcast_shapes(first_3.shape, second_3.shape)  # type: ignore[no-untyped-call]
    across_3 = torch.linalg.cross(first_3.expand(shape), second_3.expand(shape))
    return torch.atan2(_length(across_3), (first_3 * second_3).sum(-1))


def _length(vectors: Tensor) -> Tensor:
    """(...) lengths whose gradient at 0 is 0 and not NaN."""
    return (vectors.square().sum(-1) + SMALLEST_SQUARE).sqrt()


@dataclass(frozen=True)
class SymmetryTable:
    """Rotations that leave each class looking the same.

    Translations that belong to them are not in it: models are expected to have their origin on their axes.

    Attributes:
        rotations_CS33: float32, padded with the identity.
        axes_C3: float32 unit axis about which any turn is a symmetry; 0 where there is none.
        balls_C: whether any rotation is a symmetry; None where that is so of no class.
    """

    rotations_CS33: Tensor
    axes_C3: Tensor
    balls_C: Tensor | None = None

    @classmethod
    def none_of(cls, num_classes: int) -> SymmetryTable:
        """No class has a symmetry."""
        return cls(torch.eye(3).repeat(num_classes, 1, 1, 1), torch.zeros(num_classes, 3))

    @classmethod
    def of_classes(cls, known: Mapping[int, Symmetries], num_classes: int) -> SymmetryTable:
        """Those of each class by its network index; classes that ``known`` does not have have none."""
        most = max((len(entry.rotations_S33) for entry in known.values()), default=1)
        table = cls(torch.eye(3).repeat(num_classes, most, 1, 1), torch.zeros(num_classes, 3))
        for index, symmetries in known.items():
            table.rotations_CS33[index, : len(symmetries.rotations_S33)] = torch.from_numpy(symmetries.rotations_S33)
            if symmetries.axis_3 is not None:
                table.axes_C3[index] = torch.from_numpy(symmetries.axis_3)
        balls = [index for index, symmetries in known.items() if symmetries.ball_center_3 is not None]
        if not balls:
            return table
        return replace(table, balls_C=torch.isin(torch.arange(num_classes), torch.tensor(balls)))

    def to(self, device: torch.device | str) -> SymmetryTable:
        """The same on ``device``."""
        balls_C = None if self.balls_C is None else self.balls_C.to(device)
        return SymmetryTable(self.rotations_CS33.to(device), self.axes_C3.to(device), balls_C)

    def angle(self, predicted_33: Tensor, target_33: Tensor, labels: Tensor) -> Tensor:
        """The smallest angle between a rotation and any that looks like the target.

        Args:
            predicted_33: (..., 3, 3) ``R_m2c``.
            target_33: (..., 3, 3) ``R_m2c``, broadcast against the first.
            labels: (...) int64 class of the target.

        Returns:
            (...) in [0, pi]; 0 for a ball.
        """
        if self.balls_C is None:
            return self._angle(predicted_33, target_33, labels)
        return self._angle(predicted_33, target_33, labels) * ~self.balls_C[labels]

    def _angle(self, predicted_33: Tensor, target_33: Tensor, labels: Tensor) -> Tensor:
        alike_S33 = target_33[..., None, :, :] @ self.rotations_CS33[labels]
        nearest_9 = _most_alike(predicted_33.flatten(-2), alike_S33.flatten(-2))
        angle = rotation_angle(predicted_33, nearest_9.reshape(*nearest_9.shape[:-1], 3, 3))
        axes_3 = self.axes_C3[labels]
        has_axis = axes_3.square().sum(-1) > 0
        if has_axis.device.type == "cpu" and not bool(has_axis.any()):  # other devices compute sooner than they answer
            return angle
        pointing_3 = (predicted_33 @ axes_3[..., None]).squeeze(-1)
        alike_S3 = (alike_S33 @ axes_3[..., None, :, None]).squeeze(-1)
        return torch.where(has_axis, vector_angle(pointing_3, _most_alike(pointing_3, alike_S3)), angle)


def _most_alike(vectors: Tensor, candidates_S: Tensor) -> Tensor:
    """Of (..., S, K) candidates, the one with the largest inner product with (..., K) vectors, per entry.

    The trace of ``A Bᵀ`` is the inner product of the nine numbers of each, and falls with the angle between them: so
    one angle is computed instead of S.
    """
    alike_S = (vectors[..., None, :] @ candidates_S.transpose(-1, -2)).squeeze(-2)
    place = alike_S.argmax(-1)[..., None, None]
    return torch.take_along_dim(candidates_S.expand(*alike_S.shape, -1), place, dim=-2).squeeze(-2)
