"""The loggers of a training: opened where it begins or goes on, told every row once, never a reason to stop it."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Self

from yolozu.artifacts.jsonio import pretty, write_text
from yolozu.artifacts.metrics_table import named_values, read_rows
from yolozu.training.loggers.base import LoggedTraining
from yolozu.training.loggers.registry import LOGGERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from yolozu.training.loggers.base import Logger, Setting

ENTRY_POINTS = "yolozu.loggers"
PARTS = {"train_step": "train", "train_epoch": "epoch", "val_epoch": "val", "val_step": "val"}
"""Kind of row -> what its values' names begin with; other kinds are events, and not logged."""

LONGEST_REASON = 300


@dataclass(frozen=True)
class LogPlan:
    """Which loggers a training has, and what they are told of it.

    Attributes:
        names: of loggers.
        run_id: name of the run.
        directory: of the run's reports; each logger has a directory of its name in it.
        settings: dotted key -> value, of all keys that decide the training.
    """

    names: Sequence[str]
    run_id: str
    directory: Path
    settings: Mapping[str, Setting]


class Following:
    """Tells rows to loggers.

    A killed training goes on from its last save, and makes rows again that were logged already, to the same bits. So
    ``loggers.json`` keeps, for each training (known by the time of its first row, which all that goes on from it
    keeps) and each logger, the name of the log and the last step of each part. What is not beyond is not told again.
    """

    def __init__(self, plan: LogPlan, train_metrics: Path, *, done_steps: int, say: Callable[[str], None]) -> None:
        """Open the loggers.

        Args:
            plan: which, and for what.
            train_metrics: the training's metrics file, with the rows of the steps that are done.
            done_steps: how many are.
            say: where to tell of a logger that fails.
        """
        self._plan, self._train_metrics, self._say = plan, train_metrics, say
        self._path = plan.directory / "loggers.json"
        self._all: dict[str, dict[str, Any]] = self._read() if plan.names else {}
        self._told: dict[str, Any] = self._all.get(self._training(), {}) if done_steps > 0 else {}
        self._open: dict[str, Logger] = {}
        for name in plan.names:
            self._trying(name, partial(self._begin, name, done_steps))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, logger in list(self._open.items()):
            self._trying(name, partial(logger.close, finished=error is None))

    def row(
        self, kind: str, step: int, losses: Mapping[str, float | None], metrics: Mapping[str, float | None]
    ) -> None:
        """Tell a row of the metrics files, which is in its file already, to all loggers that do not know it."""
        part = PARTS.get(kind)
        if part is None:
            return
        missing = {name: one for name, one in self._open.items() if step > self._told[name]["steps"].get(part, -1)}
        if not missing:
            return
        for name in missing:
            self._told[name]["steps"][part] = step
        self._all[self._training()] = self._told
        write_text(self._path, pretty(self._all))  # first: a kill between the two may lose a row, and doubles none
        values = {
            f"{part}/{name}": value
            for name, value in named_values(losses, metrics).items()
            if value is not None and math.isfinite(value)
        }
        for name, logger in missing.items():
            self._trying(name, partial(logger.log, values, step=step))

    def _begin(self, name: str, done_steps: int) -> None:
        told = self._told.get(name)
        directory = self._plan.directory / name
        directory.mkdir(parents=True, exist_ok=True)
        training = LoggedTraining(
            run_id=self._plan.run_id,
            directory=directory,
            settings=self._plan.settings,
            log_id=None if told is None else told["log_id"],
            done_steps=done_steps,
        )
        logger = _kind(name)(training)
        self._open[name] = logger
        self._told[name] = {"log_id": logger.log_id, "steps": {} if told is None else told["steps"]}

    def _trying(self, name: str, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - code and servers of others: no training ends because of them
            self._open.pop(name, None)
            words = " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST_REASON]
            self._say(f"warning: logger {name} has failed and is told nothing more: {words}")

    def _training(self) -> str:
        """By what a training is known, whatever it goes on from."""
        return str(next(read_rows(self._train_metrics))["timestamp"])

    def _read(self) -> dict[str, dict[str, Any]]:
        with suppress(OSError, ValueError):  # then logs begin anew
            return dict(json.loads(self._path.read_text(encoding="utf-8")))
        return {}


def _kind(name: str) -> Callable[[LoggedTraining], Logger]:
    if name in LOGGERS:
        return LOGGERS.load(name)  # type: ignore[no-any-return]
    return next(iter(entry_points(group=ENTRY_POINTS, name=name))).load()  # type: ignore[no-any-return]
