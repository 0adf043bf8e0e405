"""A store of results somewhere else: read by everybody, written by who may, never tidied up from here.

``<2 letters>/<key>.json`` is the record of a result, ``<2 letters>/<key>/<sha256>`` are its files. The record is
written last, so that a result whose upload was cut short is not there.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from yolozu.artifacts.digest import DigestCache, digest_file
from yolozu.engine.store.file_system import FileSystem
from yolozu.engine.store.record import KEY, MOST_RECORD_BYTES, RemoteFile, RemoteRecord, parse_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yolozu.engine.store.store import Store
    from yolozu.planning.receipt import Receipt

BLOCK_BYTES = 8 << 20
"""Bytes handed over at a time; between two such blocks a request to stop is heard."""

LEFT_FREE_BYTES = 1 << 30
"""Of the disk, whatever a record asks for: it is somebody else's word."""


class DamagedRemote(Exception):
    """A result in a remote store is not what its record says; the text says which part, in a line."""


class Stopped(Exception):
    """Somebody asked to stop while something was fetched or uploaded."""


@dataclass(frozen=True)
class RemoteStore:
    """The store at a URL that fsspec understands.

    Every method raises `RemoteError` where it cannot be reached.
    """

    url: str

    @cached_property
    def _files(self) -> FileSystem:
        return FileSystem(self.url.rstrip("/"))

    def is_there(self) -> bool:
        """Whether there is such a place at all."""
        return self._files.is_there()

    def record_name(self, key: str) -> str:
        """Name of the record of a result."""
        return f"{key[:2]}/{key}.json"

    def record(self, key: str) -> RemoteRecord | None:
        """The record of a result; None where there is no such result.

        Raises:
            InputError: YZ745, it is damaged.
        """
        name, text = self.record_name(key), b""
        try:
            with closing(self._files.blocks(name, MOST_RECORD_BYTES + 1)) as blocks:
                for block in blocks:
                    text += block
                    if len(text) > MOST_RECORD_BYTES:
                        break
        except FileNotFoundError:
            return None
        return parse_record(text, where=f"{self.url}/{name}")

    def all_keys(self) -> Iterator[str]:
        """Keys of all results that have a record."""
        for first in self._firsts():
            keys = (name.removesuffix(".json") for name in self._files.names(first) if name.endswith(".json"))
            yield from (key for key in keys if KEY.fullmatch(key) and key.startswith(first))

    def unfinished(self) -> list[str]:
        """Keys of which there are files and no record: uploads that were cut short, or are under way."""
        found = []
        for first in self._firsts():
            names = set(self._files.names(first))
            found += [name for name in sorted(names) if KEY.fullmatch(name) and f"{name}.json" not in names]
        return found

    def _firsts(self) -> list[str]:
        return [name for name in self._files.names() if re.fullmatch("[0-9a-f]{2}", name)]

    def damage(self, key: str, record: RemoteRecord) -> list[str]:
        """Files of a result, by their paths in a run, that are not what its record says; all are read."""
        return [path for path in record.files if self._is_damaged(key, path, record)]

    def _is_damaged(self, key: str, path: str, record: RemoteRecord) -> bool:
        try:
            for _ in self._checked(key, path, record, _never):
                pass
        except DamagedRemote:
            return True
        return False

    def fetch(self, key: str, record: RemoteRecord, store: Store, stopping: Callable[[], bool]) -> None:
        """Put a result into ``store``: as a whole, after all its digests were compared, or not at all.

        Raises:
            DamagedRemote: it is not what its record says.
            Stopped: ``stopping`` said so.
            OSError: ``store`` cannot be written, or has not enough room.
        """
        entry = store.entry(key)
        aside = entry.parent / f".{uuid4().hex}"
        try:
            aside.mkdir(parents=True)
            _require_room(aside, record.size)
            for path in record.files:
                target = aside / "files" / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("xb") as file:
                    file.writelines(self._checked(key, path, record, stopping))
            _require_outputs(record.receipt, aside / "files")
            record.receipt.write(aside / "receipt.json")
            if not entry.exists():
                aside.rename(entry)
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _checked(self, key: str, path: str, record: RemoteRecord, stopping: Callable[[], bool]) -> Iterator[bytes]:
        """Blocks of a file, never more than its record says.

        Raises:
            DamagedRemote: it is missing, or is another file.
        """
        file = record.files[path]
        digest, left = hashlib.sha256(), file.size
        try:
            with closing(self._files.blocks(_file_name(key, file), BLOCK_BYTES)) as blocks:
                for block in blocks:
                    _heed(stopping)
                    left -= len(block)
                    if left < 0:
                        raise DamagedRemote(f"{path} is longer than its record says")
                    digest.update(block)
                    yield block
        except FileNotFoundError:
            raise DamagedRemote(f"{path} is missing") from None
        if left > 0:
            raise DamagedRemote(f"{path} is cut short: {left} of {file.size} bytes are missing")
        if digest.hexdigest() != file.sha256:
            raise DamagedRemote(f"{path} has another SHA-256 than its record says")

    def upload(
        self, key: str, receipt: Receipt, root: Path, stopping: Callable[[], bool], *, anew: bool = False
    ) -> RemoteRecord:
        """Keep the outputs that ``receipt`` names, which lie below ``root``; the record that was written at the end.

        Args:
            key: of the result.
            receipt: of the result.
            root: the run's directory.
            stopping: whether somebody asked to stop.
            anew: upload files again that are there already with the right size.

        Raises:
            Stopped: ``stopping`` said so.
            OSError: a file cannot be read, or changed meanwhile.
        """
        given = {path: digest for path, digest in receipt.outputs.items() if digest is not None}
        digests = {path: digest for name in sorted(given) for path, digest in _files_of(root, name, given[name])}
        files = {path: RemoteFile(digest, (root / path).stat().st_size) for path, digest in digests.items()}
        for path, file in files.items():
            name = _file_name(key, file)
            if anew or self._files.size(name) != file.size:
                self._files.write(name, _unchanged(root / path, file, stopping))
        record = RemoteRecord(receipt, files, datetime.now(UTC).isoformat(timespec="seconds"))
        self._files.write(self.record_name(key), iter([record.text().encode("utf-8")]))
        return record


def _file_name(key: str, file: RemoteFile) -> str:
    return f"{key[:2]}/{key}/{file.sha256}"


def _files_of(root: Path, name: str, digest: str) -> Iterator[tuple[str, str]]:
    """Path below ``root`` and digest of an output, or of each file in one that is a directory."""
    if not (root / name).is_dir():
        yield name, digest
    for directory, _, names in os.walk(root / name):
        for file in sorted(names):
            path = Path(directory) / file
            yield path.relative_to(root).as_posix(), digest_file(path)


def _unchanged(path: Path, file: RemoteFile, stopping: Callable[[], bool]) -> Iterator[bytes]:
    """Blocks of a file of this machine.

    Raises:
        OSError: it is not what it was when its digest was taken.
    """
    digest = hashlib.sha256()
    with path.open("rb") as opened:
        while block := opened.read(BLOCK_BYTES):
            _heed(stopping)
            digest.update(block)
            yield block
    if digest.hexdigest() != file.sha256:
        raise OSError(f"{path} changed while it was uploaded")


def _never() -> bool:
    return False


def _heed(stopping: Callable[[], bool]) -> None:
    if stopping():
        raise Stopped


def _require_room(place: Path, size: int) -> None:
    free = shutil.disk_usage(place).free - LEFT_FREE_BYTES
    if size > free:
        raise OSError(f"it has {size} bytes, and {max(free, 0)} may be written")


def _require_outputs(receipt: Receipt, files: Path) -> None:
    """Compare what was fetched with the receipt: a record may be whole and still not be of this result.

    Raises:
        DamagedRemote: an output is another one.
    """
    cache = DigestCache(None)
    for path, digest in receipt.outputs.items():
        if digest is None:
            continue
        if not (files / path).exists():
            (files / path).mkdir(parents=True)  # a directory without files, or damage, which its digest tells
        if cache.path(files / path) != digest:
            raise DamagedRemote(f"{path} is not what its receipt says")
