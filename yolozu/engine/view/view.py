"""Who shows a build: what a view is, and the plain ones."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal, Protocol, TextIO

from pydantic import TypeAdapter

from yolozu.engine.view.ask import ask_on_terminal
from yolozu.engine.view.events import Advances, BuildBegins, BuildEnds, BuildEvent, Says, StageChanges
from yolozu.engine.view.wire import split_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

AnyEvent = BuildBegins | StageChanges | Advances | Says | BuildEnds
Worker = Literal["terminal", "lines", "events"]
EVENTS: TypeAdapter[Any] = TypeAdapter(BuildEvent)
SHOWN_REASONS = 3


class View(Protocol):
    """Shows a build.

    Attributes:
        worker: where the processes of stages write: straight to the terminal, or to `hear`, as lines or as events.
    """

    worker: Worker

    def show(self, event: AnyEvent) -> None:
        """Show what has happened."""
        ...

    def hear(self, stage: str, line: str) -> None:
        """Show what the process of a stage has written."""
        ...

    def ask(self, question: str) -> str | None:
        """What whoever sits at the terminal answers; None where nobody does."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was; also called where nothing was shown, and twice."""
        ...

    def summarize(self, lines: Sequence[str]) -> None:
        """Show the summary of the run, after `close`; its first line says how the build went."""
        ...


class PlainView:
    """One line a stage, with the reason why it runs; workers write beside it."""

    worker: Worker = "terminal"

    def __init__(self, stream: TextIO | None = None) -> None:
        """Lines to ``stream``, or to what is standard output then."""
        self._stream = stream
        self._stages: list[str] = []

    def show(self, event: AnyEvent) -> None:
        """``[2/7] train: lr: 0.1 → 0.2 (exp.yaml:4)``, ``[2/7] train: done in 4m 12s``."""
        match event:
            case BuildBegins():
                self._stages = event.stages
                self._print(event.headline)
            case StageChanges() if event.state != "failed":  # its process has said why
                place = f"[{self._stages.index(event.stage) + 1}/{len(self._stages)}]"
                self._print(f"{place} {event.stage}: {in_words(event)}")
            case Says():
                self.hear(event.stage or "", event.text)

    def hear(self, stage: str, line: str) -> None:  # noqa: ARG002 - a line says itself whose it is
        """The line, on standard error."""
        print(line, file=sys.stderr, flush=True)

    def ask(self, question: str) -> str | None:
        """The answer on the terminal."""
        return ask_on_terminal(question)

    def close(self) -> None:
        """Nothing."""

    def summarize(self, lines: Sequence[str]) -> None:
        """All of it."""
        for line in lines:
            self._print(line)

    def _print(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class LinesView(PlainView):
    """The same lines, and those of workers, to a function."""

    worker: Worker = "lines"

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def hear(self, stage: str, line: str) -> None:  # noqa: ARG002
        """The line."""
        self._say(line)

    def ask(self, question: str) -> str | None:  # noqa: ARG002 - a view's signature
        """Nothing: lines go to a function."""
        return None

    def _print(self, text: str) -> None:
        for line in text.splitlines():
            self._say(line)


class EventView:
    """For views of events: takes them out of what workers write; the rest are errors."""

    worker: Worker = "events"

    def show(self, event: AnyEvent) -> None:
        """Show what has happened."""
        raise NotImplementedError

    def hear(self, stage: str, line: str) -> None:
        """Show what the process of a stage has written."""
        printed, event = split_line(line)
        if printed.strip():
            self.show(Says(stage=stage, kind="error", text=printed))
        if event:
            self.show(EVENTS.validate_json(event))

    def ask(self, question: str) -> str | None:  # noqa: ARG002 - a view's signature
        """Nothing: a program reads events."""
        return None

    def close(self) -> None:
        """Nothing."""

    def summarize(self, lines: Sequence[str]) -> None:
        """Nothing: the events have said it."""


class JsonView(EventView):
    """Every event as a line of JSON; errors on standard error, too."""

    def show(self, event: AnyEvent) -> None:
        """The event as JSON."""
        print(event.model_dump_json(), flush=True)
        if isinstance(event, Says) and event.kind == "error":
            print(event.text, file=sys.stderr, flush=True)


class CallbackView(EventView):
    """Every event to a function, and what is said in lines to another one."""

    def __init__(self, on_event: Callable[[AnyEvent], None], say: Callable[[str], None]) -> None:
        self._on_event, self._lines = on_event, LinesView(say)

    def show(self, event: AnyEvent) -> None:
        """The event, then its line, if it has one."""
        self._on_event(event)
        self._lines.show(event)


class QuietView(EventView):
    """Warnings and errors, on standard error, and the first line of the summary."""

    def show(self, event: AnyEvent) -> None:
        """What is no note."""
        if isinstance(event, Says) and event.kind != "note":
            print(event.text, file=sys.stderr, flush=True)

    def summarize(self, lines: Sequence[str]) -> None:
        """How the build went."""
        print(lines[0], flush=True)


def in_words(event: StageChanges) -> str:
    """``lr: 0.1 → 0.2 (exp.yaml:4)``, ``up to date``, ``done in 4m 12s``."""
    if event.state == "running":
        more = len(event.reasons) - SHOWN_REASONS
        shown = event.reasons[:SHOWN_REASONS] + ([f"{more} more reasons"] if more > 0 else [])
        return "; ".join([*shown, *event.prospects]) or "checked again"
    if event.from_store is not None:
        return f"from the store ({event.from_store})"
    if event.state == "pruned":
        numbers = ", ".join(f"{name} {value:.4g}" for name, value in event.numbers.items() if isinstance(value, float))
        return f"pruned at step {event.numbers['optim_step']} (validation {event.numbers['validation']}): {numbers}"
    return f"{event.state} in {duration(event.seconds)}" if event.seconds is not None else event.state


def duration(seconds: float) -> str:
    """``59.9s``, ``1m 01s``, ``2h 02m``."""
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m {rest:02d}s"
