"""Where the splits of a data set are.

Known layouts, the first that is found counts:

- a ``dataset.json`` (`yolozu.data.layouts.descriptor`), its paths absolute or relative to the file;
- folders ``images/<split>`` and ``labels/<split>``, and the splits of a ``data.yaml``
  (`yolozu.data.layouts.ultralytics`);
- COCO (`yolozu.data.layouts.coco_files`): files of annotations, and folders of images;
- BOP scenewise (`yolozu.data.layouts.bop_files`): folders of scenes, and ``models``;
- a folder of pictures with label files, not split yet (`yolozu.data.layouts.unsplit`), or with one file of annotations
  (`yolozu.data.layouts.annotation_file`).

Free of numpy: planning reads this too.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yolozu.artifacts.jsonio import is_text
from yolozu.artifacts.packed_files import TAR_SUFFIX
from yolozu.data.layouts.annotation_file import AnnotationFile, annotation_file_at, annotation_file_in
from yolozu.data.layouts.bop_files import bop_models, split_folders
from yolozu.data.layouts.braces import is_pattern, named_by
from yolozu.data.layouts.coco_files import annotation_files, coco_split_at, coco_splits, split_of
from yolozu.data.layouts.descriptor import DESCRIPTOR_NAME, METRES, PLACES, Descriptor, SplitEntry, read_descriptor
from yolozu.data.layouts.files import holds_tars, is_folder
from yolozu.data.layouts.mesh_files import ModelFiles
from yolozu.data.layouts.ultralytics import (
    DATA_YAML,
    LIST_SUFFIX,
    Keypoints,
    described_keypoints,
    described_splits,
    listed_images,
)
from yolozu.data.layouts.unsplit import ALL, LabeledFolder, holds_pictures, labeled_folders
from yolozu.errors import InputError

CLASS_FILE_NAMES = ("classes.txt", "classes.json", "obj.names", DATA_YAML)
"""`obj.names` is Darknet's and CVAT's."""

MOST_SHOWN = 20
"""Tar files that a finding names one by one."""

COCO_SUFFIX = ".json"
XML_SUFFIX = ".xml"
HAVE_IMAGES = "put them there, or name their directory in a dataset.json: splits: {NAME: {images_dir, instances_json}}"
OTHER_NAMES = {"train": ("train", "training"), "val": ("val", "valid", "validation"), "test": ("test", "testing")}
"""The usual splits -> what data sets call them, maybe with a year."""

PATTERN = "is a pattern, not a directory: name the directory that the tar files are in"
SPLIT_IT = "hold some pictures out first: yolozu data split"

YAML_SUFFIXES = frozenset({".yaml", ".yml"})

LabelFormat = Literal["yolo", "coco", "bop", "ultralytics", "voc", "cvat", "label_studio"]


@dataclass(frozen=True)
class Split:
    """Where one split is.

    Attributes:
        name: its name.
        label_format: which reader understands the labels.
        images_dir: directory of the images, or a tar file; of the scenes (bop); the first of its sources (ultralytics).
        labels: directory of label files (yolo), instances file (coco), directory of scenes (bop), ``data.yaml``
            (ultralytics).
        sources: directories of images and files that list images (ultralytics); else empty.
        listed: a file that lists which of the images are the split's; None where all of them are.
    """

    name: str
    label_format: LabelFormat
    images_dir: Path
    labels: Path
    sources: tuple[Path, ...] = ()
    listed: Path | None = None

    @property
    def missing(self) -> tuple[Path, str] | None:
        """What of it is not there, and what should be; None where everything is."""
        lost = [source for source in self.sources if source.suffix.lower() == TAR_SUFFIX and not source.is_file()]
        if lost:
            others = ", ".join(source.name for source in lost[1:MOST_SHOWN])
            more = f" and {len(lost) - MOST_SHOWN} more" if len(lost) > MOST_SHOWN else ""
            return lost[0], "is no tar file" + (f" (missing, too: {others}{more})" if others else "")
        for source in self.sources or (self.images_dir,):
            if source.suffix.lower() == LIST_SUFFIX and not source.is_file():
                return source, "is no list of images"
            if source.suffix.lower() != LIST_SUFFIX and not is_folder(source):
                return source, "is no directory of images" if "{" not in source.name else PATTERN
        if self.label_format in {"coco", "cvat", "label_studio"} and not self.labels.is_file():
            return self.labels, "is no instances file" if self.label_format == "coco" else "is no file of annotations"
        if self.listed is not None and not self.listed.is_file():
            return self.listed, "is no list of images"
        return None


@dataclass(frozen=True)
class Layout:
    """Where a data set's splits and class names are.

    Attributes:
        root: directory of the data set, as it was given.
        splits: split by name, in order of name.
        descriptor: content of the ``dataset.json``, if there is one.
        class_files: existing files that name the classes.
        models: meshes of the classes, where there are any.
        keypoints: what stands behind the box in every label line; None where labels are boxes or polygons.
    """

    root: Path
    splits: dict[str, Split]
    descriptor: Descriptor | None
    class_files: tuple[Path, ...]
    models: ModelFiles | None = None
    keypoints: Keypoints | None = None

    @property
    def separate_splits(self) -> list[str]:
        """The splits, without folders of images that a ``data.yaml`` counts to splits of its own."""
        described = [split for split in self.splits.values() if split.label_format == "ultralytics"]
        theirs = {folder for split in described for source in split.sources for folder in _folders(source)}
        return [
            name
            for name, split in self.splits.items()
            if split in described or not any(_overlap(split.images_dir, folder) for folder in theirs)
        ]

    def split(self, name: str) -> Split:
        """The split called ``name``, with its directories and files in place.

        Raises:
            InputError: YZ202.
        """
        meant = self.meant(name)
        if meant is None:
            raise InputError.one(
                "YZ202",
                where=str(self.root),
                problem=f"has no split {name!r}",
                fix=f"choose one of: {', '.join(self.splits)}"
                if list(self.splits) != [ALL]
                else f"{SPLIT_IT} {self.root}",
            )
        split = self.splits[meant]
        if split.missing is not None:
            path, problem = split.missing
            place = split.labels if split.label_format == "ultralytics" else DESCRIPTOR_NAME
            raise InputError.one(
                "YZ202",
                where=str(path),
                problem=f"{problem}, but split {split.name!r} is there",
                fix=f"check {place}",
            )
        return split

    def meant(self, name: str) -> str | None:
        """The split that ``name`` means: ``val`` may be ``valid`` or ``val2017``, where there is only one such."""
        if name in self.splits:
            return name
        alike = [other for other in self.splits if _without_year(other) in OTHER_NAMES.get(name, ())]
        return alike[0] if len(alike) == 1 else None

    def relative(self, path: Path) -> str:
        """``path`` as the data set names it: relative to the root, or absolute where it is outside."""
        if path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        plain, root = os.path.abspath(path), os.path.abspath(self.root)  # noqa: PTH100 - it takes out the dots
        return Path(plain).relative_to(root).as_posix() if _is_in(plain, root) else path.absolute().as_posix()


def find_layout(root: Path) -> Layout:
    """How the data set at ``root``, a directory or a file that describes or lists it, is laid out.

    Raises:
        InputError: YZ284 its name is no UTF-8, YZ201 it is no data set,
             YZ203 its ``dataset.json`` or YZ246 its ``data.yaml`` describes none.
    """
    if not is_text(str(root)):
        raise InputError.one("YZ284", where=str(root), problem="is no UTF-8", fix="rename the directory")
    if root.is_file() and root.suffix.lower() in {*YAML_SUFFIXES, COCO_SUFFIX, XML_SUFFIX}:
        return _at_file(root)
    if not root.is_dir():
        raise InputError.one(
            "YZ201", where=str(root), problem="no such directory", fix="check dataset_root, relative to where you are"
        )
    class_files = tuple(root / name for name in CLASS_FILE_NAMES if (root / name).is_file())
    keypoints = described_keypoints(root / DATA_YAML) if root / DATA_YAML in class_files else None
    if (root / DESCRIPTOR_NAME).is_file():
        descriptor = read_descriptor(root / DESCRIPTOR_NAME)
        splits = {name: _described(root, name, entry) for name, entry in sorted(descriptor.splits.items())}
        return Layout(root, splits, descriptor, class_files, _described_models(root, descriptor), keypoints)
    coco = _coco_splits(root)
    splits = {
        **({} if coco and not (root / "labels").is_dir() else _folder_splits(root)),
        **coco,
        **(_yaml_splits(root / DATA_YAML) if root / DATA_YAML in class_files else {}),
    }
    if splits:
        return Layout(root, dict(sorted(splits.items())), None, class_files, keypoints=keypoints)
    splits = {folder.name: Split(folder.name, "bop", folder, folder) for folder in split_folders(root)}
    if splits:
        return Layout(root, splits, None, class_files, bop_models(root))
    return _as_exported(root, class_files, keypoints)


def _at_file(path: Path) -> Layout:
    if path.suffix.lower() in YAML_SUFFIXES:
        return _described_by_yaml(path)
    if path.name == DESCRIPTOR_NAME:
        return find_layout(path.parent)
    file = annotation_file_at(path)
    if file is not None and file.label_format != "coco":
        return _of_file(path.parent, file, ())
    if path.suffix.lower() == COCO_SUFFIX:
        return _listed_by_coco(path)
    fix = "name an XML file that CVAT exported for images, beside its pictures or images/"
    raise InputError.one("YZ201", where=str(path), problem="is no data set", fix=fix)


def _as_exported(root: Path, class_files: tuple[Path, ...], keypoints: Keypoints | None) -> Layout:
    """What labeling tools leave: folders of pictures with label files, or one file of annotations."""
    folders = labeled_folders(root)
    if folders:
        found = [Split(row.name, row.label_format, row.images_dir, row.labels_dir, (), row.listed) for row in folders]
        splits = {split.name: split for split in sorted(found, key=lambda split: split.name)}
        return Layout(root, splits, None, class_files or _beside_labels(folders), None, keypoints)
    file = annotation_file_in(root)
    if file is None:
        raise _no_data_set(root)
    return _of_file(root, file, class_files)


def _of_file(root: Path, file: AnnotationFile, class_files: tuple[Path, ...]) -> Layout:
    split = Split(ALL, file.label_format, file.images_dir, file.path)
    return Layout(root, {ALL: split}, None, class_files)


def _beside_labels(folders: list[LabeledFolder]) -> tuple[Path, ...]:
    """The list of classes that labeling tools leave among label files."""
    places = dict.fromkeys(folder.labels_dir / "classes.txt" for folder in folders)
    return tuple(path for path in places if path.is_file())


def described_by(root: Path) -> list[Path]:
    """YAML files in ``root``, one of which may describe the data set."""
    return sorted(path for path in root.iterdir() if path.suffix.lower() in YAML_SUFFIXES)


def _no_data_set(root: Path) -> Exception:
    known = f"{DESCRIPTOR_NAME}, images/<split>/, COCO's annotations/instances_<split>.json, BOP's <split>/<scene>/"
    problem = f"is no data set: there is none of {known}"
    fix = "lay it out as images/<split>/NAME.jpg and labels/<split>/NAME.txt, or describe it in a dataset.json"
    if holds_pictures(root):
        problem = f"is no data set: its pictures have no labels, and there is none of {known}"
        fix = f"yolozu init {root} says how to label them"
    described = described_by(root)
    if described:
        fix = f"name the file that describes it: dataset_root: {described[0]}"
    files = annotation_files(root)
    if files:
        where = f"neither in {split_of(files[0])}/ nor in images/"
        problem, fix = f"is no data set: {files[0]} is there, but its images are {where}", HAVE_IMAGES
    return InputError.one("YZ201", where=str(root), problem=problem, fix=fix)


def _coco_splits(root: Path) -> dict[str, Split]:
    """Splits with COCO files, but for those that have label files, too."""
    labels = root / "labels"
    return {
        split.name: Split(split.name, "coco", split.images_dir, split.file)
        for split in coco_splits(root)
        if not (labels / split.name).is_dir()
    }


def _listed_by_coco(path: Path) -> Layout:
    root, splits = coco_split_at(path)
    if not splits:
        raise InputError.one(
            "YZ201",
            where=str(path),
            problem="is no data set: the images that it lists are not around it",
            fix=HAVE_IMAGES,
        )
    found = {split.name: Split(split.name, "coco", split.images_dir, split.file) for split in splits}
    return Layout(root, dict(sorted(found.items())), None, ())


def _without_year(name: str) -> str:
    return name.rstrip("0123456789").rstrip("_-")


def _folder_splits(root: Path) -> dict[str, Split]:
    images = root / "images"
    if not images.is_dir():
        return {}
    names = sorted(entry.name for entry in images.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    return {name: Split(name, "yolo", images / name, _labels_of(root, name)) for name in names}


def _labels_of(root: Path, split: str) -> Path:
    """The directory of label files; pictures in tar files have them beside them, where there is no other."""
    images, labels = root / "images" / split, root / "labels" / split
    return images if not labels.is_dir() and holds_tars(images) else labels


def _yaml_splits(path: Path) -> dict[str, Split]:
    return {
        split.name: Split(split.name, "ultralytics", split.sources[0], path, split.sources)
        for split in described_splits(path)
    }


def _described_by_yaml(path: Path) -> Layout:
    splits = _yaml_splits(path)
    if not splits:
        raise InputError.one(
            "YZ201",
            where=str(path),
            problem="is no data set: names no train, val or test",
            fix="name directories of images",
        )
    return Layout(path.parent, splits, None, (path,), keypoints=described_keypoints(path))


def _described(root: Path, name: str, entry: SplitEntry) -> Split:
    listed = None if entry.images_list is None else root / entry.images_list
    if entry.scenes_dir is not None:
        scenes = root / entry.scenes_dir
        return Split(name, "bop", scenes, scenes, listed=listed)
    labels = getattr(entry, PLACES[entry.label_format])
    assert entry.images_dir is not None, "checked by SplitEntry"
    if is_pattern(entry.images_dir):
        return _of_tars(root, name, entry.images_dir, labels, listed)
    return Split(name, entry.label_format, root / entry.images_dir, root / labels, listed=listed)


def _of_tars(root: Path, name: str, pattern: str, labels: str, listed: Path | None) -> Split:
    """A split of the tar files that a pattern names, with the labels in them."""
    place = f"{root / DESCRIPTOR_NAME}: splits.{name}.images_dir"
    if labels != pattern or listed is not None:
        problem = "names tar files by a pattern, and labels or a list lie elsewhere"
        fix = "give labels_dir the same pattern (labels in the tar files); or name the directory of the tar files"
        raise InputError.one("YZ748", where=place, problem=problem, fix=fix)
    try:
        sources = tuple(root / named for named in named_by(pattern))
    except ValueError as error:
        raise InputError.one("YZ748", where=place, problem=str(error), fix="correct the pattern") from error
    return Split(name, "ultralytics", sources[0], root / DESCRIPTOR_NAME, sources)


def _folders(source: Path) -> set[str]:
    """The directory, or those of the images in the list."""
    if source.suffix.lower() != LIST_SUFFIX:
        return {os.path.abspath(source)}  # noqa: PTH100
    listed = listed_images((source,)) if source.is_file() else []
    return {os.path.dirname(os.path.abspath(image)) for image in listed}  # noqa: PTH100, PTH120 - a million names


def _overlap(directory: Path, folder: str) -> bool:
    own = os.path.abspath(directory)  # noqa: PTH100
    return _is_in(own, folder) or _is_in(folder, own)


def _is_in(path: str, directory: str) -> bool:
    return path == directory or path.startswith(f"{directory.rstrip(os.sep)}{os.sep}")


def _described_models(root: Path, descriptor: Descriptor) -> ModelFiles | None:
    if descriptor.models_dir is not None and descriptor.models_unit is not None:
        return ModelFiles(root / descriptor.models_dir, METRES[descriptor.models_unit])
    is_bop = any(entry.label_format == "bop" for entry in descriptor.splits.values())
    return bop_models(root) if is_bop else None
