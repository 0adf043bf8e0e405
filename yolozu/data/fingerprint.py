"""The data set of a contract as one digest, so that planning asks one question instead of a million."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.digest import digest_of
from yolozu.contract.data import SYNTHETIC
from yolozu.data.files import IMAGE_SUFFIXES, LABEL_SUFFIXES, SIDECAR_SUFFIXES, files_below
from yolozu.data.layout import DESCRIPTOR_NAME, find_layout

if TYPE_CHECKING:
    from yolozu.artifacts.digest import DigestCache
    from yolozu.contract.data import DatasetSection
    from yolozu.data.layout import Layout, Split

SCHEMA_VERSION = 1


def fingerprint(dataset: DatasetSection, cache: DigestCache) -> dict[str, Any]:
    """Digest over names and contents of every file the used splits consist of.

    Touching a file changes nothing; only files whose size or modification time changed are read again.

    Args:
        dataset: which data set and splits.
        cache: known digests.

    Returns:
        ``schema_version``, ``dataset_root``, ``digest``, ``files`` and ``bytes``. Rendered scenes depend on the
        contract alone: their digest is constant.

    Raises:
        InputError: the data set or one of the splits is not there.
    """
    if dataset.dataset_root == SYNTHETIC:
        return _row(SYNTHETIC, digest_of(SYNTHETIC), files=0, size=0)
    layout = find_layout(Path(dataset.dataset_root))
    files = dataset_files(layout, used_splits(dataset))
    digest = cache.tree(layout.root, files)
    return _row(dataset.dataset_root, digest, files=len(files), size=sum(os.stat(path).st_size for path in files))  # noqa: PTH116


def used_splits(dataset: DatasetSection) -> list[str]:
    """Names of the splits a contract uses: training, validation, prediction; each once."""
    return list(dict.fromkeys([dataset.split, dataset.val_split, predicted_split(dataset)]))


def predicted_split(dataset: DatasetSection) -> str:
    """The split that is predicted and evaluated."""
    return dataset.val_split if dataset.predict_split is None else dataset.predict_split


def dataset_files(layout: Layout, splits: list[str]) -> list[str]:
    """Paths of all files that ``splits`` consist of, class names and ``dataset.json`` included.

    Where nothing names the classes, all labels of the data set decide what they are.

    Raises:
        InputError: a split is not there.
    """
    files = [str(path) for path in layout.class_files]
    if layout.descriptor is not None:
        files.append(str(layout.root / DESCRIPTOR_NAME))
    for name in splits:
        split = layout.split(name)
        files += _below(split.images_dir, IMAGE_SUFFIXES) + _label_files(split)
    if not _names_classes(layout):
        files += [path for split in layout.splits.values() for path in _label_files(split)]
    return list(dict.fromkeys(files))


def _label_files(split: Split) -> list[str]:
    if split.labels.is_dir():
        return _below(split.labels, LABEL_SUFFIXES | SIDECAR_SUFFIXES)
    return [str(split.labels)] if split.labels.is_file() else []


def _below(directory: Path, suffixes: frozenset[str]) -> list[str]:
    return [f"{directory}/{name}" for name in files_below(directory, suffixes)]


def _names_classes(layout: Layout) -> bool:
    """Whether files other than labels surely name the classes; a ``data.yaml`` may or may not."""
    by_descriptor = layout.descriptor is not None and layout.descriptor.classes is not None
    return by_descriptor or any(path.name != "data.yaml" for path in layout.class_files)


def _row(root: str, digest: str, *, files: int, size: int) -> dict[str, Any]:
    return {"schema_version": SCHEMA_VERSION, "dataset_root": root, "digest": digest, "files": files, "bytes": size}
