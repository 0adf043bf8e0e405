"""One stage, one process: ``python -m yolozu.engine.worker runs/exp01/plan/train.json``.

Reads the request, runs the stage in scratch, publishes its outputs, writes the receipt. A stage that several processes
run together has a worker that only watches over them; the first of them does all this.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from yolozu import __version__
from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.jsonio import pretty, read_json, write_text
from yolozu.artifacts.record import typed
from yolozu.contract.sections.train import OperationsSection
from yolozu.data.moved import Moved
from yolozu.engine.failure import clear_failure, record_failure, stopped
from yolozu.engine.lock import HeldLock
from yolozu.engine.processes.rank import Rank, report_failure
from yolozu.engine.processes.torchrun import run_group, run_until_done
from yolozu.engine.requests import read_operations, read_request
from yolozu.engine.scratch import Scratch, keep_previous, publish
from yolozu.engine.start_point import ready_scratch
from yolozu.engine.stopping import StopOnSignal
from yolozu.errors import (
    EXIT_BUG,
    EXIT_DONE,
    EXIT_INTERRUPTED,
    GateFailed,
    InputError,
    UsageError,
    YolozuError,
)
from yolozu.paths import RunLayout, digest_cache_path
from yolozu.planning.begun import Begun, free_place
from yolozu.planning.plan import Node
from yolozu.planning.receipt import Receipt
from yolozu.progress import Progress, SilentProgress, Stopper, progress_for
from yolozu.stages.base import StageContext, links
from yolozu.system_errors import explain_system_error

INTERNAL = "InternalError"

ORPHAN_WAIT_S = 60.0
"""How long a new worker waits for one whose builder was killed to save and stop."""


def execute(
    node: Node,
    layout: RunLayout,
    *,
    operations: dict[str, Any],
    progress: Progress,
    stopping: Stopper,
    insist_on_resume: bool = False,
    member: Rank | None = None,
) -> None:
    """Run ``node``: afresh, from where a stopped or killed try left it, or on from a finished result it extends.

    Args:
        node: the stage with its spec and paths.
        layout: where the run lives.
        operations: what the planner has written for workers.
        progress: where progress is shown.
        stopping: whether somebody asked to stop.
        insist_on_resume: fail rather than start afresh.
        member: the first of the processes that run the stage together; None where there is one process.

    Raises:
        GateFailed: the gate said no; its report is published, no receipt is written.
        YolozuError: whatever the stage refuses; nothing is published.
    """
    started_at, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
    scratch = Scratch.of(layout, node.name)
    lock = HeldLock(scratch.lock_path, code="YZ303", what=f"stage {node.name}", timeout_s=ORPHAN_WAIT_S)
    try:
        with DigestCache(digest_cache_path()) as cache:
            input_digests = _input_digests(node, layout, cache)
        _publish_earlier(node, scratch, layout, input_digests)
        start = ready_scratch(node, scratch, layout, input_digests, insist_on_resume=insist_on_resume, say=progress.say)
        if not scratch.publish_path.is_file():
            context = StageContext(
                scratch=scratch.work_dir,
                evidence=layout.evidence_dir,
                operations=OperationsSection(**operations["operations"]),
                provenance=operations["provenance"],
                state_digest=start.begun.digest,
                earlier_digests=start.begun.earlier,
                progress=progress,
                stopping=stopping,
                saved=scratch.record_saved,
                aside=free_place(scratch.directory),
                moved=_moved(operations),
                published=start.published,
                insist_on_resume=insist_on_resume,
                one_of_several=member is not None,
            )
            if member is not None:
                member.go()
            try:
                numbers = _run_stage(node, layout, scratch, context)
            except YolozuError:
                start.undo(node, scratch)
                raise
            seconds = round(time.monotonic() - clock, 3)
            receipt = _receipt(node, scratch, input_digests, numbers, started_at=started_at, seconds=seconds)
            write_text(scratch.publish_path, pretty(asdict(receipt)))
        if member is not None:
            member.end()
        _finish(node, scratch, layout)
    finally:
        lock.release()


def follow(node: Node, layout: RunLayout, *, operations: dict[str, Any], stopping: Stopper) -> None:
    """Run ``node`` beside the first of several processes, which does everything else."""
    scratch = Scratch.of(layout, node.name)
    context = StageContext(
        scratch=scratch.work_dir,
        evidence=layout.evidence_dir,
        operations=OperationsSection(**operations["operations"]),
        provenance=operations["provenance"],
        state_digest="",
        progress=SilentProgress(),
        stopping=stopping,
        moved=_moved(operations),
        one_of_several=True,
    )
    _call_stage(node, layout, scratch, context)


def _moved(operations: dict[str, Any]) -> Moved | None:
    return None if operations.get("moved") is None else Moved(**operations["moved"])


def _publish_earlier(node: Node, scratch: Scratch, layout: RunLayout, input_digests: dict[str, str]) -> None:
    """Publish the rest of a finished result that was made for another spec and killed on the way."""
    found = Begun.read(scratch.directory)
    if found is None or not node.stage.resumable or not scratch.publish_path.is_file():
        return
    if found.differences(node, input_digests):
        _finish(node, scratch, layout)


def _input_digests(node: Node, layout: RunLayout, cache: DigestCache) -> dict[str, str]:
    digests = {}
    for name, path in [*node.inputs.items(), *node.gates.items()]:
        full = layout.root / path
        if not full.exists():
            raise InputError.one(
                "YZ306",
                where=str(full),
                problem=f"is missing, and {node.name} reads it",
                fix=f"run doit {layout.word}: it builds what is missing",
            )
        if name in node.inputs:
            digests[name] = cache.path(full)
    return digests


def _call_stage(node: Node, layout: RunLayout, scratch: Scratch, context: StageContext) -> dict[str, Any]:
    stage = node.stage
    spec = stage.spec.model_validate_json(json.dumps(node.spec))
    inputs = stage.inputs(**{name: layout.root / path for name, path in {**node.inputs, **node.gates}.items()})
    asked_for = {name: scratch.out_dir / path for name, path in node.outputs.items()}
    outputs = stage.outputs(**{name: asked_for.get(name) for name in links(stage.outputs)})
    return stage.run(spec, inputs, outputs, context)


def _run_stage(node: Node, layout: RunLayout, scratch: Scratch, context: StageContext) -> dict[str, Any]:
    stopping = context.stopping
    stops: AbstractContextManager[None] = nullcontext()
    if isinstance(stopping, StopOnSignal) and not node.stage.resumable:
        stops = stopping.at_once()  # there is nothing it could save first
    try:
        with stops:
            return _call_stage(node, layout, scratch, context)
    except GateFailed:
        layout.receipt_path(node.name).unlink(missing_ok=True)
        publish(node, scratch, layout)
        scratch.remove()
        raise


def _receipt(
    node: Node,
    scratch: Scratch,
    input_digests: dict[str, str],
    numbers: dict[str, Any],
    *,
    started_at: str,
    seconds: float,
) -> Receipt:
    digests: dict[str, str | None] = {}
    with DigestCache(digest_cache_path()) as cache:
        for path in node.outputs.values():
            made = scratch.out_dir / path
            if not made.exists() and path not in node.optional_outputs:
                raise InputError.one(
                    "YZ307",
                    where=path,
                    problem=f"stage {node.name} returned without writing it",
                    fix="this is a mistake in the stage: please report it",
                )
            digests[path] = cache.path(made) if made.exists() else None
    software = {"yolozu": __version__, "python": platform.python_version()}
    return Receipt(
        node.name, node.stage.version, node.spec, input_digests, digests, numbers, started_at, seconds, software
    )


def _finish(node: Node, scratch: Scratch, layout: RunLayout) -> None:
    fix = f"delete {scratch.publish_path}: the stage then runs again"
    value = read_json(scratch.publish_path, code="YZ312", fix=fix)
    receipt = typed(Receipt, value, what="receipt", code="YZ312", where=str(scratch.publish_path), fix=fix)
    target = layout.receipt_path(node.name)
    keep_previous(node, layout.root, layout, replaced=Receipt.readable(target), by=receipt)
    target.unlink(missing_ok=True)
    for path, digest in receipt.outputs.items():
        gone = layout.root / path
        if digest is None and gone.is_dir():
            shutil.rmtree(gone)
        elif digest is None:
            gone.unlink(missing_ok=True)
    publish(node, scratch, layout)
    receipt.write(target)
    scratch.remove()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stage of a request file; the exit code says how it went."""
    parser = argparse.ArgumentParser(prog="python -m yolozu.engine.worker", description=__doc__)
    parser.add_argument("request", type=Path, help="runs/<run_id>/plan/<stage>.json")
    parser.add_argument("--insist-on-resume", action="store_true", help="fail rather than start afresh")
    parser.add_argument("--member-of", type=int, metavar="PROCESS", help="be one of several, started by that process")
    options = parser.parse_args(arguments)
    layout = RunLayout(options.request.parent.parent)
    stage = options.request.stem
    code, kind, text = EXIT_DONE, "", ""
    asked, stopping = False, StopOnSignal(options.member_of)
    try:
        with stopping:
            code, kind, text = _main(options, layout, stopping)
            asked = stopping()
    except KeyboardInterrupt:
        when = "at once, on a second request" if stopping.count > 1 else "and nothing of this stage is kept"
        code, kind, text = _described(stopped(layout, stage, when), layout, stage)
    except Exception as error:  # noqa: BLE001 - the last resort of a process: everything is recorded and told
        code, kind, text = _described(error, layout, stage)
    if options.member_of is not None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # this process's part is done
        if code != EXIT_DONE:
            report_failure(kind=kind, text=text)
    elif code != EXIT_DONE:
        _tell(code, kind, text, layout, stage)
    else:
        clear_failure(layout, stage)
        if asked:  # too late for this stage, but not for the next one
            print(stopped(layout, stage, "behind this stage, which is done"), file=sys.stderr)
            return EXIT_INTERRUPTED
    return code


def _main(options: argparse.Namespace, layout: RunLayout, stopping: Stopper) -> tuple[int, str, str]:
    """The part of this process in the stage; exit code, kind and text of a failure that others have told of."""
    node = read_request(options.request)
    operations = read_operations(layout.operations_path)
    several = node.stage.spec.model_validate_json(json.dumps(node.spec)).runs_as_several()
    if several and options.member_of is None:
        return _watch_over_several(node, layout, options, operations=operations, stopping=stopping)
    member = Rank() if several else None
    if member is not None and member.rank > 0:
        if member.waits(stopping):
            follow(node, layout, operations=operations, stopping=stopping)
        return EXIT_DONE, "", ""
    execute(
        node,
        layout,
        operations=operations,
        progress=progress_for(sys.stderr),
        stopping=stopping,
        insist_on_resume=options.insist_on_resume,
        member=member,
    )
    return EXIT_DONE, "", ""


def _watch_over_several(
    node: Node, layout: RunLayout, options: argparse.Namespace, *, operations: dict[str, Any], stopping: Stopper
) -> tuple[int, str, str]:
    """Let torchrun start the processes that run the stage, until they are done; how they failed."""
    section = OperationsSection(**operations["operations"])
    command = [sys.executable, "-m", "yolozu.engine.worker", str(options.request), "--member-of", str(os.getpid())]
    if options.insist_on_resume:
        command.append("--insist-on-resume")
    code, cause = run_until_done(
        lambda: run_group(
            command,
            num_processes=section.nproc_per_node,
            directory=Scratch.of(layout, node.name).torchrun_dir,
            stopping=stopping,
        ),
        max_restarts=section.max_restarts,
        stopping=stopping,
        where=f"{layout.run_id}: {node.name}",
        say=progress_for(sys.stderr).say,
    )
    return (code, "", "") if cause is None else (code, cause.kind, cause.text)


def _described(error: Exception, layout: RunLayout, stage: str) -> tuple[int, str, str]:
    """Exit code, kind and text of an error."""
    said = explain_system_error(error, within=f"{layout.run_id}: {stage}", after="; what was saved is kept")
    if said is not None:
        error = UsageError([said])
    if isinstance(error, YolozuError):
        return error.exit_code, type(error).__name__, str(error)
    return EXIT_BUG, INTERNAL, "".join(traceback.format_exception(error))


def _tell(code: int, kind: str, text: str, layout: RunLayout, stage: str) -> None:
    """Record and tell what went wrong."""
    try:
        place = record_failure(layout, stage, kind=kind, text=text)
    except OSError as error:  # the disk that is full may be the one that the record belongs on
        print(f"{text}\nnot recorded: {error}", file=sys.stderr)
        return
    if code != EXIT_BUG:
        print(text, file=sys.stderr)
        return
    print(f"{layout.run_id}: {stage}: YZ305 internal error, our mistake; details in {place}", file=sys.stderr)
    print("  fix: please report it with that file", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
