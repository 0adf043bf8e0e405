"""The data set of a contract as one digest, so that planning asks one question instead of a million."""

from __future__ import annotations

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
    return _row(dataset.dataset_root, digest, files=len(files), size=sum(path.stat().st_size for path in files))


def used_splits(dataset: DatasetSection) -> list[str]:
    """Names of the splits a contract uses: training, validation, prediction; each once."""
    return list(dict.fromkeys([dataset.split, dataset.val_split, predicted_split(dataset)]))


def predicted_split(dataset: DatasetSection) -> str:
    """The split that is predicted and evaluated."""
    return dataset.val_split if dataset.predict_split is None else dataset.predict_split


def dataset_files(layout: Layout, splits: list[str]) -> list[Path]:
    """Every file that ``splits`` consist of, class names and ``dataset.json`` included.

    Raises:
        InputError: a split is not there.
    """
    descriptor = [layout.root / DESCRIPTOR_NAME] if layout.descriptor is not None else []
    files = [*descriptor, *layout.class_files]
    for name in splits:
        files += _split_files(layout.split(name))
    return list(dict.fromkeys(files))


def _split_files(split: Split) -> list[Path]:
    images = [split.images_dir / name for name in files_below(split.images_dir, IMAGE_SUFFIXES)]
    if split.label_format == "coco":
        return [*images, split.labels]
    if not split.labels.is_dir():
        return images
    return images + [split.labels / name for name in files_below(split.labels, LABEL_SUFFIXES | SIDECAR_SUFFIXES)]


def _row(root: str, digest: str, *, files: int, size: int) -> dict[str, Any]:
    return {"schema_version": SCHEMA_VERSION, "dataset_root": root, "digest": digest, "files": files, "bytes": size}
