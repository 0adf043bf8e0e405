"""The last thing a stage's worker writes: what went in, what came out. No receipt, no result."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.jsonio import pretty, read_json, write_text
from yolozu.artifacts.record import typed
from yolozu.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

RECEIPT_VERSION = 1
FAILED = ".failed.json"
"""How the files end that lie among receipts and tell how a stage's last try failed."""


@dataclass(frozen=True)
class Receipt:
    """Proof of a finished stage.

    Attributes:
        stage: its name.
        version: the stage's code version.
        spec: the slice of the contract it ran with.
        inputs: field -> sha256 of what it read.
        outputs: path relative to the run directory -> sha256 (a directory's is over its tree); null for one left out.
        numbers: what the stage says of itself.
        started_at: UTC, ISO 8601.
        seconds: wall-clock time of the try that finished it.
        software: versions of yolozu and Python.
        ran_on: ``host``, ``executor``, of a job elsewhere ``job``, of a result that was taken from the store ``store``:
            the run that made it; empty in receipts of early releases.
    """

    stage: str
    version: int
    spec: dict[str, dict[str, Any]]
    inputs: dict[str, str]
    outputs: dict[str, str | None]
    numbers: dict[str, Any]
    started_at: str
    seconds: float
    software: dict[str, str]
    ran_on: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """As JSON, whole or not at all."""
        write_text(path, pretty({"schema_version": RECEIPT_VERSION, **asdict(self)}))

    @classmethod
    def read(cls, path: Path) -> Receipt | None:
        """The receipt at ``path``; None when there is none. What a later release adds to one is passed over.

        Raises:
            InputError: YZ301, the file is there but is no receipt of this version.
        """
        if not path.exists():
            return None
        fix = "delete it: the stage then runs again"
        value = read_json(path, code="YZ301", fix=fix)
        if not isinstance(value, dict) or value.get("schema_version") != RECEIPT_VERSION:
            raise InputError.one("YZ301", where=str(path), problem="is no receipt of this version", fix=fix)
        return typed(cls, value, what="receipt", code="YZ301", where=str(path), fix=fix)

    @classmethod
    def readable(cls, path: Path) -> Receipt | None:
        """The receipt at ``path``; None where there is none, or none that can be read."""
        try:
            return cls.read(path)
        except InputError:
            return None


def receipt_paths(directory: Path) -> Iterator[Path]:
    """Where the receipts in ``directory`` are, by name; what tells of a failure is none."""
    yield from (path for path in sorted(directory.glob("*.json")) if not path.name.endswith(FAILED))
