"""The loss that holds a detector to what an earlier one said of an image: dark experience replay for queries."""

# Shapes: Q queries of the detector that learns (the student), M stored ones, P = min(Q, M) pairs, C stored classes.

from __future__ import annotations

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from yolozu.geometry.boxes import cxcywh_to_xyxy, giou


def paired_queries(
    logits_QC: Tensor, boxes_Q4: Tensor, stored_logits_MC: Tensor, stored_boxes_M4: Tensor
) -> tuple[Tensor, Tensor]:
    """Places (P,) in both of the queries that belong together, each in at most one pair.

    Queries have no order that two networks share, so boxes say which is which: the sum of ``|b - b'|_1 + 1 -
    GIoU(b, b') + |sigmoid(z) - sigmoid(z')|_1`` over all pairs is the least. Scores tell apart the queries that a
    detector has on one object, of which one is sure and the others are not: by boxes alone a mere flip of the picture
    mixes them up, and the sure one would be taught to doubt.

    Args:
        logits_QC: (Q, C) of the stored classes.
        boxes_Q4: (Q, 4) cxcywh normalized to the network input.
        stored_logits_MC: (M, C).
        stored_boxes_M4: (M, 4).

    Returns:
        (P,) and (P,) int64; of numbers that are not finite, the first with the first and so on.
    """
    with torch.no_grad():
        apart_QM = (boxes_Q4[:, None] - stored_boxes_M4).abs().sum(dim=-1)
        overlap_QM = giou(cxcywh_to_xyxy(boxes_Q4)[:, None], cxcywh_to_xyxy(stored_boxes_M4))
        unlike_QM = (logits_QC.sigmoid()[:, None] - stored_logits_MC.sigmoid()).abs().sum(dim=-1)
        cost_QM = (apart_QM + 1.0 - overlap_QM + unlike_QM).cpu()
    if not bool(torch.isfinite(cost_QM).all()):
        places_P = torch.arange(min(cost_QM.shape), device=boxes_Q4.device)
        return places_P, places_P
    own, stored = linear_sum_assignment(cost_QM.numpy())
    own_P, stored_P = (torch.from_numpy(places).to(boxes_Q4.device, non_blocking=True) for places in (own, stored))
    return own_P, stored_P


def stored_outputs_loss(
    logits_QC: Tensor, boxes_Q4: Tensor, stored_logits_MC: Tensor, stored_boxes_M4: Tensor
) -> Tensor:
    """How far a detector has gone from what is stored of one image.

    With the pairs of `paired_queries`, the student's logits z and boxes b, the stored z' and b', and p' the highest
    score of a stored query, ``max sigmoid(z')``::

        1/(P·C) · Σ_pairs Σ_classes (z − z')²  +  Σ_pairs p'·|b − b'|₁ / max(1, Σ_pairs p')

    The first term is the mean squared difference of logits, which Buzzega et al. (Dark Experience for General Continual
    Learning, NeurIPS 2020, eq. 6) put into the place of soft labels; it counts background as much as objects, because
    what the earlier detector did not take for an object shall stay none. The second holds boxes where it saw an object;
    like the objective's losses of boxes it is a mean over objects.

    Args:
        logits_QC: (Q, C) of the student, the columns of the stored classes alone.
        boxes_Q4: (Q, 4) cxcywh normalized to the network input.
        stored_logits_MC: (M, C).
        stored_boxes_M4: (M, 4), in the frame of the same network input.

    Returns:
        () with its graph; 0 without any stored query.
    """
    own_P, stored_P = paired_queries(logits_QC, boxes_Q4, stored_logits_MC, stored_boxes_M4)
    if not len(own_P):
        return logits_QC.sum() * 0.0
    kept_PC = stored_logits_MC[stored_P]
    weight_P = kept_PC.sigmoid().amax(dim=-1)
    apart_P = (boxes_Q4[own_P] - stored_boxes_M4[stored_P]).abs().sum(dim=-1)
    of_logits = (logits_QC[own_P] - kept_PC).square().mean()
    return of_logits + (weight_P * apart_P).sum() / weight_P.sum().clamp(min=1.0)
