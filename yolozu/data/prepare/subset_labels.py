"""The labels of some images of a split, as files of another data set: one class for each format of labels."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol

from yolozu.artifacts.atomic_files import write_file, write_files
from yolozu.artifacts.digest import digest_file, digest_of
from yolozu.artifacts.jsonio import pretty, read_json
from yolozu.artifacts.packed_files import read_bytes
from yolozu.data.layouts.bop_files import BopScene, image_id, scenes_of
from yolozu.data.layouts.descriptor import SplitEntry
from yolozu.data.layouts.files import stem_of
from yolozu.data.prepare.extending import as_written
from yolozu.data.readers.coco_file import read_coco_file
from yolozu.data.readers.coco_values import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from yolozu.artifacts.atomic_files import Content
    from yolozu.data.labels import LabeledImage
    from yolozu.data.layouts.layout import Layout, Split

    Paint = Callable[[LabeledImage, Path], None]

PATHS_IN_SIDECARS = ("mask_path", "depth_path")
"""Keys of a pose sidecar that name files relative to the data set."""


class SubsetLabels(Protocol):
    """A split's labels, by image."""

    images: dict[str, LabeledImage]
    """Every image of the split, by a name that does not depend on where the data set lies."""

    def digest(self, name: str) -> str:
        """SHA-256 (hex) of what the labels say of an image."""
        ...

    def entry(self, out: Path) -> SplitEntry:
        """How the ``dataset.json`` in ``out`` describes the split."""
        ...

    def write(self, out: Path, names: Sequence[str]) -> None:
        """Write images and labels into ``out``; files that are there as they should be stay."""
        ...


def labels_of(layout: Layout, split: Split, images: Iterable[LabeledImage], paint: Paint | None = None) -> SubsetLabels:
    """The labels of ``split``, of which some will be written.

    Args:
        layout: of the data set.
        split: of it.
        images: all of the split.
        paint: writes an image's new picture into a PNG file; without it the images stay what they are.
    """
    if split.label_format == "coco":
        return CocoLabels(split, images, paint)
    if split.label_format == "bop":
        return SceneLabels(split, images, paint)
    return YoloLabels(layout, split, images, paint)


def written_name(name: str, paint: Paint | None) -> str:
    """Where an image is written, relative to the directory of images, and never outside it."""
    inside = PurePosixPath(*(part for part in PurePosixPath(name).parts if part not in {"/", ".."})).as_posix()
    return inside if paint is None else f"{stem_of(inside)}.png"


def _picture(image: LabeledImage, paint: Paint | None) -> Content:
    """The image's new picture, or a link to the one it has."""
    return image.path.resolve() if paint is None else partial(paint, image)


class YoloLabels:
    """A label file and perhaps a pose sidecar for each image, which becomes a link, where it is not painted."""

    def __init__(self, layout: Layout, split: Split, images: Iterable[LabeledImage], paint: Paint | None) -> None:
        self._root, self._split, self._paint = layout.root, split, paint
        self._is_written_anew = split.label_format in {"voc", "cvat", "label_studio"}
        self.images = {_name(image, split.images_dir): image for image in images}

    def digest(self, name: str) -> str:
        """SHA-256 over the digests of label file and sidecar, null for one that is not there."""
        image = self.images[name]
        if self._is_written_anew:
            return digest_of(_lines(image))
        return digest_of([None if path is None else digest_file(path) for path in (image.label, image.sidecar)])

    def entry(self, out: Path) -> SplitEntry:
        """Directories of the data set's own."""
        images_dir, labels_dir = self._directories(out)
        return SplitEntry(images_dir=as_written(images_dir, out), labels_dir=as_written(labels_dir, out))

    def write(self, out: Path, names: Sequence[str]) -> None:
        """The images, and copies of the labels."""
        images_dir, labels_dir = self._directories(out)
        contents: dict[str, Content] = {}
        for name in names:
            label, sidecar = self.images[name].label, self.images[name].sidecar
            stem = stem_of(written_name(name, self._paint))
            if label is not None:
                contents[f"{stem}.txt"] = read_bytes(label)
            elif self._is_written_anew and self.images[name].has_labels:
                contents[f"{stem}.txt"] = _lines(self.images[name]).encode("utf-8")
            if sidecar is not None:
                contents[f"{stem}.json"] = _with_absolute_paths(read_bytes(sidecar), self._root)
        pictures = {written_name(name, self._paint): _picture(self.images[name], self._paint) for name in names}
        write_files(images_dir, pictures)
        write_files(labels_dir, contents)

    def _directories(self, out: Path) -> tuple[Path, Path]:
        return out / "images" / self._split.name, out / "labels" / self._split.name


def _lines(image: LabeledImage) -> str:
    """A label file that says what labels of another format say; regions to be ignored have no place in it."""
    rows = [(item.class_index, *item.box_cxcywh) for item in image.instances if not item.is_crowd]
    return "".join(f"{' '.join(f'{value:.9g}' for value in row)}\n" for row in rows)


class CocoLabels:
    """An instances file; the images stay where they are, where they are not painted."""

    def __init__(self, split: Split, images: Iterable[LabeledImage], paint: Paint | None) -> None:
        self._split, self._paint = split, paint
        self.images = {_name(image, split.images_dir): image for image in images}
        self._file = read_coco_file(split.labels)
        self._name_of = {image.number: name for name, image in self.images.items()}
        self._rows_of: dict[str, list[Any]] = {name: [] for name in self.images}
        for row in self._file.annotations or ():
            name = self._image_of(row)
            if name is not None:
                self._rows_of[name].append(row)

    def digest(self, name: str) -> str:
        """SHA-256 over the image's annotations, in their order."""
        return digest_of(self._rows_of[name])

    def entry(self, out: Path) -> SplitEntry:
        """The directory of images that is there, or of painted ones, and an instances file of the data set's own."""
        images_dir = self._split.images_dir.resolve() if self._paint is None else self._pictures_dir(out)
        return SplitEntry(images_dir=as_written(images_dir, out), instances_json=as_written(self._path(out), out))

    def write(self, out: Path, names: Sequence[str]) -> None:
        """The instances file without the other images; everything else in it but names of painted images is kept."""
        document, kept, classes = self._file.document, set(names), set(self._file.classes.category_ids)
        cut = {
            **document,
            "images": [
                self._listed(row, name)
                for row in document["images"]
                if (name := self._name_of.get(whole_number(row["id"]))) is not None and name in kept
            ],
            "categories": [row for row in document["categories"] if whole_number(row["id"]) in classes],
        }
        if self._file.annotations is not None:
            cut["annotations"] = [row for row in self._file.annotations if self._image_of(row) in kept]
        if self._paint is not None:
            pictures = {written_name(name, self._paint): _picture(self.images[name], self._paint) for name in names}
            write_files(self._pictures_dir(out), pictures)
        write_file(self._path(out), pretty(cut).encode("utf-8"))

    def _image_of(self, annotation: object) -> str | None:
        key = self._file.image_of(annotation)
        return None if key is None else self._name_of.get(key)

    def _listed(self, row: dict[str, Any], name: str) -> dict[str, Any]:
        return row if self._paint is None else {**row, "file_name": written_name(name, self._paint)}

    def _pictures_dir(self, out: Path) -> Path:
        return out / "images" / self._split.name

    def _path(self, out: Path) -> Path:
        return out / "annotations" / f"instances_{self._split.name}.json"


class SceneLabels:
    """BOP scenes; masks become links, and images where they are not painted; the scenes' JSON files are cut down."""

    def __init__(self, split: Split, images: Iterable[LabeledImage], paint: Paint | None) -> None:
        self._split, self._paint = split, paint
        self.images = {_name(image, split.images_dir): image for image in images}
        self._scenes = {scene.pictures: scene for scene in scenes_of(split.images_dir)}
        used = dict.fromkeys(path for image in self.images.values() for path in _described(self._scene(image)))
        self._rows_of = {path: _rows(path) for path in used}

    def digest(self, name: str) -> str:
        """SHA-256 over the camera, the poses and the boxes of an image, null where a file does not have it."""
        image = self.images[name]
        return digest_of([self._rows_of[path].get(_number(image)) for path in _described(self._scene(image))])

    def entry(self, out: Path) -> SplitEntry:
        """A directory of scenes of the data set's own."""
        return SplitEntry(scenes_dir=as_written(self._directory(out), out))

    def write(self, out: Path, names: Sequence[str]) -> None:
        """Images and masks, and the rows of the chosen images."""
        contents: dict[str, Content] = {}
        kept: dict[BopScene, set[int]] = defaultdict(set)
        for name in names:
            image = self.images[name]
            contents[written_name(name, self._paint)] = _picture(image, self._paint)
            kept[self._scene(image)].add(_number(image))
        for scene, numbers in kept.items():
            for (number, _), name in scene.mask_names().items():
                mask = scene.masks / name
                if number in numbers:
                    contents[mask.relative_to(self._split.images_dir).as_posix()] = mask.resolve()
            for path in _described(scene):
                if path.is_file():
                    cut = {str(number): row for number, row in self._rows_of[path].items() if number in numbers}
                    contents[path.relative_to(self._split.images_dir).as_posix()] = pretty(cut).encode("utf-8")
        write_files(self._directory(out), contents)

    def _directory(self, out: Path) -> Path:
        return out / "scenes" / self._split.name

    def _scene(self, image: LabeledImage) -> BopScene:
        return self._scenes[image.path.parent]


def _described(scene: BopScene) -> tuple[Path, Path, Path]:
    return scene.cameras_path, scene.poses_path, scene.info_path


def _number(image: LabeledImage) -> int:
    return int(image.path.name.partition(".")[0])


def _rows(path: Path) -> dict[int, Any]:
    """Rows of a scene's file by image id; the reader has said what it thinks of a malformed one."""
    document = read_json(path, code="YZ243", fix="give BOP scenewise files") if path.is_file() else {}
    rows = document.items() if isinstance(document, dict) else ()
    return {number: row for key, row in rows if (number := image_id(key)) is not None}


def _name(image: LabeledImage, images_dir: Path) -> str:
    """The image relative to the directory of images, or as the data set names it where it is elsewhere."""
    path = image.path
    return path.relative_to(images_dir).as_posix() if path.is_relative_to(images_dir) else image.image


def _with_absolute_paths(sidecar: bytes, root: Path) -> bytes:
    """A pose sidecar for another place; one that is malformed is left to the data check, as it is."""
    try:
        document = json.loads(sidecar)
    except (ValueError, RecursionError):
        return sidecar
    entries = document.get("instances") if isinstance(document, dict) else document
    for entry in entries if isinstance(entries, list) else []:
        for key in PATHS_IN_SIDECARS:
            if isinstance(entry, dict) and isinstance(entry.get(key), str):
                entry[key] = (root / entry[key]).resolve().as_posix()
    return (json.dumps(document) + "\n").encode("utf-8")
