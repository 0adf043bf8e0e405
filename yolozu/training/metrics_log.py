"""Metrics as JSON lines: one row an event, on disk as soon as it is written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from yolozu.artifacts.jsonio import canonical, naming_path
from yolozu.artifacts.run_meta import timestamp

SCHEMA_VERSION = 1

Kind = Literal["train_step", "train_epoch", "val_epoch", "val_step", "non_finite_loss", "non_finite_grad", "early_stop"]

MEASURED = ("data_time_s", "step_time_s", "images_per_s", "memory_mb")
"""Metrics that say how the machine did: with the timestamp, all that may differ between two equal trainings."""


class MetricsLog:
    """A JSONL file that grows by whole rows; a killed process leaves at most one partial row behind.

    Attributes:
        rows: whole rows in the file.
    """

    def __init__(self, path: Path, *, keep_rows: int) -> None:
        """Open the file at ``path`` with its first ``keep_rows`` rows; what follows them is cut off.

        Raises:
            ValueError: it has fewer rows.
        """
        path.touch()
        self._path = path
        self._file = path.open("rb+")
        self.rows = keep_rows
        for row in range(keep_rows):
            if not self._file.readline().endswith(b"\n"):
                self._file.close()
                raise ValueError(f"{path} has {row} whole rows, not {keep_rows}")
        self._file.truncate(self._file.tell())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with naming_path(self._path):  # what could not be written before is tried again
            self._file.close()

    def write(
        self,
        kind: Kind,
        *,
        epoch: int,
        step: int,
        optim_step: int,
        losses: Mapping[str, float | None],
        metrics: Mapping[str, float | None],
    ) -> None:
        """Append a row.

        Args:
            kind: what happened.
            epoch: number of the epoch it happened in, from 1.
            step: batches trained on so far.
            optim_step: optimizer steps so far.
            losses: name -> weighted loss.
            metrics: name -> number; None where it is not defined.
        """
        row = {
            "schema_version": SCHEMA_VERSION,
            "timestamp": timestamp(),
            "losses": dict(losses),
            "metrics": dict(metrics),
            "meta": {"kind": kind, "epoch": epoch, "step": step, "optim_step": optim_step},
        }
        with naming_path(self._path):
            self._file.write(canonical(row).encode("utf-8") + b"\n")
            self._file.flush()
        self.rows += 1

    def sync(self) -> None:
        """Make all rows survive a power cut."""
        with naming_path(self._path):
            os.fsync(self._file.fileno())


class SilentLog(MetricsLog):
    """Keeps nothing: for the processes of a training that do not write."""

    def __init__(self) -> None:
        self.rows = 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""

    def write(
        self,
        kind: Kind,
        *,
        epoch: int,
        step: int,
        optim_step: int,
        losses: Mapping[str, float | None],
        metrics: Mapping[str, float | None],
    ) -> None:
        """Nothing."""

    def sync(self) -> None:
        """Nothing."""


def comparable(row: dict[str, Any]) -> dict[str, Any]:
    """A row without its timestamp and durations: what two equal trainings have in common."""
    metrics = {name: value for name, value in row["metrics"].items() if name not in MEASURED}
    return {**{name: value for name, value in row.items() if name != "timestamp"}, "metrics": metrics}
