"""The objective."""

import math
from dataclasses import replace

import pytest
import torch

from tests.model.tiny import images, targets, tiny_detector
from yolozu.contract.sections.losses import LossSection, LossWeights
from yolozu.contract.sections.matching import MatchingSection
from yolozu.geometry.boxes import cxcywh_to_xyxy, iou
from yolozu.geometry.rotations import SymmetryTable
from yolozu.losses.box import box_giou_loss, box_l1_loss
from yolozu.losses.varifocal import varifocal_loss
from yolozu.matching.costs.base import Candidates
from yolozu.matching.hungarian import NonFiniteCostError
from yolozu.model.denoising import DenoisingGroups, DrawnObjects
from yolozu.model.outputs import DenoisingOutput, TrainingOutput
from yolozu.structures.targets import Targets
from yolozu.training.config import build_criterion


def criterion(*, use_matcher=True, **weights):
    return build_criterion(MatchingSection(use_matcher=use_matcher), LossSection(loss_weights=LossWeights(**weights)))


def predictions(layers, batch, queries, *, seed=0):
    generator = torch.Generator().manual_seed(seed)
    boxes = torch.rand(layers, batch, queries, 4, generator=generator) * 0.4 + 0.2
    logits = torch.randn(layers, batch, queries, 3, generator=generator)
    return {"logits": logits.requires_grad_(), "boxes": boxes.requires_grad_()}


def output(batch=2, queries=5, groups=None):
    denoising = None
    if groups is not None:
        denoising = DenoisingOutput(predictions(2, batch, groups.num_queries, seed=1), groups)
    return TrainingOutput(predictions(2, batch, queries), predictions(1, batch, queries, seed=2), denoising)


def one_layer(logits_QC, boxes_Q4, *, labels_T, boxes_T4, query, target, divisor):
    """Loss of one image in one layer, term by term, straight from the definitions."""
    matched, truth = boxes_Q4[query], boxes_T4[target]
    quality = iou(cxcywh_to_xyxy(matched), cxcywh_to_xyxy(truth))
    return (
        torch.stack(
            [
                1.0 * varifocal_loss(logits_QC, query, labels_T[target], quality).sum(),
                5.0 * box_l1_loss(matched, truth).sum(),
                2.0 * box_giou_loss(matched, truth).sum(),
            ]
        )
        / divisor
    )


def test_it_equals_the_sum_over_layers_images_and_sources():
    truth, groups = targets(1, 3), DenoisingGroups(num_groups=2, num_objects=3)
    out = output(groups=groups)
    total, parts = criterion()(out, truth)
    matcher = criterion()._matcher
    expected = {"decoder": torch.zeros(3), "proposals": torch.zeros(3), "denoising": torch.zeros(3)}
    for source, predicted in (("decoder", out.queries), ("proposals", out.proposals)):
        pairs = matcher(Candidates(predicted, truth, None, SymmetryTable.none_of(1)))
        for layer in range(len(predicted["logits"])):
            for image in range(2):
                chosen = (pairs.layer_M == layer) & (pairs.image_M == image)
                expected[source] += one_layer(
                    predicted["logits"][layer, image],
                    predicted["boxes"][layer, image],
                    labels_T=truth.labels_BT[image],
                    boxes_T4=truth.boxes_BT4[image],
                    query=pairs.query_M[chosen],
                    target=pairs.object_M[chosen],
                    divisor=4.0,
                )
    for layer in range(2):
        for image, count in enumerate((1, 3)):
            # rows of real objects only: in each group `count` of 3 positives, then `count` of 3 negatives
            rows = torch.tensor([6 * g + 3 * side + t for g in range(2) for side in range(2) for t in range(count)])
            positive = torch.tensor([2 * count * g + t for g in range(2) for t in range(count)])
            expected["denoising"] += one_layer(
                out.denoising.predicted["logits"][layer, image, rows],
                out.denoising.predicted["boxes"][layer, image, rows],
                labels_T=truth.labels_BT[image],
                boxes_T4=truth.boxes_BT4[image],
                query=positive,
                target=torch.arange(count).repeat(2),
                divisor=8.0,
            )
    for source, terms in expected.items():
        assert parts[source].item() == pytest.approx(terms.sum().item(), rel=1e-5)
    for term, value in zip(("vfl", "bbox", "giou"), sum(expected.values()), strict=True):
        assert parts[term].item() == pytest.approx(value.item(), rel=1e-5)
    assert total.item() == pytest.approx(sum(expected.values()).sum().item(), rel=1e-5)


def test_drawn_objects_stand_for_all_in_the_mean():
    """Each object's copies cost the same whichever others are drawn, so the mean over draws is the loss of them all."""
    truth, groups = targets(1, 3), DenoisingGroups(num_groups=1, num_objects=3)
    out = output(groups=groups)
    whole = criterion()(out, truth)[1]["denoising"]
    predicted = out.denoising.predicted
    draws = []
    for pair in ([0, 1], [0, 2], [1, 2]):
        index_BK = torch.tensor([[0, 1], pair])
        drawn = DrawnObjects(index_BK, torch.tensor([[True, False], [True, True]]), torch.tensor([1.0, 1.5]))
        rows = torch.cat([index_BK, index_BK + 3], dim=1)
        taken = {
            name: values.gather(2, rows[None, ..., None].expand(len(values), -1, -1, values.shape[-1]))
            for name, values in predicted.items()
        }
        denoising = DenoisingOutput(taken, DenoisingGroups(1, 2), drawn)
        draws.append(criterion()(replace(out, denoising=denoising), truth)[1]["denoising"])
    torch.testing.assert_close(torch.stack(draws).mean(), whole)


def test_a_perfect_prediction_costs_only_its_doubt():
    truth = Targets(torch.tensor([[1]]), torch.tensor([[[0.5, 0.5, 0.2, 0.4]]]), torch.tensor([[True]]))
    perfect = {"logits": torch.tensor([[[[-30.0, 30.0]]]]), "boxes": truth.boxes_BT4[None].clone()}
    total, _ = criterion()(TrainingOutput(perfect, perfect, None), truth)
    assert total.item() == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("counts", [(0, 0), (0, 2), (7, 1)], ids=["none", "some", "more than queries"])
def test_any_number_of_objects_has_finite_losses_and_gradients(counts):
    out = output()
    total, parts = criterion()(out, targets(*counts))
    total.backward()
    assert total.isfinite()
    assert all(part.isfinite() for part in parts.values())
    assert out.queries["logits"].grad.abs().sum(dim=(2, 3)).min() > 0  # every image of every layer learns its scores
    assert out.queries["boxes"].grad is None or out.queries["boxes"].grad.isfinite().all()


def test_padding_changes_nothing():
    truth = targets(1, 2)
    padded = Targets(
        torch.cat([truth.labels_BT, torch.zeros(2, 3, dtype=torch.int64)], dim=1),
        torch.cat([truth.boxes_BT4, torch.zeros(2, 3, 4)], dim=1),
        torch.cat([truth.valid_BT, torch.zeros(2, 3, dtype=torch.bool)], dim=1),
    )
    out = output()
    assert torch.equal(criterion()(out, truth)[0], criterion()(out, padded)[0])


def test_parts_are_stable_detached_and_sum_to_the_total_either_way():
    for groups in (None, DenoisingGroups(1, 2)):
        total, parts = criterion()(output(groups=groups), targets(1, 2))
        assert list(parts) == ["vfl", "bbox", "giou", "decoder", "proposals", "denoising"]
        assert not any(part.requires_grad for part in parts.values())
        for kind in (("vfl", "bbox", "giou"), ("decoder", "proposals", "denoising")):
            assert sum(parts[name] for name in kind).item() == pytest.approx(total.item(), rel=1e-5)
    assert parts["denoising"] > 0


def test_a_weight_scales_its_term_and_zero_leaves_it_out():
    out, truth = output(), targets(1, 2)
    _, parts = criterion()(out, truth)
    _, doubled = criterion(bbox=10.0, giou=0.0)(out, truth)
    assert doubled["bbox"].item() == pytest.approx(2 * parts["bbox"].item())
    assert "giou" not in doubled


@pytest.mark.effect("use_matcher")
def test_without_matcher_object_i_belongs_to_query_i():
    truth = targets(2)
    out = output(batch=1, queries=3)
    _, parts = criterion(use_matcher=False, vfl=0.0, giou=0.0)(out, truth)
    layers = torch.cat([out.queries["boxes"], out.proposals["boxes"]])
    expected = 5.0 * (layers[:, 0, :2] - truth.boxes_BT4[0]).abs().sum() / 2
    assert parts["bbox"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_validation_counts_the_final_predictions_once():
    truth = targets(1, 3)
    out = output()
    final = out.final()
    total, parts = criterion().of_predictions(final, truth)
    last = {"logits": final.pred_logits[None], "boxes": final.pred_boxes[None]}
    twice, both = criterion()(TrainingOutput(last, last, None), truth)
    assert list(parts) == ["vfl", "bbox", "giou"]
    assert total.item() == pytest.approx(twice.item() / 2, rel=1e-5)
    for name, part in parts.items():
        assert part.item() == pytest.approx(both[name].item() / 2, rel=1e-5)


def test_outputs_that_are_no_numbers_are_an_error():
    out = output()
    with torch.no_grad():
        out.queries["boxes"][1, 0, 2] = math.nan
    with pytest.raises(NonFiniteCostError, match="supervised layer 1, image 0 of the batch: YZ403"):
        criterion()(out, targets(1, 2))


def test_half_precision_outputs_are_judged_in_single_precision():
    out, truth = output(), targets(1, 2)
    half = TrainingOutput(
        {name: values.detach().bfloat16() for name, values in out.queries.items()},
        {name: values.detach().bfloat16() for name, values in out.proposals.items()},
        None,
    )
    total, _ = criterion()(half, truth)
    assert total.dtype == torch.float32
    assert total.item() == pytest.approx(criterion()(out, truth)[0].item(), rel=0.02)


@pytest.mark.slow
def test_a_tiny_detector_learns_two_images_by_heart():
    decoder = {"num_heads": 4, "num_layers": 2, "ffn_dim": 48}
    detector = tiny_detector(decoder=decoder, denoising={"num_queries": 0}).train()
    optimizer = torch.optim.AdamW(detector.parameters(), lr=4e-3, weight_decay=0.0)
    objective, truth, batch = criterion(), targets(2, 1), images(2, 64, 64)
    history = []
    for _ in range(100):
        total, _ = objective(detector(batch), truth)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        history.append(total.item())
    assert min(history[-10:]) < history[0] / 10
