"""The objective's terms of poses."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.fixtures.poses import about, perfect_heads, random_heads, with_poses
from tests.model.tiny import images, targets, tiny_detector
from tests.training.test_criterion import predictions
from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.contract.sections.losses import LossSection, LossWeights
from yolozu.contract.sections.matching import MatchingSection
from yolozu.geometry.pose import normalized_focal
from yolozu.geometry.pose_tensors import SeenBy, translation
from yolozu.geometry.rotations import SymmetryTable, rot6d_to_matrix
from yolozu.geometry.symmetry import Symmetries
from yolozu.model.denoising import DenoisingGroups
from yolozu.model.outputs import DenoisingOutput, TrainingOutput
from yolozu.training.config import build_criterion

SIZE = (64, 96)
TERMS = ("log_z", "rot", "offsets", "k", "t")
WEIGHTS = {term: getattr(LossWeights(), term) for term in TERMS}


def symmetries():
    """Class 0 has quarter turns about z, class 1 any turn about x, class 2 nothing."""
    turns = np.stack([about((0, 0, 1), degrees).numpy() for degrees in (0, 90, 180, 270)])
    nothing = np.zeros((0, 3))
    models = {
        0: ObjectModel(nothing, None, Symmetries(turns, np.zeros((4, 3)))),
        1: ObjectModel(nothing, None, Symmetries(axis_3=np.array([1.0, 0.0, 0.0]))),
    }
    return SymmetryTable.of_classes(ObjectModels(models).symmetries, 3)


def criterion(*, aligner="none", matching=None, table=None, **weights):
    return build_criterion(
        MatchingSection() if matching is None else matching,
        LossSection(loss_weights=LossWeights(**weights), task_aligner=aligner),
        symmetries() if table is None else table,
    )


def posed(*counts, lacking=()):
    return with_poses(targets(*counts), size=SIZE, lacking=lacking)


def said(layers, queries, *, seed=0, log_sigmas=False):
    return {
        **predictions(layers, 2, queries, seed=seed),
        **random_heads(layers, 2, queries, seed=seed + 10, log_sigmas=log_sigmas),
    }


def output(groups=None, *, log_sigmas=False):
    denoising = None
    if groups is not None:
        denoising = DenoisingOutput(said(2, groups.num_queries, seed=1, log_sigmas=log_sigmas), groups)
    k_delta = (torch.rand(2, 4, generator=torch.Generator().manual_seed(5)) * 0.1).requires_grad_()
    return TrainingOutput(said(2, 5, log_sigmas=log_sigmas), predictions(1, 2, 5, seed=2), denoising, k_delta)


def one_pair(layer, image, query, place, *, out, truth, table):
    """Unweighted losses of one matched query, from the definitions: term -> number."""
    poses, boxes = truth.poses, layer["boxes"][image, query]
    height, width = SIZE
    fx, fy, cx, cy = poses.K_B4[image]
    dfx, dfy, dcx, dcy = out.k_delta_B4[image]
    fx, fy, cx, cy = fx * (1 + dfx), fy * (1 + dfy), cx + dcx, cy + dcy
    z = layer["log_z"][image, query, 0].exp() * normalized_focal(fx, fy, width=width, height=height)
    u = boxes[0] * width + layer["offsets"][image, query, 0]
    v = boxes[1] * height + layer["offsets"][image, query, 1]
    t = torch.stack([(u - cx) / fx * z, (v - cy) / fy * z, z])
    R = rot6d_to_matrix(layer["rot6d"][image, query])
    origin = truth.boxes_BT4[image, place, :2] * torch.tensor([width, height]) + poses.offsets_BT2[image, place]
    target = poses.R_BT33[image, place]
    return {
        "log_z": (z.log() - poses.t_BT3[image, place, 2].log()).abs(),
        "rot": table.angle(R, target, truth.labels_BT[image, place]),
        "offsets": (u - origin[0]).abs() / width + (v - origin[1]).abs() / height,
        "t": (t - poses.t_BT3[image, place]).abs().sum(),
    }


def of_images(out, truth):
    """Unweighted losses of the corrections, for each image of which they are known."""
    poses = truth.poses
    sides = torch.tensor([1.0, 1.0, SIZE[1], SIZE[0]])
    return ((out.k_delta_B4 - poses.k_delta_B4) / sides).abs().sum(1)[poses.has_k_delta_B]


def expected_terms(out, truth, pairs):
    """Term -> source -> weighted sum over the pairs, given as (source, layer, image, query, object)."""
    divisors = {"decoder": sum(truth.counts)}
    if out.denoising is not None:
        divisors["denoising"] = sum(truth.counts) * out.denoising.groups.num_groups
    found = {term: {"decoder": 0.0, "proposals": 0.0, "denoising": 0.0} for term in TERMS}
    for source, layer, image, query, place in pairs:
        heads = out.queries if source == "decoder" else out.denoising.predicted
        if not truth.poses.has_pose_BT[image, place]:
            continue
        of_layer = {name: values[layer] for name, values in heads.items()}
        losses = one_pair(of_layer, image, query, place, out=out, truth=truth, table=symmetries())
        for term, value in losses.items():
            found[term][source] += WEIGHTS[term] * value.item() / divisors[source]
    found["k"]["decoder"] = of_images(out, truth).sum().item() / divisors["decoder"]
    return found


def pairs_of(out, truth, objective):
    """(source, layer, image, query, object) of all that is supervised with a pose."""
    assignment = objective._match(
        {name: torch.cat([values, out.proposals[name]]) if name in out.proposals else values
         for name, values in out.queries.items()},
        _of(out, truth),
    )  # fmt: skip
    columns = (assignment.layer_M, assignment.image_M, assignment.query_M, assignment.object_M)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    found = [("decoder", *row) for row in rows if row[0] < 2]
    if out.denoising is None:
        return found
    groups = out.denoising.groups
    positive = groups.is_positive(torch.device("cpu")).tolist()
    places = groups.object_of_query(torch.device("cpu")).tolist()
    return found + [
        ("denoising", layer, image, query, place)
        for layer in range(2)
        for image, count in enumerate(truth.counts)
        for query, (is_positive, place) in enumerate(zip(positive, places, strict=True))
        if is_positive and place < count
    ]


def _of(out, truth):
    from yolozu.training.criterion import _Objective

    return _Objective(truth, out.k_delta_B4, None)


@pytest.mark.parametrize("lacking", [(), [(1, 1), (0, 0)]], ids=["all", "some"])
def test_it_equals_the_sum_over_layers_pairs_and_images(lacking):
    truth, groups = posed(1, 3, lacking=lacking), DenoisingGroups(num_groups=2, num_objects=3)
    out, objective = output(groups), criterion()
    total, parts = objective(out, truth)
    expected = expected_terms(out, truth, pairs_of(out, truth, objective))
    for term in TERMS:
        assert parts[term].item() == pytest.approx(sum(expected[term].values()), rel=1e-4)
        assert parts[term] > 0
    plain_total, plain = criterion(**dict.fromkeys(TERMS, 0.0))(out, truth)
    assert total.item() == pytest.approx(
        plain_total.item() + sum(sum(expected[term].values()) for term in TERMS), rel=1e-4
    )
    for source in ("decoder", "denoising", "proposals"):
        added = sum(expected[term][source] for term in TERMS)
        assert (parts[source] - plain[source]).item() == pytest.approx(added, rel=1e-3, abs=1e-5)


def test_proposals_say_no_pose():
    out, truth = output(), posed(1, 3)
    _, parts = criterion()(out, truth)
    _, plain = criterion(**dict.fromkeys(TERMS, 0.0))(out, truth)
    assert torch.equal(parts["proposals"], plain["proposals"])


@pytest.mark.parametrize("groups", [None, DenoisingGroups(2, 3)], ids=["plain", "denoising"])
@pytest.mark.parametrize("aligner", ["none", "uncertainty"])
def test_parts_by_term_and_by_source_both_sum_to_the_total(groups, aligner):
    total, parts = criterion(aligner=aligner)(output(groups, log_sigmas=True), posed(1, 3, lacking=[(1, 0)]))
    names = ["vfl", "bbox", "giou", *TERMS]
    assert list(parts) == [*names, "decoder", "proposals", "denoising"]
    assert not any(part.requires_grad for part in parts.values())
    for kind in (names, ("decoder", "proposals", "denoising")):
        assert sum(parts[name] for name in kind).item() == pytest.approx(total.item(), rel=1e-5)


def test_what_is_known_of_no_object_teaches_nothing():
    truth, out = posed(1, 2, lacking=[(0, 0), (1, 0), (1, 1)]), output(log_sigmas=True)
    total, parts = criterion(aligner="uncertainty")(out, truth)
    total.backward()
    assert [parts[term].item() for term in ("log_z", "rot", "offsets", "t")] == [0.0] * 4
    for name in ("log_z", "rot6d", "offsets", "log_sigma_z", "log_sigma_rot"):
        assert out.queries[name].grad.abs().sum() == 0
    assert out.k_delta_B4.grad[0].abs().sum() > 0
    assert out.k_delta_B4.grad[1].abs().sum() == 0  # of this image no correction is known


def test_only_matched_queries_learn_poses():
    truth, out, objective = posed(1, 3), output(), criterion()
    total, _ = objective(out, truth)
    total.backward()
    matched = {(layer, image, query) for _, layer, image, query, _ in pairs_of(out, truth, objective)}
    for name in ("log_z", "rot6d", "offsets"):
        taught = out.queries[name].grad.abs().sum(-1).nonzero().tolist()
        assert {tuple(row) for row in taught} == matched


def test_poses_move_no_box_once_they_are_matched():
    truth = posed(1, 3)
    gradients = []
    for weights in ({}, dict.fromkeys(TERMS, 0.0)):
        out = output()
        criterion(**weights)(out, truth)[0].backward()
        gradients.append(out.queries["boxes"].grad)
    assert torch.equal(*gradients)


def perfect(truth, **changes):
    """One layer of queries that are the objects, in order."""
    logits = torch.nn.functional.one_hot(truth.labels_BT, 3) * 60.0 - 30.0
    heads = {"logits": logits[None], "boxes": truth.boxes_BT4[None]}
    heads |= {name: values[None] for name, values in {**perfect_heads(truth), **changes}.items()}
    boxes = {"logits": heads["logits"], "boxes": heads["boxes"]}
    return TrainingOutput(heads, boxes, None, truth.poses.k_delta_B4.clone())


def test_perfect_poses_cost_nothing_up_to_symmetries():
    truth = posed(2, 2)
    _, parts = criterion()(perfect(truth), truth)
    assert all(parts[term].item() < 1e-5 for term in TERMS)
    turns = {0: about((0, 0, 1), 90), 1: about((1, 0, 0), 33), 2: about((0, 0, 1), 0)}
    R = truth.poses.R_BT33 @ torch.stack([turns[label].float() for label in truth.labels_BT.flatten().tolist()]).view(
        2, 2, 3, 3
    )
    turned = torch.cat([R[..., 0], R[..., 1]], dim=-1)
    assert criterion()(perfect(truth, rot6d=turned), truth)[1]["rot"].item() < 1e-5
    plain = criterion(table=SymmetryTable.none_of(3))(perfect(truth, rot6d=turned), truth)[1]["rot"]
    assert plain > 0.1


def test_an_aligned_term_is_its_loss_over_what_was_expected_and_the_logarithm_of_that():
    truth, out = posed(1, 3, lacking=[(1, 2)]), output(log_sigmas=True)
    objective = criterion(aligner="uncertainty")
    _, parts = objective(out, truth)
    _, plain = criterion()(out, truth)
    for term, head in (("log_z", "log_sigma_z"), ("rot", "log_sigma_rot")):
        expected = 0.0
        for _, layer, image, query, place in pairs_of(out, truth, objective):
            if not truth.poses.has_pose_BT[image, place]:
                continue
            of_layer = {name: values[layer] for name, values in out.queries.items()}
            loss = one_pair(of_layer, image, query, place, out=out, truth=truth, table=symmetries())[term]
            log_sigma = out.queries[head][layer, image, query, 0]
            expected += WEIGHTS[term] * (torch.exp(-log_sigma) * loss + log_sigma).item() / 4
        assert parts[term].item() == pytest.approx(expected, rel=1e-4)
    for term in ("vfl", "bbox", "giou", "offsets", "k", "t"):
        assert torch.equal(parts[term], plain[term])


def test_expected_errors_that_nobody_asked_for_change_nothing():
    truth = posed(1, 3)
    with_heads, without = (criterion()(output(log_sigmas=log_sigmas), truth)[1] for log_sigmas in (True, False))
    assert all(torch.equal(with_heads[name], part) for name, part in without.items())


@pytest.mark.parametrize("aligner", ["none", "uncertainty"])
def test_validation_counts_the_poses_of_the_final_predictions_once(aligner):
    truth, out = posed(1, 3, lacking=[(1, 0)]), output(log_sigmas=True)
    final = out.final()
    total, parts = criterion(aligner=aligner).of_predictions(final, truth)
    assert list(parts) == ["vfl", "bbox", "giou", *TERMS]
    last = {name: values[-1:] for name, values in out.queries.items()}
    boxes = {name: last[name] for name in ("logits", "boxes")}
    whole, both = criterion(aligner=aligner)(TrainingOutput(last, boxes, None, out.k_delta_B4), truth)
    assert total.item() == pytest.approx((whole - both["proposals"]).item(), rel=1e-5)
    for term in TERMS:
        assert parts[term].item() == pytest.approx(both[term].item(), rel=1e-5)


def test_validation_knows_every_start_step_as_past():
    matching = MatchingSection(cost_class=0.01, cost_bbox=0.0, cost_giou=0.0, cost_rot=5.0, cost_rot_start_step=10)
    truth, out, objective = posed(1, 3), output(), criterion(matching=matching)
    before, after, end = (objective(out, truth, step)[1]["rot"] for step in (9, 10, None))
    assert before > after
    assert torch.equal(after, end)
    last = {name: values[-1:] for name, values in out.queries.items()}
    boxes = {name: last[name] for name in ("logits", "boxes")}
    late = objective(TrainingOutput(last, boxes, None, out.k_delta_B4), truth, 10)[1]["rot"]
    found = objective.of_predictions(out.final(), truth)[1]["rot"]
    assert found.item() == pytest.approx(late.item(), rel=1e-6)


@pytest.mark.parametrize("counts", [(0, 0), (0, 2), (7, 1)], ids=["none", "some", "more than queries"])
def test_any_number_of_objects_has_finite_losses_and_gradients(counts):
    out = output(log_sigmas=True)
    total, parts = criterion(aligner="uncertainty")(out, posed(*counts))
    total.backward()
    assert all(part.isfinite() for part in parts.values())
    for values in (*out.queries.values(), out.k_delta_B4):
        assert values.grad is None or values.grad.isfinite().all()


def test_a_batch_without_objects_still_has_a_gradient_where_only_one_head_learns():
    """Or else a phase of that head would end with an error at the first batch of empty pictures."""
    detector = tiny_detector(pose=True).train()
    for name, parameter in detector.named_parameters():
        parameter.requires_grad_(name.startswith("decoder.pose_heads.offsets."))
    total, _ = criterion()(detector(images(2, *SIZE), posed(0, 0)), posed(0, 0))
    total.backward()
    assert total.isfinite()


def test_padding_changes_nothing():
    truth, out = posed(1, 2), output()
    assert torch.equal(criterion()(out, truth)[0], criterion()(out, truth.with_room_for(5))[0])


def test_poses_without_heads_and_heads_without_poses_leave_the_terms_out():
    out, truth = output(), posed(1, 2)
    boxes = {name: out.queries[name] for name in ("logits", "boxes")}
    headless = TrainingOutput(boxes, out.proposals, None)
    plain = ["vfl", "bbox", "giou", "decoder", "proposals", "denoising"]
    for given, objects in ((headless, truth), (out, replace(truth, poses=None)), (headless, targets(1, 2))):
        objective = criterion()
        assert list(objective(given, objects)[1]) == plain
        assert list(objective.of_predictions(given.final(), objects)[1]) == plain[:3]


def test_without_matcher_object_i_belongs_to_query_i():
    truth, out = posed(2, 2), output()
    found = criterion(matching=MatchingSection(use_matcher=False, cost_z=1.0))(out, truth)[1]["t"]
    poses = truth.poses
    camera = SeenBy(poses.K_B4[:, None], out.k_delta_B4[:, None], poses.size_B2[:, None])
    queries = {name: values[:, :, :2] for name, values in out.queries.items()}
    t = translation(queries["log_z"].squeeze(-1), queries["offsets"], queries["boxes"], camera)
    assert found.item() == pytest.approx((t - poses.t_BT3).abs().sum().item() / 4, rel=1e-5)


def test_half_precision_scores_are_judged_in_single_precision_beside_poses():
    out, truth = output(), posed(1, 2)
    halved = {**out.queries, "logits": out.queries["logits"].bfloat16()}
    total, parts = criterion()(replace(out, queries=halved), truth)
    assert {total.dtype, *(part.dtype for part in parts.values())} == {torch.float32}


@pytest.mark.slow
def test_a_tiny_detector_learns_the_poses_of_two_images_by_heart():
    decoder = {"num_heads": 4, "num_layers": 2, "ffn_dim": 48}
    detector = tiny_detector(decoder=decoder, denoising={"num_queries": 0}, pose=True).train()
    optimizer = torch.optim.AdamW(detector.parameters(), lr=4e-3, weight_decay=0.0)
    truth, batch = with_poses(targets(2, 1), size=(64, 64)), images(2, 64, 64)
    objective, history = criterion(), []
    for _ in range(150):
        total, parts = objective(detector(batch), truth)
        optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(detector.parameters(), 1.0)
        optimizer.step()
        history.append({term: parts[term].item() for term in TERMS})
    best = {term: min(entry[term] for entry in history[-10:]) for term in TERMS}
    assert {term: value / history[0][term] < 0.4 for term, value in best.items()} == dict.fromkeys(TERMS, True)


def test_a_training_without_poses_counts_none_where_images_to_validate_on_have_them():
    """Heads that were asked for, without anything that teaches them: no symmetry of any class is known."""
    out, truth = output(), posed(1, 3)
    objective = build_criterion(MatchingSection(cost_rot=1.0), LossSection(task_aligner="uncertainty"))
    assert list(objective.of_predictions(out.final(), truth)[1]) == ["vfl", "bbox", "giou"]
    assert list(objective(out, truth)[1])[:4] == ["vfl", "bbox", "giou", "decoder"]


def test_losses_of_poses_alone_are_nothing_on_images_without_poses():
    out = output()
    alone = criterion(vfl=0.0, bbox=0.0, giou=0.0)
    total, parts = alone.of_predictions(out.final(), targets(1, 3))
    assert (total.item(), parts) == (0.0, {})
