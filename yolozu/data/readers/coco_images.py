"""Where the images are that a COCO file lists, or one of CVAT's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.artifacts.packed_files import is_tar
from yolozu.data.layouts.files import IMAGE_SUFFIXES, files_below, holds_tars, refuse_compressed
from yolozu.errors import Finding, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MOST_SHOWN = 20


def image_path(directory: Path, name: str) -> Path:
    """Where the image called ``name`` (its ``file_name``) is.

    Some tools write the directory's own name in front, or backslashes between folders; where no such file is, that is
    what is meant.
    """
    plain = name.replace("\\", "/")
    inside = plain.removeprefix(f"{directory.name}/")
    if inside == name or (directory / name).is_file():
        return directory / name
    return directory / (plain if (directory / plain).is_file() else inside)


def image_paths(directory: Path, names: Sequence[str]) -> dict[str, Path]:
    """Where the images called ``names`` are.

    In tar files they are called as in them; the tar file's own name may stand in front, and has to where it decides.

    Raises:
        InputError: YZ277 the tar files are compressed, or cannot be used for another reason; YZ279 a name is in several
            of them.
    """
    if directory.is_dir():
        refuse_compressed(directory)
    if is_tar(directory) or not holds_tars(directory):
        return {name: image_path(directory, name) for name in names}
    found = _by_name(directory)
    several = [name for name in names if len(found.get(name, ())) > 1]
    if several:
        fix = "write the name of the tar file in front of file_name: TAR/NAME"
        raise InputError(
            Finding("YZ279", f"{directory}: {name}", f"is in {found[name][0]} and {found[name][1]}", fix)
            for name in several[:MOST_SHOWN]
        )
    return {name: directory / found.get(name, [name])[0] for name in names}


def _by_name(directory: Path) -> dict[str, list[str]]:
    """Images in the tar files of ``directory`` by their path below it, and by their names in their tar files."""
    found: dict[str, list[str]] = {}
    for path in files_below(directory, IMAGE_SUFFIXES):
        found[path] = [path]
    for path in list(found):
        found.setdefault(_inside(path), []).append(path)
    return found


def _inside(path: str) -> str:
    """The name in its tar file of what lies at ``path``: tar files do not lie in folders called like them."""
    at = path.lower().index(".tar/")
    return path[at + len(".tar/") :]
