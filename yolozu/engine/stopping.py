"""Stopping at the next safe point: on SIGTERM, on SIGINT, and when the process that started us is gone."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import FrameType, TracebackType


class StopOnSignal:
    """While the block runs, a first signal only asks to stop; a second one stops at once.

    A worker whose builder was killed is an orphan nobody waits for: it counts as asked to stop, too.
    """

    def __init__(self, parent: int | None = None) -> None:
        """Watch the process that started us.

        Args:
            parent: its id, where it has told us: it may be gone already. None takes whichever it is now.
        """
        self._asked = False
        self._parent = os.getppid() if parent is None else parent
        self._restore: dict[int, object] = {}

    def __call__(self) -> bool:
        """True once a stop was asked for."""
        return self._asked or os.getppid() != self._parent

    def __enter__(self) -> Self:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._restore[number] = signal.signal(number, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._restore.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _ask(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - signal's call
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
