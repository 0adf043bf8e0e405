"""A store of results: one directory a result, with its receipt and its files; whole or not there at all."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from yolozu.engine.store.links import link_path
from yolozu.planning.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Iterator

CAME_FROM = "store"
"""In `Receipt.ran_on` of what lies in a store, and of what was taken from one: the run that made it."""

DAMAGED = "damaged"


@dataclass(frozen=True)
class Store:
    """A directory of results: ``<2 letters>/<key>/receipt.json`` and ``files/`` beside it.

    It may be deleted at any moment, as a whole or an entry at a time: what runs hold are links or copies.
    """

    directory: Path

    def entry(self, key: str) -> Path:
        """Directory of the result with this key."""
        return self.directory / key[:2] / key

    def lock_path(self, key: str) -> Path:
        """Held by who makes this result."""
        return self.directory / key[:2] / f".{key}.lock"

    def files(self, key: str) -> Path:
        """Where the files of a result are, at their paths in a run."""
        return self.entry(key) / "files"

    def has(self, key: str) -> bool:
        """Whether there is such a result, intact or not."""
        return self.entry(key).is_dir()

    def receipt(self, key: str) -> Receipt | None:
        """The receipt of a result; None where it cannot be read."""
        return Receipt.readable(self.entry(key) / "receipt.json")

    def all_keys(self) -> Iterator[str]:
        """Keys of all results."""
        for first in sorted(self.directory.glob("[0-9a-f][0-9a-f]")):
            yield from sorted(entry.name for entry in first.iterdir() if entry.is_dir() and entry.name[0] != ".")

    def put(self, key: str, receipt: Receipt, root: Path) -> None:
        """Keep the outputs that ``receipt`` names, which lie below ``root``; one that is kept already stays.

        Raises:
            OSError: the store cannot be written.
        """
        entry = self.entry(key)
        aside = entry.parent / f".{uuid4().hex}"
        try:
            aside.mkdir(parents=True)
            for path, digest in receipt.outputs.items():
                if digest is not None:
                    link_path(root / path, aside / "files" / path)
            receipt.write(aside / "receipt.json")
            if not entry.exists():
                aside.rename(entry)
        except OSError:
            if not entry.exists():  # another builder was faster otherwise
                raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def fill(self, key: str, receipt: Receipt, root: Path) -> None:
        """Put the outputs of a result below ``root``, where nothing is yet.

        Raises:
            OSError: it is gone meanwhile, or ``root`` cannot be written.
        """
        for path, digest in receipt.outputs.items():
            if digest is not None:
                link_path(self.files(key) / path, root / path)

    def move_away(self, key: str) -> Path:
        """Move a result that is damaged out of the way; where to.

        Raises:
            OSError: the store cannot be written.
        """
        place = self.directory / DAMAGED / key
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(exist_ok=True)
        self.entry(key).rename(place)
        return place

    def remove(self, key: str) -> None:
        """Delete a result: it is there as a whole, or not at all.

        Raises:
            OSError: the store cannot be written.
        """
        aside = self.entry(key).with_name(f".{uuid4().hex}")
        self.entry(key).rename(aside)
        shutil.rmtree(aside)

    def size(self, key: str) -> int:
        """Bytes of a result."""
        return bytes_below(self.entry(key))

    def kept_at(self, key: str) -> float:
        """When a result was kept, in seconds since the epoch; 0.0 where it is gone meanwhile."""
        try:
            return self.entry(key).stat().st_mtime
        except FileNotFoundError:
            return 0.0


def bytes_below(directory: Path, *, alone: bool = False) -> int:
    """Bytes of all files in a directory; those that disappear meanwhile have none.

    Args:
        directory: which.
        alone: count those only that have no other link, whose space deleting them gives back.
    """
    total = 0
    for below, _, names in os.walk(directory):
        for name in names:
            try:
                status = (Path(below) / name).lstat()
            except FileNotFoundError:
                continue
            total += 0 if alone and status.st_nlink > 1 else status.st_size
    return total
