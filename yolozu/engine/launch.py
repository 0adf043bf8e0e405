"""Start a stage's worker and wait for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from yolozu.engine.failure import record_failure, stopped
from yolozu.errors import EXIT_INTERRUPTED
from yolozu.paths import digest_cache_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yolozu.engine.stopping import StopBuild
    from yolozu.paths import RunLayout

COMPILED = "TORCHINDUCTOR_CACHE_DIR"
"""Variable that says where torch keeps what it compiles; without it, torch makes a directory for temporary files."""

COMPILED_DIR = digest_cache_path().with_name("torch")

MALLOC = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}
"""Settings of glibc's malloc (mallopt(3)): large blocks come from the heap too, and the heap is never given back.

A training step frees and asks for the same hundreds of MB again; by default each time means new pages, which the system
clears one by one. Other C libraries ignore the settings.
"""


def run_worker(
    layout: RunLayout,
    stage: str,
    *,
    stopping: StopBuild,
    insist_on_resume: bool = False,
    say: Callable[[str], None] | None = None,
    as_events: bool = False,
) -> int:
    """Run the stage in a process of its own; returns its exit code (75 when a signal killed it).

    It is in a session of its own, so that a Ctrl-C reaches it once, through ``stopping``, and not twice. What it says
    goes to the terminal, or line by line to ``say``, with its progress as `SentProgress` where ``as_events``.
    """
    command = [sys.executable, "-m", "yolozu.engine.worker", str(layout.request_path(stage))]
    if insist_on_resume:
        command.append("--insist-on-resume")
    if as_events:
        command.append("--events")
    environment = {COMPILED: str(COMPILED_DIR.absolute()), **keeping_memory(os.environ)}
    out, errors = (None, None) if say is None else (subprocess.PIPE, subprocess.STDOUT)
    worker = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, start_new_session=True, env=environment
    )
    with stopping.forwarding_to(worker):
        if say is not None:
            assert worker.stdout is not None
            with worker.stdout:
                for line in worker.stdout:
                    say(line.decode(errors="replace").rstrip("\r\n"))
        code = worker.wait()
    if code >= 0:
        return code
    name = signal.Signals(-code).name
    text = (
        f"{layout.run_id}: {stage}: YZ304 its worker was killed by {name}\n"
        f"  fix: run the same command again; it goes on from what was saved"
    )
    if stopping.count:  # it was starting, or heard nothing
        text = str(stopped(layout, stage, "at once"))
    try:
        record_failure(layout, stage, kind="Interrupted", text=text)
    except OSError as error:  # no room for it, say
        text = f"{text}\nnot recorded: {error}"
    if say is None:
        print(text, file=sys.stderr)
    else:
        say(text)
    return EXIT_INTERRUPTED


def keeping_memory(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` for a worker; what it says of malloc itself stays."""
    return {**MALLOC, **environment}
