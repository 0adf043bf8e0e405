"""The record of a result in a remote store: its receipt, and name, size and digest of each of its files."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import PurePosixPath

from yolozu.artifacts.jsonio import explain_read_error, is_text, pretty
from yolozu.artifacts.record import typed
from yolozu.errors import InputError
from yolozu.planning.receipt import Receipt

RECORD_VERSION = 1
MOST_RECORD_BYTES = 16 << 20
"""A record that is longer is none: it is read as a whole."""

KEY = re.compile("[0-9a-f]{64}")
"""Keys and digests: SHA-256 in hexadecimal. All names in a remote store are made of these."""


@dataclass(frozen=True)
class RemoteFile:
    """One file of a result.

    Attributes:
        sha256: of its bytes; its name in the store.
        size: in bytes.
    """

    sha256: str
    size: int


@dataclass(frozen=True)
class RemoteRecord:
    """What a remote store says of a result.

    Attributes:
        receipt: of the stage that gave it.
        files: path in a run -> the file there.
        kept_at: when it was uploaded: UTC, ISO 8601.
    """

    receipt: Receipt
    files: dict[str, RemoteFile]
    kept_at: str

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files.values())

    @property
    def kept_at_s(self) -> float:
        """When it was uploaded, in seconds since the epoch; 0.0 where its record does not tell."""
        try:
            return datetime.fromisoformat(self.kept_at).timestamp()
        except (ValueError, OverflowError):
            return 0.0

    def text(self) -> str:
        """The record as JSON."""
        return pretty({"schema_version": RECORD_VERSION, **asdict(self)})


def parse_record(text: bytes, *, where: str) -> RemoteRecord:
    """The record in ``text``, of which nothing leads out of the directory that its files are put into.

    Raises:
        InputError: YZ745, it is none.
    """
    fix = "delete it: who may write there uploads the result again"
    if len(text) > MOST_RECORD_BYTES:
        raise InputError.one("YZ745", where=where, problem=f"has more than {MOST_RECORD_BYTES} bytes", fix=fix)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        problem = f"cannot be read as JSON: {explain_read_error(error)}"
        raise InputError.one("YZ745", where=where, problem=problem, fix=fix) from error
    if not isinstance(value, dict) or value.get("schema_version") != RECORD_VERSION:
        raise InputError.one("YZ745", where=where, problem="is no record of this version", fix=fix)
    record = typed(RemoteRecord, value, what="record", code="YZ745", where=where, fix=fix)
    problems = [_unsafe(path) for path in (*record.files, *record.receipt.outputs)]
    problems += [_problem(path, file, record) for path, file in record.files.items()]
    for found in filter(None, problems):
        raise InputError.one("YZ745", where=where, problem=found, fix=fix)
    return record


def _problem(path: str, file: RemoteFile, record: RemoteRecord) -> str | None:
    if file.size < 0 or not KEY.fullmatch(file.sha256):
        return f"says no size and SHA-256 of {path!r}"
    above = [str(parent) for parent in PurePosixPath(path).parents]
    if any(parent in record.files for parent in above):
        return f"has a file in another file: {path!r}"
    given = record.receipt.outputs
    return None if any(given.get(place) is not None for place in (path, *above)) else f"has {path!r}, of no output"


def _unsafe(path: str) -> str | None:
    """Why a path of a record is not followed; None where it stays below the directory it is relative to."""
    odd = not is_text(path) or "\0" in path or "\\" in path
    if odd or any(part in {"", ".", ".."} for part in path.split("/")):
        return f"names {path!r}, which is no path below a run"
    return None
