"""Files that `torch.save` makes of plain values and tensors, read without running code in them."""

from __future__ import annotations

import pickle
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Literal

from yolozu.artifacts.jsonio import MISFIT, atomic_replacement

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

MALFORMED = (*MISFIT, AssertionError)
"""What is raised where a file's parts are not what they should be."""


class ArchiveError(Exception):
    """A file cannot be read.

    Attributes:
        kind: whether it is not there, something else, or broken.
        detail: a clause that says more.
    """

    def __init__(self, kind: Literal["missing", "foreign", "damaged"], detail: str) -> None:
        super().__init__(detail)
        self.kind, self.detail = kind, detail


def write_archive(path: Path, payload: dict[str, Any]) -> None:
    """Replace the file at ``path``, whole or not at all. Equal payloads of `plain` tensors give equal bytes.

    Raises:
        OSError: the system refuses; it names the file.
    """
    import torch

    # A file object, not a path: torch.save writes a path's name into the file.
    with atomic_replacement(path) as aside, aside.open("wb") as file:
        try:
            torch.save(payload, file)
        except RuntimeError as error:
            if isinstance(error.__context__, OSError):  # why the archive cannot be closed
                raise error.__context__ from error
            raise


def plain(tensor: Tensor) -> Tensor:
    """``tensor`` on the CPU in row-major order, in a storage that holds nothing else."""
    alone = tensor.detach().cpu().contiguous()
    return alone if alone.untyped_storage().nbytes() == alone.nbytes else alone.clone()


def read_archive(path: Path, kind: str) -> Any:
    """What `write_archive` wrote, on the CPU.

    Args:
        path: the file.
        kind: of file, for messages: ``checkpoint``.

    Raises:
        ArchiveError: it cannot be read.
    """
    import torch

    check_container(path, kind)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ArchiveError("foreign", "holds Python objects other than tensors, which are never executed") from error
    except (*MALFORMED, RuntimeError, EOFError, OSError) as error:
        raise ArchiveError("damaged", f"{type(error).__name__}: {error}".splitlines()[0]) from error


def check_container(path: Path, kind: str) -> None:
    """Refuse what is not an intact, uncompressed archive before anything looks at it.

    Args:
        path: the file.
        kind: of file, for messages.

    Raises:
        ArchiveError: what `read_archive` says of it.
    """
    try:
        with path.open("rb") as file:
            is_archive = file.read(2) == b"PK"
    except OSError as error:
        raise ArchiveError("missing", str(error.strerror)) from error
    if not is_archive:
        raise ArchiveError("foreign", f"is no {kind}")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise ArchiveError("foreign", f"is a compressed archive, no {kind}")
            if any(entry.external_attr for entry in entries):  # torch reads a file marked as a folder as garbage
                raise ArchiveError("damaged", "its table of contents is broken")
            broken = archive.testzip()
    except zipfile.BadZipFile as error:
        raise ArchiveError("damaged", "it ends too early, or its table of contents is broken") from error
    except (*MALFORMED, RuntimeError, EOFError, OSError, zlib.error, struct.error) as error:
        raise ArchiveError("damaged", str(error)) from error
    if broken is not None:
        raise ArchiveError("damaged", f"{broken} does not match its checksum")
