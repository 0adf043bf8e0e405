"""Everything there is to know about the splits of a data set before judging it: labels, sizes, digests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.meshes import ObjectModels
from yolozu.data.classes import classes_of_labels, stated_classes
from yolozu.data.images import ImageFacts, image_facts
from yolozu.data.index import DataIndex
from yolozu.data.labels import Defect, Instance, LabeledImage, SplitLabels
from yolozu.data.layouts.layout import Layout, described_by
from yolozu.data.readers.base import SplitReader
from yolozu.data.readers.listed import open_reader
from yolozu.data.readers.meshes import read_models
from yolozu.errors import InputError
from yolozu.progress import Progress
from yolozu.structures.classes import ClassTable
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.poses import PoseLabels
from yolozu.system import available_cores, released

INDEX_FORMATS = frozenset({"yolo", "ultralytics"})
"""Formats whose labels hold network indices."""

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
    """A split's images in order of path, labels that belong to none of them, and what else is worth knowing.

    Without labels (``labeled`` is false) nobody knows what is on its images.
    """

    name: str
    images: tuple[SurveyedImage, ...]
    stray: tuple[Defect, ...]
    notes: tuple[str, ...] = ()
    labeled: bool = True

    @cached_property
    def image_names(self) -> frozenset[str]:
        """Its images as the data set names them."""
        return frozenset(image.labeled.image for image in self.images)


@dataclass(frozen=True)
class Survey:
    """Splits of one data set with their common classes.

    Attributes:
        layout: where they are.
        classes: named by files, or made up from the labels.
        classes_are_stated: whether files name them.
        splits: in the order they were asked for: training first.
        models: shapes of the classes, as far as the labels state them; of two splits that do, the first counts.
        training: names of the splits that are trained on, which need objects; pictures may be predicted without.
        validation: names of the splits that choose the best weights.
    """

    layout: Layout
    classes: ClassTable
    classes_are_stated: bool
    splits: tuple[SurveyedSplit, ...]
    models: ObjectModels = field(default_factory=ObjectModels)
    training: frozenset[str] = frozenset()
    validation: frozenset[str] = frozenset()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is worth knowing and no finding."""
        told = (
            *(f"{split.name}: {note}" for split in self.splits for note in split.notes),
            *(
                f"{one.name} and {other.name} are the same images: they show whether training works, not how well"
                for one, other in combinations(self.splits, 2)
                if one.image_names == other.image_names
            ),
        )
        return told if self.classes_are_stated else (self._made_up_names, *told)

    @property
    def _made_up_names(self) -> str:
        count = len(self.classes)
        known = f"they are called class_0 to class_{count - 1}" if count else "and no label holds one"
        unread = [path.name for path in described_by(self.layout.root) if path not in self.layout.class_files]
        hint = f"; {unread[0]} is read where it is the dataset_root" if unread else ""
        return f"{self.layout.root}: no classes.txt, classes.json or data.yaml names the classes; {known}{hint}"

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
    names = list(dict.fromkeys(layout.split(name).name for name in names))
    readers = {name: _reader(layout, name) for name in names}
    stated = _stated(layout, readers)
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
            surveyed.append(SurveyedSplit(split.split, tuple(images), split.stray, split.notes, split.labeled))
    return Survey(layout, classes, stated is not None, tuple(surveyed), _models(layout, classes, labels))


def classes_of_data(layout: Layout, names: Sequence[str]) -> ClassTable:
    """The classes that a survey of the splits called ``names`` would find; no image is looked at.

    Raises:
        InputError: a split is missing, or the classes are not to be understood.
    """
    names = list(dict.fromkeys(layout.split(name).name for name in names))
    readers = {name: _reader(layout, name) for name in names}
    stated = _stated(layout, readers)
    if stated is not None:
        return stated
    return classes_of_labels([*(reader.read(None) for reader in readers.values()), *_other_splits(layout, names)])


def _stated(layout: Layout, readers: Mapping[str, SplitReader]) -> ClassTable | None:
    """The classes that files name."""
    by_labels = {
        str(layout.splits[name].labels): table
        for name, reader in readers.items()
        if (table := reader.stated_classes()) is not None
    }
    return stated_classes(layout, by_labels)


def index_of(
    survey: Survey,
    split: SurveyedSplit,
    images: Sequence[SurveyedImage],
    *,
    root_base: Literal["cwd", "index"],
    numbered: bool = False,
) -> DataIndex:
    """The index of ``images``, all of which can be read; ``numbered`` where it decides the order of equal scores."""
    records = tuple(_record(survey, image) for image in images)
    numbers = [image.labeled.number for image in images]
    known = [number for number in numbers if number is not None]
    if numbered and len(known) == len(records) and known != sorted(known):
        records = tuple(replace(record, number=number) for record, number in zip(records, known, strict=True))
    return DataIndex(survey.layout.root, split.name, survey.classes, records, root_base, split.labeled)


def _reader(layout: Layout, name: str) -> SplitReader:
    return open_reader(layout, layout.split(name))


def _models(layout: Layout, classes: ClassTable, labels: Sequence[SplitLabels]) -> ObjectModels:
    """Meshes of the data set over what labels state; of two splits that state a class's shape, the first counts."""
    models = {index: model for split in reversed(labels) for index, model in split.models.items()}
    if layout.models is not None:
        models |= read_models(layout.models, classes)
    return ObjectModels({index: model for index, model in models.items() if 0 <= index < len(classes)})


def _other_splits(layout: Layout, names: Sequence[str]) -> list[SplitLabels]:
    """Labels of the splits that were not asked for: what classes a data set has does not depend on the question."""
    others = [split for name, split in layout.splits.items() if name not in names]
    there = [split for split in others if split.label_format in INDEX_FORMATS and split.missing is None]
    return [_reader(layout, split.name).read(None) for split in there]


def _looked_at(images: Sequence[LabeledImage], cache: DigestCache) -> Iterator[SurveyedImage]:
    """Decoding is most of the work and lets other threads run; digests are mostly known."""
    with released(ThreadPoolExecutor(max_workers=available_cores())) as threads:
        for start in range(0, len(images), CHUNK):
            chunk = images[start : start + CHUNK]
            facts = threads.map(image_facts, [image.path for image in chunk])
            for image, fact in zip(chunk, facts, strict=True):
                yield SurveyedImage(image, fact, cache.file_if_readable(image.path))  # image_facts has said why not


def _record(survey: Survey, image: SurveyedImage) -> ImageRecord:
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
        areas_px=np.array([area_px_of(instance, facts) for instance in labeled.instances], dtype=np.float64),
        poses=_poses(labeled, boxes, facts),
        masks=_masks(survey.layout, labeled.instances),
    )


def _masks(layout: Layout, instances: Sequence[Instance]) -> tuple[tuple[str, int | None] | None, ...]:
    if all(instance.mask is None for instance in instances):
        return ()
    return tuple(
        None if instance.mask is None else (layout.relative(instance.mask.path), instance.mask.value)
        for instance in instances
    )


def _poses(labeled: LabeledImage, boxes_N4: NDArray[np.float64], facts: ImageFacts) -> PoseLabels | None:
    """The image's camera and poses as arrays; the model's origin appears where the pose projects it.

    Where only the label's offset tells where it appears, that counts. A pose that puts the object behind the camera is
    none.
    """
    instances, camera = labeled.instances, labeled.camera
    offsets = [instance.center_offset_px for instance in instances]
    if camera is None and all(offset is None for offset in offsets):
        return None
    found = PoseLabels.none_of(len(instances))
    K_4 = None if camera is None else np.array(camera.K)
    K_true_4 = None if camera is None or camera.K_true is None else np.array(camera.K_true)
    size = np.array([facts.width, facts.height], np.float64)
    for number, instance in enumerate(instances):
        if instance.pose is not None and K_4 is not None and instance.pose.t_m2c[2] > 0.0:
            found.R_m2c_N33[number], found.t_m2c_N3[number] = instance.pose.R_m2c, instance.pose.t_m2c
            found.has_pose_N[number] = True
            seen_by = K_4 if K_true_4 is None else K_true_4
            x, y, z = instance.pose.t_m2c
            found.centers_px_N2[number] = np.array([x, y]) / z * seen_by[:2] + seen_by[2:]
            found.has_center_N[number] = True
        elif instance.center_offset_px is not None:
            found.centers_px_N2[number] = boxes_N4[number, :2] * size + instance.center_offset_px
            found.has_center_N[number] = True
    return replace(found, K_4=K_4, K_true_4=K_true_4)


def area_px_of(instance: Instance, facts: ImageFacts) -> float:
    """Area of an object as COCO counts it, squared px: of its outline where a label has one, else of its box."""
    if instance.area_px is not None:
        return instance.area_px
    if instance.area_fraction is not None:
        return instance.area_fraction * facts.width * facts.height
    return instance.box_cxcywh[2] * facts.width * instance.box_cxcywh[3] * facts.height
