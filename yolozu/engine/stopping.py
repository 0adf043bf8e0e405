"""Stopping at the next safe point: on Ctrl-C, SIGTERM or a closed terminal, and when whoever started us is gone."""

from __future__ import annotations

import os
import signal
import stat
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

from yolozu.errors import EXIT_INTERRUPTED

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType

    Handler = Callable[[int, FrameType | None], object]

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What asks a process to stop."""

ONE_REQUEST_S = 0.5
"""Signals closer together are one request: `timeout` sends each twice, a shell repeats what the terminal has said."""


def handle(handler: Handler) -> dict[int, object]:
    """Let ``handler`` have the signals that ask to stop; returns the handlers they had. nohup's SIGHUP stays ignored."""
    wanted = [number for number in SIGNALS if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in wanted}


def restore(earlier: dict[int, object]) -> None:
    """Undo `handle`."""
    for number, handler in earlier.items():
        signal.signal(number, handler)  # type: ignore[arg-type]


def mute_closed_terminal() -> None:
    """Send what is still said to a terminal that was closed nowhere: writing to it would be an error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        with suppress(OSError):
            if stat.S_ISCHR(os.fstat(stream).st_mode) and not os.isatty(stream):
                os.dup2(nowhere, stream)
    os.close(nowhere)


def leave_on_signal() -> None:
    """From now on a signal ends this process: with a line, exit code 75 and no traceback; a second one at once."""
    owner, left = os.getpid(), []

    def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's call
        if left:
            os._exit(EXIT_INTERRUPTED)
        left.append(number)
        if os.getpid() == owner:  # and not a copy of it, of a parallel doit
            with suppress(OSError):
                os.write(2, b"interrupted\n")  # print would fail where it is just being called
        raise SystemExit(EXIT_INTERRUPTED)

    handle(leave)


class Requests:
    """Requests to stop, by signals, while the block runs."""

    def __init__(self) -> None:
        self.count = 0
        """How many there were."""
        self._last_at = 0.0
        self._earlier: dict[int, object] = {}

    def __enter__(self) -> Self:
        self._earlier = handle(self._receive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        restore(self._earlier)

    def _receive(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - signal's call
        if number == signal.SIGHUP:
            mute_closed_terminal()
        now = time.monotonic()
        if self.count and (number == signal.SIGHUP or now - self._last_at < ONE_REQUEST_S):
            return
        self.count, self._last_at = self.count + 1, now
        self._act(number)

    def _act(self, number: int) -> None:
        """What a request does besides being counted."""


class StopOnSignal(Requests):
    """For a worker: a first request only asks to stop; a second one stops at once.

    A worker whose builder was killed is an orphan nobody waits for: it counts as asked to stop, too.
    """

    def __init__(self, parent: int | None = None) -> None:
        """Watch the process that started us.

        Args:
            parent: its id, where it has told us: it may be gone already. None takes whichever it is now.
        """
        super().__init__()
        self._parent = os.getppid() if parent is None else parent

    def __call__(self) -> bool:
        """True once a stop was asked for."""
        return self.count > 0 or os.getppid() != self._parent

    def _act(self, number: int) -> None:  # noqa: ARG002
        if self.count > 1:
            raise KeyboardInterrupt


class StopBuild(Requests):
    """For a builder: requests go on to the worker, and no further stage begins.

    A third one kills a worker that does not even hear the second; where no worker runs, the second ends the build.
    """

    def __init__(self) -> None:
        super().__init__()
        self._worker: subprocess.Popen[bytes] | None = None

    @property
    def asked(self) -> bool:
        """Whether to stop."""
        return self.count > 0

    @contextmanager
    def told(self, worker: subprocess.Popen[bytes]) -> Iterator[None]:
        """Pass requests on to ``worker``; also one that came while it was started."""
        self._worker = worker
        try:
            if self.asked:
                worker.send_signal(signal.SIGTERM)
            yield
        finally:
            self._worker = None

    def _act(self, number: int) -> None:
        if self._worker is None:
            if self.count > 1:
                raise SystemExit(EXIT_INTERRUPTED)
        elif self.count > 2:
            self._worker.kill()
        else:
            self._worker.send_signal(signal.SIGHUP if number == signal.SIGHUP else signal.SIGTERM)
