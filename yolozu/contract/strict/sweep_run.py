"""A run as a sweep file says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yolozu.contract.text.node import dotted

if TYPE_CHECKING:
    from yolozu.contract.overrides import Override


@dataclass(frozen=True)
class SweepRun:
    """A run as the file says it.

    Attributes:
        run_id: its name, made of its values.
        shared: keys that hold for all runs.
        own: keys that tell the run from others.
    """

    run_id: str
    shared: tuple[Override, ...]
    own: tuple[Override, ...]

    @property
    def values(self) -> dict[str, Any]:
        """Dotted key -> value, of its own keys."""
        return {dotted(override.path): override.value for override in self.own}
