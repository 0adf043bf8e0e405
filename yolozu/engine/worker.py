"""One stage, one process: ``python -m yolozu.engine.worker runs/exp01/plan/train.json``.

Reads the request, runs the stage in scratch, publishes its outputs, writes the receipt. A stage that several processes
run together has a worker that only watches over them; the first of them does all this.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until `main` answers it: no traceback of an import
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # as `interrupts_wait` left it

from yolozu.contract.sections.operations import OperationsSection
from yolozu.engine.execute_stage import execute, follow, is_done_for_job
from yolozu.engine.failure import clear_failure, record_failure, stopped
from yolozu.engine.processes.rank import Rank, report_failure
from yolozu.engine.processes.rendezvous import rendezvous_of
from yolozu.engine.processes.torchrun import GroupEnd, run_group, run_until_done
from yolozu.engine.requests import read_operations, read_request, runs_as_several, section_of
from yolozu.engine.scratch import Scratch
from yolozu.engine.stopping import StopOnSignal
from yolozu.engine.view.wire import SentProgress
from yolozu.engine.watchdog import Watchdog
from yolozu.errors import (
    EXIT_BUG,
    EXIT_DONE,
    EXIT_INTERRUPTED,
    UsageError,
    YolozuError,
)
from yolozu.paths import RunLayout
from yolozu.planning.plan import Node
from yolozu.progress import PartProgress, Progress, Stopper, progress_for
from yolozu.stages.predict_shard import whole_and_shard
from yolozu.system import THREADS, spin_briefly
from yolozu.system_errors import explain_system_error

INTERNAL = "InternalError"


class End(NamedTuple):
    """How a worker ends: its exit code, with kind and text of the failure that it comes from."""

    code: int = EXIT_DONE
    kind: str = ""
    text: str = ""
    told_elsewhere: bool = False
    """Whether another node tells of it and keeps its record."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stage of a request file; the exit code says how it went."""
    parser = argparse.ArgumentParser(prog="python -m yolozu.engine.worker", description=__doc__)
    parser.add_argument("request", type=Path, help="runs/<run_id>/plan/<stage>.json")
    parser.add_argument("--insist-on-resume", action="store_true", help="fail rather than start afresh")
    parser.add_argument("--events", action="store_true", help="write progress to standard output, as events")
    parser.add_argument("--shards", type=int, default=1, metavar="N", help="put together what N workers have given")
    parser.add_argument("--member-of", type=int, metavar="PROCESS", help="be one of several, started by that process")
    options = parser.parse_args(arguments)
    layout = RunLayout(options.request.parent.parent)
    stage = options.request.stem
    end = End()
    asked, stopping = False, StopOnSignal(options.member_of)
    try:
        with stopping:
            end = _run(options, layout, stopping)
            asked = stopping()
    except KeyboardInterrupt:
        end = _end_at_once(stopping, layout, stage)
    except Exception as error:  # noqa: BLE001 - the last resort of a process: everything is recorded and told
        is_of_interrupt = stopping.has_interrupted and not isinstance(error, YolozuError)
        end = _end_at_once(stopping, layout, stage) if is_of_interrupt else _end_of(error, layout, stage)
    if options.member_of is not None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # this process's part is done
        if end.code != EXIT_DONE:
            report_failure(kind=end.kind, text=end.text)
    elif end.told_elsewhere:
        pass
    elif end.code != EXIT_DONE:
        _record_and_print(end, layout, stage)
    else:
        clear_failure(layout, stage)
        if asked:  # too late for this stage, but not for the next one
            print(stopped(layout, stage, "behind this stage, which is done"), file=sys.stderr)
            return EXIT_INTERRUPTED
    return end.code


def _end_at_once(stopping: StopOnSignal, layout: RunLayout, stage: str) -> End:
    when = "at once, on a second request" if stopping.count > 1 else "and nothing of this stage is kept"
    return _end_of(stopped(layout, stage, when), layout, stage)


def _run(options: argparse.Namespace, layout: RunLayout, stopping: Stopper) -> End:
    """The part of this process in the stage; how it ends where others have said so."""
    node = read_request(options.request)
    operations = read_operations(layout.operations_path)
    _limit_threads(section_of(operations))
    several = runs_as_several(node)
    if several and options.member_of is None:
        return _watch_over_several(node, layout, options, operations=operations, stopping=stopping)
    member = Rank() if several else None
    if member is not None and member.rank > 0:
        if member.wait_for_first(stopping):
            follow(node, layout, operations=operations, stopping=stopping)
        return End()
    silence_s = section_of(operations).watchdog_s
    with Watchdog(_progress(options), f"{layout.run_id}: {node.name}", after_s=silence_s) as progress:
        execute(
            node,
            layout,
            operations=operations,
            progress=progress,
            stopping=stopping,
            insist_on_resume=options.insist_on_resume,
            member=member,
            shards=options.shards,
        )
    return End()


def _limit_threads(section: OperationsSection) -> None:
    """Let what is loaded from now on compute with as many threads as the contract says, if it says."""
    if section.num_threads is not None:
        os.environ[THREADS] = str(section.num_threads)


def _watch_over_several(
    node: Node, layout: RunLayout, options: argparse.Namespace, *, operations: dict[str, Any], stopping: Stopper
) -> End:
    """Let torchrun start the processes that run the stage, until those of all nodes are done; how they ended."""
    section = section_of(operations)
    where, say = f"{layout.run_id}: {node.name}", _progress(options).say
    if is_done_for_job(node, layout):
        say(f"{where}: is done already, and this job has nothing left to do")
        return End()
    meet = rendezvous_of(section, f"{layout.run_id}-{node.name}", os.environ)
    command = [sys.executable, "-m", "yolozu.engine.worker", str(options.request), "--member-of", str(os.getpid())]
    if options.insist_on_resume:
        command.append("--insist-on-resume")
    if options.events:
        command.append("--events")
    directory = Scratch.of(layout, node.name).torchrun_dir
    if meet.num_nodes > 1:
        directory = directory.with_name(f"{directory.name}-{socket.gethostname()}-{os.getpid()}")
        say(f"{where}: waiting at {meet.endpoint} until all {meet.num_nodes} nodes are there")
    ends: list[GroupEnd] = []

    def run_once(attempt: int) -> GroupEnd:
        ends.append(
            run_group(
                command,
                num_processes=section.nproc_per_node,
                directory=directory,
                stopping=stopping,
                rendezvous=meet,
                attempt=attempt,
            )
        )
        return ends[-1]

    try:
        code, cause = run_until_done(run_once, max_restarts=section.max_restarts, where=where, say=say)
    except YolozuError as error:
        if not ends or ends[-1].tells:
            raise
        return End(error.exit_code, told_elsewhere=True)
    kind, text = ("", "") if cause is None else (cause.kind, cause.text)
    return End(code, kind, text, told_elsewhere=not ends[-1].tells)


def _progress(options: argparse.Namespace) -> Progress:
    stage, shard = whole_and_shard(options.request.stem)  # a part says what it says for the whole
    if options.events:
        return SentProgress(stage, shard=shard)
    progress = progress_for(sys.stderr)
    return progress if shard is None else PartProgress(progress, f"shard {shard}")


def _end_of(error: Exception, layout: RunLayout, stage: str) -> End:
    """The end that an error is."""
    said = explain_system_error(error, within=f"{layout.run_id}: {stage}", after="; what was saved is kept")
    if said is not None:
        error = UsageError([said])
    if isinstance(error, YolozuError):
        return End(error.exit_code, type(error).__name__, str(error))
    return End(EXIT_BUG, INTERNAL, "".join(traceback.format_exception(error)))


def _record_and_print(end: End, layout: RunLayout, stage: str) -> None:
    """Record what went wrong, and print it."""
    try:
        place = record_failure(layout, stage, kind=end.kind, text=end.text)
    except OSError as error:  # the disk that is full may be the one that the record belongs on
        print(f"{end.text}\nnot recorded: {error}", file=sys.stderr)
        return
    if end.code != EXIT_BUG:
        print(end.text, file=sys.stderr)
        return
    print(f"{layout.run_id}: {stage}: YZ305 internal error, our mistake; details in {place}", file=sys.stderr)
    print("  fix: please report it with that file", file=sys.stderr)


if __name__ == "__main__":
    spin_briefly(os.environ)
    sys.exit(main())
