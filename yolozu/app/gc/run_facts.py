"""What is known of a run before it is decided whether it stays: age, score, and whether anybody works on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.artifacts.earlier_runs import HELD_OUT
from yolozu.engine.lock import holder_of, is_held
from yolozu.engine.store.named import runs_below
from yolozu.paths import RunLayout
from yolozu.planning.begun import Begun, out_dir
from yolozu.planning.receipt import Receipt, receipt_paths

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MEASURED_BY, INDEXED_BY = "evaluate", "prepare_data"


@dataclass(frozen=True)
class RunFacts:
    """A run below ``runs/``.

    Attributes:
        name: its path below ``runs/``: ``exp01``, ``tasks/second``.
        layout: where it is.
        receipts: of its finished stages.
        built_at: when something of it was last built, in seconds since the epoch.
        held: why nobody else may touch it now; None where anybody may.
        unfinished: what was interrupted in it and would go on; None where nothing was.
        linked: links below ``runs/`` that stand for it.
    """

    name: str
    layout: RunLayout
    receipts: Mapping[str, Receipt]
    built_at: float
    held: str | None
    unfinished: str | None
    linked: tuple[str, ...] = ()

    def score(self, metric: str) -> float | None:
        """What the evaluation measured; None where it has not."""
        measured = self.receipts.get(MEASURED_BY)
        value = None if measured is None else measured.numbers.get(metric)
        return float(value) if isinstance(value, int | float) else None

    @property
    def held_out(self) -> str | None:
        """Digest of the images that it was evaluated on, with their truth: scores on others say nothing beside it."""
        indexed = self.receipts.get(INDEXED_BY)
        return None if indexed is None else indexed.outputs.get(HELD_OUT)


def facts_of_runs(runs_dir: Path) -> list[RunFacts]:
    """All runs below ``runs_dir``, by name.

    Raises:
        InputError: YZ301, a receipt cannot be read: what it names is not known.
    """
    links = [(path.resolve(), path.name) for path in sorted(runs_dir.glob("*")) if path.is_symlink()]
    found = []
    for root in runs_below(runs_dir):
        linked = tuple(name for place, name in links if place == root.resolve() and not root.is_symlink())
        found.append(_facts(root.relative_to(runs_dir).as_posix(), RunLayout(root), linked))
    return sorted(found, key=lambda run: run.name)


def _facts(name: str, layout: RunLayout, linked: tuple[str, ...]) -> RunFacts:
    read = (Receipt.read(path) for path in receipt_paths(layout.receipts_dir))
    receipts = {receipt.stage: receipt for receipt in read if receipt is not None}
    return RunFacts(name, layout, receipts, _built_at(layout), _held(layout), _unfinished(layout, receipts), linked)


def _built_at(layout: RunLayout) -> float:
    written = [*layout.receipts_dir.glob("*.json"), *layout.plan_dir.glob("*.json")]
    return max(path.stat().st_mtime for path in written or [layout.root])


def _held(layout: RunLayout) -> str | None:
    if layout.root.is_symlink():
        return f"is a link to {layout.root.readlink()}; gc deletes nothing there"
    for lock in (layout.lock_path, *sorted((layout.root / "scratch").glob("*.lock"))):
        try:
            if is_held(lock):
                return f"is being built by {holder_of(lock)}"
        except OSError as error:
            return f"may be being built: {lock} cannot be asked ({error.strerror})"
    job = next((layout.root / "scratch").glob("*.job.json"), None)
    return None if job is None else f"a job of a cluster may still build it ({job})"


def _unfinished(layout: RunLayout, receipts: Mapping[str, Receipt]) -> str | None:
    """The first stage without a result whose work was saved when it was interrupted."""
    for state in sorted((layout.root / "scratch").glob("*/state.json")):
        stage, begun = state.parent.name, Begun.readable(state.parent)
        saved = begun is not None and (begun.done is not None or next(out_dir(state.parent).rglob("*.pt"), None))
        if stage not in receipts and begun is not None and saved:
            return f"{stage} is interrupted {begun.position} and would go on"
    return None
