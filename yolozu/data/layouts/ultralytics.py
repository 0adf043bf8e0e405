"""Data sets as Ultralytics describes them: a ``data.yaml`` with ``path``, ``train``, ``val``, ``test`` and ``names``.

A split is a directory of images, a text file that lists images, or a list of such. The labels of ``…/images/a/b.jpg``
are ``…/labels/a/b.txt`` (the last ``images`` counts), or beside the image where no folder is called so. Free of numpy.

Source: https://docs.ultralytics.com/datasets/detect/.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.data.layouts.files import IMAGE_SUFFIXES, LABEL_SUFFIXES, SIDECAR_SUFFIXES, files_below, stem_of
from yolozu.errors import InputError

DATA_YAML = "data.yaml"
SPLIT_KEYS = ("train", "val", "test")
LIST_SUFFIX = ".txt"
FIX = "path: directory relative to this file; train, val, test: a directory, a .txt list of images, or a list of such"


@dataclass(frozen=True)
class DescribedSplit:
    """One split of a ``data.yaml``: directories of images and files that list images."""

    name: str
    sources: tuple[Path, ...]


def read_yaml(path: Path, *, code: str, fix: str) -> Any:
    """The value in a YAML file.

    Raises:
        InputError: ``code``, with ``fix``, when the file cannot be read.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(path.read_bytes())
    except (OSError, YAMLError, ValueError) as error:
        problem = f"cannot be read: {' '.join(str(error).split())}"
        raise InputError.one(code, where=str(path), problem=problem, fix=fix) from error


def described_splits(path: Path) -> list[DescribedSplit]:
    """The splits that the ``data.yaml`` at ``path`` describes; none where it only names classes.

    Raises:
        InputError: YZ246 it cannot be understood.
    """
    document = read_yaml(path, code="YZ246", fix=FIX)
    if not isinstance(document, dict):
        return []
    base = document.get("path", ".")
    if not isinstance(base, str) or not base:
        raise _refused(path, f"path: {base!r} is no directory")
    root = path.parent / base
    found = []
    for key in SPLIT_KEYS:
        value = document.get(key)
        if value is None or value == "":
            continue
        entries = value if isinstance(value, list) else [value]
        if not entries or not all(isinstance(entry, str) and entry for entry in entries):
            raise _refused(path, f"{key}: {value!r} is no directory, no list of images and no list of such")
        found.append(DescribedSplit(key, tuple(_source(root, entry) for entry in entries)))
    return found


def listed_images(sources: tuple[Path, ...]) -> list[str]:
    """Every image of a split, in order of path; an image that is listed twice counts once.

    Raises:
        InputError: YZ246 a list cannot be read.
    """
    found: list[str] = []
    for source in sources:
        if source.suffix.lower() == LIST_SUFFIX:
            found += _entries(source)
        else:
            found += [f"{source}/{name}" for name in files_below(source, IMAGE_SUFFIXES)]
    return sorted(set(found))


def label_stem(image: str) -> str:
    """Path of the label file of an image, without ending."""
    before, images, after = image.rpartition("/images/")
    return stem_of(f"{before}/labels/{after}" if images else image)


def label_files(images: list[str], sources: tuple[Path, ...]) -> list[str]:
    """Files of labels that exist: those of the images, and whatever else lies in the folders of labels."""
    suffixes = LABEL_SUFFIXES | SIDECAR_SUFFIXES
    folders = [Path(label_stem(f"{source}/x")).parent for source in sources if source.suffix.lower() != LIST_SUFFIX]
    below = [f"{folder}/{name}" for folder in folders if folder.is_dir() for name in files_below(folder, suffixes)]
    beside = (f"{label_stem(image)}{suffix}" for image in images for suffix in sorted(suffixes))
    if folders and len(folders) == len(sources):
        return list(dict.fromkeys(below))
    return list(dict.fromkeys([*below, *(path for path in beside if os.path.isfile(path))]))  # noqa: PTH113 - many


def _source(root: Path, entry: str) -> Path:
    found = root / entry
    # Roboflow writes ../train/images for what lies beside the file; Ultralytics reads it so too.
    return root / entry[3:] if entry.startswith("../") and not found.exists() else found


def _entries(source: Path) -> list[str]:
    try:
        lines = source.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError.one("YZ246", where=str(source), problem=f"cannot be read: {error}", fix=FIX) from error
    return [
        os.path.normpath(f"{source.parent}/{line.strip()}") if not line.strip().startswith("/") else line.strip()
        for line in lines
        if line.strip()
    ]


def _refused(path: Path, problem: str) -> Exception:
    return InputError.one("YZ246", where=str(path), problem=problem, fix=FIX)
