"""Every matching cost keeps the promise of the registry."""

import pytest
import torch

from yolozu.contract.objective import MatchingSection
from yolozu.geometry.targets import Targets
from yolozu.matching.costs.registry import COSTS

pytestmark = pytest.mark.parametrize("name", list(COSTS))


def sample(num_objects=3, *, scale=1.0):
    generator = torch.Generator().manual_seed(0)
    predicted = {
        "logits": (torch.rand(2, 2, 5, 4, generator=generator) - 0.5) * scale,
        "boxes": torch.rand(2, 2, 5, 4, generator=generator),
    }
    labels = torch.randint(0, 4, (2, num_objects), generator=generator)
    boxes = torch.rand(2, num_objects, 4, generator=generator)
    return predicted, Targets(labels, boxes, torch.ones(2, num_objects, dtype=torch.bool))


def test_the_contract_weighs_it(name):
    assert f"cost_{name}" in MatchingSection.model_fields


@pytest.mark.parametrize("num_objects", [0, 1, 3])
def test_there_is_a_cost_for_every_query_and_object(name, num_objects):
    assert COSTS.load(name)(*sample(num_objects)).shape == (2, 2, 5, num_objects)


def test_costs_of_padding_and_certain_scores_are_finite(name):
    predicted, targets = sample(scale=1e4)
    targets.boxes_BT4[0] = 0.0
    predicted["boxes"][0, 0] = 0.0
    assert COSTS.load(name)(predicted, targets).isfinite().all()


def test_a_layer_and_image_has_the_cost_it_has_alone(name):
    cost = COSTS.load(name)
    predicted, targets = sample()
    alone = cost(
        {key: values[1:, 1:] for key, values in predicted.items()},
        Targets(targets.labels_BT[1:], targets.boxes_BT4[1:], targets.valid_BT[1:]),
    )
    torch.testing.assert_close(cost(predicted, targets)[1:, 1:], alone)
