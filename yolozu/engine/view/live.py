"""A build on a terminal: its picture at the bottom, what is said above it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from yolozu.engine.view.ask import ask_on_terminal
from yolozu.engine.view.board import TURNS_PER_S, Board
from yolozu.engine.view.events import BuildBegins, Says, StageChanges
from yolozu.engine.view.view import EventView, PlainView, View, in_words
from yolozu.progress import is_live

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.live import Live

    from yolozu.engine.view.view import AnyEvent

NEW = "has not been built"
STYLES = {"note": "", "warning": "yellow", "error": ""}


class LiveView(EventView):
    """Draws the board of a build four times a second; lines go above it, and both stay when it closes."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console

        self._console = Console(file=stream, highlight=False)
        self._board = Board()
        self._live: Live | None = None

    def show(self, event: AnyEvent) -> None:
        """The event, in the picture or above it."""
        self._board.take(event)
        match event:
            case BuildBegins():
                self._print(event.headline)
                self._open()
            case StageChanges(state="running") if event.reasons != [NEW] or event.prospects:
                self._print(f"{event.stage}: {in_words(event)}")
            case Says():
                self._print(event.text, STYLES[event.kind])
                if event.kind == "error" and not sys.stderr.isatty():
                    print(event.text, file=sys.stderr, flush=True)

    def ask(self, question: str) -> str | None:
        """The answer on the terminal; the picture waits meanwhile."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()
        try:
            return ask_on_terminal(question)
        finally:
            if live is not None:
                self._open()

    def close(self) -> None:
        """Draw a last time, and give the terminal back."""
        if self._live is not None:
            live, self._live = self._live, None
            live.stop()

    def summarize(self, lines: Sequence[str]) -> None:
        """All of it; a path is not broken into lines, so that it can be copied."""
        for line in lines:
            print(line, file=self._console.file)

    def _open(self) -> None:
        from rich.live import Live

        self._live = Live(
            console=self._console,
            get_renderable=self._picture,
            refresh_per_second=TURNS_PER_S,
            redirect_stderr=sys.stderr.isatty(),
        )
        self._live.start()

    def _picture(self) -> RenderableType:
        from rich.console import Group

        return Group("", *self._board.lines(self._console.width))

    def _print(self, text: str, style: str = "") -> None:
        self._console.print(text, markup=False, style=style or None)


def view_for(stream: TextIO | None = None) -> View:
    """The view that suits ``stream`` (standard output): live on a terminal, plain lines elsewhere."""
    stream = sys.stdout if stream is None else stream
    return LiveView(stream) if is_live(stream) else PlainView()
