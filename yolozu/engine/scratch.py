"""Write aside, publish by rename: a stage's outputs appear whole or not at all."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.jsonio import fsync_dir, pretty, write_text
from yolozu.planning.begun import Begun, free_place, out_dir, saved_path, state_path
from yolozu.stages.base import links

if TYPE_CHECKING:
    from yolozu.paths import RunLayout
    from yolozu.planning.plan import Node
    from yolozu.planning.receipt import Receipt


@dataclass(frozen=True)
class Scratch:
    """The directory a stage writes into.

    ``out/`` mirrors the run directory, ``work/`` is the stage's own, ``state.json`` says what it belongs to, and
    ``publish.json`` appears when the stage has returned: from then on only renames are left, and they can be repeated.
    """

    directory: Path

    @classmethod
    def of(cls, layout: RunLayout, stage: str) -> Scratch:
        """The scratch of one stage of a run."""
        return cls(layout.scratch_dir(stage))

    @property
    def out_dir(self) -> Path:
        """Outputs, at their paths relative to the run directory."""
        return out_dir(self.directory)

    @property
    def work_dir(self) -> Path:
        """The stage's own files."""
        return self.directory / "work"

    @property
    def lock_path(self) -> Path:
        """Held by the worker that runs the stage; beside the scratch, which it may delete."""
        return self.directory.with_name(f"{self.directory.name}.lock")

    @property
    def torchrun_dir(self) -> Path:
        """Where torchrun keeps what the processes of a stage tell it; not a part of the scratch that they prepare."""
        return self.directory.with_name(f"{self.directory.name}.torchrun")

    @property
    def job_path(self) -> Path:
        """Which job of a cluster runs the stage, for whoever follows it next."""
        return self.directory.with_name(f"{self.directory.name}.job.json")  # a part's name has a dot

    @property
    def job_log_path(self) -> Path:
        """What the worker of that job writes."""
        return self.directory.with_name(f"{self.directory.name}.job.log")

    @property
    def publish_path(self) -> Path:
        """What a finished stage still has to publish."""
        return self.directory / "publish.json"

    @property
    def state_path(self) -> Path:
        """What this scratch was begun for."""
        return state_path(self.directory)

    def begin(self, node: Node, begun: Begun) -> None:
        """Start empty, for ``begun``."""
        self.remove()
        for path in node.outputs.values():
            (self.out_dir / path).parent.mkdir(parents=True, exist_ok=True)
        self.work_dir.mkdir(parents=True, exist_ok=True)
        begun.write()

    def record_saved(self, done: int, total: int) -> None:
        """Take note of how much of the stage is saved, for those who ask what is at stake."""
        write_text(saved_path(self.directory), pretty({"done": done, "total": total}))

    def set_aside(self, node: Node) -> Path | None:
        """Move what was begun here out of the way; where to, or None where nothing was saved to go on from."""
        begun = Begun.read(self.directory)
        if begun is None or not begun.has_saved(node):
            return None
        place = free_place(self.directory)
        self.directory.replace(place)
        fsync_dir(place.parent)
        return place

    def take_back(self, place: Path) -> None:
        """Go on with what was set aside at ``place``; the scratch must be empty."""
        self.remove()
        place.replace(self.directory)
        fsync_dir(self.directory.parent)

    def remove(self) -> None:
        """Delete everything."""
        if self.directory.exists():
            shutil.rmtree(self.directory)


def keep_previous(
    node: Node, source_root: Path, layout: RunLayout, *, replaced: Receipt | None = None, by: Receipt | None = None
) -> None:
    """Move outputs that are worth keeping (``best.pt``) from ``source_root`` to their ``.prev`` name in the run.

    Those that are made again with the bytes that they have, or had by the receipt that is ``replaced``, stay where they
    are.
    """
    declared = links(node.stage.outputs)
    for name, path in node.outputs.items():
        source = source_root / path
        if declared[name].keep_previous and source.is_file():
            before = None if replaced is None else replaced.outputs.get(path)
            if by is not None and by.outputs.get(path) in (before, digest_file(source)):
                continue
            target = layout.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target.with_name(f"{target.stem}.prev{target.suffix}"))


def publish(node: Node, scratch: Scratch, layout: RunLayout) -> None:
    """Move what is in scratch to its place, synced; what an earlier, killed try has moved already stays."""
    for path in node.outputs.values():
        source, target = scratch.out_dir / path, layout.root / path
        if not source.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            if target.exists():
                shutil.rmtree(target)
        else:
            _sync(source)
        source.replace(target)
        fsync_dir(target.parent)


def _sync(path: Path) -> None:
    with path.open("rb") as file:  # it may be a link to a file of the store that only others may write
        os.fsync(file.fileno())
