"""The same bytes in two places: a hard link where the file system can, else a copy."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def link_path(source: Path, target: Path) -> None:
    """Put the file, or all of the directory, at ``source`` also at ``target``, where nothing is yet.

    Raises:
        OSError: it cannot be read, or ``target`` not be written.
    """
    if not source.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        _link_file(source, target)
        return
    for directory, _, names in os.walk(source):
        below = target / os.path.relpath(directory, source)
        below.mkdir(parents=True, exist_ok=True)
        for name in names:
            _link_file(Path(directory) / name, below / name)


def _link_file(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # another file system, one without links, or a file that others own
        shutil.copyfile(source, target)
