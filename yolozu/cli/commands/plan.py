"""`yolozu plan`, `why`, `status`, `verify`: what a run is, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.app.expected_time.expected import expected_times
from yolozu.app.remote_prospects import with_remote
from yolozu.app.run_status import status_rows, verified_rows
from yolozu.app.sessions import session_for
from yolozu.cli.flags import unlisted_contract_flags
from yolozu.cli.options import Config, Json, Paranoid, RunDir, RunId, RunWords
from yolozu.cli.render import counted, say, say_json, show_findings
from yolozu.contract.overrides import Override
from yolozu.contract.what_trains import what_trains
from yolozu.engine.devices import missing_devices
from yolozu.engine.store.prospect import is_in_store
from yolozu.engine.view.view import duration
from yolozu.errors import EXIT_DONE, EXIT_REFUSED
from yolozu.progress import on_stderr

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yolozu.app.expected_time.expected import Expected
    from yolozu.engine.session import Session
    from yolozu.planning.staleness import Verdict


AskRemote = Annotated[
    bool, typer.Option("--remote", help="Ask the store at store_remote, too, which needs the network.")
]


@unlisted_contract_flags
def plan(
    words: RunWords = None,
    run_id: RunId = None,
    run_dir: RunDir = None,
    config: Config = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Exit 1 when something would run.")] = False,
    paranoid: Paranoid = False,
    remote: AskRemote = False,
    as_json: Json = False,
    overrides: list[Override],
) -> int:
    """What would run, in order, why, and how long by what stages of earlier runs took. Nothing is written."""
    session, names = session_for(
        words, run_id, overrides, run_dir=run_dir, config=config, may_begin=False, progress=on_stderr, paranoid=paranoid
    )
    verdicts = _verdicts(session, names, remote=remote)
    times = expected_times(session, verdicts)
    show_findings([*session.loaded.warnings, *missing_devices(session, names)])
    if as_json:
        _print_json(
            session,
            stages=[{**_as_json(entry), **_time_as_json(times.get(entry.node.name))} for entry in verdicts],
            trains=what_trains(session.loaded.contract),
        )
    else:
        say(session.headline)
        width = max(len(verdict.node.name) for verdict in verdicts)
        for verdict in verdicts:
            say(f"  {verdict.node.name:<{width}}  {_word(verdict)}{_takes(verdict, times)}")
            if verdict.node.name == "train" and (trained := what_trains(session.loaded.contract)) is not None:
                say(f"  {'':<{width}}    {trained}")
        for line in _in_all(verdicts, times):
            say(line)
    return EXIT_REFUSED if check and any(verdict.stale for verdict in verdicts) else EXIT_DONE


@unlisted_contract_flags
def why(
    words: RunWords = None,
    run_id: RunId = None,
    run_dir: RunDir = None,
    config: Config = None,
    *,
    paranoid: Paranoid = False,
    remote: AskRemote = False,
    as_json: Json = False,
    overrides: list[Override],
) -> None:
    """Why each stage would run: which key or file, old → new, and where it was set."""
    session, names = session_for(
        words, run_id, overrides, run_dir=run_dir, config=config, may_begin=False, progress=on_stderr, paranoid=paranoid
    )
    verdicts = _verdicts(session, names, remote=remote)
    show_findings(missing_devices(session, names))
    if as_json:
        _print_json(session, stages=[_as_json(entry) for entry in verdicts])
        return
    say(session.headline)
    for verdict in verdicts:
        say(f"  {verdict.node.name}: {_runs(verdict)}")
        for reason in verdict.reasons:
            say(f"    {reason.render(session.origin)}")


@unlisted_contract_flags
def status(
    words: RunWords = None,
    run_id: RunId = None,
    run_dir: RunDir = None,
    config: Config = None,
    *,
    paranoid: Paranoid = False,
    as_json: Json = False,
    overrides: list[Override],
) -> None:
    """Every stage of a run: its state, when it was built and how long it took."""
    session, names = session_for(
        words, run_id, overrides, run_dir=run_dir, config=config, may_begin=False, progress=on_stderr, paranoid=paranoid
    )
    rows = status_rows(session, names)
    show_findings(missing_devices(session, names))
    if as_json:
        _print_json(session, stages=rows)
        return
    say(session.headline)
    width = max(len(row["stage"]) for row in rows)
    for row in rows:
        built = f"{row['built_at']}  {row['seconds']:8.1f} s" if row["built_at"] is not None else ""
        say(f"  {row['stage']:<{width}}  {row['state']:<12}  {built}".rstrip())
        if row["failure"] is not None:
            say(f"    {row['failure']}")
        for job in row["jobs"]:
            part = "" if job["stage"] == row["stage"] else f"{job['stage']}: "
            say(f"    {part}{job['text']}")
        for kept in row["set_aside"]:
            say(f"    set aside in {kept['directory']}, {kept['position']}: {'; '.join(kept['differs'])}")


@unlisted_contract_flags
def verify(
    words: RunWords = None,
    run_id: RunId = None,
    run_dir: RunDir = None,
    config: Config = None,
    *,
    as_json: Json = False,
    overrides: list[Override],
) -> int:
    """Read every artifact again and compare its digest with the receipt; exit 1 when one differs."""
    session, names = session_for(
        words, run_id, overrides, run_dir=run_dir, config=config, may_begin=False, progress=on_stderr
    )
    rows = [row for node in session.plan.needed_for(names) for row in verified_rows(session, node.name)]
    bad = [row for row in rows if row["state"] != "intact"]
    if as_json:
        _print_json(session, artifacts=rows)
    else:
        say(session.headline)
        for row in rows:
            say(f"  {row['state']:<9} {row['path']}")
        say(f"{len(rows) - len(bad)} intact, {len(bad)} not")
    return EXIT_REFUSED if bad or not rows else EXIT_DONE


def _verdicts(session: Session, names: list[str], *, remote: bool) -> list[Verdict]:
    if not remote:
        return session.foreseen(names)
    verdicts, warnings = with_remote(session, session.foreseen(names))
    show_findings(warnings)
    return verdicts


def _print_json(session: Session, **rows: Any) -> None:
    told = {name: value for name, value in rows.items() if value is not None}
    say_json(json.dumps({"run_id": session.layout.run_id, **told}, indent=2))


def _word(verdict: Verdict) -> str:
    """Whether it runs, why in a word, and what becomes of earlier work."""
    words = [reason.word() for reason in verdict.reasons if reason.kind not in ("upstream", "prospect", "unreadable")]
    more = f" and {len(words) - 1} more" if len(words) > 1 else ""
    why = f" ({words[0]}{more})" if words else ""
    prospect = "" if verdict.prospect is None else f"; {verdict.prospect.render()}"
    return f"{_runs(verdict)}{why}{prospect}"


def _takes(verdict: Verdict, times: Mapping[str, Expected]) -> str:
    """``, about 2m 10s``; ``, ?`` where nobody knows; nothing for what need not run."""
    expected = times.get(verdict.node.name)
    if expected is None or is_in_store(verdict.reasons):
        return ""
    return ", ?" if expected.seconds is None else f", about {duration(expected.seconds)}"


def _in_all(verdicts: Sequence[Verdict], times: Mapping[str, Expected]) -> Iterator[str]:
    """What all of it takes, in a line, where anything runs and anything is known."""
    running = [verdict.node.name for verdict in verdicts if verdict.stale and not _only_maybe(verdict)]
    maybe = [verdict.node.name for verdict in verdicts if _only_maybe(verdict)]
    known = {name: one.seconds for name, one in times.items() if one.seconds is not None}
    if not any(known.values()):
        return
    text = f"in all about {duration(sum(known.get(name, 0.0) for name in running))}"
    later = sum(known.get(name, 0.0) for name in maybe)
    text += f", {duration(later)} more if what is read changes" if later else ""
    unknown = len(times) - len(known)
    yield text + (f", and {counted(unknown, 'stage')} of which nothing is known" if unknown else "")


def _only_maybe(verdict: Verdict) -> bool:
    return {reason.kind for reason in verdict.reasons} == {"upstream"}


def _time_as_json(expected: Expected | None) -> dict[str, Any]:
    if expected is None:
        return {}
    source = {"run": expected.run, "seconds": expected.took, "scale": expected.scale, "differs": expected.differs}
    return {"expected_s": expected.seconds, "expected_from": None if expected.run is None else source}


def _runs(verdict: Verdict) -> str:
    if not verdict.stale:
        return "up to date"
    kinds = {reason.kind for reason in verdict.reasons}
    if "unreadable" in kinds:
        return "cannot be built: what is known of it cannot be read"
    return "runs" if kinds != {"upstream"} else "runs if what it reads changes"


def _as_json(verdict: Verdict) -> dict[str, Any]:
    reasons = [
        {"kind": reason.kind, "subject": reason.subject, "old": reason.old, "new": reason.new}
        for reason in verdict.reasons
    ]
    return {"stage": verdict.node.name, "stale": verdict.stale, "reasons": reasons}
