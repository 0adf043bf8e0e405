"""Images as samples for torch's data loaders."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from torch.utils.data import Dataset

from yolozu.data.augmentation.augment import (
    GROUND_PART,
    MOSAIC_PART,
    draw_ground,
    draw_variation,
    generator_for,
    part_of,
    placement_of,
    vary_image,
    vary_pasted,
    visible_boxes,
)
from yolozu.data.augmentation.backgrounds import Backgrounds
from yolozu.data.augmentation.masks import MaskStore, joined_mask, require_masks
from yolozu.data.augmentation.mosaic import boxes_of_quarter, draw_mosaic, mosaic_image
from yolozu.data.augmentation.object_boxes import object_boxes
from yolozu.data.augmentation.pasting import placed_cut_out
from yolozu.data.images import pixels_of
from yolozu.data.placed_poses import NO_MODELS, place_poses
from yolozu.data.sampler import record_of
from yolozu.geometry.input_sizes import input_sizes
from yolozu.structures.poses import PoseLabels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.contract.sections.data import AugmentSection
    from yolozu.data.augmentation.augment import Variation
    from yolozu.data.index import DataIndex
    from yolozu.data.placement import Placement
    from yolozu.data.preprocess import Preprocess
    from yolozu.data.sampler import SampleKey
    from yolozu.data.stored_store import StoredStore
    from yolozu.structures.image_record import ImageRecord
    from yolozu.structures.poses import PlacedPoses
    from yolozu.structures.stored_queries import StoredQueries

Cache = Literal["none", "ram"]


@dataclass(frozen=True, eq=False)
class Sample:
    """One network input with its N targets.

    Attributes:
        image_HW3: (H, W, 3) uint8 RGB.
        labels: (N,) int64 network class index.
        boxes_cxcywh: (N, 4) float32 normalized to the network input.
        placement: where the image lies in it.
        index: number of the image in its index.
        poses: camera and poses of the same N targets; None in a data set without poses.
        stored: what a detector once said of the image; None where nothing is known.
        labeled_classes: class indices that the labels tell of; None for all.
    """

    image_HW3: NDArray[np.uint8]
    labels: NDArray[np.int64]
    boxes_cxcywh: NDArray[np.float32]
    placement: Placement
    index: int
    poses: PlacedPoses | None = None
    stored: StoredQueries | None = None
    labeled_classes: tuple[int, ...] | None = None


class ImageStore:
    """Reads the images of an index; with ``ram`` every one only once. A loading process has a store of its own."""

    def __init__(self, records: Sequence[ImageRecord], cache: Cache) -> None:
        self._records = records
        self._kept: dict[int, NDArray[np.uint8]] | None = {} if cache == "ram" else None

    def image(self, index: int) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB; not to be written to."""
        if self._kept is None:
            return pixels_of(self._records[index])
        if index not in self._kept:
            self._kept[index] = pixels_of(self._records[index])
        return self._kept[index]


class TrainingImages(Dataset[Sample]):
    """Varied images with their targets.

    Keys are ``(epoch, image index)``, with ``multiscale`` also the size: a sample depends on them and the seed alone.
    Replayed images have the indices after all others, and further ones (`yolozu.data.sampler.record_of`). Crowd regions
    and objects that are hardly in view are no targets.

    Attributes:
        sizes: (height, width) that batches are drawn from; none where all have that of the preprocessing.
        num_replayed: images of the index, the last ones, that come from a replay buffer.
    """

    def __init__(
        self,
        index: DataIndex,
        preprocess: Preprocess,
        augment: AugmentSection,
        seed: int,
        cache: Cache = "none",
        *,
        models: ObjectModels = NO_MODELS,
        num_replayed: int = 0,
        stored: StoredStore | None = None,
    ) -> None:
        """Look at what can be known before the first image.

        Args:
            index: the images.
            preprocess: how they become network inputs.
            augment: how they are varied.
            seed: of the run.
            cache: whether what is read is kept.
            models: of the classes: for poses in mirrored pictures and boxes in turned ones.
            num_replayed: images of the index, the last ones, that come from a replay buffer.
            stored: what a detector once said of the images.

        Raises:
            InputError: YZ250 objects to be pasted have no masks, YZ252 there is nothing to paste them onto.
        """
        self._index, self._preprocess, self._augment, self._seed = index, preprocess, augment, seed
        self._store = ImageStore(index.records, cache)
        self._masks = MaskStore(index, keep=cache == "ram")
        self._models, self._with_poses = models, index.has_poses
        self.num_replayed, self._stored = num_replayed, stored
        self._backgrounds: Backgrounds | None = None
        self.sizes = input_sizes(augment.multiscale, (preprocess.height, preprocess.width))
        if augment.paste_backgrounds is not None:
            require_masks(index, "paste_backgrounds")
            self._backgrounds = Backgrounds(Path(augment.paste_backgrounds), keep=cache == "ram")

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, key: SampleKey) -> Sample:
        epoch, index, *size = key
        preprocess = self._preprocess
        if size:
            height, width = size[0]
            preprocess = replace(preprocess, height=height, width=width)
        generator, number = generator_for(self._seed, epoch, index), self._number(index)
        variation = draw_variation(self._augment, generator)
        if variation.mosaic:
            return self._mosaic(number, preprocess, generator)
        sample = self._varied(number, preprocess, variation, generator)
        return sample if self._stored is None else replace(sample, stored=self._stored.placed(number, sample.placement))

    def _labeled(self, number: int) -> tuple[int, ...] | None:
        """Classes that labels tell of. A training's own images teach that what has no label is background."""
        replayed = number >= len(self) - self.num_replayed
        return self._index.records[number].labeled_classes if replayed else None

    def _number(self, index: int) -> int:
        """Of the record that an index of a key means."""
        return record_of(index, len(self) - self.num_replayed, self.num_replayed)

    def _varied(
        self, number: int, preprocess: Preprocess, variation: Variation, generator: np.random.Generator
    ) -> Sample:
        record = self._index.records[number]
        camera = _taken_by(record)
        placement = placement_of(variation, record.width, record.height, preprocess, camera)
        told = None
        if camera is not None and variation.jitter is not None:
            plain = replace(variation, jitter=None)
            told = placement_of(plain, record.width, record.height, preprocess, camera)
        masks = self._masks.masks(number) if placement.turn is not None or self._backgrounds is not None else None
        image = self._picture(
            number, masks, variation=variation, placement=placement, preprocess=preprocess, generator=generator
        )
        poses = None
        if self._with_poses:
            poses = place_poses(
                _pose_labels(record), placement, told=told, class_indices_N=record.class_indices, models=self._models
            )
        whole = (
            placement.boxes_to_input(record.boxes_cxcywh)
            if placement.turn is None or masks is None
            else object_boxes(record, placement, masks, poses, self._models)
        )
        sample = _sample(image, record, placement, whole, number=number, poses=poses)
        return replace(sample, labeled_classes=self._labeled(number))

    def _picture(
        self,
        number: int,
        masks: list[NDArray[np.bool_] | None] | None,
        *,
        variation: Variation,
        placement: Placement,
        preprocess: Preprocess,
        generator: np.random.Generator,
    ) -> NDArray[np.uint8]:
        image = self._store.image(number)
        if self._backgrounds is None or masks is None:
            return vary_image(image, variation, placement, preprocess, generator)
        ground = draw_ground(self._backgrounds, self._augment, part_of(generator, GROUND_PART), preprocess)
        shown = joined_mask(masks, placement.height, placement.width)
        return vary_pasted(placed_cut_out(image, shown, placement), ground, variation, generator)

    def _mosaic(self, number: int, preprocess: Preprocess, generator: np.random.Generator) -> Sample:
        """Four images, each varied on its own in its quarter; without a camera, so without poses.

        All are the training's own, or all are replayed: what one labels is then what the others label. No outputs are
        stored of such a picture.
        """
        width, height = preprocess.width, preprocess.height
        draws, *own = (part_of(generator, MOSAIC_PART + part) for part in range(5))
        own_images = len(self) - self.num_replayed
        replayed = number >= own_images
        others, quarters = draw_mosaic(draws, self.num_replayed if replayed else own_images, width, height)
        others = [own_images + other for other in others] if replayed else others
        parts = [
            self._varied(
                part,
                replace(preprocess, height=quarter.height, width=quarter.width),
                draw_variation(self._augment, randomness),
                randomness,
            )
            for part, quarter, randomness in zip([number, *others], quarters, own, strict=True)
        ]
        boxes = [
            boxes_of_quarter(part.boxes_cxcywh, quarter, width, height)
            for part, quarter in zip(parts, quarters, strict=True)
        ]
        labels = np.concatenate([part.labels for part in parts])
        placement = parts[0].placement.moved(quarters[0].left, quarters[0].top, width, height)
        return Sample(
            image_HW3=mosaic_image([part.image_HW3 for part in parts], quarters, width, height),
            labels=labels,
            boxes_cxcywh=np.concatenate(boxes).astype(np.float32),
            placement=placement,
            index=number,
            poses=place_poses(PoseLabels.none_of(len(labels)), placement) if self._with_poses else None,
            labeled_classes=_labeled_on_all(parts),
        )


class ValidationImages(Dataset[Sample]):
    """Letterboxed images with their targets. Keys are image numbers."""

    def __init__(self, index: DataIndex, preprocess: Preprocess, cache: Cache = "none") -> None:
        self._index, self._preprocess = index, preprocess
        self._store = ImageStore(index.records, cache)
        self._with_poses = index.has_poses

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, number: int) -> Sample:
        if not 0 <= number < len(self):
            raise IndexError(number)
        image, placement = self._preprocess.letterbox(self._store.image(number))
        record = self._index.records[number]
        poses = place_poses(_pose_labels(record), placement) if self._with_poses else None
        return _sample(
            image, record, placement, placement.boxes_to_input(record.boxes_cxcywh), number=number, poses=poses
        )


def _labeled_on_all(parts: Sequence[Sample]) -> tuple[int, ...] | None:
    """Class indices that the labels of every part tell of."""
    known = [set(part.labeled_classes) for part in parts if part.labeled_classes is not None]
    return tuple(sorted(set.intersection(*known))) if known else None


def _pose_labels(record: ImageRecord) -> PoseLabels:
    return PoseLabels.none_of(len(record.class_indices)) if record.poses is None else record.poses


def _taken_by(record: ImageRecord) -> NDArray[np.float64] | None:
    """fx, fy, cx, cy of the camera that took the image, as well as it is known."""
    if record.poses is None:
        return None
    return record.poses.K_4 if record.poses.K_true_4 is None else record.poses.K_true_4


def _sample(
    image_HW3: NDArray[np.uint8],
    record: ImageRecord,
    placement: Placement,
    whole_cxcywh: NDArray[np.float64],
    *,
    number: int,
    poses: PlacedPoses | None,
) -> Sample:
    boxes, in_view = visible_boxes(whole_cxcywh)
    kept = in_view & ~record.is_crowd
    return Sample(
        image_HW3=image_HW3,
        labels=record.class_indices[kept],
        boxes_cxcywh=boxes[kept].astype(np.float32),
        placement=placement,
        index=number,
        poses=None if poses is None else poses.of(kept),
    )
