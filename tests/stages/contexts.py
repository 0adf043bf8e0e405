"""What a stage is run with in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.contract.sections.operations import OperationsSection
from yolozu.progress import SilentProgress
from yolozu.stages.base import StageContext

if TYPE_CHECKING:
    from pathlib import Path


class Notes(SilentProgress):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        """Remember the line."""
        self.lines.append(line)


def context_in(directory: Path, notes: Notes | None = None) -> StageContext:
    """A context that shows nothing (``notes`` keeps what is said) and is never stopped."""
    return StageContext(
        scratch=directory / "scratch",
        evidence=directory / "reports",
        operations=OperationsSection(),
        provenance={},
        state_digest="0" * 64,
        progress=SilentProgress() if notes is None else notes,
        stopping=lambda: False,
    )
