"""Findings by the million, all counted and the first of each kind kept; and where in a JSON text they stand."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from yolozu.errors import Finding

Place = tuple[int, int]
"""Where in the file, for sorting: entry, and detection in it (-1: the entry itself)."""


class Findings:
    """Collects findings; counts all of them and keeps the first ``keep`` of each code and severity."""

    def __init__(self, keep: int, *, strict: bool) -> None:
        self._keep = keep
        self._strict = strict
        self._kept: list[tuple[Place, Finding]] = []
        self.counts: Counter[tuple[str, str]] = Counter()

    def add(self, place: Place, finding: Finding) -> None:
        """Count one finding; a warning counts as an error in strict checks."""
        if self._strict and finding.severity == "warning":
            finding = replace(finding, severity="error")
        kind = (finding.code, finding.severity)
        self.counts[kind] += 1
        if self.counts[kind] <= self._keep:
            self._kept.append((place, finding))

    def extend(self, place: Place, findings: Iterable[Finding]) -> None:
        """Count several of one place."""
        for finding in findings:
            self.add(place, finding)

    def total(self, severity: str) -> int:
        """How many errors or warnings there are."""
        return sum(count for (_, found), count in self.counts.items() if found == severity)

    def kept(self) -> tuple[Finding, ...]:
        """The kept ones in the order of the file."""
        return tuple(finding for _, finding in sorted(self._kept, key=lambda pair: pair[0]))


LONGEST_KEY = 60
"""Letters of a key that are shown; a key may be megabytes long, and contain anything."""

_PLAIN = re.compile(r"[^\W\d]\w*", re.ASCII)


def member(where: str, key: str) -> str:
    """The path of an object's member: ``where.key``, or ``where["key"]`` for a key that is no plain word."""
    return f"{where}.{key}" if _PLAIN.fullmatch(key) and len(key) <= LONGEST_KEY else f"{where}[{quoted(key)}]"


def top_member(key: str) -> str:
    """The path of a member of the whole file."""
    return member("", key).removeprefix(".")


def quoted(key: str) -> str:
    """A key in quotes as in JSON: escapes for what is no ASCII, an ellipsis in the middle of what is long."""
    half = LONGEST_KEY // 2
    return json.dumps(key) if len(key) <= LONGEST_KEY else json.dumps(f"{key[:half]}...{key[-half:]}")
