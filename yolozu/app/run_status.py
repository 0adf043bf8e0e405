"""What a run is: the state of each stage, and whether its artifacts are still those that it made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yolozu.artifacts.digest import DigestCache, digest_file
from yolozu.engine.failure import read_failure
from yolozu.engine.launchers.standing import standings
from yolozu.engine.scratch import Scratch
from yolozu.planning.receipt import Receipt

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.engine.launchers.standing import JobStanding
    from yolozu.engine.session import Session
    from yolozu.planning.staleness import Verdict


def status_rows(session: Session, names: list[str]) -> list[dict[str, Any]]:
    """Of each stage that ``names`` need: stage, state, built_at, seconds, failure, jobs that run it, set_aside."""
    return [_status_row(session, verdict) for verdict in session.verdicts(names)]


def _status_row(session: Session, verdict: Verdict) -> dict[str, Any]:
    name = verdict.node.name
    receipt = Receipt.readable(session.layout.receipt_path(name))
    failure = read_failure(session.layout, name) if verdict.stale else None  # of a try whose spec is not asked for now
    unreadable = [reason.render() for reason in verdict.reasons if reason.kind == "unreadable"]
    return {
        "stage": name,
        "state": _state(session, verdict, receipt, failure),
        "built_at": receipt.started_at if receipt is not None else None,
        "seconds": receipt.seconds if receipt is not None else None,
        "failure": str(failure["text"]).strip().splitlines()[-1 if failure["kind"] == "InternalError" else 0]
        if failure is not None
        else next(iter(unreadable), None),
        "jobs": [_job(standing) for standing in standings(session.layout, name)],
        "set_aside": [
            {"directory": str(work.directory), "position": work.position, "differs": [d.render() for d in differences]}
            for work, differences in session.set_aside(verdict.node)
        ],
    }


def _job(standing: JobStanding) -> dict[str, str]:
    """``text`` says it in words."""
    return {
        "stage": standing.stage,
        "executor": standing.executor,
        "job": standing.job,
        "state": standing.state,
        "node": standing.node,
        "text": standing.render(),
    }


def _state(session: Session, verdict: Verdict, receipt: Receipt | None, failure: dict[str, Any] | None) -> str:
    if failure is not None:
        return {"GateFailed": "refused", "Interrupted": "interrupted"}.get(str(failure["kind"]), "failed")
    if any(reason.kind == "unreadable" for reason in verdict.reasons):
        return "unreadable"
    if Scratch.of(session.layout, verdict.node.name).state_path.is_file():
        return "in progress"
    if receipt is None:
        return "not built"
    return "stale" if verdict.stale else "up to date"


def verified_rows(session: Session, stage: str) -> list[dict[str, str]]:
    """Of each artifact of a finished stage: stage, path, and state (intact, changed, missing or damaged)."""
    place = session.layout.receipt_path(stage)
    receipt = Receipt.readable(place)
    if receipt is None:
        name = place.relative_to(session.layout.root).as_posix()
        return [{"stage": stage, "path": name, "state": "damaged"}] if place.exists() else []
    rows = []
    for path, known in receipt.outputs.items():
        now = _digest_now(session.layout.root / path)
        if known is None and now is None:
            continue
        state = "intact" if now == known else ("missing" if now is None else "changed")
        rows.append({"stage": stage, "path": path, "state": state})
    return rows


def _digest_now(path: Path) -> str | None:
    if path.is_file():
        return digest_file(path)
    return DigestCache(None).tree(path) if path.is_dir() else None
