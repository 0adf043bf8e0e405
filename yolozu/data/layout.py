"""Where the splits of a data set are: folders ``images/<split>`` and ``labels/<split>``, or a ``dataset.json``.

A ``dataset.json`` holds ``{"splits": {name: {"images_dir", "labels_dir" | "instances_json"}}, "classes": [...],
"category_ids": [...]}``; paths are absolute or relative to the file. Free of numpy: planning reads this too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from yolozu.artifacts.jsonio import read_json
from yolozu.contract.base import Section
from yolozu.errors import Finding, InputError

DESCRIPTOR_NAME = "dataset.json"
CLASS_FILE_NAMES = ("classes.txt", "classes.json", "data.yaml")

LabelFormat = Literal["yolo", "coco"]


class SplitEntry(Section):
    """One split of a ``dataset.json``."""

    images_dir: str = Field(min_length=1)
    """Directory of the images."""

    labels_dir: str | None = Field(default=None, min_length=1)
    """Directory of the label files."""

    instances_json: str | None = Field(default=None, min_length=1)
    """COCO instances file."""

    @model_validator(mode="after")
    def _labels_are_in_one_place(self) -> Self:
        if (self.labels_dir is None) == (self.instances_json is None):
            raise ValueError("give either labels_dir or instances_json")
        return self


class Descriptor(Section):
    """A ``dataset.json``."""

    format: LabelFormat | None = None
    """What every split's labels are; said for readers, the splits decide."""

    splits: dict[str, SplitEntry] = Field(min_length=1)
    """Split by name."""

    classes: list[str] | None = None
    """Class names in network order."""

    category_ids: list[int] | None = None
    """Category ids in network order."""

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        for name, entry in self.splits.items():
            found = "yolo" if entry.labels_dir is not None else "coco"
            if self.format is not None and found != self.format:
                raise ValueError(f"format is {self.format}, but split {name!r} has {found} labels")
        if self.category_ids is not None and self.classes is None:
            raise ValueError("category_ids needs classes")
        return self


@dataclass(frozen=True)
class Split:
    """Where one split is.

    Attributes:
        name: its name.
        label_format: which reader understands the labels.
        images_dir: directory of the images.
        labels: directory of label files (yolo) or the instances file (coco).
    """

    name: str
    label_format: LabelFormat
    images_dir: Path
    labels: Path


@dataclass(frozen=True)
class Layout:
    """Where a data set's splits and class names are.

    Attributes:
        root: directory of the data set, as it was given.
        splits: split by name, in order of name.
        descriptor: content of the ``dataset.json``, if there is one.
        class_files: existing files that name the classes.
    """

    root: Path
    splits: dict[str, Split]
    descriptor: Descriptor | None
    class_files: tuple[Path, ...]

    def split(self, name: str) -> Split:
        """The split called ``name``, with its directories in place.

        Raises:
            InputError: YZ202.
        """
        if name not in self.splits:
            raise InputError.one(
                "YZ202",
                where=str(self.root),
                problem=f"has no split {name!r}",
                fix=f"choose one of: {', '.join(self.splits)}",
            )
        split = self.splits[name]
        if not split.images_dir.is_dir():
            raise _missing(split, split.images_dir, "is no directory of images")
        if split.label_format == "coco" and not split.labels.is_file():
            raise _missing(split, split.labels, "is no instances file")
        return split

    def relative(self, path: Path) -> str:
        """``path`` as the data set names it: relative to the root, or absolute where it is outside."""
        if path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        return path.absolute().as_posix()


def find_layout(root: Path) -> Layout:
    """How the data set at ``root`` is laid out.

    Raises:
        InputError: YZ201 it is no data set, YZ203 its ``dataset.json`` does not describe one.
    """
    if not root.is_dir():
        raise InputError.one(
            "YZ201", where=str(root), problem="no such directory", fix="check dataset_root, relative to where you are"
        )
    class_files = tuple(root / name for name in CLASS_FILE_NAMES if (root / name).is_file())
    descriptor_path = root / DESCRIPTOR_NAME
    if descriptor_path.is_file():
        descriptor = _read_descriptor(descriptor_path)
        splits = {name: _described(root, name, entry) for name, entry in sorted(descriptor.splits.items())}
        return Layout(root, splits, descriptor, class_files)
    splits = _folder_splits(root)
    if not splits:
        raise InputError.one(
            "YZ201",
            where=str(root),
            problem=f"is no data set: neither {DESCRIPTOR_NAME} nor images/<split>/",
            fix="lay it out as images/<split>/NAME.jpg and labels/<split>/NAME.txt, or describe it in a dataset.json",
        )
    return Layout(root, splits, None, class_files)


def _folder_splits(root: Path) -> dict[str, Split]:
    images = root / "images"
    if not images.is_dir():
        return {}
    names = sorted(entry.name for entry in images.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    return {name: Split(name, "yolo", images / name, root / "labels" / name) for name in names}


def _described(root: Path, name: str, entry: SplitEntry) -> Split:
    if entry.labels_dir is not None:
        return Split(name, "yolo", root / entry.images_dir, root / entry.labels_dir)
    assert entry.instances_json is not None, "checked by SplitEntry"
    return Split(name, "coco", root / entry.images_dir, root / entry.instances_json)


def _read_descriptor(path: Path) -> Descriptor:
    value: Any = read_json(path, code="YZ203", fix="write a JSON object with splits")
    try:
        return Descriptor.model_validate(value)
    except ValidationError as error:
        raise InputError(
            Finding(
                "YZ203",
                where=f"{path}: {'.'.join(str(part) for part in found['loc'])}".removesuffix(": "),
                problem=found["msg"].removeprefix("Value error, "),
                fix="splits: {name: {images_dir, labels_dir | instances_json}}, classes: [...], category_ids: [...]",
            )
            for found in error.errors()
        ) from error


def _missing(split: Split, path: Path, problem: str) -> Exception:
    return InputError.one(
        "YZ202",
        where=str(path),
        problem=f"{problem}, but split {split.name!r} is there",
        fix=f"check {DESCRIPTOR_NAME}",
    )
