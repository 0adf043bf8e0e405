"""Objects that nobody labeled and a frozen earlier detector sees: they are targets, or at least not background."""

# Shapes: L layers, B images, Q queries, T labeled objects per image (padded), U unlabeled ones (padded), C classes; R
# all queries of the layers in one list, M of them matched.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from yolozu.data.preprocess import Preprocess, normalize_images
from yolozu.geometry.boxes import cxcywh_to_xyxy, iou
from yolozu.structures.targets import Targets, Unlabeled
from yolozu.training.batch_sharding import Share, window_weights
from yolozu.training.teacher import Seen, Teacher, Teaching

if TYPE_CHECKING:
    from yolozu.model.outputs import DetectorOutput
    from yolozu.training.distributed import Group

SAME_OBJECT = 0.5
"""IoU with a label from which a detection is of its object, and IoU with a detection from which a query is."""

SEEN_TWICE = 0.7
"""IoU with a more confident detection from which a detection is of the same object: labels overlap less."""


class PseudoLabeling:
    """Lets a teacher look at every batch, and adds what it sees to the labels."""

    def __init__(self, teacher: Teacher, teaching: Teaching, preprocess: Preprocess, device: torch.device) -> None:
        """Ask ``teacher`` about images that ``preprocess`` makes network input of, on ``device``."""
        self._teacher, self.teaching = teacher, teaching
        self._preprocess, self._device = preprocess, device

    def look(self, shares: Sequence[Share], processes: Group) -> list[Share]:
        """The parts of a window with what the teacher sees in them.

        Where that becomes targets, it counts among the objects of the window, of all processes, by which losses are
        normalized.

        Args:
            shares: this process's parts.
            processes: that all look at their own.
        """
        looked = [replace(share, seen=self._seen(share)) if share.batch.indices else share for share in shares]
        if self.teaching.pseudo_labels != "train":
            return looked
        own = [int(share.batch.targets.valid_BT.sum()) + _count(share.seen) for share in looked]
        weights = window_weights([objects for of_one in processes.all_gather(own) for objects in of_one])
        first = processes.rank * len(looked)
        return [replace(share, weight=weights[first + place]) for place, share in enumerate(looked)]

    def added_to(self, targets: Targets, share: Share) -> Targets:
        """What the objective holds a part against.

        Args:
            targets: what labels tell, on the device.
            share: the part; the teacher looks now if it has not.
        """
        if not share.batch.indices:
            return targets
        seen = self._seen(share) if share.seen is None else share.seen
        if self.teaching.pseudo_labels == "mask":
            return replace(targets, not_background=seen.unlabeled)
        return with_targets(targets, seen.unlabeled)

    @torch.no_grad()
    def _seen(self, share: Share) -> Seen:
        pixels_B3HW = share.batch.images_B3HW.to(self._device, non_blocking=True)
        memory = self._teacher.encode(normalize_images(pixels_B3HW, self._preprocess))
        targets = share.batch.targets.to(self._device)
        found = unlabeled_objects(self._teacher.detections(memory), targets, score=self.teaching.pseudo_label_score)
        return Seen(memory if self.teaching.weight > 0.0 else None, found)


def unlabeled_objects(said: DetectorOutput, targets: Targets, *, score: float) -> Unlabeled:
    """The detections of a score of ``score`` or more that overlap no label of their image, whatever its class.

    Every query stands for its most probable class. Of detections that lie on each other the most confident one counts.

    Args:
        said: of the teacher.
        targets: labels of the same images.
        score: least one, above 0.
    """
    scores_BQ, labels_BQ = said.pred_logits.float().sigmoid().max(dim=-1)
    most = int((scores_BQ >= score).sum(dim=1).max()) if scores_BQ.numel() else 0
    scores_BU, order_BU = scores_BQ.sort(dim=1, descending=True, stable=True)
    scores_BU, order_BU = scores_BU[:, :most], order_BU[:, :most]
    boxes_BU4 = said.pred_boxes.float().gather(1, order_BU[..., None].expand(-1, -1, 4))
    corners_BU4, valid_BU = cxcywh_to_xyxy(boxes_BU4), scores_BU >= score
    labels_BT4 = cxcywh_to_xyxy(targets.boxes_BT4)
    on_label_BUT = iou(corners_BU4[:, :, None], labels_BT4[:, None]) >= SAME_OBJECT
    valid_BU = valid_BU & ~(on_label_BUT & targets.valid_BT[:, None]).any(dim=2)
    on_other_BUU = iou(corners_BU4[:, :, None], corners_BU4[:, None]) >= SEEN_TWICE
    earlier_UU = torch.ones(most, most, dtype=torch.bool, device=valid_BU.device).tril(-1)
    valid_BU = valid_BU & ~(on_other_BUU & earlier_UU).any(dim=2)
    # No inference tensors: the objective's graph may hold them.
    return Unlabeled(
        labels_BQ.gather(1, order_BU).clone(), boxes_BU4.clone(), valid_BU.clone(), said.pred_logits.shape[-1]
    )


def with_targets(targets: Targets, unlabeled: Unlabeled) -> Targets:
    """``targets`` with the unlabeled objects behind those of each image; of these no pose is known."""
    valid = torch.cat([targets.valid_BT, unlabeled.valid_BU], dim=1)
    most = max(int(valid.sum(dim=1).max()), targets.labels_BT.shape[1])
    order_BT = valid.long().argsort(dim=1, descending=True, stable=True)[:, :most]
    valid_BT = valid.gather(1, order_BT)
    labels_BT = torch.cat([targets.labels_BT, unlabeled.labels_BU], dim=1).gather(1, order_BT)
    boxes = torch.cat([targets.boxes_BT4, unlabeled.boxes_BU4], dim=1)
    boxes_BT4 = boxes.gather(1, order_BT[..., None].expand(-1, -1, 4))
    missing = most - targets.labels_BT.shape[1]
    return Targets(
        labels_BT * valid_BT,
        boxes_BT4 * valid_BT[..., None],
        valid_BT,
        None if targets.poses is None else targets.poses.padded_by(missing),
        targets.labeled_classes,
        labeled_BT=F.pad(targets.valid_BT, (0, missing)),
    )


def spared_classes(stacked: Mapping[str, Tensor], targets: Targets, row_M: Tensor) -> Tensor | None:
    """What queries that belong to no object are not taught that they are not.

    Of all queries of an image these are the classes that its labels say nothing of (a replayed image's do not know the
    classes that came later), and of those on an unlabeled object the teacher's classes.

    Args:
        stacked: ``logits`` (L, B, Q, C) and ``boxes`` (L, B, Q, 4).
        targets: of the images.
        row_M: matched queries, as rows of all layers' queries.

    Returns:
        (R, C) bool with R = L * B * Q, or None where there is nothing to spare.
    """
    num_layers, _, num_queries, num_classes = stacked["logits"].shape
    silent_BC, spared_RC = targets.not_labeled(num_classes), None
    if silent_BC is not None:
        spared_RC = silent_BC[:, None].expand(-1, num_queries, -1).repeat(num_layers, 1, 1, 1).flatten(0, 2)
    if targets.not_background is not None:
        on_objects_RC = _on_unlabeled(stacked, targets.not_background)
        spared_RC = on_objects_RC if spared_RC is None else spared_RC | on_objects_RC
    if spared_RC is not None:
        spared_RC[row_M] = False
    return spared_RC


def _on_unlabeled(stacked: Mapping[str, Tensor], unlabeled: Unlabeled) -> Tensor:
    """(R, C) bool: queries on an unlabeled object, and the teacher's classes."""
    corners_LBQ14 = cxcywh_to_xyxy(stacked["boxes"].detach())[..., None, :]
    corners_B1U4 = cxcywh_to_xyxy(unlabeled.boxes_BU4)[:, None]
    on_object_LBQU = (iou(corners_LBQ14, corners_B1U4) >= SAME_OBJECT) & unlabeled.valid_BU[:, None]
    spared_R = on_object_LBQU.any(dim=-1).flatten()
    classes_C = torch.arange(stacked["logits"].shape[-1], device=spared_R.device) < unlabeled.num_classes
    return spared_R[:, None] & classes_C


def _count(seen: Seen | None) -> int:
    return 0 if seen is None else int(seen.unlabeled.valid_BU.sum())
