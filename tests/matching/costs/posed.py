"""One object with a pose, and queries that say theirs."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tests.fixtures.poses import about
from yolozu.geometry.rotations import SymmetryTable
from yolozu.matching.costs.base import Candidates
from yolozu.structures.targets import PoseTargets, Targets

DEPTH, TURN = 2.0, 30.0
"""Metres along the optical axis; degrees about the object's z axis."""


def candidates(*queries: dict[str, float], label: int = 0, symmetries: SymmetryTable | None = None) -> Candidates:
    """Queries given as ``z`` (metres), ``degrees`` (about z) and ``right`` (px); what is not given is right.

    The camera has focal lengths of 100 px in a picture of 100 by 100 px, and the object lies on its axis.
    """
    R_33 = about((0, 0, 1), TURN).float()
    poses = PoseTargets(
        size_B2=torch.tensor([[100.0, 100.0]]),
        K_B4=torch.tensor([[100.0, 100.0, 50.0, 50.0]]),
        k_delta_B4=torch.zeros(1, 4),
        has_k_delta_B=torch.tensor([False]),
        R_BT33=R_33[None, None],
        t_BT3=torch.tensor([[[0.0, 0.0, DEPTH]]]),
        has_pose_BT=torch.tensor([[True]]),
        offsets_BT2=torch.zeros(1, 1, 2),
        has_offsets_BT=torch.tensor([[True]]),
    )
    box = torch.tensor([0.5, 0.5, 0.2, 0.2])
    targets = Targets(torch.tensor([[label]]), box[None, None], torch.tensor([[True]]), poses)
    rows = [
        (math.log(query.get("z", DEPTH)), _rot6d(query.get("degrees", TURN)), (query.get("right", 0.0), 0.0))
        for query in queries
    ]
    predicted = {
        "logits": torch.zeros(1, 1, len(rows), label + 1),
        "boxes": box.expand(1, 1, len(rows), 4),
        "log_z": torch.tensor([[[[log_z] for log_z, _, _ in rows]]]),
        "rot6d": torch.stack([rot6d for _, rot6d, _ in rows])[None, None],
        "offsets": torch.tensor([[[offsets for _, _, offsets in rows]]]),
    }
    return Candidates(predicted, targets, torch.zeros(1, 4), symmetries or SymmetryTable.none_of(label + 1))


def _rot6d(degrees: float) -> Tensor:
    R_33 = about((0, 0, 1), degrees).float()
    return torch.cat([R_33[:, 0], R_33[:, 1]])
