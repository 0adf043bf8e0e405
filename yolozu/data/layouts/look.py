"""Folders looked through at once: where they are large, a second process takes half of them.

Threads do not help: between two answers of the system, which take microseconds, they wait for each other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from yolozu.artifacts.listing import Listing
from yolozu.data.layouts.files import listing_below
from yolozu.system import available_cores

LARGE_BYTES = 4_000_000
"""Size of the folders themselves (some hundred thousand names) from which a second process saves more than it costs."""


class Folder(NamedTuple):
    """What is looked for where: files with one of the endings, below the directory."""

    directory: Path
    suffixes: frozenset[str]


def look_through(folders: Iterable[Folder]) -> dict[Folder, Listing]:
    """The files in each of the folders, as `listing_below` finds them.

    Raises:
        OSError: a directory cannot be read.
    """
    own, others = _shared_out(list(dict.fromkeys(folders)))
    if not others:
        return {folder: listing_below(*folder) for folder in own}
    request = json.dumps([[str(directory), sorted(suffixes)] for directory, suffixes in others])
    command = [sys.executable, "-m", "yolozu.data.layouts.look", request]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as helper:
        assert helper.stdout is not None
        found = {folder: listing_below(*folder) for folder in own}
        listings = [Listing.decoded(helper.stdout) for _ in others]
    for folder, listing in zip(others, listings, strict=True):  # what the helper could not say is said here
        found[folder] = listing_below(*folder) if listing is None else listing
    return found


def _shared_out(folders: Sequence[Folder]) -> tuple[list[Folder], list[Folder]]:
    """What this process looks through, and what a second one does: nothing where that does not pay."""
    sizes = {folder: os.stat(folder.directory).st_size for folder in folders}  # noqa: PTH116 - as everywhere here
    if sum(sizes.values()) < LARGE_BYTES or available_cores() < 2:
        return list(folders), []
    shares: tuple[list[Folder], list[Folder]] = ([], [])
    for folder in sorted(folders, key=lambda folder: -sizes[folder]):
        min(shares, key=lambda share: sum(sizes[taken] for taken in share)).append(folder)
    return shares


def answer(request: str, to: BinaryIO) -> None:
    """Look through the folders that another process asks for."""
    asked = [Folder(Path(directory), frozenset(suffixes)) for directory, suffixes in json.loads(request)]
    for listing in [listing_below(*folder) for folder in asked]:  # first all: the other process is busy meanwhile
        to.writelines(listing.encoded())


if __name__ == "__main__":
    answer(sys.argv[1], sys.stdout.buffer)
