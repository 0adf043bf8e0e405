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


def named_masks(sidecars: FileSet, root: Path, cache: DigestCache) -> Listing:
    """The masks that exist among those that ``sidecars`` name; which these are is remembered for their contents.

    Args:
        sidecars: files; what is wrong with one is for the data check to say.
        root: directory of the data set, which the names are relative to.
        cache: known digests.
    """
    if not any(len(listing) for listing in sidecars.listings):
        return Listing("")
    key = f"masks of {cache.tree(root, sidecars)}"
    names = cache.recalled(key, lambda: sorted(set(_all_names(sidecars.paths()))))
    return files_among(os.path.join(root, name) for name in names)  # noqa: PTH118 - a million names


def _all_names(sidecars: Iterable[str]) -> Iterable[str]:
    for sidecar in sidecars:
        yield from _names(sidecar)


def _names(sidecar: str) -> Iterable[str]:
    try:
        with open(sidecar, "rb") as file:  # noqa: PTH123
            document: Any = json.load(file)
    except (OSError, ValueError, RecursionError):
        return
    rows = document.get("instances") if isinstance(document, dict) else document
    for row in rows if isinstance(rows, list) else []:
        name = row.get("mask_path") if isinstance(row, dict) else None
        if isinstance(name, str) and name and "\0" not in name and is_text(name):
            yield name
