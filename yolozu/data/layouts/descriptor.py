"""What a ``dataset.json`` may say. Free of numpy: planning reads this too."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from yolozu.artifacts.jsonio import read_json
from yolozu.contract.base import Section
from yolozu.errors import Finding, InputError

DESCRIPTOR_NAME = "dataset.json"

DescribedFormat = Literal["yolo", "coco", "bop"]

METRES: dict[str, float] = {"m": 1.0, "mm": 0.001}
"""Metres of a unit of length."""

FIX = (
    "splits: {name: {images_dir, labels_dir | instances_json} or {scenes_dir}}, classes: [...], category_ids: [...], "
    "models_dir, models_unit: m | mm"
)


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

    @property
    def label_format(self) -> DescribedFormat:
        """Which labels it has."""
        return "bop" if self.scenes_dir is not None else "yolo" if self.labels_dir is not None else "coco"

    @model_validator(mode="after")
    def _labels_are_in_one_place(self) -> Self:
        if (self.labels_dir, self.instances_json, self.scenes_dir).count(None) != 2:
            raise ValueError("give one of labels_dir, instances_json and scenes_dir")
        if (self.images_dir is None) != (self.scenes_dir is not None):
            raise ValueError("give images_dir with labels_dir or instances_json, and only there")
        return self


class Descriptor(Section):
    """A ``dataset.json``."""

    format: DescribedFormat | None = None
    """What every split's labels are; said for readers, the splits decide."""

    splits: dict[str, SplitEntry] = Field(min_length=1)
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
        for name, entry in self.splits.items():
            found = entry.label_format
            if self.format is not None and found != self.format:
                raise ValueError(f"format is {self.format}, but split {name!r} has {found} labels")
        if self.category_ids is not None and self.classes is None:
            raise ValueError("category_ids needs classes")
        if (self.models_dir is None) != (self.models_unit is None):
            raise ValueError("models_dir and models_unit need each other")
        return self


def read_descriptor(path: Path) -> Descriptor:
    """The ``dataset.json`` at ``path``.

    Raises:
        InputError: YZ203 it describes no data set; every finding at once.
    """
    value: Any = read_json(path, code="YZ203", fix="write a JSON object with splits")
    try:
        return Descriptor.model_validate(value)
    except ValidationError as error:
        raise InputError(
            Finding(
                "YZ203",
                where=f"{path}: {'.'.join(str(part) for part in found['loc'])}".removesuffix(": "),
                problem=found["msg"].removeprefix("Value error, "),
                fix=FIX,
            )
            for found in error.errors()
        ) from error
