"""Stopping at the next safe point: on Ctrl-C, SIGTERM or a closed terminal, and when whoever started us is gone."""

from __future__ import annotations

import os
import signal
import stat
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol, Self

from yolozu.errors import EXIT_INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What asks a process to stop."""

ONE_REQUEST_S = 0.5
"""Signals closer together are one request: `timeout` sends each twice, a shell repeats what the terminal has said."""


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """A block in which this thread starts workers: a Ctrl-C waits in them until they let it in, and so in this thread.

    Python prints a traceback where one comes while it starts, before any line of a program.
    """
    earlier = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, earlier)


class Requests:
    """Requests to stop, by signals: while a block runs, or from `install` on."""

    def __init__(self) -> None:
        self.count = 0
        """How many there were."""
        self._last_at = 0.0
        self._earlier: dict[int, object] = {}

    def install(self) -> None:
        """Receive signals from now on; what nohup ignores stays ignored, and only a main thread can receive any."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._earlier[number] = signal.signal(number, self._receive)

    def __enter__(self) -> Self:
        self.install()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._earlier.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _receive(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - signal's call
        if number == signal.SIGHUP:
            _mute_closed_terminal()
        now = time.monotonic()
        if self.count and (number == signal.SIGHUP or now - self._last_at < ONE_REQUEST_S):
            return
        self.count, self._last_at = self.count + 1, now
        self._act(number)

    def _act(self, number: int) -> None:
        """What a request does besides being counted."""


class EndOnSignal(Requests):
    """For a whole process: a first request ends it by `KeyboardInterrupt`, which it catches; a second one at once."""

    def _act(self, number: int) -> None:  # noqa: ARG002
        if self.count > 1:
            os._exit(EXIT_INTERRUPTED)
        raise KeyboardInterrupt


class LeaveOnSignal(Requests):
    """The same for a process in which nobody catches `KeyboardInterrupt`, but everybody lets `SystemExit` pass."""

    def __init__(self) -> None:
        super().__init__()
        self._owner = os.getpid()

    def _act(self, number: int) -> None:  # noqa: ARG002
        if self.count > 1:
            os._exit(EXIT_INTERRUPTED)
        if os.getpid() == self._owner:  # and not a copy of it, of a parallel doit
            with suppress(OSError):
                os.write(2, b"interrupted\n")  # print would fail where it is just being called
        raise SystemExit(EXIT_INTERRUPTED)


class StopOnSignal(Requests):
    """For a worker: a first request only asks to stop; a second one, or one in a block that says so, stops at once.

    A worker whose builder was killed is an orphan nobody waits for: it counts as asked to stop, too.
    """

    def __init__(self, parent: int | None = None) -> None:
        """Watch the process that started us.

        Args:
            parent: its id, where it has told us: it may be gone already. None takes whichever it is now.
        """
        super().__init__()
        self._parent = os.getppid() if parent is None else parent
        self._waits = True
        self.has_interrupted = False
        """Whether it has raised `KeyboardInterrupt`; libraries make errors of their own of that."""

    def __call__(self) -> bool:
        """True once a stop was asked for."""
        return self.count > 0 or os.getppid() != self._parent

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """A block that a first request ends by `KeyboardInterrupt`, because nothing in it is worth waiting for."""
        if self.count:
            raise KeyboardInterrupt
        self._waits = False
        try:
            yield
        finally:
            self._waits = True

    def _act(self, number: int) -> None:  # noqa: ARG002
        if self.count > 1 or not self._waits:
            self.has_interrupted = True
            raise KeyboardInterrupt


class Worker(Protocol):
    """What requests to stop are passed on to: a process, or a job somewhere else."""

    def send_signal(self, sig: int, /) -> None:
        """Ask it to stop."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


class StopBuild(Requests):
    """For a builder: requests go on to all workers, and no further stage begins.

    A third one kills workers that do not even hear the second; where no worker runs, the second ends the build.
    """

    def __init__(self, ask: Callable[[str], str | None] | None = None) -> None:
        """A builder that can ask whoever sits at its terminal what a request means.

        Args:
            ask: a question to its answer, None where nobody sits there; as `View.ask`.
        """
        super().__init__()
        self.ask = ask or (lambda _: None)
        self._workers: tuple[Worker, ...] = ()  # never changed but replaced: a signal may come in between
        self._replacing = threading.Lock()  # never taken by a signal

    @contextmanager
    def forwarding_to(self, worker: Worker) -> Iterator[None]:
        """Pass requests on to ``worker``, too; also one that came while it was started."""
        with self._replacing:
            self._workers = (*self._workers, worker)
        try:
            if self.count:
                worker.send_signal(signal.SIGTERM)
            yield
        finally:
            with self._replacing:
                self._workers = tuple(other for other in self._workers if other is not worker)

    def _act(self, number: int) -> None:
        if not self._workers and self.count > 1:
            raise SystemExit(EXIT_INTERRUPTED)
        for worker in self._workers:
            if self.count > 2:
                worker.kill()
            else:
                worker.send_signal(signal.SIGHUP if number == signal.SIGHUP else signal.SIGTERM)


class StopOne(StopBuild):
    """For one of several builds: it hears the requests that all get, as their worker, and can be asked by itself."""

    def install(self) -> None:
        """Nothing: signals reach it through the builder of all."""

    def send_signal(self, sig: int, /) -> None:
        """Pass a request on to its own workers; no further stage begins."""
        self.count += 1
        self._act(sig)

    def kill(self) -> None:
        """End its workers at once."""
        for worker in self._workers:
            worker.kill()

    def _act(self, number: int) -> None:
        for worker in self._workers:
            worker.send_signal(signal.SIGHUP if number == signal.SIGHUP else signal.SIGTERM)


def _mute_closed_terminal() -> None:
    """Send nowhere what is still said to a terminal that was closed: writing to it would be an error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        with suppress(OSError):
            if stat.S_ISCHR(os.fstat(stream).st_mode) and not os.isatty(stream):
                os.dup2(nowhere, stream)
    os.close(nowhere)
