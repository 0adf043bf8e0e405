"""Tar files whose bytes depend on their members alone, and the index that tells where each member lies."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from yolozu.artifacts.jsonio import atomic_replacement, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    Sample = dict[str, bytes]
    """Name of a member -> its bytes: all that belongs to one picture, the picture first."""

INDEX_SUFFIX = ".idx"
INDEX_VERSION = "v1.2"
"""Of the index that ``wds2idx`` of NVIDIA DALI writes; its readers, and others, know it."""

BLOCK_BYTES = 512


def packed_size(sample: Sample) -> int:
    """Bytes that a sample takes in a tar file, headers and padding included; a name of over 100 letters takes more."""
    return sum(BLOCK_BYTES + -(-len(content) // BLOCK_BYTES) * BLOCK_BYTES for content in sample.values())


def write_tar(path: Path, samples: Iterable[Sample]) -> None:
    """Write ``samples`` to the tar file at ``path`` and its index beside it, ``.idx`` in place of ``.tar``.

    Owners, times and permissions are the same for all, so that equal samples are equal bytes.

    Raises:
        OSError: they cannot be written.
    """
    with atomic_replacement(path) as aside, tarfile.open(aside, "w", format=tarfile.PAX_FORMAT) as tar:
        lines = [" ".join(_add(tar, name, content) for name, content in sample.items()) for sample in samples]
    text = "\n".join((f"{INDEX_VERSION} {len(lines)}", *lines))
    write_text(path.with_suffix(INDEX_SUFFIX), f"{text}\n")


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> str:
    """Add a member; its entry in the index: ending, offset of its first byte, bytes, name."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))
    offset = tar.offset - -(-len(content) // BLOCK_BYTES) * BLOCK_BYTES
    ending = name.rpartition("/")[2].partition(".")[2]
    return f"{ending} {offset} {len(content)} {name}"
