"""What a logger is: something beside the metrics files that a training tells its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


Setting = str | int | float | bool | None


@dataclass(frozen=True)
class LoggedTraining:
    """What a logger is opened for.

    Attributes:
        run_id: name of the run.
        directory: of this logger, in the run; it exists, with what earlier loggers have left there.
        settings: dotted key of the contract -> value, of all keys that decide the training.
        log_id: what `Logger.log_id` said when the training was interrupted that goes on now; None for a new log.
        done_steps: optimizer steps that lie behind; 0 where the training begins.
    """

    run_id: str
    directory: Path
    settings: Mapping[str, Setting]
    log_id: str | None
    done_steps: int


class Logger(Protocol):
    """Takes numbers of a training, in one process, in the order of its steps.

    It is opened by calling it with a `LoggedTraining`. When it raises anything, the training says so and goes on
    without it.
    """

    log_id: str
    """By which a later try finds this log again."""

    def log(self, values: Mapping[str, float], *, step: int) -> None:
        """Take what was measured at an optimizer step: ``train/loss``, ``val/map50_95``, …, all finite."""
        ...

    def close(self, *, finished: bool) -> None:
        """The training is done, or, where not ``finished``, was stopped or has failed."""
        ...
