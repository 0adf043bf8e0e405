"""Predictions files of parts, joined to the bytes that all images at once give, whatever their size."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.jsonio import atomic_replacement
from yolozu.artifacts.predictions.columns_file import ColumnsFile, columns_path, write_columns
from yolozu.artifacts.predictions.write import BETWEEN_ENTRIES, WRAPPED_END, wrapped_start

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


def meta_of(path: Path) -> dict[str, Any]:
    """``meta`` of a wrapped file that `write_predictions` wrote, keys in their order; only its first line is read."""
    with path.open("rb") as file:
        meta: dict[str, Any] = json.loads(file.readline() + WRAPPED_END.encode())["meta"]
    return meta


def join_predictions(path: Path, parts: Sequence[Path], meta: Mapping[str, Any]) -> None:
    """Write the entries of ``parts``, in order, as one predictions file; as columns, too, where all parts have them.

    Entries are copied line by line, and columns one at a time of each part: memory does not grow with the parts.

    Args:
        path: the file, replaced whole or not at all.
        parts: wrapped files that `write_predictions` wrote.
        meta: of the whole.
    """
    with atomic_replacement(path) as aside, aside.open("wb") as file:
        file.write(wrapped_start(meta).encode("utf-8", "backslashreplace"))
        between = b"\n"
        for part in parts:
            for line in _entry_lines(part):
                file.write(between + line)
                between = BETWEEN_ENTRIES.encode()
        file.write(b"\n" + WRAPPED_END.encode())
    beside = [columns_path(part) for part in parts]
    if all(columns.is_file() for columns in beside):
        with ExitStack() as opened:
            joined = [opened.enter_context(ColumnsFile(columns)).as_part() for columns in beside]
            write_columns(columns_path(path), joined, meta, predictions_sha256=digest_file(path))


def _entry_lines(path: Path) -> Iterator[bytes]:
    """The text of each entry, which has a line to itself."""
    with path.open("rb") as file:
        next(file)
        for line in file:
            text = line.rstrip(b",\n")
            if text and text != WRAPPED_END.encode().rstrip():
                yield text
