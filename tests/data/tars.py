"""Tar files, for tests."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

LONG_AGO = 1_700_000_000


def write_tar(path: Path, members: dict[str, bytes]) -> Path:
    """A plain tar file of these members, in their order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            tar.addfile(member(name, len(content)), io.BytesIO(content))
    os.utime(path, (LONG_AGO, LONG_AGO))  # so that it is remembered
    return path


def member(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, to: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size, made.type, made.linkname = size, kind, to
    return made


def pack_split(root: Path, split: str, *, shards: int = 2) -> None:
    """Put ``images/<split>`` and ``labels/<split>`` into tar files in ``images/<split>``, and remove them."""
    files = sorted(path for part in ("images", "labels") for path in (root / part / split).rglob("*") if path.is_file())
    stems = sorted({path.stem for path in files})
    contents: list[dict[str, bytes]] = [{} for _ in range(shards)]
    for path in files:
        contents[stems.index(path.stem) * shards // len(stems)][path.name] = path.read_bytes()
        path.unlink()
    if (root / "labels" / split).is_dir():
        (root / "labels" / split).rmdir()
    for number, members in enumerate(contents):
        write_tar(root / f"images/{split}/{split}-{number:06}.tar", dict(sorted(members.items())))
