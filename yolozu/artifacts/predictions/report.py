"""``predictions_check.json``: what a check found, as a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from yolozu.artifacts.jsonio import read_json
from yolozu.artifacts.predictions.check import PredictionsCheck

SCHEMA_VERSION = 1


def check_report(check: PredictionsCheck) -> dict[str, Any]:
    """The check as a JSON object with version and time."""
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    return {"schema_version": SCHEMA_VERSION, "timestamp": stamp, **check.to_json()}


def read_check_report(path: Path) -> PredictionsCheck:
    """What `check_report` tells of, but for the file's ``meta``.

    Raises:
        InputError: YZ312 the file is no JSON.
    """
    value = read_json(path, code="YZ312", fix="delete it and build the run again")
    return PredictionsCheck.from_json(value)
