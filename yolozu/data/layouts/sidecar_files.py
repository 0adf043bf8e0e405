"""Which files pose sidecars name. Free of numpy: planning lists files too."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.jsonio import is_text


def named_masks(sidecars: list[str], root: Path, cache: DigestCache) -> list[str]:
    """The masks that exist among those that ``sidecars`` name; which these are is remembered for their contents.

    Args:
        sidecars: files; what is wrong with one is for the data check to say.
        root: directory of the data set, which the names are relative to.
        cache: known digests.
    """
    if not sidecars:
        return []
    names = cache.recalled(f"masks of {cache.tree(root, sidecars)}", lambda: sorted(set(_all_names(sidecars))))
    paths = (os.path.join(root, name) for name in names)  # noqa: PTH118 - a million names
    return [path for path in paths if os.path.isfile(path)]  # noqa: PTH113


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
