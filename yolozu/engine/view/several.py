"""Who shows several runs that are built at once: each has a view of its own, which passes on whose event it was."""

from __future__ import annotations

import json
import sys
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from yolozu.engine.view.board import TURNS_PER_S, Board
from yolozu.engine.view.events import Advances, Says, StageChanges
from yolozu.engine.view.view import EventView, in_words
from yolozu.progress import is_live

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from yolozu.engine.view.view import AnyEvent


class SeveralView(Protocol):
    """Shows several runs; events come from several threads, one at a time."""

    def show(self, run: str, event: AnyEvent) -> None:
        """Show what has happened in a run."""
        ...

    def expect(self, total: int) -> None:
        """Learn how many stages there will be in all."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


class RunView(EventView):
    """The view of one of several runs."""

    def __init__(self, run: str, shown_by: SeveralView, lock: Lock) -> None:
        self._run, self._shown_by, self._lock = run, shown_by, lock

    def show(self, event: AnyEvent) -> None:
        """The event, with the run's name."""
        with self._lock:
            self._shown_by.show(self._run, event)


class SeveralLines:
    """A line for each stage that begins or ends, and for what workers say."""

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        """Lines to ``stream``, or to what is standard output then.

        Args:
            total: stages that will run.
            stream: where lines go.
        """
        self._stream, self._total, self._ended = stream, total, 0

    def show(self, run: str, event: AnyEvent) -> None:
        """``[3/19] s-lr0.1/train: done in 4m 12s``; what is up to date is no news."""
        match event:
            case StageChanges(state="running"):
                self.line(f"{run}/{event.stage}: {in_words(event)}")
            case StageChanges(state="done" | "failed" | "pruned"):
                self._ended += 1
                self.line(f"[{self._ended}/{self._total}] {run}/{event.stage}: {in_words(event)}")
            case Says(kind="note"):
                self.line(f"{run}/{event.text}" if _names_stage(event) else f"{run}: {event.text}")
            case Says():
                print(event.text if run in event.text else f"{run}: {event.text}", file=sys.stderr, flush=True)

    def expect(self, total: int) -> None:
        """The number behind the stroke."""
        self._total = total

    def line(self, text: str) -> None:
        """A line of its own."""
        print(text, file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing."""


class SeveralLive(SeveralLines):
    """The stages that run now as a picture at the bottom of a terminal, four times a second; lines go above it."""

    def __init__(self, title: str, total: int, stream: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live

        super().__init__(total, stream)
        self._console = Console(file=stream, highlight=False)
        self._title, self._board = title, Board()
        self._live: Live | None = Live(
            console=self._console,
            get_renderable=self._picture,
            refresh_per_second=TURNS_PER_S,
            redirect_stderr=sys.stderr.isatty(),
        )
        self._board.begin(title, [])
        self._live.start()

    def show(self, run: str, event: AnyEvent) -> None:
        """The event in the picture, and its line above where it is none of the running stage's own."""
        match event:
            case StageChanges(state="running"):
                self._board.follow(f"{run}/{event.stage}")
                self._board.take(_named(run, event))
            case StageChanges():
                self._board.drop(f"{run}/{event.stage}")
                super().show(run, event)
            case Advances() | Says(kind="note"):
                self._board.take(_named(run, event))
            case Says():
                super().show(run, event)
        self._board.run_id = f"{self._title}: {self._ended} of {self._total} stages"

    def line(self, text: str) -> None:
        """A line above the picture."""
        self._console.print(text, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Draw a last time, and give the terminal back."""
        if self._live is not None:
            live, self._live = self._live, None
            live.stop()

    def _picture(self) -> RenderableType:
        from rich.console import Group

        return Group("", *self._board.lines(self._console.width))


class SeveralQuiet:
    """Warnings and errors, on standard error."""

    def show(self, run: str, event: AnyEvent) -> None:
        """What is no note."""
        if isinstance(event, Says) and event.kind != "note":
            print(event.text if run in event.text else f"{run}: {event.text}", file=sys.stderr, flush=True)

    def expect(self, total: int) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class SeveralJson:
    """Every event as a line of JSON, with the run's name before the others of `yolozu run --json`."""

    def show(self, run: str, event: AnyEvent) -> None:
        """``{"run": "s-lr0.1", "event": "stage", …}``."""
        print(json.dumps({"run": run, **event.model_dump(mode="json")}), flush=True)
        if isinstance(event, Says) and event.kind == "error":
            print(event.text, file=sys.stderr, flush=True)

    def expect(self, total: int) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def several_view_for(title: str, total: int, stream: TextIO | None = None) -> SeveralView:
    """The view that suits ``stream`` (standard output): live on a terminal, plain lines elsewhere.

    Args:
        title: what is built.
        total: stages that will run.
        stream: where it is shown.
    """
    stream = sys.stdout if stream is None else stream
    return SeveralLive(title, total, stream) if is_live(stream) else SeveralLines(total)


def _names_stage(event: Says) -> bool:
    return event.stage is not None and event.text.startswith(f"{event.stage}: ")


def _named(run: str, event: Any) -> Any:
    """The event as that of a stage that is called like run and stage."""
    return event.model_copy(update={"stage": f"{run}/{event.stage}"})
