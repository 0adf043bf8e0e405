"""What a training has recorded of its command, code and machine, as far as its receipt proves the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.jsonio import read_json
from yolozu.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.app.trace.known_receipts import KnownReceipt, KnownReceipts

RUN_META = "reports/run_meta.json"
TOLD = {"command", "git", "dependency_lock", "hardware", "runtime", "contract_digest", "dataset_digest", "timestamps"}
"""What every release has recorded."""


def proved_file(receipts: KnownReceipts, known: KnownReceipt, path: str) -> Path | None:
    """A file with the bytes that ``known`` names at ``path``, wherever it still is; None where it is nowhere."""
    digest = known.receipt.outputs.get(path)
    if digest is None:
        return None
    with DigestCache(None) as cache:
        for output in receipts.outputs(digest, near=known.root):
            place = output.of.root / output.path
            if cache.file_if_readable(place) == digest:
                return place
    return None


def training_record(receipts: KnownReceipts, training: KnownReceipt) -> dict[str, Any] | None:
    """The ``run_meta.json`` of a training, by its digest; None where there is none with it any more."""
    path = proved_file(receipts, training, RUN_META)
    return None if path is None else read_record(path)


def read_record(path: Path) -> dict[str, Any] | None:
    """The record in a ``run_meta.json``, of any release; None where it is none."""
    try:
        value = read_json(path, code="YZ460", fix="")
    except InputError:
        return None
    return value if isinstance(value, dict) and value.keys() >= TOLD else None
