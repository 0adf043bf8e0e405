"""Every cost and every loss weight of the contract, by the pairs and the sums it makes."""

import pytest
import torch

from yolozu.contract.objective import LossSection, LossWeights, MatchingSection
from yolozu.geometry.targets import Targets
from yolozu.model.outputs import DetectorOutput
from yolozu.training.criterion import build_criterion

OBJECT = (0.5, 0.5, 0.2, 0.2)
NEAR, FAR = (0.5, 0.5, 0.22, 0.22), (0.8, 0.8, 0.2, 0.2)
THIN = (0.5, 0.5, 0.2, 0.02)
"""An L1 distance of 0.18 with an IoU of 0.1; `LARGE` has 0.2 with one of 0.44."""
LARGE = (0.5, 0.5, 0.3, 0.3)


def targets():
    return Targets(torch.tensor([[1]]), torch.tensor([[OBJECT]]), torch.tensor([[True]]))


def queries(*pairs):
    """(1, 2, ...) predictions of one image: (logit of the object's class, box) for each query."""
    logits = torch.tensor([[[-4.0, logit] for logit, _ in pairs]])
    return DetectorOutput(logits, torch.tensor([[box for _, box in pairs]]))


def chosen_query(predicted, **keys):
    """The query that is paired with the only object."""
    costs = {"cost_class": 0.0, "cost_bbox": 0.0, "cost_giou": 0.0}
    criterion = build_criterion(MatchingSection(**{**costs, **keys}), LossSection(loss_weights=LossWeights(bbox=1.0)))
    return _paired(criterion, predicted)


def _paired(criterion, predicted):
    """By which of the boxes the box loss is measured."""
    _, parts = criterion.of_predictions(predicted, targets())
    distances = [
        (torch.tensor(box) - torch.tensor(OBJECT)).abs().sum().item() for box in predicted.pred_boxes[0].tolist()
    ]
    return min(range(len(distances)), key=lambda query: abs(distances[query] - parts["bbox"].item()))


@pytest.mark.effect("cost_class", "cost_bbox", "cost_giou")
def test_each_cost_alone_chooses_what_it_is_about():
    sure_but_far = queries((3.0, FAR), (-3.0, NEAR))
    assert chosen_query(sure_but_far, cost_class=1.0) == 0
    assert chosen_query(sure_but_far, cost_bbox=1.0) == 1
    assert chosen_query(sure_but_far, cost_giou=1.0) == 1


@pytest.mark.effect("cost_class", "cost_bbox")
def test_the_weights_of_costs_decide_between_them():
    """A class cost of about 3.5 less against an L1 distance of 0.56 more."""
    sure_but_far = queries((3.0, FAR), (-3.0, NEAR))
    assert chosen_query(sure_but_far, cost_class=1.0, cost_bbox=1.0) == 0
    assert chosen_query(sure_but_far, cost_class=1.0, cost_bbox=50.0) == 1
    assert chosen_query(sure_but_far, cost_class=50.0, cost_bbox=50.0) == 0


@pytest.mark.effect("cost_giou")
def test_overlap_and_distance_can_disagree():
    thin_or_large = queries((0.0, THIN), (0.0, LARGE))
    assert chosen_query(thin_or_large, cost_bbox=1.0) == 0
    assert chosen_query(thin_or_large, cost_bbox=1.0, cost_giou=1.0) == 1


@pytest.mark.effect("use_matcher")
@pytest.mark.parametrize(("use_matcher", "query"), [(True, 1), (False, 0)])
def test_without_matcher_the_first_query_takes_the_first_object(use_matcher, query):
    criterion = build_criterion(
        MatchingSection(use_matcher=use_matcher), LossSection(loss_weights=LossWeights(bbox=1.0))
    )
    assert _paired(criterion, queries((3.0, FAR), (3.0, NEAR))) == query


@pytest.mark.effect("loss_weights.vfl", "loss_weights.bbox", "loss_weights.giou")
@pytest.mark.parametrize("term", ["vfl", "bbox", "giou"])
def test_a_weight_scales_its_own_term_in_the_total(term):
    def parts(weight):
        weights = {"vfl": 1.0, "bbox": 5.0, "giou": 2.0} | {term: weight}
        criterion = build_criterion(
            MatchingSection(use_matcher=False), LossSection(loss_weights=LossWeights(**weights))
        )
        return criterion.of_predictions(queries((1.0, FAR), (0.0, NEAR)), targets())

    (total, single), (more, tripled) = parts(1.0), parts(3.0)
    assert tripled[term].item() == pytest.approx(3.0 * single[term].item(), rel=1e-6)
    assert more.item() - total.item() == pytest.approx(2.0 * single[term].item(), rel=1e-5)
    without, left = parts(0.0)
    assert term not in left
    assert without.item() == pytest.approx(total.item() - single[term].item(), rel=1e-5)
