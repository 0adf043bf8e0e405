"""Everything there is to know about the splits of a data set before judging it: labels, sizes, digests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from yolozu.data.classes import classes_of_labels, stated_classes
from yolozu.data.cores import available_cores
from yolozu.data.images import ImageFacts, image_facts
from yolozu.data.index import DataIndex, ImageRecord
from yolozu.data.registry import READERS
from yolozu.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Literal

    from yolozu.artifacts.classes import ClassTable
    from yolozu.artifacts.digest import DigestCache
    from yolozu.data.labels import Defect, Instance, LabeledImage, SplitLabels
    from yolozu.data.layout import Layout
    from yolozu.data.readers.base import SplitReader
    from yolozu.progress import Progress

CHUNK = 256
"""Images handed to the threads at a time; bounds memory, not speed."""


@dataclass(frozen=True, slots=True)
class SurveyedImage:
    """An image with its labels, its size and its digest (None where there is no file)."""

    labeled: LabeledImage
    facts: ImageFacts
    sha256: str | None


@dataclass(frozen=True)
class SurveyedSplit:
    """A split's images in order of path, and labels that belong to none of them."""

    name: str
    images: tuple[SurveyedImage, ...]
    stray: tuple[Defect, ...]


@dataclass(frozen=True)
class Survey:
    """Splits of one data set with their common classes.

    Attributes:
        layout: where they are.
        classes: named by files, or made up from the labels.
        classes_are_stated: whether files name them.
        splits: in the order they were asked for: training first.
    """

    layout: Layout
    classes: ClassTable
    classes_are_stated: bool
    splits: tuple[SurveyedSplit, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What is worth knowing and no finding."""
        if self.classes_are_stated:
            return ()
        count = len(self.classes)
        known = f"they are called class_0 to class_{count - 1}" if count else "and no label holds one"
        return (f"{self.layout.root}: no classes.txt, classes.json or data.yaml names the classes; {known}",)

    def images(self) -> Iterator[tuple[SurveyedSplit, SurveyedImage]]:
        """Every image with its split."""
        for split in self.splits:
            for image in split.images:
                yield split, image

    def instances(self) -> Iterator[tuple[SurveyedSplit, SurveyedImage, Instance]]:
        """Every instance with its image and split."""
        for split, image in self.images():
            for instance in image.labeled.instances:
                yield split, image, instance


def survey(layout: Layout, names: Sequence[str], cache: DigestCache, progress: Progress) -> Survey:
    """Read the labels of the splits called ``names``, and look at every image of theirs.

    Args:
        layout: the data set.
        names: splits, training first.
        cache: known digests.
        progress: where the reading is shown.

    Raises:
        InputError: a split is missing or holds no image, or the classes are not to be understood.
    """
    readers = {name: _reader(layout, name) for name in names}
    by_labels = {
        str(layout.splits[name].labels): table
        for name, reader in readers.items()
        if (table := reader.stated_classes()) is not None
    }
    stated = stated_classes(layout, by_labels)
    labels = [reader.read(stated) for reader in readers.values()]
    for split in labels:
        if not split.images:
            raise InputError.one(
                "YZ209",
                where=str(layout.splits[split.split].images_dir),
                problem=f"split {split.split!r} holds no image",
                fix="put images there (.jpg, .png, .bmp, .webp, .tif), or name another split",
            )
    classes = classes_of_labels([*labels, *_other_splits(layout, names)]) if stated is None else stated
    with progress.bar("looking at images", sum(len(split.images) for split in labels)) as bar:
        surveyed = []
        for split in labels:
            images = []
            for image in _looked_at(split.images, cache):
                images.append(image)
                bar.advance()
            surveyed.append(SurveyedSplit(split.split, tuple(images), split.stray))
    return Survey(layout, classes, stated is not None, tuple(surveyed))


def index_of(
    survey: Survey,
    split: SurveyedSplit,
    images: Sequence[SurveyedImage],
    *,
    root_base: Literal["cwd", "index"],
) -> DataIndex:
    """The index of ``images``, all of which can be read."""
    records = tuple(_record(image) for image in images)
    return DataIndex(survey.layout.root, split.name, survey.classes, records, root_base)


def _reader(layout: Layout, name: str) -> SplitReader:
    split = layout.split(name)
    reader: SplitReader = READERS.load(split.label_format)(layout, split)
    return reader


def _other_splits(layout: Layout, names: Sequence[str]) -> list[SplitLabels]:
    """Labels of the splits that were not asked for: what classes a data set has does not depend on the question."""
    others = [split for name, split in layout.splits.items() if name not in names]
    there = [split for split in others if split.label_format == "yolo" and split.images_dir.is_dir()]
    return [_reader(layout, split.name).read(None) for split in there]


def _looked_at(images: Sequence[LabeledImage], cache: DigestCache) -> Iterator[SurveyedImage]:
    """Decoding is most of the work and lets other threads run; digests are mostly known."""
    with ThreadPoolExecutor(max_workers=available_cores()) as threads:
        for start in range(0, len(images), CHUNK):
            chunk = images[start : start + CHUNK]
            facts = threads.map(image_facts, [image.path for image in chunk])
            for image, fact in zip(chunk, facts, strict=True):
                yield SurveyedImage(image, fact, _digest(image.path, cache))


def _digest(path: Path, cache: DigestCache) -> str | None:
    try:
        return cache.file(path)
    except OSError:
        return None  # image_facts has said why the file cannot be read


def _record(image: SurveyedImage) -> ImageRecord:
    labeled, facts = image.labeled, image.facts
    assert image.sha256 is not None, "only images that can be read are indexed"
    boxes = np.array([instance.box_cxcywh for instance in labeled.instances], dtype=np.float64).reshape(-1, 4)
    return ImageRecord(
        image=labeled.image,
        path=labeled.path,
        width=facts.width,
        height=facts.height,
        sha256=image.sha256,
        class_indices=np.array([instance.class_index for instance in labeled.instances], dtype=np.int64),
        boxes_cxcywh=boxes,
        is_crowd=np.array([instance.is_crowd for instance in labeled.instances], dtype=np.bool_),
        areas_px=np.array([_area(instance, facts) for instance in labeled.instances], dtype=np.float64),
        pose=labeled.pose,
    )


def _area(instance: Instance, facts: ImageFacts) -> float:
    if instance.area_px is not None:
        return instance.area_px
    if instance.area_fraction is not None:
        return instance.area_fraction * facts.width * facts.height
    return instance.box_cxcywh[2] * facts.width * instance.box_cxcywh[3] * facts.height
