"""Box costs."""

import pytest
import torch

from yolozu.geometry.rotations import SymmetryTable
from yolozu.matching.costs.base import Candidates
from yolozu.matching.costs.box import giou_cost, l1_cost
from yolozu.structures.targets import Targets

PREDICTED = {"boxes": torch.tensor([[[[0.2, 0.2, 0.2, 0.2], [0.3, 0.3, 0.2, 0.2]]]])}
TARGETS = Targets(torch.tensor([[0]]), torch.tensor([[[0.3, 0.3, 0.2, 0.2]]]), torch.tensor([[True]]))
CANDIDATES = Candidates(PREDICTED, TARGETS, None, SymmetryTable.none_of(1))


def test_l1_worked_out_by_hand():
    assert l1_cost(CANDIDATES)[0, 0, :, 0].tolist() == pytest.approx([0.2, 0.0])


def test_giou_worked_out_by_hand():
    assert giou_cost(CANDIDATES)[0, 0, :, 0].tolist() == pytest.approx([-(1 / 7 - 2 / 9), -1.0], abs=1e-5)
