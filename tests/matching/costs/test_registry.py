"""Every matching cost keeps the promise of the registry."""

from dataclasses import replace

import pytest
import torch

from tests.fixtures.poses import random_heads, with_poses
from yolozu.contract.sections.matching import MatchingSection
from yolozu.geometry.rotations import SymmetryTable
from yolozu.matching.costs.base import Candidates
from yolozu.matching.costs.registry import COSTS
from yolozu.structures.targets import PoseTargets, Targets

pytestmark = pytest.mark.parametrize("name", list(COSTS))

POSES = ("z", "rot", "t")


def sample(num_objects=3, *, scale=1.0, lacking=()):
    """Three layers of logits and boxes, two of poses."""
    generator = torch.Generator().manual_seed(0)
    predicted = {
        "logits": (torch.rand(3, 2, 5, 4, generator=generator) - 0.5) * scale,
        "boxes": torch.rand(3, 2, 5, 4, generator=generator),
        **{name: values.detach() for name, values in random_heads(2, 2, 5).items()},
    }
    labels = torch.randint(0, 4, (2, num_objects), generator=generator)
    boxes = torch.rand(2, num_objects, 4, generator=generator)
    truth = Targets(labels, boxes, torch.ones(2, num_objects, dtype=torch.bool))
    k_delta = torch.rand(2, 4, generator=generator) * 0.1
    return Candidates(predicted, with_poses(truth, lacking=lacking), k_delta, SymmetryTable.none_of(4))


def num_layers(name):
    return 2 if name in POSES else 3


def test_the_contract_weighs_it(name):
    assert f"cost_{name}" in MatchingSection.model_fields


@pytest.mark.parametrize("num_objects", [0, 1, 3])
def test_there_is_a_cost_for_every_query_and_object(name, num_objects):
    assert COSTS.load(name)(sample(num_objects)).shape == (num_layers(name), 2, 5, num_objects)


def test_costs_of_padding_and_certain_scores_are_finite(name):
    candidates = sample(scale=1e4)
    candidates.targets.boxes_BT4[0] = 0.0
    candidates.predicted["boxes"][0, 0] = 0.0
    padded = replace(candidates, targets=candidates.targets.with_room_for(5))
    cost = COSTS.load(name)(padded)
    assert cost.shape[-1] == 5
    assert cost.isfinite().all()


def test_a_layer_and_image_has_the_cost_it_has_alone(name):
    cost, candidates = COSTS.load(name), sample(lacking=[(1, 0)])
    targets = candidates.targets
    alone = replace(
        candidates,
        predicted={key: values[1:2, 1:] for key, values in candidates.predicted.items()},
        targets=Targets(
            targets.labels_BT[1:],
            targets.boxes_BT4[1:],
            targets.valid_BT[1:],
            PoseTargets(**{key: value[1:] for key, value in vars(targets.poses).items()}),
        ),
        k_delta_B4=candidates.k_delta_B4[1:],
    )
    torch.testing.assert_close(cost(candidates)[1:2, 1:], cost(alone))


def test_an_object_without_a_pose_costs_the_same_for_all_queries(name):
    if name not in POSES:
        return
    full, masked = (COSTS.load(name)(sample(lacking=lacking)) for lacking in ((), [(0, 1)]))
    assert torch.equal(masked[:, 0, :, 1], torch.zeros(2, 5))
    others = torch.tensor([[True, False, True], [True, True, True]])
    assert (masked.permute(1, 3, 0, 2)[others] > 0).all()
    torch.testing.assert_close(masked[:, 1], full[:, 1])


def test_rotations_that_are_none_cost_a_number(name):
    candidates = sample()
    for values in candidates.predicted.values():
        values[0, 0, 0] = 0.0
    assert COSTS.load(name)(candidates).isfinite().all()
