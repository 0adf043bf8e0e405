"""Denoising queries."""

import pytest
import torch

from tests.model.tiny import NUM_CLASSES, targets
from yolozu.geometry.boxes import cxcywh_to_xyxy, iou
from yolozu.model.denoising import Denoising, DenoisingGroups, NoiseShare
from yolozu.structures.targets import Targets

CPU = torch.device("cpu")


def denoising(num_queries=6, label_noise=0.5, box_noise=1.0):
    torch.manual_seed(0)
    return Denoising(8, NUM_CLASSES, num_queries=num_queries, label_noise=label_noise, box_noise=box_noise)


def noise(seed=0):
    return torch.Generator().manual_seed(seed)


def test_layout_worked_out_by_hand():
    groups = DenoisingGroups(num_groups=2, num_objects=2)
    assert groups.num_queries == 8
    assert groups.object_of_query(CPU).tolist() == [0, 1, 0, 1, 0, 1, 0, 1]
    assert groups.is_positive(CPU).tolist() == [True, True, False, False, True, True, False, False]


def test_visibility_worked_out_by_hand():
    visible = DenoisingGroups(num_groups=2, num_objects=1).visibility(2, CPU)
    assert visible.int().tolist() == [
        [1, 1, 0, 0, 1, 1],
        [1, 1, 0, 0, 1, 1],
        [0, 0, 1, 1, 1, 1],
        [0, 0, 1, 1, 1, 1],
        [0, 0, 0, 0, 1, 1],
        [0, 0, 0, 0, 1, 1],
    ]


@pytest.mark.parametrize(("num_queries", "groups"), [(6, 2), (7, 2), (3, 1), (9, 3)])
def test_there_are_as_many_groups_as_fit_but_at_least_one(num_queries, groups):
    noised = denoising(num_queries)(targets(1, 3), noise())
    assert noised.groups == DenoisingGroups(groups, 3)
    assert noised.content_BND.shape == (2, 6 * groups, 8)
    assert noised.box_logits_BN4.shape == (2, 6 * groups, 4)


def test_without_noise_queries_are_the_objects():
    truth = targets(2, 3)
    module = denoising(label_noise=0.0, box_noise=0.0)
    noised = module(truth, noise())
    copies = 2 * noised.groups.num_groups
    found = noised.box_logits_BN4.sigmoid()[truth.valid_BT.repeat(1, copies)]
    torch.testing.assert_close(found, truth.boxes_BT4.repeat(1, copies, 1)[truth.valid_BT.repeat(1, copies)])
    assert torch.equal(noised.content_BND[1, 0], module.embedding.weight[truth.labels_BT[1, 0]])


def test_padding_has_an_empty_class():
    noised = denoising(label_noise=1.0)(targets(2, 3), noise())
    assert noised.content_BND[0, 2::3].abs().sum() == 0.0


def test_corners_of_positives_move_up_to_half_a_side_and_those_of_negatives_farther():
    truth = targets(40)
    noised = denoising(num_queries=400)(truth, noise())
    true = cxcywh_to_xyxy(truth.boxes_BT4)[0]
    side = truth.boxes_BT4[0, :, 2:].repeat(1, 2)
    boxes = noised.box_logits_BN4.sigmoid()[0].view(noised.groups.num_groups, 2, 40, 4)
    positive, negative = cxcywh_to_xyxy(boxes).unbind(1)
    assert 0.49 < ((positive - true) / side).abs().max() <= 0.5 + 1e-3
    assert 0.98 < ((negative - true) / side).abs().max() <= 1.0 + 1e-3
    assert iou(positive, true).mean() > 2.0 * iou(negative, true).mean()


def test_noised_boxes_have_an_extent_and_stay_in_the_image():
    boxes = denoising(num_queries=400)(targets(40), noise()).box_logits_BN4.sigmoid()
    corners = cxcywh_to_xyxy(boxes)
    assert boxes[..., 2:].median() > 0.1
    assert corners.min() >= -1e-4
    assert corners.max() <= 1 + 1e-4


def test_half_of_the_label_noise_swaps_classes():
    truth = targets(40)
    module = denoising(num_queries=4000, label_noise=1.0)
    kept = module(truth, noise()).content_BND[0] == module.embedding(truth.labels_BT[0]).repeat(200, 1)
    assert kept.all(-1).float().mean().item() == pytest.approx(0.5 + 0.5 / NUM_CLASSES, abs=0.02)


def test_noise_follows_from_the_generator():
    module, truth = denoising(), targets(2, 3)
    first, again, other = (module(truth, noise(seed)).box_logits_BN4 for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_batch_without_objects_has_no_queries():
    assert denoising()(targets(0, 0), noise()) is None


def test_a_part_of_a_batch_has_the_noise_that_it_has_in_the_whole():
    truth = targets(2, 3)
    whole = denoising()(truth, noise())
    for image in (0, 1):
        own = slice(image, image + 1)
        part = Targets(truth.labels_BT[own], truth.boxes_BT4[own], truth.valid_BT[own])
        found = denoising()(part, NoiseShare(noise(), first=image, of=2))
        assert torch.equal(found.content_BND, whole.content_BND[own])
        assert torch.equal(found.box_logits_BN4, whole.box_logits_BN4[own])


def test_an_image_with_more_objects_than_queries_shows_some_of_them_and_the_others_all():
    truth = targets(2, 30, 7, 0)
    noised = denoising(num_queries=7, label_noise=0.0, box_noise=0.0)(truth, noise())
    assert noised.groups == DenoisingGroups(1, 7)
    drawn = noised.drawn
    assert drawn.valid_BK.sum(dim=1).tolist() == [2, 7, 7, 0]
    assert drawn.index_BK[0, :2].tolist() == [0, 1]
    assert drawn.index_BK[2].tolist() == list(range(7))
    chosen = drawn.index_BK[1].tolist()
    assert sorted(set(chosen)) == chosen
    assert drawn.weight_B.tolist() == [1.0, pytest.approx(30 / 7), 1.0, 0.0]
    found = noised.box_logits_BN4.sigmoid()[1]
    torch.testing.assert_close(found, truth.boxes_BT4[1, drawn.index_BK[1].repeat(2)])


def test_every_object_has_its_turn():
    truth = targets(12)
    seen = [set(denoising(num_queries=4)(truth, noise(seed)).drawn.index_BK[0].tolist()) for seed in range(40)]
    assert set.union(*seen) == set(range(12))


def test_what_is_drawn_follows_from_the_generator_also_in_a_part_of_the_batch():
    truth = targets(9, 12)
    whole = denoising(num_queries=4)(truth, noise())
    assert torch.equal(whole.drawn.index_BK, denoising(num_queries=4)(truth, noise()).drawn.index_BK)
    for image in (0, 1):
        own = slice(image, image + 1)
        part = Targets(truth.labels_BT[own], truth.boxes_BT4[own], truth.valid_BT[own])
        found = denoising(num_queries=4)(part, NoiseShare(noise(), first=image, of=2))
        assert torch.equal(found.drawn.index_BK, whole.drawn.index_BK[own])
        assert torch.equal(found.box_logits_BN4, whole.box_logits_BN4[own])


def test_places_of_queries_that_are_no_padding():
    image_V, query_V, positive_P = DenoisingGroups(num_groups=1, num_objects=2).places_of([1, 0, 5])
    assert image_V.tolist() == [0, 0, 2, 2, 2, 2]
    assert query_V.tolist() == [0, 2, 0, 1, 2, 3]  # positives of objects 0 and 1, then their negatives
    assert positive_P.tolist() == [0, 2, 3]
