"""Contrastive denoising: noised ground truth as extra training queries, which need no matching to have a target."""

# Shapes: B images, T objects per image (padded), K of them that are denoised, N denoising queries = 2 * K * groups,
# Q matching queries, D model width.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from yolozu.geometry.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from yolozu.model.reference_boxes import inverse_sigmoid
from yolozu.structures.targets import Targets


@dataclass(frozen=True)
class DenoisingGroups:
    """How the denoising queries are laid out: groups one after another, in each K positives, then K negatives.

    Attributes:
        num_groups: noised copies of every object, each with a positive and a negative.
        num_objects: K, denoised objects per image with padding.
    """

    num_groups: int
    num_objects: int

    @property
    def num_queries(self) -> int:
        """N."""
        return 2 * self.num_objects * self.num_groups

    def object_of_query(self, device: torch.device) -> Tensor:
        """(N,) int64: which object each query was made from."""
        return torch.arange(self.num_queries, device=device) % self.num_objects

    def is_positive(self, device: torch.device) -> Tensor:
        """(N,) bool: whether the query shall find its object again; the others shall find nothing."""
        return torch.arange(self.num_queries, device=device) // self.num_objects % 2 == 0

    def places_of(self, counts: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
        """Which queries are made from an object and no padding; int64, on the CPU.

        Args:
            counts: objects of each image, of which at most K are denoised.

        Returns:
            (V,) their images, (V,) which of the N they are, and (P,) which of these V are positives.
        """
        cpu = torch.device("cpu")
        valid_BN = self.object_of_query(cpu) < torch.tensor(counts)[:, None]
        image_V, query_V = valid_BN.nonzero(as_tuple=True)
        return image_V, query_V, self.is_positive(cpu)[query_V].nonzero().squeeze(1)

    def visibility(self, num_matching: int, device: torch.device) -> Tensor:
        """Who sees whom: matching queries see matching queries; a denoising query also sees those, and its own group.

        Returns:
            (N + Q, N + Q) bool, True where the row's query sees the column's; denoising queries come first.
        """
        index = torch.arange(self.num_queries + num_matching, device=device)
        group = (index // (2 * self.num_objects)).clamp_max(self.num_groups)  # matching queries: group `num_groups`
        return (group[:, None] == group[None, :]) | (group[None, :] == self.num_groups)


@dataclass(frozen=True)
class DrawnObjects:
    """Which objects are denoised, where an image has more than there are queries for.

    Attributes:
        index_BK: int64, which of the image's objects, in their order.
        valid_BK: bool, False where padded.
        weight_B: objects of the image for each one that is denoised; sums over these, so weighted, are in the mean over
            draws those over all objects.
    """

    index_BK: Tensor
    valid_BK: Tensor
    weight_B: Tensor


@dataclass(frozen=True)
class DenoisingQueries:
    """What the decoder starts from.

    Attributes:
        content_BND: embedded (noised) classes.
        box_logits_BN4: noised boxes cxcywh before the sigmoid.
        groups: the layout.
        drawn: the objects that they are made of; None where they are all objects.
    """

    content_BND: Tensor
    box_logits_BN4: Tensor
    groups: DenoisingGroups
    drawn: DrawnObjects | None = None


@dataclass(frozen=True)
class NoiseShare:
    """Noise for some images of a larger batch: the same that they get as a part of it.

    Attributes:
        generator: source of the whole batch's noise.
        first: images of the batch before these.
        of: images of the batch.
    """

    generator: torch.Generator
    first: int
    of: int


class Denoising(nn.Module):
    """Noised ground truth.

    No image has more than ``num_queries`` positives: of an image with more objects, that many are drawn anew each time.
    Classes are swapped at random. Corners of positives move by up to half the box's side times ``box_noise``, those of
    negatives by half to a whole side times ``box_noise``.
    Source: Zhang et al., DINO, ICLR 2023, section 3.3, with RT-DETR's noise.
    """

    def __init__(
        self, d_model: int, num_classes: int, *, num_queries: int, label_noise: float, box_noise: float
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.num_queries = num_queries
        self.label_noise = label_noise
        self.box_noise = box_noise
        self.embedding = nn.Embedding(num_classes + 1, d_model, padding_idx=num_classes)

    def forward(self, targets: Targets, generator: torch.Generator | NoiseShare | None) -> DenoisingQueries | None:
        """Noised queries of the batch; None when no image has an object.

        Args:
            targets: the ground truth.
            generator: source of the noise; None is PyTorch's own.
        """
        drawn = None
        if targets.labels_BT.shape[1] > self.num_queries:
            targets, drawn = _drawn(targets, self.num_queries, generator)
        num_objects = targets.labels_BT.shape[1]
        if num_objects == 0:
            return None
        groups = DenoisingGroups(max(1, self.num_queries // num_objects), num_objects)
        copies = 2 * groups.num_groups
        valid_BN = targets.valid_BT.repeat(1, copies)
        labels_BN = self._noised_labels(targets.labels_BT.repeat(1, copies), generator)
        labels_BN = torch.where(valid_BN, labels_BN, self.num_classes)
        negative_N1 = ~groups.is_positive(labels_BN.device)[:, None]
        boxes_BN4 = self._noised_boxes(targets.boxes_BT4.repeat(1, copies, 1), negative_N1, generator)
        return DenoisingQueries(self.embedding(labels_BN), inverse_sigmoid(boxes_BN4), groups, drawn)

    def _noised_labels(self, labels_BN: Tensor, generator: torch.Generator | NoiseShare | None) -> Tensor:
        """The labels, half of the share ``label_noise`` replaced by a random class."""
        swapped_BN = _uniform(labels_BN, generator) < 0.5 * self.label_noise
        random_BN = (_uniform(labels_BN, generator) * self.num_classes).long().clamp_max(self.num_classes - 1)
        return torch.where(swapped_BN, random_BN, labels_BN)

    def _noised_boxes(
        self, boxes_BN4: Tensor, negative_N1: Tensor, generator: torch.Generator | NoiseShare | None
    ) -> Tensor:
        """The boxes with each corner coordinate moved, kept inside the image."""
        distance_BN4 = _uniform(boxes_BN4, generator) + negative_N1
        direction_BN4 = torch.where(_uniform(boxes_BN4, generator) < 0.5, -1.0, 1.0)
        half_BN4 = boxes_BN4[..., 2:].repeat(1, 1, 2) * (0.5 * self.box_noise)
        corners_BN4 = (cxcywh_to_xyxy(boxes_BN4) + direction_BN4 * distance_BN4 * half_BN4).clamp(0.0, 1.0)
        # Opposite corners of a negative may pass each other; ordered again they still span a box.
        first_BN2, second_BN2 = corners_BN4[..., :2], corners_BN4[..., 2:]
        ordered = [torch.minimum(first_BN2, second_BN2), torch.maximum(first_BN2, second_BN2)]
        return xyxy_to_cxcywh(torch.cat(ordered, dim=-1))


def _drawn(targets: Targets, most: int, generator: torch.Generator | NoiseShare | None) -> tuple[Targets, DrawnObjects]:
    """At most ``most`` objects of each image, at random; poses are left out, which nothing here reads."""
    order_BT = _uniform(targets.boxes_BT4[..., 0], generator).masked_fill(~targets.valid_BT, 1.0).argsort(stable=True)
    index_BK = order_BT[:, :most].sort().values
    valid_BK = targets.valid_BT.gather(1, index_BK)
    boxes_BK4 = targets.boxes_BT4.gather(1, index_BK[..., None].expand(-1, -1, 4))
    weight_B = targets.valid_BT.sum(dim=1) / valid_BK.sum(dim=1).clamp_min(1)
    return Targets(targets.labels_BT.gather(1, index_BK), boxes_BK4, valid_BK), DrawnObjects(
        index_BK, valid_BK, weight_B
    )


def _uniform(like: Tensor, generator: torch.Generator | NoiseShare | None) -> Tensor:
    """Uniform numbers in [0, 1), drawn where the generator lives: a CPU generator gives every device the same."""
    if isinstance(generator, NoiseShare):
        whole = _uniform(like.new_empty((generator.of, *like.shape[1:])), generator.generator)
        return whole[generator.first : generator.first + len(like)]
    source = generator.device if generator is not None else like.device
    return torch.rand(like.shape, generator=generator, device=source).to(like.device, non_blocking=True)
