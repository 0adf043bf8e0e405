"""The data set of a contract as one digest, so that planning asks one question instead of a million."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from yolozu.artifacts.digest import DigestCache, digest_of
from yolozu.contract.sections.data import SYNTHETIC
from yolozu.data.layouts.bop_files import scenes_of
from yolozu.data.layouts.descriptor import DESCRIPTOR_NAME
from yolozu.data.layouts.files import (
    IMAGE_SUFFIXES,
    LABEL_SUFFIXES,
    SIDECAR_SUFFIXES,
    XML_SUFFIXES,
    files_below,
    suffix_of,
)
from yolozu.data.layouts.layout import YAML_SUFFIXES, Layout, Split, find_layout
from yolozu.data.layouts.sidecar_files import named_masks
from yolozu.data.layouts.ultralytics import DATA_YAML, LIST_SUFFIX, label_files, listed_images, names_classes

SCHEMA_VERSION = 1
SIDECAR_FORMATS = frozenset({"yolo", "ultralytics"})


def fingerprint(root: str, splits: list[str], cache: DigestCache) -> dict[str, Any]:
    """Digest over names and contents of every file the used splits consist of.

    Touching a file changes nothing; only files whose size or modification time changed are read again.

    Args:
        root: of the data set, as contracts name it.
        splits: names of those that are used.
        cache: known digests.

    Returns:
        ``schema_version``, ``dataset_root``, ``digest``, ``files`` and ``bytes``. Rendered scenes depend on the
        contract alone: their digest is constant.

    Raises:
        InputError: the data set or one of the splits is not there.
    """
    if root == SYNTHETIC:
        return _row(SYNTHETIC, digest_of(SYNTHETIC), files=0, size=0)
    layout = find_layout(Path(root))
    files = dataset_files(layout, splits, cache)
    digest = cache.tree(layout.root, files)
    return _row(root, digest, files=len(files), size=sum(os.stat(path).st_size for path in files))  # noqa: PTH116


def used_files(root: str, splits: list[str], cache: DigestCache) -> list[str]:
    """Paths of all files that ``splits`` consist of; none of rendered scenes.

    Raises:
        InputError: the data set or one of the splits is not there.
    """
    return [] if root == SYNTHETIC else dataset_files(find_layout(Path(root)), splits, cache)


def dataset_files(layout: Layout, splits: list[str], cache: DigestCache) -> list[str]:
    """Paths of all files that ``splits`` consist of: images, labels, poses, masks, models, class names, descriptors.

    Where nothing names the classes, all labels of the data set decide what they are.

    Args:
        layout: the data set.
        splits: names of those that are used.
        cache: known digests.

    Raises:
        InputError: a split is not there.
    """
    files = [str(path) for path in layout.class_files]
    if layout.descriptor is not None:
        files.append(str(layout.root / DESCRIPTOR_NAME))
    files += [] if layout.models is None else layout.models.paths()
    sidecars: list[str] = []
    for name in splits:
        split = layout.split(name)
        labels = label_files_of(split)
        files += _images(split) + labels
        if split.label_format in SIDECAR_FORMATS:
            sidecars += [path for path in labels if suffix_of(path) in SIDECAR_SUFFIXES]
    files += named_masks(sidecars, layout.root, cache)
    if not _names_classes(layout):
        files += [path for split in layout.splits.values() for path in label_files_of(split)]
    return list(dict.fromkeys(files))


def _images(split: Split) -> list[str]:
    if split.label_format == "bop":
        return [] if split.listed is None else [str(split.listed)]  # the images are listed with the scenes
    if split.label_format == "ultralytics":
        lists = [str(source) for source in split.sources if source.suffix.lower() == LIST_SUFFIX]
        return [*lists, *(path for path in listed_images(split.sources) if os.path.isfile(path))]  # noqa: PTH113
    if split.listed is not None and split.label_format == "voc":
        return [str(split.listed), *_below(split.images_dir, IMAGE_SUFFIXES)]  # its lists may leave out endings
    if split.listed is not None:
        return [str(split.listed), *(path for path in listed_images((split.listed,)) if os.path.isfile(path))]  # noqa: PTH113
    return _below(split.images_dir, IMAGE_SUFFIXES)


def label_files_of(split: Split) -> list[str]:
    """Paths of the files that the labels of a split consist of."""
    if split.label_format == "bop":
        return [path for scene in scenes_of(split.labels) for path in scene.files()] if split.labels.is_dir() else []
    if split.label_format == "ultralytics":
        return label_files(listed_images(split.sources), split.sources) if split.missing is None else []
    if split.labels.is_dir():
        is_voc = split.label_format == "voc"
        return _below(split.labels, XML_SUFFIXES if is_voc else LABEL_SUFFIXES | SIDECAR_SUFFIXES)
    return [str(split.labels)] if split.labels.is_file() else []


def _below(directory: Path, suffixes: frozenset[str]) -> list[str]:
    return [f"{directory}/{name}" for name in files_below(directory, suffixes)]


def _names_classes(layout: Layout) -> bool:
    """Whether files other than labels surely name the classes; what is called ``data.yaml`` may or may not."""
    by_descriptor = layout.descriptor is not None and layout.descriptor.classes is not None
    by_labels = {split.label_format for split in layout.splits.values()}
    named_by_labels = by_labels == {"bop"} or (layout.descriptor is None and by_labels == {"coco"})
    return by_descriptor or named_by_labels or any(_is_class_file(path) for path in layout.class_files)


def _is_class_file(path: Path) -> bool:
    if suffix_of(str(path)) not in YAML_SUFFIXES:
        return True
    return path.name != DATA_YAML and names_classes(path)


def _row(root: str, digest: str, *, files: int, size: int) -> dict[str, Any]:
    return {"schema_version": SCHEMA_VERSION, "dataset_root": root, "digest": digest, "files": files, "bytes": size}
