"""A job of Slurm, followed to its end: what it writes, how it stands, and what a Ctrl-C means for it."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from yolozu.engine.launchers.ended import place_of
from yolozu.engine.launchers.job_files import Tail
from yolozu.engine.launchers.job_record import record_path
from yolozu.engine.launchers.slurm_commands import LOST, OVER, JobState, cancel, state_of
from yolozu.engine.launchers.slurm_end import exit_code_of
from yolozu.engine.scratch import Scratch
from yolozu.errors import Interrupted

if TYPE_CHECKING:
    from yolozu.engine.launchers.base import WorkerJob
    from yolozu.engine.launchers.job_record import JobRecord
    from yolozu.engine.launchers.job_voice import JobVoice
    from yolozu.engine.stopping import StopBuild

FIRST_POLL_S, LAST_POLL_S, SLOWER = 1.0, 5.0, 1.25
"""Time between two questions to Slurm: the first, the longest, and how it grows."""

TICK_S = 0.5
"""Time between two looks at the log, and at requests to stop."""

LOST_S = 120.0
"""How long a job whose node was lost may take to be in the queue again."""

CANCEL = "c"
LEFT = "YZ349"


class SlurmJob:
    """A submitted job; requests to stop reach it as signals reach a process (`stopping.Worker`)."""

    def __init__(
        self, record: JobRecord, job: WorkerJob, voice: JobVoice, stopping: StopBuild, *, late: bool = False
    ) -> None:
        """Follow a job.

        Args:
            record: which it is.
            job: the stage that it runs.
            voice: who hears of it.
            stopping: what requests to stop come from.
            late: whether an earlier builder has heard its begin.
        """
        self._job, self._record, self._voice, self._stopping = job, record, voice, stopping
        self._log = Tail(Scratch.of(job.layout, job.stage).job_log_path, late=late)
        self._nodes = ""
        self._told: set[str] = set()
        self._requests = 0
        self._may_ask, self._asking = True, False
        self._decided = self._cancelled = self._killed = False

    def send_signal(self, sig: int, /) -> None:
        """The first request asks what is meant, or leaves the job; a second, also while that is asked, cancels it."""
        self._requests += 1
        self._may_ask &= sig != signal.SIGHUP
        if self._asking:
            raise KeyboardInterrupt

    def kill(self) -> None:
        """A third request kills its worker."""
        self._requests = 3

    def look(self) -> JobState:
        """How it stands; waits until Slurm answers."""
        while (state := state_of(self._record.job, self._record.called(self._job))) is None:
            self._tell("Slurm does not answer; asking again and again")
            self._pause(LAST_POLL_S)
        return state

    def follow(self) -> int:
        """Follow it to its end; the worker's exit code.

        Raises:
            Interrupted: YZ349, it is left; YZ348, Slurm ended it.
            YolozuError: how else it ended, where its worker has not said so.
        """
        with self._stopping.forwarding_to(self):
            state = self._until_over()
        self._hear(self._log.rest())
        try:
            return exit_code_of(self._job, self._record, state, cancelled=self._cancelled)
        finally:
            record_path(self._job).unlink(missing_ok=True)

    def _until_over(self) -> JobState:
        every, lost_since = FIRST_POLL_S, None
        while True:
            state = self.look()
            if state.name in LOST:
                lost_since = lost_since or time.monotonic()
                if time.monotonic() - lost_since >= LOST_S:
                    return state
            elif state.name in OVER:
                return state
            else:
                lost_since = None
            self._tell_state(state)
            self._pause(every)
            every = min(every * SLOWER, LAST_POLL_S)

    def _tell_state(self, state: JobState) -> None:
        because = f": {state.reason}" if state.reason else ""
        if state.name == "RUNNING" and state.nodes:
            if state.nodes != self._nodes:
                self._nodes = state.nodes
                self._told.clear()
            self._tell(f"runs on {state.nodes}")
        elif state.name in LOST:
            self._tell(f"lost {self._nodes or 'its node'} ({state.name}); waiting for Slurm to start it again")
        elif state.name == "PENDING" and self._nodes:
            self._tell(f"was taken off {self._nodes}, and waits in the queue again{because}")
        elif state.name == "PENDING" and state.reason:
            self._tell(f"waits in the queue{because}")
        elif state.name not in ("PENDING", "COMPLETING", "CONFIGURING", "RUNNING"):
            self._tell(f"is {state.name.lower()}{because}")

    def _tell(self, text: str) -> None:
        """Tell it once, until the job runs somewhere else."""
        if text not in self._told:
            self._told.add(text)
            self._voice.note(f"job {self._record.job} {text}")

    def _pause(self, seconds: float) -> None:
        """Wait, with an ear on the log and on requests to stop."""
        end = time.monotonic() + seconds
        while True:
            self._hear(self._log.lines())
            self._obey()
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(TICK_S, left))

    def _hear(self, lines: list[str]) -> None:
        for line in lines:
            self._voice.hear(line)

    def _obey(self) -> None:
        if self._requests >= 3 and not self._killed:
            self._killed = True
            self._cancel(hard=True)
        elif self._requests >= 2 and not self._cancelled:
            self._cancel()
        elif self._requests and not self._decided:
            if self._wish() != CANCEL:
                raise self._left()
            self._cancel()

    def _wish(self) -> str | None:
        if not self._may_ask:
            return None
        self._asking = True
        try:
            return self._stopping.ask(
                f"job {self._record.job} goes on without this build: leave it (Enter), or cancel it ({CANCEL})?"
            )
        except KeyboardInterrupt:
            return CANCEL
        finally:
            self._asking = False

    def _cancel(self, *, hard: bool = False) -> None:
        self._decided = self._cancelled = True
        said = cancel(self._record.job, hard=hard)
        self._voice.note(
            f"job {self._record.job}: scancel says: {said}" if said else f"job {self._record.job} is asked to end"
        )

    def _left(self) -> Exception:
        return Interrupted.one(
            LEFT,
            where=place_of(self._job),
            problem=f"job {self._record.job} goes on without this build",
            fix=f"run the same command again to follow it; scancel {self._record.job} ends it",
        )
