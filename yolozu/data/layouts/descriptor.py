"""What a ``dataset.json`` may say. Free of numpy: planning reads this too."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from yolozu.contract.base import Conflict, Form, Section
from yolozu.contract.strict.read_strict import read_strict

DESCRIPTOR_NAME = "dataset.json"

DescribedFormat = Literal["yolo", "coco", "bop", "voc", "cvat", "label_studio"]

PLACES: dict[DescribedFormat, str] = {
    "yolo": "labels_dir",
    "coco": "instances_json",
    "bop": "scenes_dir",
    "voc": "annotations_dir",
    "cvat": "annotations_xml",
    "label_studio": "tasks_json",
}
"""Format of labels -> the key that says where they are."""

METRES: dict[str, float] = {"m": 1.0, "mm": 0.001}
"""Metres of a unit of length."""


class SplitEntry(Section):
    """One split of a ``dataset.json``."""

    images_dir: str | None = Field(default=None, min_length=1)
    """Directory of the images."""

    labels_dir: str | None = Field(default=None, min_length=1)
    """Directory of the label files."""

    instances_json: str | None = Field(default=None, min_length=1)
    """COCO instances file."""

    scenes_dir: str | None = Field(default=None, min_length=1)
    """Directory of BOP scenes."""

    annotations_dir: str | None = Field(default=None, min_length=1)
    """Directory of XML files of Pascal VOC."""

    annotations_xml: str | None = Field(default=None, min_length=1)
    """File of CVAT's own format."""

    tasks_json: str | None = Field(default=None, min_length=1)
    """File of Label Studio's own format."""

    images_list: str | None = Field(default=None, min_length=1)
    """Text file with a path of an image in each line, relative to the file: only these images are the split's."""

    @property
    def label_format(self) -> DescribedFormat:
        """Which labels it has."""
        return next(name for name, key in PLACES.items() if getattr(self, key) is not None)

    @model_validator(mode="after")
    def _labels_are_in_one_place(self) -> Self:
        places = tuple(PLACES.values())
        given = [key for key in places if getattr(self, key) is not None]
        if len(given) != 1:
            problem = f"has {' and '.join(given)}" if given else "says nowhere where its labels are"
            raise Conflict(*places, problem=problem, fix=f"give one of {', '.join(places[:-1])} and {places[-1]}")
        if self.scenes_dir is None and self.images_dir is None:
            raise Conflict(*given, "images_dir", problem="has no images_dir beside it", fix="add images_dir")
        if self.scenes_dir is not None and self.images_dir is not None:
            raise Conflict("images_dir", *given, problem="has no place beside scenes_dir", fix="remove one of them")
        return self


class Descriptor(Section):
    """A ``dataset.json``."""

    format: DescribedFormat | None = None
    """What every split's labels are; said for readers, the splits decide."""

    splits: Annotated[
        dict[str, SplitEntry],
        Field(min_length=1),
        Form("a map {NAME: {images_dir, labels_dir or instances_json} or {scenes_dir}} with one split or more"),
    ]
    """Split by name."""

    classes: list[str] | None = None
    """Class names in network order."""

    category_ids: list[int] | None = None
    """Category ids in network order."""

    models_dir: str | None = Field(default=None, min_length=1)
    """Directory of meshes, ``obj_000001.ply`` (by category id) or ``<class name>.ply``, and ``models_info.json``."""

    models_unit: Literal["m", "mm"] | None = None
    """Unit of all lengths in `models_dir`."""

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        if self.category_ids is not None and self.classes is None:
            raise Conflict("category_ids", "classes", problem="needs classes", fix="add classes, in the same order")
        if (self.models_dir is None) != (self.models_unit is None):
            problem = "models_dir and models_unit need each other"
            raise Conflict("models_dir", "models_unit", problem=problem, fix="give both or none")
        for name, entry in self.splits.items():
            found = entry.label_format
            if self.format is not None and found != self.format:
                problem = f"is {self.format}, but split {name!r} has {found} labels"
                raise Conflict("format", "splits", problem=problem, fix="correct or remove it: the splits decide")
        return self


def read_descriptor(path: Path) -> Descriptor:
    """The ``dataset.json`` at ``path``.

    Raises:
        InputError: YZ203 it describes no data set; every finding at once.
    """
    return read_strict(path, Descriptor, code="YZ203", fix="write a JSON object with splits")
