"""A build whose failure is an error with findings, and whose lines go to a function."""

from __future__ import annotations

import io
import sys
import time
from typing import TYPE_CHECKING, Any

from yolozu.app.ci.build_cases import RecordingView, build_results
from yolozu.app.ci.result_files import ResultFiles
from yolozu.app.run_status import status_rows
from yolozu.engine.failure import KINDS, read_failure
from yolozu.engine.view.events import BuildEnds
from yolozu.errors import (
    EXIT_BUG,
    Finding,
    YolozuError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from yolozu.engine.doit.tasks import Build
    from yolozu.engine.session import Session
    from yolozu.engine.view.view import View


NO_FILES = ResultFiles()


class BuildError(YolozuError):
    """A stage ended by a mistake of yolozu's own; the finding names the file with its traceback."""

    exit_code = EXIT_BUG


class Lines(io.TextIOBase):
    """A stream whose lines go to a function."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._rest = say, ""

    def write(self, text: str) -> int:
        """Pass on every line that is complete."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._say(line)
        return len(text)


def build_or_raise(
    session: Session,
    names: list[str],
    *,
    resume: bool,
    say: Callable[[str], None] | None = None,
    on_event: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Build ``names`` (all stages when empty); what a terminal would show goes to ``say``, events to ``on_event``.

    Raises:
        YolozuError: what the build found, or what the stage that failed said.
    """
    from yolozu.engine.doit.run import run_build
    from yolozu.engine.doit.tasks import Build
    from yolozu.engine.view.view import CallbackView, LinesView

    def told(line: str) -> None:
        if say is not None:
            say(line)

    view: View = LinesView(told)
    if on_event is not None:
        happened = on_event
        view = CallbackView(lambda event: happened(event.model_dump(mode="json")), told)
    build = Build(session, insist_on_resume=resume, view=view)
    code = run_build(build, names, Lines(told))  # type: ignore[arg-type]
    _end(session, names, view, code)
    if code:
        raise _failure(build, code)


def build_shown(
    session: Session,
    names: list[str],
    view: View,
    *,
    resume: bool,
    summarizes: bool = True,
    files: ResultFiles = NO_FILES,
) -> int:
    """Build ``names`` (all stages when empty), shown by ``view`` from the first event to the last; the exit code.

    With ``summarizes``, a summary of the run follows. How it went is also written to ``files``.
    """
    from yolozu.engine.doit.run import run_build
    from yolozu.engine.doit.tasks import Build

    began_at, recorded = time.monotonic(), RecordingView(view)
    build = Build(session, insist_on_resume=resume, view=recorded, summarizes=summarizes)
    code = run_build(build, names, sys.stderr)
    _end(session, names, view, code)
    if files.asked:
        files.write(build_results(build, names, recorded.ended, code, time.monotonic() - began_at))
    return code


def _end(session: Session, names: list[str], view: View, code: int) -> None:
    """Show the last event to a view of events."""
    if view.worker == "events":
        rows = status_rows(session, names)
        view.show(BuildEnds(run_id=session.layout.run_id, exit_code=code, stages=rows))


def _failure(build: Build, code: int) -> YolozuError:
    """Why a build failed: what it found itself, or what the stage that failed has left."""
    if build.error is not None:
        return build.error
    layout, stage = build.session.layout, build.failed
    failure = None if stage is None else read_failure(layout, stage)  # others' may be of earlier builds
    if stage is not None and failure is not None:
        kind, text = KINDS.get(failure["kind"], BuildError), str(failure["text"]).strip()
        found = Finding.parse(text)
        return kind(found) if found else kind([_crash(layout.root, stage, text)])
    return BuildError([_crash(layout.root, "build", f"ended with exit code {code}")])


def _crash(directory: Path, stage: str, text: str) -> Finding:
    fix = f"please report it with {directory / 'receipts'}/{stage}.failed.json"
    return Finding("YZ305", f"{directory.name}: {stage}", f"internal error, our mistake: {text.splitlines()[-1]}", fix)
