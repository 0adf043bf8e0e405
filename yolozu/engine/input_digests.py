"""What a stage reads is what its receipt will name, and what the stages before it gave: looked at by reading it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.artifacts.digest import DigestCache, shown_digest
from yolozu.errors import Finding, InputError
from yolozu.paths import digest_cache_path
from yolozu.planning.receipt import Receipt
from yolozu.planning.staleness import judge
from yolozu.stages.base import links

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from yolozu.engine.session import Session
    from yolozu.paths import RunLayout
    from yolozu.planning.plan import Node
    from yolozu.planning.staleness import Verdict


def read_inputs(node: Node, layout: RunLayout) -> dict[str, str]:
    """Digests of what ``node`` reads, by field. Every file is read: sizes and times prove nothing here.

    A file that is not what its producer's receipt names is noted as it is, so that the next build makes it anew.

    Raises:
        InputError: YZ306 a file is missing; YZ790 some are not what the stages before gave, all of them; YZ301 a
            receipt cannot be read.
    """
    _require_there(node, layout)
    digests = _digests(node, layout)
    findings = [
        finding
        for name, producer in _producers(node).items()
        if (finding := _not_as_given(node, name, producer, digests.get(name), layout)) is not None
    ]
    if findings:
        raise InputError(findings)
    return digests


def require_unchanged(node: Node, layout: RunLayout, digests: Mapping[str, str]) -> None:
    """Refuse a result whose inputs are others at its end than at its begin: nobody knows which of them it is of.

    Raises:
        InputError: YZ791, all of them.
    """
    now = _digests(node, layout)
    findings = [
        Finding(
            "YZ791",
            str(layout.root / path),
            f"changed while {node.name} ran, so its result is not used: {_differ(digests.get(name), now.get(name))}",
            f"run doit {layout.word} {node.name} again, and let nothing else write into the run meanwhile",
        )
        for name, path in node.inputs.items()
        if digests.get(name) != now.get(name)
    ]
    if findings:
        raise InputError(findings)


def reread_inputs(session: Session, names: Sequence[str]) -> None:
    """Read what the stale stages among those of ``names`` read, so that what is damaged is known, and made anew first.

    Only what stays as it is gets read, then what those stages read that turn out to be stale by that, and so on.

    Args:
        session: the run.
        names: what is built; all stages when empty.
    """
    seen: set[Path] = set()
    if session.read_by is not None:
        return  # everything has been read
    while True:
        with session.digests() as cache:
            verdicts = judge(session.plan, list(names), session.layout, lambda path: session.digest(path, cache))
        read = {path for path in _staying(verdicts, session.layout) if path.exists()} - seen
        if not read:
            return
        with DigestCache(digest_cache_path(), reads_all=True) as cache:
            for path in sorted(read):
                cache.path(path)
        seen |= read


def _staying(verdicts: Sequence[Verdict], layout: RunLayout) -> set[Path]:
    """What stale stages read of stages whose results stand, and what they carry on of their own."""
    stale = {verdict.node.name: verdict.node for verdict in verdicts if verdict.stale}
    found = set()
    for node in stale.values():
        given = links(node.stage.outputs)
        found |= {path for name, path in node.outputs.items() if given[name].carry}
        found |= {node.inputs[name] for name, producer in _producers(node).items() if producer not in stale}
    return {layout.root / path for path in found}


def _producers(node: Node) -> dict[str, str]:
    """Field -> the stage that gives it, of inputs that a stage gives."""
    declared = links(node.stage.inputs)
    return {name: declared[name].target.partition(".")[0] for name in node.inputs if declared[name].kind == "needs"}


def _require_there(node: Node, layout: RunLayout) -> None:
    for name, path in {**node.inputs, **node.gates, **node.records}.items():
        full = layout.root / path
        if not full.exists() and name not in node.optional_inputs:
            raise InputError.one(
                "YZ306",
                where=str(full),
                problem=f"is missing, and {node.name} reads it",
                fix=f"run doit {layout.word}: it builds what is missing",
            )


def _digests(node: Node, layout: RunLayout) -> dict[str, str]:
    """Of what is there, by field."""
    with DigestCache(digest_cache_path(), reads_all=True) as cache:
        return {
            name: cache.path(layout.root / path) for name, path in node.inputs.items() if (layout.root / path).exists()
        }


def _not_as_given(node: Node, name: str, producer: str, now: str | None, layout: RunLayout) -> Finding | None:
    path, place = node.inputs[name], layout.receipt_path(producer)
    receipt = Receipt.read(place)
    if receipt is None or now == (known := receipt.outputs.get(path)):
        return None
    told = f"{place.relative_to(layout.root).as_posix()} of {receipt.started_at}"
    return Finding(
        "YZ790",
        str(layout.root / path),
        f"is not what {producer} gave ({told}), so {node.name} does not read it: {_differ(known, now)}",
        f"run doit {layout.word} {node.name}: {producer} makes it anew first; or put an intact copy in its place",
    )


def _differ(before: str | None, now: str | None) -> str:
    return f"its sha256 was {shown_digest(before)} and is {shown_digest(now)}"
