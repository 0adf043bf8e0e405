"""Whether a stage's result still stands, and if not, why: the only place that decides it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from yolozu.artifacts.digest import UnseenChange, shown_digest
from yolozu.artifacts.spec import ABSENT, changes
from yolozu.contract.spec_history import comparable
from yolozu.errors import InputError, visible
from yolozu.paths import RunLayout
from yolozu.planning.begun import Begun, set_aside
from yolozu.planning.plan import Node, Plan
from yolozu.planning.receipt import Receipt
from yolozu.stages.base import links

DigestOf = Callable[[str], str | None]
"""Path relative to the run directory -> digest of what is there now, None for nothing."""

GOES_ON_FROM_FINISHED = "goes on from the finished result"
"""What a prospect says of a stage that only does what its finished result lacks."""

MOST_NAMED = 3
"""Files that a reason names; a copied data set is newer as a whole."""


@dataclass(frozen=True)
class Reason:
    """One reason why a stage runs.

    ``subject`` is a contract key, a path or a stage; ``old`` and ``new`` are shown as they are, None for nothing;
    ``newer`` names files behind an input that were written since it was read, ``unseen`` those whose change neither
    size nor time shows; ``tells_digests`` where ``old`` and ``new`` are digests that people shall see. A ``prospect``
    is no reason by itself: it says in ``subject`` what becomes of earlier work when the stage runs, and ``because`` of
    what.
    """

    kind: Literal["never built", "unreadable", "key", "version", "input", "output", "upstream", "left out", "prospect"]
    subject: str
    old: str | None = None
    new: str | None = None
    newer: tuple[str, ...] = ()
    because: tuple[Reason, ...] = ()
    unseen: tuple[UnseenChange, ...] = ()
    tells_digests: bool = False

    def render(self, place: Callable[[str], str | None] | None = None) -> str:
        """The reason in a line of `visible` text; ``place`` tells where a key was set (``exp.yaml:12``)."""
        match self.kind:
            case "never built":
                text = "has not been built"
            case "prospect":
                because = ", ".join(reason.render(place) for reason in self.because)
                text = f"{self.subject}: {because}" if because else self.subject
            case "unreadable":
                text = f"{self.subject} {self.new}"
            case "upstream":
                text = f"{self.subject} runs before it and may change what it reads"
            case "left out":
                text = f"{self.subject} is no part of the run any more"
            case "version":
                text = f"the stage's code changed: version {self.old} → {self.new}"
            case "key":
                origin = place(self.subject) if place is not None else None
                text = f"{self.subject}: {self.old} → {self.new}" + (f" ({origin})" if origin else "")
            case "input" | "output":
                text = self._file()
        return visible(text)

    def word(self) -> str:
        """The reason in a word or two, for a line that tells more: ``new``, ``key lr``, ``dataset.json changed``."""
        name = self.subject.rpartition("/")[2]
        match self.kind:
            case "never built":
                return "new"
            case "version":
                return "code changed"
            case "key":
                return f"key {self.subject}"
            case "input" | "output":
                return f"{name} {'missing' if self.new is None else 'changed'}"
            case "left out":
                return f"{name} left out"
            case _:
                return self.kind

    def _file(self) -> str:
        if self.new is None:
            return f"{self.subject} is missing"
        told = [f"sha256 {shown_digest(self.old)} → {shown_digest(self.new)}"] if self.tells_digests else []
        told += [f"newer: {_named(self.newer)}"] if self.newer else []
        if self.tells_digests and [change.found for change in self.unseen] == [self.new]:
            told.append("size and time as they were")
        elif self.unseen:
            told.append(f"size and time as they were: {_named([_shown(change) for change in self.unseen])}")
        since = f" ({'; '.join(told)})" if told else ""
        return f"{self.subject} has other content than when it was {'read' if self.kind == 'input' else 'built'}{since}"


def _named(names: Sequence[str]) -> str:
    rest = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _shown(change: UnseenChange) -> str:
    return f"{os.path.relpath(change.path)} sha256 {shown_digest(change.known)} → {shown_digest(change.found)}"


def staleness(node: Node, receipt: Receipt | None, digest: DigestOf) -> tuple[Reason, ...]:
    """Why ``node`` has to run, by its own receipt; empty when its result stands."""
    if receipt is None:
        return (Reason("never built", node.name),)
    reasons = []
    if receipt.version != node.stage.version:
        reasons.append(Reason("version", node.name, str(receipt.version), str(node.stage.version)))
    old, new = (comparable(node.stage.spec, spec) for spec in (receipt.spec, node.spec))
    reasons += [Reason("key", *change) for change in changes(old, new)]
    for name, path in node.inputs.items():
        now = digest(path)
        if now != receipt.inputs.get(name):
            reasons.append(Reason("input", path, receipt.inputs.get(name), now))
    gone = node.optional_inputs & receipt.inputs.keys() - node.inputs.keys()
    reasons += [Reason("left out", links(node.stage.inputs)[name].target) for name in sorted(gone)]
    for path in node.outputs.values():
        now = digest(path)
        known = receipt.outputs.get(path)
        if now != known or (now is None and path not in node.optional_outputs):
            reasons.append(Reason("output", path, known, now))
    return tuple(reasons)


def own_reasons(node: Node, layout: RunLayout, digest: DigestOf) -> tuple[Reason, ...]:
    """Why ``node`` has to run, whatever stands before it, and what becomes of earlier work then.

    A receipt or a state that cannot be read is a reason too.
    """
    path = layout.receipt_path(node.name)
    try:
        receipt = Receipt.read(path)
    except InputError as error:
        return (Reason("unreadable", str(path.relative_to(layout.root)), new=error.findings[0].problem),)
    reasons = staleness(node, receipt, digest)
    if not reasons or not node.stage.resumable:
        return reasons
    try:
        return _with_prospect(reasons, node, layout, receipt, digest)
    except InputError as error:
        return (*reasons, Reason("unreadable", error.findings[0].where, new=error.findings[0].problem))


def location_changes(node: Node, receipt: Receipt) -> tuple[Reason, ...]:
    """Keys that only tell where something is and are others than when ``node`` was built: no reasons by themselves."""
    kept = {change.key for change in changes(*(comparable(node.stage.spec, s) for s in (receipt.spec, node.spec)))}
    moved = (change for change in changes(receipt.spec, node.spec) if change.key not in kept)
    return tuple(Reason("key", *change) for change in moved if change.old != ABSENT)


def _with_prospect(
    reasons: tuple[Reason, ...], node: Node, layout: RunLayout, receipt: Receipt | None, digest: DigestOf
) -> tuple[Reason, ...]:
    """``reasons`` and what becomes of earlier work: it goes on, is set aside, or is replaced."""
    inputs = {name: digest(path) for name, path in node.inputs.items()}
    begun, scratch = Begun.read(layout.scratch_dir(node.name)), layout.scratch_dir(node.name)
    for work in (begun, *(Begun.read(place) for place in set_aside(scratch))):
        if work is not None and work.has_saved(node) and work.obstacle(node, inputs) is None:
            from_where = "" if work is begun else f" in {work.directory.relative_to(layout.root)}"
            goes_on = Reason("prospect", f"interrupted {work.position}{from_where}; goes on from there")
            return (*(reason for reason in reasons if reason.kind != "never built"), goes_on)
    told = [] if receipt is None else _of_finished(node, receipt, inputs)
    if begun is not None and begun.has_saved(node):
        differing = tuple(Reason("key", *change) for change in begun.differences(node, inputs))
        set_it_aside = "is set aside (with its keys it comes back)"
        told.append(Reason("prospect", f"what was interrupted {begun.position} {set_it_aside}", because=differing))
        hint = begun.obstacle(node, inputs)
        told += [Reason("prospect", hint)] if hint else []
    return (*reasons, *told)


def _of_finished(node: Node, receipt: Receipt, inputs: dict[str, str | None]) -> list[Reason]:
    """Whether the finished result is gone on from, or what keeps it from that."""
    old, new = (comparable(node.stage.spec, spec) for spec in (receipt.spec, node.spec))
    if receipt.version != node.stage.version or receipt.inputs != inputs or old == new:
        return []
    hint = node.stage.spec.obstacle(old, new, finished=True)
    if hint is None:
        return [Reason("prospect", GOES_ON_FROM_FINISHED)]
    return [Reason("prospect", hint)] if hint else []


@dataclass(frozen=True)
class Verdict:
    """What would happen to one node: it stands (no reasons) or runs (or may run, for upstream reasons alone)."""

    node: Node
    reasons: tuple[Reason, ...]

    @property
    def prospect(self) -> Reason | None:
        """What becomes of earlier work; None where there is none."""
        return next((reason for reason in self.reasons if reason.kind == "prospect"), None)

    @property
    def stale(self) -> bool:
        """Whether it would run, or may."""
        return bool(self.reasons)


def judge(plan: Plan, names: list[str], layout: RunLayout, digest: DigestOf) -> list[Verdict]:
    """Verdicts of the nodes that ``names`` need, producers first."""
    verdicts: dict[str, Verdict] = {}
    for node in plan.needed_for(names):
        reasons = own_reasons(node, layout, digest)
        for upstream in node.upstream:
            if verdicts[upstream].stale:
                reasons = (*reasons, Reason("upstream", upstream))
        verdicts[node.name] = Verdict(node, reasons)
    return list(verdicts.values())
