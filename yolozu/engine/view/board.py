"""The picture of a build: a line a stage, and two more for the running one."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yolozu.engine.view.events import Advances, BuildBegins, Says, StageChanges
from yolozu.engine.view.view import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import JsonValue
    from rich.text import Text

    from yolozu.engine.view.view import AnyEvent

SIGNS = {"up to date": "=", "running": "", "done": "✓", "failed": "✗", "pruned": "✂", "waiting": "·"}
COLORS = {"up to date": "dim", "running": "cyan", "done": "green", "failed": "red", "pruned": "dim", "waiting": "dim"}
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
TURNS_PER_S = 4
PREFIX = re.compile(r"^\w+: ")
"""A stage's name before what it says, which its line has anyway."""

JOB_PREFIX = re.compile(r"^[\w.-]+: ")
"""The same of a stage, or of a part of one."""

WIDEST_BAR = 40
NARROWEST_BAR = 5


@dataclass
class Row:
    """A stage as it stands."""

    state: str = "waiting"
    began_at: float = 0.0
    seconds: float | None = None
    reason: str = ""
    text: str = ""
    jobs: dict[int | None, str] = field(default_factory=dict)
    """Part of the stage, None for all of it -> how its job stands."""
    works: dict[int | None, Advances] = field(default_factory=dict)
    """Part of the stage, None for all of it -> where its work stands."""
    work_began_at: float = 0.0
    work_began_with: int = 0

    def advance(self, event: Advances) -> None:
        """Take where work stands; that of all parts together is shown until the stage itself goes on."""
        works: dict[int | None, Advances] = {}
        if event.shard is not None:
            works = {part: work for part, work in self.works.items() if part is not None}
        if any(work.title != event.title for work in works.values()):
            works = {}
        known = self.works.get(event.shard)
        if not works and (known is None or known.title != event.title):
            self.work_began_at, self.work_began_with = time.monotonic(), 0
        if known is None or known.title != event.title:
            self.work_began_with += event.done
        self.works = {**works, event.shard: event}  # replaced, not changed: it may just be drawn

    @property
    def work(self) -> Advances | None:
        """Where the work stands; of parts, all that are begun together."""
        if len(self.works) < 2:
            return next(iter(self.works.values()), None)
        parts = list(self.works.values())
        done, total = sum(part.done for part in parts), sum(part.total for part in parts)
        return parts[-1].model_copy(update={"done": done, "total": total, "note": f"{len(parts)} shards"})


@dataclass
class Board:
    """What is known of a build, from its events."""

    run_id: str = ""
    rows: dict[str, Row] = field(default_factory=dict)
    began_at: float = 0.0

    def take(self, event: AnyEvent) -> None:
        """Let an event change the picture."""
        match event:
            case BuildBegins():
                self.begin(event.run_id, event.stages)
            case StageChanges():
                self._change(self.rows[event.stage], event)
            case Advances() if event.stage in self.rows:
                self.rows[event.stage].advance(event)
            case Says(tells_of_job=True) if event.stage in self.rows:
                row = self.rows[event.stage]
                row.jobs = {**row.jobs, event.shard: JOB_PREFIX.sub("", event.text)}
            case Says(kind="note") if event.stage in self.rows:
                self.rows[event.stage].text = PREFIX.sub("", event.text)

    def begin(self, title: str, stages: Iterable[str]) -> None:
        """Begin the picture: its title, and a line for each stage."""
        self.run_id, self.began_at = title, time.monotonic()
        self.rows = {name: Row() for name in stages}

    def follow(self, stage: str) -> None:
        """Add a line for a stage."""
        self.rows = {**self.rows, stage: Row()}  # replaced, not changed: it may just be drawn

    def drop(self, stage: str) -> None:
        """Take the line of a stage away, if it has one."""
        self.rows = {name: row for name, row in self.rows.items() if name != stage}

    def _change(self, row: Row, event: StageChanges) -> None:
        row.state, row.seconds = event.state, event.seconds
        if event.state == "running":
            row.jobs, row.works = {}, {}
            row.began_at, row.reason = time.monotonic(), "; ".join([*event.reasons, *event.prospects])
        elif event.state == "up to date":
            row.text = event.state
        else:
            row.works, row.jobs, row.reason = {}, {}, ""
            stored = "" if event.from_store is None else f"from the store ({event.from_store})"
            row.text = stored or row.text or _in_words(event.numbers)

    def lines(self, width: int) -> list[Text]:
        """The picture, ``width`` cells at the most; never wraps."""
        from rich.text import Text

        now = time.monotonic()
        elapsed = f"  {_clock(now - self.began_at)}"
        lines = [Text.assemble((_cut(self.run_id, width - len(elapsed)), "bold"), (elapsed[:width], "dim"))]
        names = max(map(len, self.rows), default=0)
        for name, row in self.rows.items():
            lines.append(_stage_line(name.ljust(names), row, now, width))
            if (work := row.work) is not None:
                lines.append(_work_line(row, work, now, width))
                if work.note:
                    lines.append(Text(_cut(f"    {work.note}", width)))
        return lines


def _stage_line(name: str, row: Row, now: float, width: int) -> Text:
    from rich.text import Text

    running = row.state == "running"
    sign = SPINNER[int(now * TURNS_PER_S) % len(SPINNER)] if running else SIGNS[row.state]
    seconds = now - row.began_at if running else row.seconds
    took = "" if seconds is None else _clock(seconds) if running else duration(seconds)
    text = ", ".join(row.jobs.values()) or ((row.text or row.reason) if row.work is None else "")
    head = f"{sign} {name}  {took:>7}" if took or text else f"{sign} {name.rstrip()}"
    said = _cut(f"  {text}" if text else "", width - len(head))
    return Text.assemble((_cut(head, width), COLORS[row.state]), (said, "" if running else "dim"))


def _work_line(row: Row, work: Advances, now: float, width: int) -> Text:
    """A bar, how far the work is, and how long it will take at the speed so far."""
    from rich.text import Text

    share = min(1.0, work.done / work.total) if work.total > 0 else 1.0
    fresh, spent = work.done - row.work_began_with, now - row.work_began_at
    left = f"  {_clock(spent * (work.total - work.done) / fresh)} left" if fresh > 0 and work.done < work.total else ""
    counts = f"{work.title} {work.done}/{work.total}  {share:.0%}{left}"
    room = min(WIDEST_BAR, width - len(counts) - 6)
    if room < NARROWEST_BAR:
        return Text(_cut(f"    {counts}", width))
    full = round(share * room)
    return Text.assemble("    ", ("━" * full, "green"), ("━" * (room - full), "bright_black"), f"  {counts}")


def _in_words(numbers: Mapping[str, JsonValue]) -> str:
    """``images 20  detections 300``: what a stage that said nothing has counted."""
    return "  ".join(f"{name} {value:.4g}" for name, value in numbers.items() if isinstance(value, int | float))


def _clock(seconds: float) -> str:
    """``0:07``, ``12:40``, ``3:02:40``: as wide from one second to the next."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _cut(text: str, width: int) -> str:
    """As much of a line as fits, with ``…`` where something is missing."""
    from rich.cells import cell_len, set_cell_size

    if width <= 0:
        return ""
    return text if cell_len(text) <= width else f"{set_cell_size(text, width - 1)}…"
