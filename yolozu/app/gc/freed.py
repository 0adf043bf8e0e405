"""How much of the disk deleting files gives back: a file with several links gives nothing before its last one goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class FreedBytes:
    """Adds up, file by file, what deleting them would free."""

    def __init__(self) -> None:
        self._links_left: dict[tuple[int, int], int] = {}

    def of(self, paths: Iterable[Path]) -> int:
        """Bytes that ``paths`` free once they and all that were asked about before are deleted.

        What has gone meanwhile frees nothing.
        """
        freed = 0
        for path in paths:
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            file = (status.st_dev, status.st_ino)
            self._links_left[file] = self._links_left.get(file, status.st_nlink) - 1
            freed += 0 if self._links_left[file] else status.st_size
        return freed


def bytes_of(paths: Iterable[Path]) -> int:
    """Bytes of all files, as they are listed; a file that several paths name counts once."""
    sizes = {}
    for path in paths:
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue
        sizes[status.st_dev, status.st_ino] = status.st_size
    return sum(sizes.values())
