"""The objective: matching and losses of decoder layers, proposals and denoising queries, in one pass."""

# Shapes: L layers (the decoder's, then one of proposals), B images, Q queries, N denoising queries, T objects per image
# (padded), C classes; R supervised queries and M matched pairs of all sources; W weighted terms, S sources.

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from yolozu.contract.objective import LossSection, MatchingSection
from yolozu.geometry.targets import Targets
from yolozu.losses.base import Loss, Supervision
from yolozu.losses.registry import LOSSES
from yolozu.matching.hungarian import Assignment, Matcher, assign_in_order
from yolozu.model.outputs import DenoisingOutput, DetectorOutput, TrainingOutput

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        num_queries: R of each source.
        num_pairs: M of each source.
    """

    logits_RC: Tensor
    row_M: Tensor
    boxes_M4: Tensor
    image_M: Tensor
    object_M: Tensor
    num_queries: list[int]
    num_pairs: list[int]

    def sizes(self, over: Literal["queries", "pairs"]) -> list[int]:
        """How many of the values of a loss belong to each source."""
        return self.num_queries if over == "queries" else self.num_pairs


class Criterion:
    """Weighted sum of the losses.

    Every decoder layer and the proposals are matched separately and count alike. A loss is summed over queries (or
    pairs) and divided by the number of objects in the batch, at least 1; for denoising also by the number of groups.
    Source: Zhao et al., DETRs Beat YOLOs on Real-time Object Detection, CVPR 2024 (published code).
    """

    def __init__(self, *, matcher: Matcher | None, loss_weights: Mapping[str, float]) -> None:
        """Losses are named as in the registry; those with weight 0 are not computed.

        Without a matcher, object i belongs to query i.
        """
        self._matcher = matcher
        self._terms: dict[str, tuple[Loss, float]] = {
            name: (LOSSES.load(name), weight) for name, weight in loss_weights.items() if weight > 0.0
        }
        assert self._terms, "an objective needs a loss"

    def __call__(self, output: TrainingOutput, targets: Targets) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch.

        Args:
            output: of the detector in training mode.
            targets: what it should have said; images without objects (also all of them) teach the class scores.

        Returns:
            () the total, and its parts without gradient, weighted as they are in it: by term (``vfl``, ``bbox``,
            ``giou``) and by source (``decoder``, ``proposals``, ``denoising``). Either kind sums to the total.

        Raises:
            NonFiniteCostError: YZ403 when outputs are not finite.
        """
        stacked = {name: torch.cat([output.queries[name], first]).float() for name, first in output.proposals.items()}
        flat = self._matched(stacked, targets, num_proposal_layers=1)
        objects = _normalizer(targets)
        divisors = [objects, objects, 1.0]
        if output.denoising is not None:
            flat = _joined(flat, _denoised(output.denoising, targets))
            divisors[-1] = objects * output.denoising.groups.num_groups
        parts_WS = self._parts(flat, targets, divisors)
        detached_WS = parts_WS.detach()
        by_term = zip(self._terms, detached_WS.sum(dim=1), strict=True)
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
        stacked = {"logits": output.pred_logits[None].float(), "boxes": output.pred_boxes[None].float()}
        flat = self._matched(stacked, targets, num_proposal_layers=0)
        by_term = self._parts(flat, targets, [_normalizer(targets), 1.0, 1.0]).sum(dim=1)
        return by_term.sum(), dict(zip(self._terms, by_term.detach(), strict=True))

    def _parts(self, flat: _Flat, targets: Targets, divisors: list[float]) -> Tensor:
        """(W, S) the weighted terms of each source."""
        supervision = _supervision(flat, targets)
        share_S = 1.0 / flat.logits_RC.new_tensor(divisors)
        rows = [
            weight * share_S * _sum_by_source(loss.compute(supervision), flat.sizes(loss.over))
            for loss, weight in self._terms.values()
        ]
        return torch.stack(rows)

    def _matched(self, stacked: dict[str, Tensor], targets: Targets, *, num_proposal_layers: int) -> _Flat:
        """Decoder layers and proposals, matched at once: proposals are one more layer, the last."""
        pairs = self._match(stacked, targets)
        num_layers, num_images, num_queries, _ = stacked["logits"].shape
        row_M = (pairs.layer_M * num_images + pairs.image_M) * num_queries + pairs.query_M
        layer_queries, layer_pairs = num_images * num_queries, len(row_M) // num_layers  # alike in all layers
        num_decoder_layers = num_layers - num_proposal_layers
        return _Flat(
            stacked["logits"].flatten(0, 2),
            row_M,
            stacked["boxes"].flatten(0, 2)[row_M],
            pairs.image_M,
            pairs.object_M,
            [num_decoder_layers * layer_queries, num_proposal_layers * layer_queries, 0],
            [num_decoder_layers * layer_pairs, num_proposal_layers * layer_pairs, 0],
        )

    def _match(self, stacked: dict[str, Tensor], targets: Targets) -> Assignment:
        if self._matcher is not None:
            return self._matcher(stacked, targets)
        num_layers, _, num_queries, _ = stacked["logits"].shape
        return assign_in_order(num_layers, num_queries, targets.counts, stacked["logits"].device)


def build_criterion(matching: MatchingSection, losses: LossSection) -> Criterion:
    """The criterion that the contract describes."""
    costs = {"class": matching.cost_class, "bbox": matching.cost_bbox, "giou": matching.cost_giou}
    matcher = Matcher(costs) if matching.use_matcher else None
    return Criterion(matcher=matcher, loss_weights=losses.loss_weights.model_dump())


def _denoised(denoising: DenoisingOutput, targets: Targets) -> _Flat:
    """Denoising queries made from an object; the positives are matched with the object they came from."""
    boxes_LBN4 = denoising.predicted["boxes"].float()
    device, num_layers = boxes_LBN4.device, boxes_LBN4.shape[0]
    object_N = denoising.groups.object_of_query(device)
    image_V, query_V = targets.valid_BT[:, object_N].nonzero(as_tuple=True)  # V: queries that are no padding, any image
    positive_P = denoising.groups.is_positive(device)[query_V].nonzero().squeeze(1)
    image_P, query_P = image_V[positive_P], query_V[positive_P]
    layer_L1 = torch.arange(num_layers, device=device)[:, None]
    return _Flat(
        denoising.predicted["logits"].float()[:, image_V, query_V].flatten(0, 1),
        (layer_L1 * len(image_V) + positive_P).flatten(),
        boxes_LBN4[:, image_P, query_P].flatten(0, 1),
        image_P.repeat(num_layers),
        object_N[query_P].repeat(num_layers),
        [0, 0, num_layers * len(image_V)],
        [0, 0, num_layers * len(image_P)],
    )


def _joined(first: _Flat, second: _Flat) -> _Flat:
    return _Flat(
        torch.cat([first.logits_RC, second.logits_RC]),
        torch.cat([first.row_M, second.row_M + len(first.logits_RC)]),
        torch.cat([first.boxes_M4, second.boxes_M4]),
        torch.cat([first.image_M, second.image_M]),
        torch.cat([first.object_M, second.object_M]),
        [a + b for a, b in zip(first.num_queries, second.num_queries, strict=True)],
        [a + b for a, b in zip(first.num_pairs, second.num_pairs, strict=True)],
    )


def _normalizer(targets: Targets) -> float:
    """Objects in the batch, at least 1."""
    return float(max(1, sum(targets.counts)))


def _sum_by_source(values: Tensor, sizes: list[int]) -> Tensor:
    """(S,) sums of consecutive stretches of ``values``."""
    return torch.stack([part.sum() for part in torch.split(values, sizes)])


def _supervision(flat: _Flat, targets: Targets) -> Supervision:
    labels_M = targets.labels_BT[flat.image_M, flat.object_M]
    target_boxes_M4 = targets.boxes_BT4[flat.image_M, flat.object_M]
    return Supervision(flat.logits_RC, flat.row_M, labels_M, flat.boxes_M4, target_boxes_M4)
