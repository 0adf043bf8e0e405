"""A worker that Ray runs, followed by its builder."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.engine.launchers.base import EXECUTOR, JOB, worker_environment
from yolozu.engine.launchers.ended import GOES_ON, place_of
from yolozu.engine.launchers.job_files import JobFiles, Tail
from yolozu.engine.launchers.ray_worker import run_worker
from yolozu.errors import InputError, Interrupted

if TYPE_CHECKING:
    from yolozu.contract.sections.operations import OperationsSection
    from yolozu.engine.launchers.base import WorkerJob
    from yolozu.engine.launchers.job_voice import JobVoice
    from yolozu.errors import YolozuError

LOOK_EVERY_S = 0.25
"""Between two looks at what the worker has said."""

WAIT_IS_TOLD_S = 5.0
"""A worker that has not begun by then waits for something, which is told."""

KILL_WITHIN_S = 5.0
"""What a machine that runs a worker is given to kill it; one that does not answer is gone."""

BYTES = {"M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class RayCall:
    """One stage's worker, called through Ray: again on another machine where one was lost."""

    def __init__(self, ray: Any, job: WorkerJob, voice: JobVoice) -> None:
        """Submit it.

        Args:
            ray: the module, connected.
            job: the stage.
            voice: hears every line of the worker, and what becomes of it.
        """
        self._ray, self._job, self._voice = ray, job, voice
        self._files = JobFiles(job.layout.job_dir(job.stage).absolute())
        self._files.make()
        self._log = Tail(self._files.log_path)
        self._asked: list[str] = []
        self._passed = 0
        self._tries = 0
        self._waits_since: float | None = time.monotonic()
        self._killed_at: float | None = None
        call = ray.remote(run_worker).options(**options(job.operations))
        self._answer = call.remote(json.dumps(self._order()))

    def _order(self) -> dict[str, object]:
        return {
            "command": self._job.command,
            "directory": str(Path.cwd()),
            "environment": {EXECUTOR: "ray", JOB: self._ray.get_runtime_context().get_job_id()},
            "defaults": worker_environment({}),
            "log": str(self._files.log_path),
            "requests": str(self._files.requests_path),
            "tries": str(self._files.tries_path),
        }

    def send_signal(self, sig: int, /) -> None:
        """Ask it to stop; passed on by `follow`, because this is called while anything else may be going on."""
        self._asked.append(signal.Signals(sig).name)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def follow(self) -> int:
        """Tell what the worker says until it ends; its exit code, negative where it was ended on request.

        Raises:
            Interrupted: YZ304 or YZ354, it was killed or its machine was lost, and no try is left.
            InputError: YZ355, it could not be started.
        """
        while not self._ray.wait([self._answer], timeout=LOOK_EVERY_S)[0]:
            self._pass_on()
            self._tell_news()
            if self._killed_at is not None and time.monotonic() - self._killed_at > KILL_WITHIN_S:
                self._ray.cancel(self._answer, force=True)
                return -signal.SIGKILL
        self._tell_news()
        for line in self._log.rest():
            self._voice.hear(line)
        code = self._code()
        self._files.remove()
        return code

    def _pass_on(self) -> None:
        """Let the machine know what is asked of the worker; one that has not begun will not."""
        new = self._asked[self._passed :]
        for name in new:
            self._files.request(name)
        self._passed += len(new)
        if new and not self._files.tries():
            self._ray.cancel(self._answer)
        if signal.SIGKILL.name in new:
            self._killed_at = time.monotonic()

    def _tell_news(self) -> None:
        for line in self._log.lines():
            self._voice.hear(line)
        tries = self._files.tries()
        if tries:
            self._waits_since = None
        elif self._waits_since is not None and time.monotonic() - self._waits_since > WAIT_IS_TOLD_S:
            self._waits_since = None
            self._voice.note(f"waits for Ray to have a free machine ({asked_of(self._job.operations)})")
        for number, machine in list(enumerate(tries, start=1))[self._tries :]:
            again = f"begins again on {machine}, try {number}: what ran it before was lost"
            self._voice.note(f"runs on {machine}" if number == 1 else again)
        self._tries = len(tries)

    def _code(self) -> int:
        errors = self._ray.exceptions
        try:
            return int(self._ray.get(self._answer))
        except errors.TaskCancelledError:
            return -signal.SIGTERM
        except errors.RayTaskError as error:
            if isinstance(error.cause, ChildProcessError):
                raise self._interrupted("YZ304", f"its worker was {error.cause}") from error
            raise InputError.one(
                "YZ355",
                where=place_of(self._job),
                problem=f"its worker could not be started on a machine of Ray's: {error.cause}",
                fix=f"every machine needs {Path.cwd()}, and the same Python with yolozu, under the same path",
            ) from error
        except errors.RayError as error:
            raise self._interrupted("YZ354", f"Ray has lost it: {str(error).strip().partition(chr(10))[0]}") from error

    def _interrupted(self, code: str, problem: str) -> YolozuError:
        problem = f"{problem}, and max_restarts: {self._job.operations.max_restarts} allows no further try"
        return Interrupted.one(code, where=place_of(self._job), problem=problem, fix=GOES_ON)


def options(operations: OperationsSection) -> dict[str, object]:
    """Options of a remote call: what its machine must have free, and how often it is called again."""
    asked: dict[str, object] = {"num_cpus": operations.cpus or 1, "num_gpus": operations.gpus or 0}
    if operations.memory is not None:
        asked["memory"] = int(operations.memory[:-1]) * BYTES[operations.memory[-1]]
    return {**asked, "max_retries": operations.max_restarts, "retry_exceptions": [ChildProcessError]}


def asked_of(operations: OperationsSection) -> str:
    """What a machine must have free, in words: ``cpus: 4, gpus: 1, memory: 64G``."""
    asked = {"cpus": operations.cpus or 1, "gpus": operations.gpus or 0, "memory": operations.memory}
    return ", ".join(f"{key}: {value}" for key, value in asked.items() if value)
