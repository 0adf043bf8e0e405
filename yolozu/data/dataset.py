"""Images as samples for torch's data loaders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from torch.utils.data import Dataset

from yolozu.data.augment import draw_variation, generator_for, place_boxes, placement_of, vary_image
from yolozu.data.images import read_image
from yolozu.data.placed_poses import place_poses
from yolozu.data.poses import PoseLabels
from yolozu.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from yolozu.contract.data import AugmentSection
    from yolozu.data.index import DataIndex, ImageRecord
    from yolozu.data.placement import Placement
    from yolozu.data.poses import PlacedPoses
    from yolozu.data.preprocess import Preprocess

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
    """

    image_HW3: NDArray[np.uint8]
    labels: NDArray[np.int64]
    boxes_cxcywh: NDArray[np.float32]
    placement: Placement
    index: int
    poses: PlacedPoses | None = None


class ImageStore:
    """Reads the images of an index; with ``ram`` every one only once. A loading process has a store of its own."""

    def __init__(self, records: tuple[ImageRecord, ...], cache: Cache) -> None:
        self._records = records
        self._kept: dict[int, NDArray[np.uint8]] | None = {} if cache == "ram" else None

    def image(self, index: int) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB; not to be written to."""
        if self._kept is None:
            return _read(self._records[index])
        if index not in self._kept:
            self._kept[index] = _read(self._records[index])
        return self._kept[index]


class TrainingImages(Dataset[Sample]):
    """Varied images with their targets.

    Keys are ``(epoch, image index)``: a sample depends on them and the seed alone. Crowd regions and objects that are
    hardly in view are no targets.
    """

    def __init__(
        self, index: DataIndex, preprocess: Preprocess, augment: AugmentSection, seed: int, cache: Cache = "none"
    ) -> None:
        self._index, self._preprocess, self._augment, self._seed = index, preprocess, augment, seed
        self._store = ImageStore(index.records, cache)
        self._with_poses = index.has_poses

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, key: tuple[int, int]) -> Sample:
        epoch, number = key
        generator = generator_for(self._seed, epoch, number)
        variation = draw_variation(self._augment, generator)
        record = self._index.records[number]
        placement = placement_of(variation, record.width, record.height, self._preprocess)
        image = vary_image(self._store.image(number), variation, placement, self._preprocess, generator)
        return _sample(image, record, placement, number, with_poses=self._with_poses)


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
        return _sample(image, self._index.records[number], placement, number, with_poses=self._with_poses)


def _read(record: ImageRecord) -> NDArray[np.uint8]:
    image = read_image(record.path)
    if image.shape[:2] != (record.height, record.width):
        raise InputError.one(
            "YZ211",
            where=str(record.path),
            problem=f"is {image.shape[1]}×{image.shape[0]} px, the index has {record.width}×{record.height}",
            fix="the image changed since the data was prepared: run the same command again",
        )
    return image


def _sample(
    image_HW3: NDArray[np.uint8], record: ImageRecord, placement: Placement, number: int, *, with_poses: bool
) -> Sample:
    boxes, in_view = place_boxes(record.boxes_cxcywh, placement)
    kept = in_view & ~record.is_crowd
    poses = None
    if with_poses:
        labels = PoseLabels.none_of(len(kept)) if record.poses is None else record.poses
        poses = place_poses(labels, placement).of(kept)
    return Sample(image_HW3, record.class_indices[kept], boxes[kept].astype(np.float32), placement, number, poses)
