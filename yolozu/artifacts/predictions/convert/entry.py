"""What a conversion passes on: one image's predictions, and what had to be left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.errors import Finding


@dataclass(frozen=True)
class ConvertedEntry:
    """One image's predictions, boxes in the format that is written.

    Attributes:
        where: JSON path in the file that is read.
        image: the image.
        fields: all other keys of the entry but ``detections``, as they stand in the file.
        detections: objects as they stand in a predictions file.
    """

    where: str
    image: str
    fields: Mapping[str, Any]
    detections: list[dict[str, Any]]


class LeftOut:
    """Counts what a layout has no place for."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def note(self, place: str, what: str) -> None:
        """Something called ``what`` is not written, where ``place`` is one of "file", "entries", "detections"."""
        self._counts.setdefault(place, Counter())[what] += 1

    def findings(self, layout: str) -> list[Finding]:
        """One warning for each place."""
        fix = "convert to wrapped, which holds everything, or go on without"
        return [
            Finding("YZ723", place, f"{layout} has no place for {_listed(counts)}; left out", fix, "warning")
            for place, counts in self._counts.items()
        ]


def _listed(counts: Counter[str]) -> str:
    return ", ".join(what if times == 1 else f"{what} ({times} times)" for what, times in counts.items())


class Target(Protocol):
    """Writes one layout, entry by entry."""

    box_format: BoxFormat

    def start(self, attributes: Mapping[str, Any]) -> None:
        """Begin anew. ``attributes`` are the keys beside the entries that are known so far."""
        ...

    def add(self, entry: ConvertedEntry) -> list[Finding]:
        """Write one entry; what keeps it from being written."""
        ...

    def end(self, attributes: Mapping[str, Any]) -> None:
        """Write what stands behind the entries; ``attributes`` are now complete."""
        ...
