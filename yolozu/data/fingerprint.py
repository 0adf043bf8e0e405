"""The data set of a contract as one digest, so that planning asks one question instead of a million."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.artifacts.digest import DigestCache, digest_of
from yolozu.artifacts.listing import FileSet, Listing, files_among, listing_of
from yolozu.contract.sections.data import SYNTHETIC
from yolozu.data.layouts.bop_files import scenes_of
from yolozu.data.layouts.descriptor import DESCRIPTOR_NAME
from yolozu.data.layouts.files import (
    IMAGE_SUFFIXES,
    LABEL_SUFFIXES,
    SIDECAR_SUFFIXES,
    TAR_SUFFIXES,
    XML_SUFFIXES,
    Look,
    holds_tars,
    labels_on_disk,
    listing_below,
    pictures_on_disk,
    suffix_of,
)
from yolozu.data.layouts.layout import YAML_SUFFIXES, Layout, Split, find_layout
from yolozu.data.layouts.look import Folder, look_through
from yolozu.data.layouts.sidecar_files import named_masks
from yolozu.data.layouts.ultralytics import (
    DATA_YAML,
    has_lists,
    label_files_of,
    label_folders,
    listed_images,
    names_classes,
)

SCHEMA_VERSION = 1
SIDECAR_FORMATS = frozenset({"yolo", "ultralytics"})


@dataclass(frozen=True)
class DataFiles:
    """The files that the used splits consist of, as one look at their folders tells of them.

    Attributes:
        root: of the data set, as contracts name it.
        directory: that names are relative to.
        files: none of rendered scenes.
    """

    root: str
    directory: Path
    files: FileSet

    def fingerprint(self, cache: DigestCache) -> dict[str, Any]:
        """Digest over names and contents of every file.

        Touching a file changes nothing; only files whose size or modification time changed are read again.

        Returns:
            ``schema_version``, ``dataset_root``, ``digest``, ``files`` and ``bytes``. Rendered scenes depend on the
            contract alone: their digest is constant.
        """
        if self.root == SYNTHETIC:
            return _row(SYNTHETIC, digest_of(SYNTHETIC), files=0, size=0)
        digest = cache.tree(self.directory, self.files)
        count, size = cache.recalled(f"extent of {self.files.stamp}", self.files.extent)
        return _row(self.root, digest, files=count, size=size)


def look_at_data(root: str, splits: list[str], cache: DigestCache) -> DataFiles:
    """All files that ``splits`` consist of, looked at once.

    Args:
        root: of the data set, as contracts name it.
        splits: names of those that are used.
        cache: known digests.

    Raises:
        InputError: the data set or one of the splits is not there.
    """
    if root == SYNTHETIC:
        return DataFiles(SYNTHETIC, Path(), FileSet(()))
    layout = find_layout(Path(root))
    return DataFiles(root, layout.root, dataset_files(layout, splits, cache))


def fingerprint(root: str, splits: list[str], cache: DigestCache) -> dict[str, Any]:
    """`DataFiles.fingerprint` of ``splits``.

    Raises:
        InputError: the data set or one of the splits is not there.
    """
    return look_at_data(root, splits, cache).fingerprint(cache)


def dataset_files(layout: Layout, splits: list[str], cache: DigestCache) -> FileSet:
    """All files that ``splits`` consist of: images, labels, poses, masks, models, class names, descriptors.

    Where nothing names the classes, all labels of the data set decide what they are.

    Args:
        layout: the data set.
        splits: names of those that are used.
        cache: known digests.

    Raises:
        InputError: a split is not there.
    """
    used = [layout.split(name) for name in splits]
    ahead = look_through(folder for split in used for folder in _plain_folders(split))
    look: Look = functools.cache(lambda *folder: ahead.get(Folder(*folder)) or listing_below(*folder))
    labels = {split.name: label_listings(split, look) for split in used}
    sidecars = [
        listing.ending_in(SIDECAR_SUFFIXES | TAR_SUFFIXES)
        for split in used
        for listing in labels[split.name]
        if split.label_format in SIDECAR_FORMATS
    ]
    listings = [_single_files(layout)]
    for split in used:
        listings += _image_listings(split, look) + labels[split.name]
    listings.append(named_masks(FileSet(tuple(sidecars)), layout.root, cache))
    if not _names_classes(layout):
        listings += [listing for split in layout.splits.values() for listing in label_listings(split, look)]
    return FileSet(tuple(dict.fromkeys(listings)))


def _plain_folders(split: Split) -> list[Folder]:
    """Folders that are looked through for sure, and may be large."""
    if split.label_format != "yolo" or split.listed is not None:
        return []
    folders = [Folder(split.images_dir, IMAGE_SUFFIXES), Folder(split.labels, LABEL_SUFFIXES | SIDECAR_SUFFIXES)]
    return [folder for folder in folders if folder.directory.is_dir()]


def _single_files(layout: Layout) -> Listing:
    descriptor = [] if layout.descriptor is None else [layout.root / DESCRIPTOR_NAME]
    return listing_of([*layout.class_files, *descriptor, *([] if layout.models is None else layout.models.paths())])


def _image_listings(split: Split, look: Look) -> list[Listing]:
    if split.label_format == "ultralytics":
        return _described_images(split.sources, look)
    if split.listed is None:  # BOP's images are listed with the scenes
        return [] if split.label_format == "bop" else [pictures_on_disk(split.images_dir, look)]
    if split.label_format == "bop":
        return [listing_of([split.listed])]
    if split.label_format == "voc":  # its lists may leave out endings
        return [listing_of([split.listed]), look(split.images_dir, IMAGE_SUFFIXES)]
    return [listing_of([split.listed]), files_among(listed_images((split.listed,), on_disk=True))]


def _described_images(sources: tuple[Path, ...], look: Look) -> list[Listing]:
    if len(sources) == 1 and not has_lists(sources):
        return [pictures_on_disk(sources[0], look)]
    lists = [source for source in sources if has_lists((source,))]
    return [listing_of(lists), files_among(listed_images(sources, on_disk=True))]  # several may hold the same image


def label_listings(split: Split, look: Look = listing_below) -> list[Listing]:
    """The files that the labels of a split consist of; ``look`` lists those in a directory."""
    if split.label_format == "bop":
        scenes = scenes_of(split.labels) if split.labels.is_dir() else []
        return [listing for scene in scenes for listing in scene.listings()]
    if split.label_format == "ultralytics":
        return _described_labels(split.sources, look) if split.missing is None else []
    if split.labels.is_dir():
        suffixes = XML_SUFFIXES if split.label_format == "voc" else LABEL_SUFFIXES | SIDECAR_SUFFIXES
        return labels_on_disk(split.labels, suffixes, look, packed=holds_tars(split.images_dir))
    return [listing_of([split.labels])] if split.labels.is_file() else []


def _described_labels(sources: tuple[Path, ...], look: Look) -> list[Listing]:
    suffixes = LABEL_SUFFIXES | SIDECAR_SUFFIXES
    below = [
        listing
        for folder in label_folders(sources)
        for listing in labels_on_disk(folder, suffixes, look, packed=folder in sources)
    ]
    if not has_lists(sources):
        return below
    return [*below, files_among(label_files_of(listed_images(sources, on_disk=True)))]


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
