"""Test cases: what continuous integration shows of a command, one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yolozu.errors import Finding

Outcome = Literal["passed", "failed", "error", "skipped"]
"""As JUnit tells them apart: `failed` is a measurement that says no, `error` anything else that went wrong."""


@dataclass(frozen=True)
class Case:
    """One test case.

    Attributes:
        group: what it belongs to: ``exp01``, ``exp01.evaluate``.
        name: what was tested: a stage, a requirement, a scenario.
        outcome: how it went.
        seconds: it took, in this command; 0.0 where nothing ran.
        kind: error code, or class of what went wrong; empty where nothing did.
        message: why, in a line; of what passed, how.
        text: all that is known of it.
    """

    group: str
    name: str
    outcome: Outcome
    seconds: float = 0.0
    kind: str = ""
    message: str = ""
    text: str = ""


@dataclass(frozen=True)
class Results:
    """All that a command tells.

    Attributes:
        name: the run, or the suite.
        headline: what it was made of, in a line.
        cases: in order.
        seconds: the command took.
        metrics: name -> what was measured, None where there was nothing to measure it on.
        files: what is for people -> where it is.
    """

    name: str
    headline: str
    cases: tuple[Case, ...]
    seconds: float = 0.0
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    files: Sequence[tuple[str, str]] = ()

    def count(self, outcome: Outcome) -> int:
        """How many cases went so."""
        return sum(case.outcome == outcome for case in self.cases)


def refused_case(group: str, name: str, findings: Sequence[Finding]) -> Case:
    """What a command says that could not begin."""
    text = "\n".join(finding.render() for finding in findings)
    first = findings[0]
    return Case(group, name, "error", kind=first.code, message=f"{first.where}: {first.problem}", text=text)
