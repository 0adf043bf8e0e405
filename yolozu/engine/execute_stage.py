"""One stage, from the digests of its inputs to its receipt: run in scratch, published by renames."""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from yolozu import __version__
from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.jsonio import pretty, read_json, write_text
from yolozu.artifacts.record import typed
from yolozu.data.moved import Moved
from yolozu.engine.failure import clear_failure, stopped
from yolozu.engine.input_digests import read_inputs, require_unchanged
from yolozu.engine.launchers.base import JOB, ran_on
from yolozu.engine.lock import HeldLock
from yolozu.engine.processes.rank import Rank
from yolozu.engine.requests import section_of
from yolozu.engine.scratch import Scratch, keep_previous, publish
from yolozu.engine.shards import digest_in, finished_shards
from yolozu.engine.start_point import ready_scratch
from yolozu.engine.stopping import StopOnSignal
from yolozu.engine.store.exchange import exchange_for
from yolozu.engine.store.lookup import stores_for
from yolozu.engine.store.turn import Turn
from yolozu.errors import (
    GateFailed,
    InputError,
    YolozuError,
)
from yolozu.paths import RunLayout, digest_cache_path
from yolozu.planning.begun import Begun, free_place
from yolozu.planning.plan import Node
from yolozu.planning.receipt import Receipt
from yolozu.planning.staleness import staleness
from yolozu.progress import Progress, SilentProgress, Stopper
from yolozu.stages.base import StageContext, links

if TYPE_CHECKING:
    from collections.abc import Callable

    from yolozu.contract.sections.operations import OperationsSection

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
    shards: int = 1,
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
        shards: how many parts of its work are done already, and wait to be put together; 1 where it does all itself.

    Raises:
        GateFailed: the gate said no; its report is published, no receipt is written.
        YolozuError: whatever the stage refuses; nothing is published.
    """
    started_at, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
    scratch = Scratch.of(layout, node.name)
    lock = HeldLock(scratch.lock_path, code="YZ303", what=f"stage {node.name}", timeout_s=ORPHAN_WAIT_S)
    with ExitStack() as held:
        held.callback(lock.release)
        input_digests = read_inputs(node, layout)
        _publish_earlier(node, scratch, layout, input_digests)
        if member is None and is_done_for_job(node, layout):
            progress.say(f"{node.name}: is done already, and this job has nothing left to do")
            return
        section = section_of(operations)
        stores = [] if insist_on_resume else stores_for(node, section)
        remote = exchange_for(node, layout, input_digests, section, say=progress.say, stopping=stopping)
        turn = Turn(node, layout, input_digests, stores, progress.say, stopping, remote=remote if stores else None)
        held.enter_context(turn.taken())
        start = ready_scratch(node, scratch, layout, input_digests, insist_on_resume=insist_on_resume, say=progress.say)
        if not scratch.publish_path.is_file():
            context = StageContext(
                scratch=scratch.work_dir,
                evidence=layout.evidence_dir,
                operations=section_of(operations),
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
                shards=finished_shards(node, layout, shards) if shards > 1 else (),
            )
            try:
                if member is not None and not member.let_others_run():
                    raise stopped(layout, node.name, "before all its processes were there")
                numbers = _run_stage(node, layout, scratch, context)
                require_unchanged(node, layout, input_digests)
            except YolozuError:
                start.undo(node, scratch)
                raise
            seconds = round(time.monotonic() - clock, 3)
            receipt = _receipt(node, scratch, input_digests, numbers, started_at=started_at, seconds=seconds)
            write_text(scratch.publish_path, pretty(asdict(receipt)))
        if member is not None:
            member.let_others_end()
        receipt = _finish(node, scratch, layout)
        if start.for_this_alone:
            turn.keep(receipt)


def take_from_store(
    node: Node, layout: RunLayout, operations: OperationsSection, *, say: Callable[[str], None], stopping: Stopper
) -> bool:
    """Publish what a store of this machine has of ``node``, without a worker; whether one has it.

    What a killed try has yet to publish is left to a worker, and a remote store, which takes time to ask.

    Raises:
        UsageError: YZ303, an earlier worker is still at it.
        InputError: as `read_inputs`.
    """
    scratch = Scratch.of(layout, node.name)
    stores = stores_for(node, operations)
    if not stores or operations.store_remote is not None or scratch.publish_path.is_file():
        return False
    lock = HeldLock(scratch.lock_path, code="YZ303", what=f"stage {node.name}")
    try:
        turn = Turn(node, layout, read_inputs(node, layout), stores, say, stopping)
        if not turn.take(scratch):
            return False
        _finish(node, scratch, layout)
    finally:
        lock.release()
    clear_failure(layout, node.name)
    return True


def is_done_for_job(node: Node, layout: RunLayout) -> bool:
    """Whether this process is the job of a cluster, and the stage's result stands.

    A builder starts workers of stale stages alone; but a job may begin again behind its own end, when its node is lost
    before the cluster has noticed that end.
    """
    if JOB not in os.environ:
        return False
    receipt = Receipt.readable(layout.receipt_path(node.name))
    with DigestCache(digest_cache_path()) as cache:
        return not staleness(node, receipt, digest_in(layout, cache))


def follow(node: Node, layout: RunLayout, *, operations: dict[str, Any], stopping: Stopper) -> None:
    """Run ``node`` beside the first of several processes, which does everything else."""
    scratch = Scratch.of(layout, node.name)
    context = StageContext(
        scratch=scratch.work_dir,
        evidence=layout.evidence_dir,
        operations=section_of(operations),
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


def _call_stage(node: Node, layout: RunLayout, scratch: Scratch, context: StageContext) -> dict[str, Any]:
    stage = node.stage
    spec = stage.spec.model_validate_json(json.dumps(node.spec))
    found = {name: layout.root / path for name, path in {**node.inputs, **node.gates, **node.records}.items()}
    found = {name: path for name, path in found.items() if name not in node.optional_inputs or path.exists()}
    inputs = stage.inputs(**{**dict.fromkeys(node.optional_inputs), **found})
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
        node.name,
        node.stage.version,
        node.spec,
        input_digests,
        digests,
        numbers,
        started_at,
        seconds,
        software,
        ran_on(os.environ),
    )


def _finish(node: Node, scratch: Scratch, layout: RunLayout) -> Receipt:
    """Publish what the stage has returned; its receipt."""
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
    return receipt
