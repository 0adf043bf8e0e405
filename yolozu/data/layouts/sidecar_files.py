"""Which files pose sidecars name. Free of numpy: planning lists files too."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.jsonio import is_text
from yolozu.artifacts.listing import FileSet, Listing, files_among
from yolozu.artifacts.packed_files import file_on_disk, is_tar, members_of, read_bytes
from yolozu.data.layouts.files import SIDECAR_SUFFIXES, suffix_of


def named_masks(sidecars: FileSet, root: Path, cache: DigestCache) -> Listing:
    """The masks that exist among those that ``sidecars`` name; which these are is remembered for their contents.

    Args:
        sidecars: files, and tar files that hold some; what is wrong with one is for the data check to say.
        root: directory of the data set, which the names are relative to.
        cache: known digests.
    """
    if not any(len(listing) for listing in sidecars.listings):
        return Listing("")
    key = f"masks of {cache.tree(root, sidecars)}"
    names = cache.recalled(key, lambda: sorted(set(_all_names(sidecars.paths()))))
    return files_among(file_on_disk(os.path.join(root, name)) for name in names)  # noqa: PTH118 - a million names


def _all_names(sidecars: Iterable[str]) -> Iterable[str]:
    for sidecar in sidecars:
        if is_tar(sidecar):
            members = (f"{sidecar}/{name}" for name in members_of(sidecar))
            yield from _all_names(name for name in members if suffix_of(name) in SIDECAR_SUFFIXES)
        else:
            yield from _names(sidecar)


def _names(sidecar: str) -> Iterable[str]:
    try:
        document: Any = json.loads(read_bytes(sidecar))
    except (OSError, ValueError, RecursionError):
        return
    rows = document.get("instances") if isinstance(document, dict) else document
    for row in rows if isinstance(rows, list) else []:
        name = row.get("mask_path") if isinstance(row, dict) else None
        if isinstance(name, str) and name and "\0" not in name and is_text(name):
            yield name
