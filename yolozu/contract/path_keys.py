"""Keys whose values are paths, relative to a working directory."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yolozu.contract.base import FilePath
    from yolozu.contract.text.node import KeyPath, Node


@cache
def path_keys() -> Mapping[KeyPath, FilePath]:
    """Path of each key that holds a path."""
    from yolozu.contract.base import FilePath  # pydantic enters here, not where a command only expands a path
    from yolozu.contract.strict.slots import keys

    found: dict[KeyPath, FilePath] = {("model",): FilePath()}
    for key, slot in keys().items():
        for entry in slot.metadata:
            if isinstance(entry, FilePath):
                found[key,] = entry
    return found


def rebased(key: KeyPath, value: Any, source: Path, target: Path) -> Any:
    """What the value of a key that was written in one directory reads in another; other values stay as they are.

    Args:
        key: the key.
        value: its value.
        source: directory that a relative path is relative to.
        target: directory that it shall be relative to.
    """
    marked = path_keys().get(key)
    if marked is None or source == target or not isinstance(value, str) or value in marked.words or not value:
        return value
    if marked.or_run and "/" not in value:
        return value
    if os.path.isabs(value) or value[0] in "~$":  # noqa: PTH117 - a text as it was typed
        return value
    moved = os.path.relpath(source / value, target)
    return f"./{moved}" if moved in marked.words else moved


def rebase_file(root: Node, source: Path, target: Path) -> None:
    """Let the paths in a contract that is read in ``target`` mean what they mean in ``source``."""
    for key in path_keys():
        node = root.find(key)
        if node is not None:
            node.value = rebased(key, node.value, source, target)
