"""How a builder hears of a job elsewhere: what is told of it, and what its worker has written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.engine.launchers.ended import on_standard_error
from yolozu.engine.view.events import Says
from yolozu.engine.view.wire import MARK, split_line
from yolozu.stages.predict_shard import whole_and_shard

if TYPE_CHECKING:
    from collections.abc import Callable

    from yolozu.engine.launchers.base import WorkerJob


class JobVoice:
    """Tells in the form that the builder reads: as events where the worker was asked for these, else as lines."""

    def __init__(self, job: WorkerJob, say: Callable[[str], None] | None) -> None:
        self._name, self._events = job.stage, "--events" in job.options
        self._stage, self._shard = whole_and_shard(job.stage)
        self._say = say or on_standard_error

    def note(self, text: str) -> None:
        """Tell how the job stands."""
        text = f"{self._name}: {text}"
        event = Says(stage=self._stage, shard=self._shard, tells_of_job=True, kind="note", text=text)
        self._say(f"{MARK}{event.model_dump_json()}" if self._events else event.text)

    def hear(self, line: str) -> None:
        """Pass on a line of the job's log; one that was written for another kind of builder is translated."""
        printed, event = split_line(line)
        if self._events or not event:
            self._say(line)
            return
        if printed.strip():
            self._say(printed)
        if '"event":"line"' in event:
            self._say(Says.model_validate_json(event).text)
