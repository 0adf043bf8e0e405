"""Predicting in parts: a worker for each part that is not done yet, before the stage's own puts them together."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.jsonio import pretty, write_text_if_changed
from yolozu.engine.failure import read_failure, record_failure
from yolozu.errors import EXIT_DONE, InputError
from yolozu.paths import digest_cache_path
from yolozu.planning.plan import Node
from yolozu.planning.receipt import Receipt
from yolozu.planning.staleness import staleness
from yolozu.stages.base import FinishedShard
from yolozu.stages.predict_shard import DIRECTORY, NAME, shard_stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from yolozu.contract.sections.run import Contract
    from yolozu.paths import RunLayout
    from yolozu.planning.staleness import DigestOf

WHOLE = "predict"
"""The stage whose work can be done in parts."""


def shards_of(stage: str, contract: Contract) -> int:
    """In how many parts a stage's work is done; 1 where it is done in one go."""
    splits = stage == WHOLE and contract.predict.adapter != "precomputed"
    return contract.operations.predict_shards if splits else 1


def shard_nodes(node: Node, shards: int) -> list[Node]:
    """The parts of a stage's work, each a node that gives its own files."""
    nodes = []
    for number in range(1, shards + 1):
        stage = shard_stage(f"{NAME}{number}")
        assert stage is not None
        spec = {**node.spec, "shard": {"number": number, "shards": shards}}
        outputs = {name: f"{DIRECTORY}/{number}/{Path(node.outputs[name]).name}" for name in ("predictions", "columns")}
        nodes.append(Node(stage, spec, node.inputs, node.gates, outputs, node.upstream, node.records))
    return nodes


def finished_shards(node: Node, layout: RunLayout, shards: int) -> tuple[FinishedShard, ...]:
    """What the parts of a stage's work have given.

    Raises:
        InputError: YZ651, one of them is not done, or was done for another request.
    """
    found = []
    with DigestCache(digest_cache_path(), reads_all=True) as cache:
        for part in shard_nodes(node, shards):
            receipt = Receipt.readable(layout.receipt_path(part.name))
            if receipt is None or staleness(part, receipt, digest_in(layout, cache)):
                raise InputError.one(
                    "YZ651",
                    where=f"{layout.run_id}: {part.name}",
                    problem="is not done, or was done for another request",
                    fix=f"run doit {layout.word}: it predicts what is missing",
                )
            found.append(FinishedShard(layout.root / part.outputs["predictions"], receipt.numbers))
    return tuple(found)


def run_shards(
    node: Node,
    layout: RunLayout,
    shards: int,
    run_worker: Callable[[str], int],
    *,
    at_once: bool,
    say: Callable[[str], None],
) -> int:
    """Run the workers of the parts that are not done yet; the exit code of the first that failed, 0 where none did.

    Args:
        node: the stage whose work they do.
        layout: where the run lives.
        shards: how many parts there are.
        run_worker: runs the worker of a request to its end.
        at_once: whether all run at the same time, or one after another until one fails.
        say: told what need not be done again.
    """
    waiting = _waiting(node, layout, shards)
    if len(waiting) < shards:
        say(f"{node.name}: {shards - len(waiting)} of {shards} shards are done already")
    for part in waiting:
        write_text_if_changed(layout.request_path(part.name), pretty(part.request()))
    codes: dict[str, int] = {}
    if at_once:
        with ThreadPoolExecutor(max(1, len(waiting))) as pool:
            codes = dict(zip([p.name for p in waiting], pool.map(run_worker, [p.name for p in waiting]), strict=True))
    else:
        for part in waiting:
            codes[part.name] = run_worker(part.name)
            if codes[part.name]:
                break
    failed = next((name for name, code in codes.items() if code != EXIT_DONE), None)
    if failed is None:
        return EXIT_DONE
    said = read_failure(layout, failed)
    if said is not None:
        record_failure(layout, node.name, kind=said["kind"], text=said["text"])
    return codes[failed]


def forget_shards(layout: RunLayout) -> None:
    """Delete what parts have left, once the whole is there: results, requests, receipts, locks."""
    scratch = layout.root / "scratch"
    for path in (layout.root / DIRECTORY, *scratch.glob(f"{NAME}*")):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for directory in (layout.plan_dir, layout.receipts_dir):
        for path in directory.glob(f"{NAME}*.json"):
            path.unlink()


def _waiting(node: Node, layout: RunLayout, shards: int) -> list[Node]:
    """The parts that are not done yet."""
    with DigestCache(digest_cache_path(), reads_all=True) as cache:
        digest = digest_in(layout, cache)
        return [
            part
            for part in shard_nodes(node, shards)
            if staleness(part, Receipt.readable(layout.receipt_path(part.name)), digest)
        ]


def digest_in(layout: RunLayout, cache: DigestCache) -> DigestOf:
    """What tells the digest of a path of a run as it is now."""

    def digest(path: str) -> str | None:
        full = layout.root / path
        return cache.path(full) if full.exists() else None

    return digest
