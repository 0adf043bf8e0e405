"""How a stage's last try failed, for `status` and for whoever looks later."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.jsonio import pretty, read_json, write_text
from yolozu.errors import ContractError, GateFailed, InputError, Interrupted, UsageError
from yolozu.planning.receipt import FAILED

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.errors import YolozuError
    from yolozu.paths import RunLayout

KINDS = {kind.__name__: kind for kind in (ContractError, GateFailed, InputError, Interrupted, UsageError)}
"""What a record says of the kind of a failure -> the error."""


def failure_path(layout: RunLayout, stage: str) -> Path:
    """Where the failure of a stage is kept."""
    return layout.receipts_dir / f"{stage}{FAILED}"


def record_failure(layout: RunLayout, stage: str, *, kind: str, text: str) -> Path:
    """Keep what went wrong; returns the file."""
    path = failure_path(layout, stage)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    write_text(path, pretty({"schema_version": 1, "stage": stage, "kind": kind, "text": text, "timestamp": now}))
    return path


def clear_failure(layout: RunLayout, stage: str) -> None:
    """The last try went well."""
    path = failure_path(layout, stage)
    if path.is_file():
        path.unlink()


def read_failure(layout: RunLayout, stage: str) -> dict[str, Any] | None:
    """The last failure, None when the last try went well or there was none.

    Its ``kind`` and ``text`` are texts; of a file that cannot be read, they say so.
    """
    path = failure_path(layout, stage)
    if not path.is_file():
        return None
    try:
        value = read_json(path, code="YZ301", fix="delete it; the next try writes it anew")
        if not isinstance(value, dict) or not all(isinstance(value.get(key), str) for key in ("kind", "text")):
            raise InputError.one("YZ301", where=str(path), problem="does not tell of a failure", fix="delete it")
    except InputError as error:
        return {"stage": stage, "kind": type(error).__name__, "text": str(error)}
    return value


def stopped(layout: RunLayout, stage: str, when: str) -> YolozuError:
    """The request to stop, as the reason why no more is done: YZ311."""
    return Interrupted.one(
        "YZ311",
        where=f"{layout.run_id}: {stage}",
        problem=f"stopped on request, {when}",
        fix="run the same command again: it goes on from what was saved",
    )
