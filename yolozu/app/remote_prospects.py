"""What a plan says of results in a remote store, where it is asked to look there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from yolozu.artifacts.digest import DigestCache
from yolozu.engine.store.exchange import remote_url, stands
from yolozu.engine.store.file_system import RemoteError, missing_for
from yolozu.engine.store.keys import key_of_node
from yolozu.engine.store.remote import RemoteStore
from yolozu.engine.store.store import CAME_FROM
from yolozu.errors import Finding, InputError, UsageError
from yolozu.paths import digest_cache_path
from yolozu.planning.staleness import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.engine.session import Session
    from yolozu.planning.staleness import Verdict


def with_remote(session: Session, verdicts: Sequence[Verdict]) -> tuple[list[Verdict], list[Finding]]:
    """``verdicts``, and which of the results would be fetched; nothing is fetched, nothing written.

    Returns:
        The verdicts, and warnings: YZ743 the store cannot be reached, YZ745 what is there is damaged.

    Raises:
        UsageError: YZ740 to YZ742 it cannot be opened; YZ743 the contract names no remote store that is used.
    """
    operations = session.loaded.contract.operations
    url = operations.store_remote
    if url is None or not operations.store:
        fix = "set store_remote (and not store: false), or leave --remote out"
        raise UsageError.one("YZ743", where="--remote", problem="there is no remote store to ask", fix=fix)
    missing = missing_for(url, where="store_remote")
    if missing:
        raise UsageError(missing)
    store, told, warnings = RemoteStore(url), list(verdicts), list[Finding]()
    try:
        for place, verdict in enumerate(verdicts):
            if _may_be_fetched(session, verdict):
                told[place] = _told(session, verdict, store, warnings)
        empty = told == list(verdicts) and not warnings and not store.is_there()
    except RemoteError as error:
        warnings.append(_unasked(url, str(error)))
    else:
        warnings += [_unasked(url, "there is no such place, or nothing in it")] if empty else []
    return told, warnings


def _unasked(url: str, problem: str) -> Finding:
    return Finding("YZ743", url, f"cannot be asked: {problem}", "a build would go on without it", "warning")


def _may_be_fetched(session: Session, verdict: Verdict) -> bool:
    """Whether a stage runs, knows its inputs, and has its result in no other store."""
    kinds = {reason.kind for reason in verdict.reasons}
    found = any(reason.subject.startswith("is in the store") for reason in verdict.reasons)
    asked = remote_url(verdict.node, session.loaded.contract.operations) is not None
    return asked and bool(kinds) and not kinds & {"upstream", "unreadable"} and not found


def _told(session: Session, verdict: Verdict, store: RemoteStore, warnings: list[Finding]) -> Verdict:
    node = verdict.node
    with DigestCache(digest_cache_path()) as cache:
        digests = {name: session.digest(path, cache) for name, path in node.inputs.items()}
    inputs = {name: digest for name, digest in digests.items() if digest is not None}
    if digests.keys() - inputs.keys() - node.optional_inputs:
        return verdict
    try:
        record = store.record(key_of_node(node, inputs))
    except InputError as error:
        warnings += [replace(finding, severity="warning") for finding in error.findings]
        return verdict
    if record is None or not stands(node, inputs, record.receipt):
        return verdict
    made_by = record.receipt.ran_on.get(CAME_FROM, "another run")
    others = tuple(reason for reason in verdict.reasons if reason.kind != "prospect" or reason.because)
    return replace(verdict, reasons=(Reason("prospect", f"is in {store.url} ({made_by})"), *others))
