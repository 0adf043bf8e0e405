"""Whether a stage's result still stands, and if not, why: the only place that decides it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from yolozu.artifacts.spec import changes
from yolozu.errors import InputError
from yolozu.plan.receipt import Receipt

if TYPE_CHECKING:
    from yolozu.paths import RunLayout
    from yolozu.plan.plan import Node, Plan

DigestOf = Callable[[str], str | None]
"""Path relative to the run directory -> digest of what is there now, None for nothing."""

MOST_NAMED = 3
"""Files that a reason names; a copied data set is newer as a whole."""


@dataclass(frozen=True)
class Reason:
    """One reason why a stage runs.

    ``subject`` is a contract key, a path or a stage; ``old`` and ``new`` are shown as they are, None for nothing;
    ``newer`` names files behind an input that were written since it was read.
    """

    kind: Literal["never built", "unreadable", "key", "version", "input", "output", "upstream"]
    subject: str
    old: str | None = None
    new: str | None = None
    newer: tuple[str, ...] = ()

    def render(self, place: Callable[[str], str | None] | None = None) -> str:
        """The reason in a line; ``place`` tells where a key was set (``exp.yaml:12``)."""
        in_a_line = {
            "never built": "has not been built",
            "unreadable": f"{self.subject} {self.new}",
            "upstream": f"{self.subject} runs before it and may change what it reads",
            "version": f"the stage's code changed: version {self.old} → {self.new}",
        }
        if self.kind in in_a_line:
            return in_a_line[self.kind]
        if self.kind == "key":
            origin = place(self.subject) if place is not None else None
            return f"{self.subject}: {self.old} → {self.new}" + (f" ({origin})" if origin else "")
        if self.new is None:
            return f"{self.subject} is missing"
        since = f" ({self._newer()})" if self.newer else ""
        return f"{self.subject} has other content than when it was {'read' if self.kind == 'input' else 'built'}{since}"

    def _newer(self) -> str:
        rest = len(self.newer) - MOST_NAMED
        return f"newer: {', '.join(self.newer[:MOST_NAMED])}" + (f" and {rest} more" if rest > 0 else "")


def staleness(node: Node, receipt: Receipt | None, digest: DigestOf) -> tuple[Reason, ...]:
    """Why ``node`` has to run, by its own receipt; empty when its result stands."""
    if receipt is None:
        return (Reason("never built", node.name),)
    reasons = []
    if receipt.version != node.stage.version:
        reasons.append(Reason("version", node.name, str(receipt.version), str(node.stage.version)))
    reasons += [Reason("key", *change) for change in changes(receipt.spec, node.spec)]
    for name, path in node.inputs.items():
        now = digest(path)
        if now != receipt.inputs.get(name):
            reasons.append(Reason("input", path, receipt.inputs.get(name), now))
    for path in node.outputs.values():
        now = digest(path)
        known = receipt.outputs.get(path)
        if now != known or (now is None and path not in node.optional_outputs):
            reasons.append(Reason("output", path, known, now))
    return tuple(reasons)


def own_reasons(node: Node, layout: RunLayout, digest: DigestOf) -> tuple[Reason, ...]:
    """Why ``node`` has to run, whatever stands before it; a receipt that cannot be read is a reason too."""
    path = layout.receipt_path(node.name)
    try:
        receipt = Receipt.read(path)
    except InputError as error:
        return (Reason("unreadable", str(path.relative_to(layout.root)), new=error.findings[0].problem),)
    return staleness(node, receipt, digest)


@dataclass(frozen=True)
class Verdict:
    """What would happen to one node: it stands (no reasons) or runs (or may run, for upstream reasons alone)."""

    node: Node
    reasons: tuple[Reason, ...]

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
