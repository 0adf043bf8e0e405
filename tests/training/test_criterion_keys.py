"""Every cost and every loss weight of the contract, by the pairs and the sums it makes."""

import math

import pytest
import torch

from tests.matching.costs.posed import TURN, candidates
from yolozu.contract.sections.losses import LossSection, LossWeights
from yolozu.contract.sections.matching import MatchingSection
from yolozu.geometry.rotations import SymmetryTable
from yolozu.model.outputs import DetectorOutput, TrainingOutput
from yolozu.structures.targets import Targets
from yolozu.training.config import build_criterion

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


POSE_TERMS = ("log_z", "rot", "offsets", "k", "t")
WRONG = {"cost_z": {"z": 6.0}, "cost_rot": {"degrees": TURN + 170}, "cost_t": {"right": 45.0}}
"""By what a query is off that only this cost, or far more than others, sees."""


def posed(*rows, log_sigma=None):
    """Training output of one layer, and its object: queries as in `candidates`."""
    given = candidates(*rows)
    heads = dict(given.predicted)
    if log_sigma is not None:
        heads |= {name: torch.full((1, 1, len(rows), 1), log_sigma) for name in ("log_sigma_z", "log_sigma_rot")}
    boxes = {name: heads[name] for name in ("logits", "boxes")}
    given.targets.poses.has_k_delta_B[:] = True
    given.targets.poses.k_delta_B4[:] = torch.tensor([0.1, 0.0, 0.0, 0.0])
    return TrainingOutput(heads, boxes, None, given.k_delta_B4), given.targets


def pose_parts(output, truth, step=None, *, aligner="none", weights=None, **matching):
    criterion = build_criterion(
        MatchingSection(**matching),
        LossSection(loss_weights=LossWeights(**(weights or {})), task_aligner=aligner),
        SymmetryTable.none_of(1),
    )
    return criterion(output, truth, step)


def takes_the_better(key, step=None, **matching):
    """Whether the second query, whose pose is right, is given the object, and not the first of equals."""
    _, parts = pose_parts(*posed(WRONG[key], {}), step, **matching)
    return sum(parts[name].item() for name in ("log_z", "rot", "offsets", "t")) == pytest.approx(0.0, abs=1e-4)


@pytest.mark.effect("cost_z", "cost_rot", "cost_t")
@pytest.mark.parametrize("key", WRONG)
def test_each_pose_cost_alone_chooses_what_it_is_about(key):
    assert takes_the_better(key, **{key: 1.0})
    assert not takes_the_better(key)


@pytest.mark.effect("cost_z", "cost_rot", "cost_t")
@pytest.mark.parametrize(
    ("key", "other", "by_key", "by_other"),
    [
        ("cost_z", "cost_rot", {"degrees": TURN + 170}, {"z": 6.0}),
        ("cost_rot", "cost_t", {"right": 45.0}, {"degrees": TURN + 170}),
        ("cost_t", "cost_z", {"z": 2.2}, {"right": 45.0}),  # 0.2 m and 10 percent of depth against 0.9 m and none
    ],
)
def test_the_weights_of_pose_costs_decide_between_them(key, other, by_key, by_other):
    for heavy, light, better in ((key, other, by_key), (other, key, by_other)):
        _, parts = pose_parts(*posed(by_key, by_other), **{heavy: 50.0, light: 0.01})
        _, alone = pose_parts(*posed(better))
        for term in ("log_z", "rot", "t"):
            assert parts[term].item() == pytest.approx(alone[term].item(), rel=1e-4, abs=1e-5)


@pytest.mark.effect("cost_z_start_step", "cost_rot_start_step", "cost_t_start_step")
@pytest.mark.parametrize("key", WRONG)
def test_a_pose_cost_counts_from_its_start_step(key):
    keys = {key: 1.0, f"{key}_start_step": 5}
    assert [takes_the_better(key, step, **keys) for step in (0, 4, 5, 6)] == [False, False, True, True]


@pytest.mark.effect(
    "loss_weights.log_z", "loss_weights.rot", "loss_weights.offsets", "loss_weights.k", "loss_weights.t"
)
@pytest.mark.parametrize("term", POSE_TERMS)
def test_a_weight_scales_its_own_term_of_poses_in_the_total(term):
    def parts(weight):
        return pose_parts(*posed({"z": 3.0, "degrees": TURN + 20, "right": 5.0}), weights={term: weight})

    (total, single), (more, tripled), (without, left) = parts(1.0), parts(3.0), parts(0.0)
    assert tripled[term].item() == pytest.approx(3.0 * single[term].item(), rel=1e-6)
    assert single[term] > 0
    assert more.item() - total.item() == pytest.approx(2.0 * single[term].item(), rel=1e-4)
    assert term not in left
    assert without.item() == pytest.approx(total.item() - single[term].item(), rel=1e-4)


@pytest.mark.effect("task_aligner")
def test_errors_that_were_expected_count_less_and_expecting_them_costs():
    output, truth = posed({"z": 3.0, "degrees": TURN + 20, "right": 5.0}, log_sigma=1.5)
    _, plain = pose_parts(output, truth)
    _, aligned = pose_parts(output, truth, aligner="uncertainty")
    weights = LossWeights()
    for term in ("log_z", "rot"):
        weight = getattr(weights, term)
        expected = math.exp(-1.5) * plain[term].item() + weight * 1.5
        assert aligned[term].item() == pytest.approx(expected, rel=1e-5)
    assert torch.equal(aligned["t"], plain["t"])
