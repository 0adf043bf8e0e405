"""A data set that lies elsewhere than where it was when its run first read it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

DESCRIPTIONS = frozenset({".yaml", ".yml", ".json", ".txt"})
"""Endings of files that a ``dataset_root`` may name instead of a directory."""


@dataclass(frozen=True)
class Moved:
    """Then and now. A run knows its data by where they were: the same bytes elsewhere are the same data.

    Attributes:
        then: ``dataset_root`` as the run first read it.
        now: ``dataset_root`` as the contract says it today.
    """

    then: str
    now: str

    def at_present(self, root: Path) -> Path:
        """Where ``root``, spelled as it was then, is now; a root outside ``then`` has not moved with it."""
        return _carried(root, self.then, self.now)

    def as_known(self, root: Path) -> Path:
        """How the run spells ``root``, which is where it is now."""
        return _carried(root, self.now, self.then)


def _carried(root: Path, source: str, target: str) -> Path:
    above, below = _directory(source), _directory(target)
    inside = Path(os.path.relpath(root, above))
    return root if inside.parts[:1] == (os.pardir,) else below / inside


def _directory(dataset_root: str) -> Path:
    """The directory that a ``dataset_root`` is or lies in: it may name a ``data.yaml`` or an instances file."""
    path = Path(dataset_root)
    return path.parent if path.suffix.lower() in DESCRIPTIONS else path
