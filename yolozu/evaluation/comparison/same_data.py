"""Whether two predictions are of the same data, and if not, what differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from yolozu.artifacts.meshes import ObjectModels
from yolozu.data.index import DataIndex
from yolozu.evaluation.benchmark.protocol import models_digest, truth_digest
from yolozu.structures.image_record import ImageRecord


@dataclass(frozen=True)
class PredictedData:
    """The images that were predicted.

    Attributes:
        name: what a person calls the predictions.
        index: the images with their ground truth.
        models: by network class index.
        max_images: only the first so many images; None means all.
    """

    name: str
    index: DataIndex
    models: ObjectModels
    max_images: int | None

    @property
    def records(self) -> Sequence[ImageRecord]:
        """The images that count."""
        return self.index.records if self.max_images is None else self.index.records[: self.max_images]


def data_differences(a: PredictedData, b: PredictedData) -> list[str]:
    """What differs, a line each; nothing where numbers of both can be compared."""
    return [*_of_classes(a, b), *_of_images(a, b), *_of_models(a, b)]


def _of_classes(a: PredictedData, b: PredictedData) -> Iterator[str]:
    tables = [dict(zip(side.index.classes.category_ids, side.index.classes.names, strict=True)) for side in (a, b)]
    for category in sorted({*tables[0], *tables[1]}):
        names = [table.get(category, "absent") for table in tables]
        if names[0] != names[1]:
            yield f"class {category} is {names[0]} in {a.name}, {names[1]} in {b.name}"


def _of_images(a: PredictedData, b: PredictedData) -> Iterator[str]:
    if len(a.records) != len(b.records):
        told = (f"{side.name} is of {_images(side)}" for side in (a, b))
        yield ", ".join(told)
    one, other = ({record.image: record for record in side.records} for side in (a, b))
    for lonely, side in ((one.keys() - other.keys(), a), (other.keys() - one.keys(), b)):
        if lonely:
            yield f"only in {side.name}: {_several(sorted(lonely))}"
    both = sorted(one.keys() & other.keys())
    pixels = [name for name in both if one[name].sha256 != other[name].sha256]
    if pixels:
        yield f"other pixels: {_several(pixels)}"
    labels = [name for name in both if name not in set(pixels) and _truth(a, one[name]) != _truth(b, other[name])]
    if labels:
        yield f"other labels: {_several(labels)}"


def _of_models(a: PredictedData, b: PredictedData) -> Iterator[str]:
    digests = {models_digest(side.models, side.index.classes.category_ids) for side in (a, b)}
    if len(digests) > 1 and (a.index.has_poses or b.index.has_poses):
        yield "other models or symmetries of the objects"


def _truth(side: PredictedData, record: ImageRecord) -> str:
    return truth_digest([record], side.index.classes.category_ids)


def _images(side: PredictedData) -> str:
    few = len(side.records) < len(side.index)
    return f"the first {len(side.records)} of {len(side.index)} images" if few else f"{len(side.records)} images"


def _several(names: Sequence[str]) -> str:
    return f"{len(names)} image{'' if len(names) == 1 else 's'} (the first is {names[0]})"
