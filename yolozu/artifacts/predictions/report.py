"""``predictions_check.json``: what a check found, as a file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yolozu.artifacts.predictions.check import PredictionsCheck

SCHEMA_VERSION = 1


def check_report(check: PredictionsCheck) -> dict[str, Any]:
    """The check as a JSON object with version and time."""
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    return {"schema_version": SCHEMA_VERSION, "timestamp": stamp, **check.to_json()}
