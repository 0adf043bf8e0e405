"""What a file of ours that `torch.save` has written says of itself, read without torch: none of its tensors is made."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.torch_archive import MALFORMED, ArchiveError, check_container
from yolozu.artifacts.zip_damage import ZIP_DAMAGE

if TYPE_CHECKING:
    from pathlib import Path

PAYLOAD = "/data.pkl"
"""How the name of the member ends that holds everything but the numbers of the tensors."""


@dataclass(frozen=True)
class ArchiveHeader:
    """The words of a file.

    Attributes:
        format: what the file is: ``yolozu.checkpoint``.
        values: its header.
        damage: what of the file does not match its own checksums; None where all of it does.
    """

    format: str
    values: dict[str, Any]
    damage: str | None


def read_header(path: Path) -> ArchiveHeader:
    """The header of the file at ``path``; one whose tensors are damaged still has it. Nothing in it is executed.

    Raises:
        ArchiveError: it is no such file, or not even its header can be read.
    """
    damage = None
    try:
        check_container(path, "file that torch has written")
    except ArchiveError as error:
        if error.kind != "damaged":
            raise
        damage = str(error)
    try:
        payload = _payload(path)
        header = json.loads(payload["header"])
        found = ArchiveHeader(payload["format"], header, damage)
    except pickle.UnpicklingError as error:
        raise ArchiveError("foreign", "holds Python objects other than tensors, which are never executed") from error
    except (*MALFORMED, *ZIP_DAMAGE, OSError) as error:
        if damage is not None:
            raise ArchiveError("damaged", damage) from error
        raise ArchiveError("foreign", "holds nothing that yolozu writes") from error
    if not isinstance(found.format, str) or not isinstance(header, dict):
        raise ArchiveError("foreign", "holds nothing that yolozu writes")
    return found


def _payload(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        (name, *_) = [name for name in archive.namelist() if name.endswith(PAYLOAD)]
        with archive.open(name) as file:
            return _WordsOnly(file).load()


class _Nothing:
    """Stands for whatever of torch a file names: tensors, kinds of storages, the functions that make them."""

    def __init__(self, *parts: object) -> None:
        """Take whatever it would be made of."""


class _WordsOnly(pickle.Unpickler):
    """Reads texts, numbers, lists and dicts; imports nothing, and calls nothing that a file names."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module.partition(".")[0] == "torch":
            return _Nothing
        raise pickle.UnpicklingError(f"{module}.{name}")

    def persistent_load(self, pid: object) -> _Nothing:  # noqa: ARG002 - the numbers of a tensor
        return _Nothing()
