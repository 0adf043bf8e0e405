"""The objective: matching and losses of decoder layers, proposals and denoising queries, in one pass."""

# Shapes: L layers (the decoder's, then one of proposals), B images, Q queries, N denoising queries, T objects per image
# (padded), C classes; R supervised queries, M matched pairs and P of those from layers with pose heads, of all sources;
# W weighted terms, S sources.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from yolozu.geometry.rotations import SymmetryTable
from yolozu.losses.base import Loss, Over, Supervision
from yolozu.losses.registry import LOSSES
from yolozu.losses.uncertainty import aligned
from yolozu.matching.costs.base import Candidates
from yolozu.matching.hungarian import Assignment, Matcher, assign_in_order
from yolozu.model.outputs import DenoisingOutput, DetectorOutput, TrainingOutput
from yolozu.structures.targets import Targets
from yolozu.training.pose_pairs import corrections_of, pose_pairs
from yolozu.training.pseudo_labels import spared_classes

SOURCES = ("decoder", "proposals", "denoising")
"""Where supervised queries come from, in the order in which they are laid out."""


@dataclass(frozen=True)
class _Flat:
    """Supervised queries, laid out source by source.

    Attributes:
        logits_RC: every supervised query.
        row_M: which of them is matched.
        boxes_M4: predicted boxes of the matched.
        image_M: image of the pair's object.
        object_M: its index in the image.
        pair_P: which of the pairs come from a layer with pose heads.
        poses: pose head -> (P, K), what it says of those pairs; empty without pose heads.
        num_queries: R of each source.
        num_pairs: M of each source.
        num_poses: P of each source.
        weights: over what losses are -> factors on the denoising queries' part of them; empty where all count alike.
        spared_RC: which queries are not taught that some classes are not there; None teaches all.
    """

    logits_RC: Tensor
    row_M: Tensor
    boxes_M4: Tensor
    image_M: Tensor
    object_M: Tensor
    pair_P: Tensor
    poses: dict[str, Tensor]
    num_queries: list[int]
    num_pairs: list[int]
    num_poses: list[int]
    weights: dict[Over, Tensor] = field(default_factory=dict)
    spared_RC: Tensor | None = None

    def sizes(self, over: Over, num_images: int) -> list[int]:
        """How many of the values of a loss belong to each source; images count with the decoder."""
        by_kind = {"queries": self.num_queries, "pairs": self.num_pairs, "poses": self.num_poses}
        return [num_images, 0, 0] if over == "images" else by_kind[over]


@dataclass(frozen=True)
class _Objective:
    """What a batch is held against.

    Attributes:
        targets: the objects.
        k_delta_B4: predicted correction of each image's intrinsics; None without pose heads.
        step: optimizer steps done; None for the end of training.
    """

    targets: Targets
    k_delta_B4: Tensor | None
    step: int | None


class Criterion:
    """Weighted sum of the losses.

    Every decoder layer and the proposals are matched separately and count alike. A loss is summed over queries (or
    pairs, or images) and divided by the number of objects in the batch, at least 1; for denoising also by the number of
    groups; where only some objects of an image are denoised, they stand for all of them. Losses of poses are of the
    decoder's and the denoising queries: proposals say none.
    Source: Zhao et al., DETRs Beat YOLOs on Real-time Object Detection, CVPR 2024 (published code).
    """

    def __init__(
        self,
        *,
        matcher: Matcher | None,
        loss_weights: Mapping[str, float],
        symmetries: SymmetryTable | None,
        expects_errors: bool = False,
    ) -> None:
        """Losses are named as in the registry; those with weight 0 are not computed.

        Args:
            matcher: pairs queries with objects; without one, object i belongs to query i.
            loss_weights: name -> factor.
            symmetries: of the classes; None leaves terms of poses out, also where there are poses.
            expects_errors: weigh losses by the errors that the network expects (`aligned`), where it says them.
        """
        self._matcher, self._expects_errors = matcher, expects_errors
        self._with_poses = symmetries is not None
        self._symmetries = SymmetryTable.none_of(1) if symmetries is None else symmetries
        self._terms: dict[str, tuple[Loss, float]] = {
            name: (LOSSES.load(name), weight) for name, weight in loss_weights.items() if weight > 0.0
        }
        assert self._terms, "an objective needs a loss"

    def __call__(
        self, output: TrainingOutput, targets: Targets, step: int | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch.

        Args:
            output: of the detector in training mode.
            targets: what it should have said; images without objects (also all of them) teach the class scores.
            step: optimizer steps done, on which matching may depend; None stands for the end of training.

        Returns:
            () the total, and its parts without gradient, weighted as they are in it: by term (``vfl``, ``bbox``,
            ``giou``, …) and by source (``decoder``, ``proposals``, ``denoising``). Either kind sums to the total.

        Raises:
            NonFiniteCostError: YZ403 when outputs are not finite.
        """
        objects = _normalizer(targets)
        objective, divisors = _Objective(targets, output.k_delta_B4, step), [objects, objects, 1.0]
        flat = self._matched(_stacked(output), objective, num_proposal_layers=1)
        if output.denoising is not None:
            flat = _joined(flat, _denoised(output.denoising, targets))
            divisors[-1] = objects * output.denoising.groups.num_groups
        parts = self._parts(flat, objective, divisors)
        parts_WS = torch.stack(list(parts.values()))
        detached_WS = parts_WS.detach()
        by_term = zip(parts, detached_WS.sum(dim=1), strict=True)
        by_source = zip(SOURCES, detached_WS.sum(dim=0), strict=True)
        return parts_WS.sum(), dict([*by_term, *by_source])

    def of_predictions(self, output: DetectorOutput, targets: Targets) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of final predictions, for validation: what the last decoder layer adds to the loss of a batch.

        Args:
            output: of the detector in evaluation mode.
            targets: what it should have said.

        Returns:
            () the total, and its parts by term; as when called.

        Raises:
            NonFiniteCostError: YZ403 when outputs are not finite.
        """
        heads = {"logits": output.pred_logits, "boxes": output.pred_boxes, **output.pose}
        k_delta_B4 = heads.pop("k_delta", None)
        stacked = {name: values[None].float() for name, values in heads.items()}
        objective = _Objective(targets, k_delta_B4, None)
        flat = self._matched(stacked, objective, num_proposal_layers=0)
        parts = self._parts(flat, objective, [_normalizer(targets), 1.0, 1.0])
        by_term = {name: values_S.sum() for name, values_S in parts.items()}
        values = list(by_term.values()) or [output.pred_boxes.new_zeros(())]  # poses alone, where there are none
        return torch.stack(values).sum(), {name: value.detach() for name, value in by_term.items()}

    def _parts(self, flat: _Flat, objective: _Objective, divisors: list[float]) -> dict[str, Tensor]:
        """Term -> (S,) its weighted sum over each source, divided; terms of poses only where there are any."""
        supervision = self._supervision(flat, objective)
        share_S = (1.0 / torch.tensor(divisors)).to(flat.logits_RC.device, non_blocking=True)
        num_images = len(objective.targets.labels_BT)
        return {
            name: weight * share_S * _sum_by_source(self._values(loss, supervision), flat, loss.over, num_images)
            for name, (loss, weight) in self._terms.items()
            if supervision.poses is not None or not loss.needs_poses
        }

    def _values(self, loss: Loss, supervision: Supervision) -> Tensor:
        values = loss.compute(supervision)
        pairs = supervision.poses
        if not self._expects_errors or pairs is None or loss.log_sigma is None:
            return values
        return aligned(values, pairs.log_sigmas[loss.log_sigma]) * pairs.has_pose_P

    def _matched(self, stacked: dict[str, Tensor], objective: _Objective, *, num_proposal_layers: int) -> _Flat:
        """Decoder layers and proposals, matched at once: proposals are one more layer, the last."""
        pairs = self._match(stacked, objective)
        num_layers, num_images, num_queries, _ = stacked["logits"].shape
        row_M = (pairs.layer_M * num_images + pairs.image_M) * num_queries + pairs.query_M
        layer_queries, layer_pairs = num_images * num_queries, len(row_M) // num_layers  # alike in all layers
        num_decoder_layers = num_layers - num_proposal_layers
        num_posed = num_decoder_layers * layer_pairs
        return _Flat(
            stacked["logits"].flatten(0, 2),
            row_M,
            stacked["boxes"].flatten(0, 2)[row_M],
            pairs.image_M,
            pairs.object_M,
            torch.arange(num_posed, device=row_M.device),
            {name: values.flatten(0, 2)[row_M[:num_posed]] for name, values in _pose_heads(stacked).items()},
            [num_decoder_layers * layer_queries, num_proposal_layers * layer_queries, 0],
            [num_posed, num_proposal_layers * layer_pairs, 0],
            [num_posed, 0, 0],
            spared_RC=spared_classes(stacked, objective.targets, row_M),
        )

    def _match(self, stacked: dict[str, Tensor], objective: _Objective) -> Assignment:
        logits, targets = stacked["logits"], objective.targets
        if self._matcher is not None:
            symmetries = self._symmetries_on(logits.device)
            return self._matcher(Candidates(stacked, targets, objective.k_delta_B4, symmetries), objective.step)
        num_layers, _, num_queries, _ = logits.shape
        return assign_in_order(num_layers, num_queries, targets.counts, logits.device)

    def _symmetries_on(self, device: torch.device) -> SymmetryTable:
        """The table, brought to the device once."""
        if self._symmetries.axes_C3.device != device:
            self._symmetries = self._symmetries.to(device)
        return self._symmetries

    def _supervision(self, flat: _Flat, objective: _Objective) -> Supervision:
        targets = objective.targets
        found = Supervision(
            flat.logits_RC,
            flat.row_M,
            targets.labels_BT[flat.image_M, flat.object_M],
            flat.boxes_M4,
            targets.boxes_BT4[flat.image_M, flat.object_M],
            spared_NC=flat.spared_RC,
        )
        if not self._with_poses or targets.poses is None or objective.k_delta_B4 is None:
            return found
        pairs = pose_pairs(
            flat.poses,
            flat.boxes_M4[flat.pair_P],
            targets,
            objective.k_delta_B4,
            image_P=flat.image_M[flat.pair_P],
            object_P=flat.object_M[flat.pair_P],
            symmetries=self._symmetries_on(flat.row_M.device),
        )
        return replace(found, poses=pairs, corrections=corrections_of(targets.poses, objective.k_delta_B4))


def _stacked(output: TrainingOutput) -> dict[str, Tensor]:
    """Head -> layers in float32: of logits and boxes the decoder's, then the proposals'; of poses the decoder's."""
    return {
        name: (torch.cat([values, output.proposals[name]]) if name in output.proposals else values).float()
        for name, values in output.queries.items()
    }


def _pose_heads(predicted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: values for name, values in predicted.items() if name not in ("logits", "boxes")}


def _denoised(denoising: DenoisingOutput, targets: Targets) -> _Flat:
    """Denoising queries made from an object; the positives are matched with the object they came from."""
    boxes_LBN4 = denoising.predicted["boxes"].float()
    device, num_layers = boxes_LBN4.device, boxes_LBN4.shape[0]
    drawn = denoising.drawn
    # V: queries that are no padding, any image. Counted on the host, which would wait for the device to know how many.
    host = [*denoising.groups.places_of(targets.labeled_counts)]
    image_V, query_V, positive_P = (places.to(device, non_blocking=True) for places in host)
    image_P, query_P = image_V[positive_P], query_V[positive_P]
    object_P, weights = denoising.groups.object_of_query(device)[query_P], dict[Over, Tensor]()
    if drawn is not None:
        object_P = drawn.index_BK[image_P, object_P]
        of_pairs = drawn.weight_B[image_P].repeat(num_layers)
        weights = {"queries": drawn.weight_B[image_V].repeat(num_layers), "pairs": of_pairs, "poses": of_pairs}
    layer_L1 = torch.arange(num_layers, device=device)[:, None]
    heads = _pose_heads(denoising.predicted).items()
    num_pairs = [0, 0, num_layers * len(image_P)]
    return _Flat(
        denoising.predicted["logits"].float()[:, image_V, query_V].flatten(0, 1),
        (layer_L1 * len(image_V) + positive_P).flatten(),
        boxes_LBN4[:, image_P, query_P].flatten(0, 1),
        image_P.repeat(num_layers),
        object_P.repeat(num_layers),
        torch.arange(num_pairs[-1], device=device),
        {name: values.float()[:, image_P, query_P].flatten(0, 1) for name, values in heads},
        [0, 0, num_layers * len(image_V)],
        num_pairs,
        num_pairs,
        weights,
    )


def _joined(first: _Flat, second: _Flat) -> _Flat:
    num_queries, num_pairs, num_poses = (
        [a + b for a, b in zip(ours, theirs, strict=True)]
        for ours, theirs in (
            (first.num_queries, second.num_queries),
            (first.num_pairs, second.num_pairs),
            (first.num_poses, second.num_poses),
        )
    )
    return _Flat(
        torch.cat([first.logits_RC, second.logits_RC]),
        torch.cat([first.row_M, second.row_M + len(first.logits_RC)]),
        torch.cat([first.boxes_M4, second.boxes_M4]),
        torch.cat([first.image_M, second.image_M]),
        torch.cat([first.object_M, second.object_M]),
        torch.cat([first.pair_P, second.pair_P + len(first.row_M)]),
        {name: torch.cat([values, second.poses[name]]) for name, values in first.poses.items()},
        num_queries,
        num_pairs,
        num_poses,
        second.weights,
        None if first.spared_RC is None else F.pad(first.spared_RC, (0, 0, 0, len(second.logits_RC))),
    )


def _normalizer(targets: Targets) -> float:
    """Objects in the batch, at least 1."""
    return float(max(1, sum(targets.counts)))


def _sum_by_source(values: Tensor, flat: _Flat, over: Over, num_images: int) -> Tensor:
    """(S,) sums of the sources' stretches of ``values``."""
    parts = list(torch.split(values, flat.sizes(over, num_images)))
    if over in flat.weights:
        parts[-1] = parts[-1] * flat.weights[over]
    return torch.stack([part.sum() for part in parts])
