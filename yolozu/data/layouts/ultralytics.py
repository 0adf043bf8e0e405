"""Data sets as Ultralytics describes them: a ``data.yaml`` with ``path``, ``train``, ``val``, ``test`` and ``names``.

A split is a directory of images, a text file that lists images, or a list of such. The labels of ``…/images/a/b.jpg``
are ``…/labels/a/b.txt`` (the last ``images`` counts), or beside the image where no folder is called so. With
``kpt_shape`` a label is a box with keypoints. Free of numpy.

Source: https://docs.ultralytics.com/datasets/detect/ and …/datasets/pose/.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.artifacts.jsonio import explain_read_error
from yolozu.artifacts.packed_files import file_on_disk, is_file
from yolozu.artifacts.plain_yaml import PARSER_ERRORS, read_plain_yaml
from yolozu.contract.text.yaml_errors import syntax_problem
from yolozu.data.layouts.braces import is_pattern, named_by
from yolozu.data.layouts.files import (
    IMAGE_SUFFIXES,
    LABEL_SUFFIXES,
    SIDECAR_SUFFIXES,
    by_stem,
    files_below,
    holds_tars,
    is_folder,
    pictures_on_disk,
    stem_of,
)
from yolozu.errors import InputError

DATA_YAML = "data.yaml"
SPLIT_KEYS = {"train": "train", "val": "val", "validation": "val", "test": "test"}
"""Key of a split -> its name here."""

LIST_SUFFIX = ".txt"
FIX = "path: directory relative to this file; train, val, test: a directory, a .txt list of images, or a list of such"

KEYPOINTS_FIX = "write [number of keypoints, 2 or 3 (with visibility)], or leave kpt_shape out"


@dataclass(frozen=True)
class DescribedSplit:
    """One split of a ``data.yaml``: directories of images and files that list images."""

    name: str
    sources: tuple[Path, ...]


@dataclass(frozen=True)
class Keypoints:
    """Shape of the keypoints behind each box: ``count`` points of ``size`` numbers (x, y and perhaps visibility)."""

    count: int
    size: int


def read_yaml(path: Path, *, code: str, fix: str) -> Any:
    """The value in a YAML file.

    Raises:
        InputError: ``code``, with ``fix``, when the file cannot be read.
    """
    from ruamel.yaml.error import YAMLError

    try:
        return read_plain_yaml(path.read_bytes())
    except OSError as error:
        raise InputError.one(
            code, where=str(path), problem=f"cannot be read: {explain_read_error(error)}", fix=fix
        ) from error
    except (YAMLError, *PARSER_ERRORS) as error:
        found = syntax_problem(error, str(path)).finding
        raise InputError.one(code, where=found.where, problem=f"cannot be read: {found.problem}", fix=fix) from error


def described_splits(path: Path) -> list[DescribedSplit]:
    """The splits that the ``data.yaml`` at ``path`` describes; none where it only names classes.

    Raises:
        InputError: YZ246 it cannot be understood.
    """
    document = read_yaml(path, code="YZ246", fix=FIX)
    if not isinstance(document, dict):
        return []
    base = document.get("path")
    if not isinstance(base, str | None):
        raise _refused(path, f"path: {base!r} is no directory")
    root = path.parent / (base if base is not None else "")
    found = {}
    for key, name in SPLIT_KEYS.items():
        value = document.get(key)
        if value is None or value == "":
            continue
        if name in found:
            raise _refused(path, f"{key}: names the split {name!r} a second time")
        entries = value if isinstance(value, list) else [value]
        if not entries or not all(isinstance(entry, str) and entry for entry in entries):
            raise _refused(path, f"{key}: {value!r} is no directory, no list of images and no list of such")
        named = [one for entry in entries for one in _expanded(path, key, entry)]
        found[name] = DescribedSplit(name, tuple(_source(root, one) for one in named))
    return list(found.values())


def described_keypoints(path: Path) -> Keypoints | None:
    """The ``kpt_shape`` of the ``data.yaml`` at ``path``; None where labels are boxes or polygons.

    Raises:
        InputError: YZ246 it cannot be understood.
    """
    document = read_yaml(path, code="YZ246", fix=FIX)
    value = document.get("kpt_shape") if isinstance(document, dict) else None
    if value is None:
        return None
    if not isinstance(value, list) or [type(entry) for entry in value] != [int, int]:
        raise _refused(path, f"kpt_shape: {value!r} is no shape of keypoints", KEYPOINTS_FIX)
    count, size = value
    if count < 1 or size not in {2, 3}:
        raise _refused(path, f"kpt_shape: {value!r} is no shape of keypoints", KEYPOINTS_FIX)
    return Keypoints(count, size)


def names_classes(path: Path) -> bool:
    """Whether the ``data.yaml`` at ``path`` has names or a number of classes.

    Raises:
        InputError: YZ246 it cannot be understood.
    """
    document = read_yaml(path, code="YZ246", fix=FIX)
    return isinstance(document, dict) and any(document.get(key) is not None for key in ("names", "nc"))


def listed_images(sources: tuple[Path, ...], *, on_disk: bool = False) -> list[str]:
    """Every image of a split, in order of path; an image that is listed twice counts once.

    Args:
        sources: directories of images, and files that list images.
        on_disk: give the tar files instead of the images that lie in them.

    Raises:
        InputError: YZ246 a list cannot be read.
    """
    found: list[str] = []
    for source in sources:
        if source.suffix.lower() == LIST_SUFFIX:
            found += map(file_on_disk, _entries(source)) if on_disk else _entries(source)
        elif on_disk:
            found += pictures_on_disk(source).paths()
        else:
            found += [f"{source}/{name}" for name in files_below(source, IMAGE_SUFFIXES)]
    once = {os.path.normpath(path): path for path in reversed(found)}
    return sorted(once.values())


def label_stem(image: str) -> str:
    """Path of the label file of an image, without ending: the same file, however the image's path is spelled.

    In a tar file it lies beside the image.
    """
    if file_on_disk(image) != image:
        return stem_of(image)
    for path in (image, os.path.abspath(image)):  # noqa: PTH100 - a million names
        before, images, after = f"/{path}".rpartition("/images/")
        if images:
            return stem_of(f"{before}/labels/{after}"[1:])
    return stem_of(image)


def label_files(images: list[str], sources: tuple[Path, ...]) -> list[str]:
    """Files of labels that exist: those of the images, and whatever else lies in the folders of labels."""
    suffixes = LABEL_SUFFIXES | SIDECAR_SUFFIXES
    below = [
        f"{folder}/{name}"
        for folder in label_folders(sources)
        for name in files_below(folder, suffixes, packed=folder in sources)
    ]
    return list(dict.fromkeys([*below, *(label_files_of(images) if has_lists(sources) else [])]))


def has_lists(sources: tuple[Path, ...]) -> bool:
    """Whether files that list images are among the sources of a split, and not folders alone."""
    return any(source.suffix.lower() == LIST_SUFFIX for source in sources)


def label_folders(sources: tuple[Path, ...]) -> list[Path]:
    """The directories of labels that are there for directories of images; tar files hold them themselves."""
    folders = [source for source in sources if source.suffix.lower() != LIST_SUFFIX]
    beside = [folder if holds_tars(folder) else Path(label_stem(f"{folder}/x")).parent for folder in folders]
    return [folder for folder in beside if is_folder(folder)]


def label_files_of(images: list[str]) -> list[str]:
    """Files of labels of the ``images``; each folder is looked through once."""
    suffixes = LABEL_SUFFIXES | SIDECAR_SUFFIXES
    by_folder: dict[str, list[str]] = {}
    packed: list[str] = []
    for image in images:
        stem = label_stem(image)
        if file_on_disk(image) != image:
            packed += [f"{stem}{suffix}" for suffix in sorted(suffixes) if is_file(f"{stem}{suffix}")]
            continue
        by_folder.setdefault(stem.rpartition("/")[0], []).append(stem)
    found = packed
    for folder, stems in by_folder.items():
        there = os.listdir(folder or os.curdir) if os.path.isdir(folder or os.curdir) else []  # noqa: PTH208, PTH112
        files = by_stem((f"{folder}/{name}" if folder else name for name in there), suffixes)
        found += [path for stem in stems for path in sorted(files.get(stem, [])) if os.path.isfile(path)]  # noqa: PTH113
    return found


def _expanded(path: Path, key: str, entry: str) -> list[str]:
    """The tar files that a pattern names; anything else as it is."""
    try:
        return named_by(entry) if is_pattern(entry) else [entry]
    except ValueError as error:
        raise _refused(path, f"{key}: {error}") from error


def _source(root: Path, entry: str) -> Path:
    found = root / entry
    # Roboflow writes ../train/images for what lies beside the file; Ultralytics reads it so too.
    return root / entry[3:] if entry.startswith("../") and not found.exists() else found


def _entries(source: Path) -> list[str]:
    try:
        lines = source.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError.one(
            "YZ246", where=str(source), problem=f"cannot be read: {explain_read_error(error)}", fix=FIX
        ) from error
    return [
        os.path.normpath(f"{source.parent}/{line.strip()}") if not line.strip().startswith("/") else line.strip()
        for line in lines
        if line.strip()
    ]


def _refused(path: Path, problem: str, fix: str = FIX) -> Exception:
    return InputError.one("YZ246", where=str(path), problem=problem, fix=fix)
