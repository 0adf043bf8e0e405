"""A page for a run that is there already: which of its files are told of, and where the page goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.app.outputs import require_writable
from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.packed_files import is_file
from yolozu.contract.sections.report import ReportSection
from yolozu.engine.requests import read_operations
from yolozu.engine.run_names import known_run, runs_in
from yolozu.errors import UsageError
from yolozu.paths import RUNS_DIR, RunLayout
from yolozu.planning.receipt import Receipt
from yolozu.stages.base import links
from yolozu.stages.registry import STAGES
from yolozu.stages.report import ReportInputs

if TYPE_CHECKING:
    from yolozu.data.moved import Moved
    from yolozu.report.material import Material

RECORDS = {"contract": "reports/config_resolved.yaml", "receipts": "receipts"}


@dataclass(frozen=True)
class WrittenReport:
    """A page that was written.

    Attributes:
        run: the run it is of.
        path: the page.
        size: in bytes.
        notes: what of the run is not on it, or not finished.
    """

    run: str
    path: Path
    size: int
    notes: tuple[str, ...]


def report_on(word: str | None, output: Path | None, *, pictures: int | None, score: float | None) -> WrittenReport:
    """Write the page of a run as it is, finished or not; nothing of the run itself is changed.

    Args:
        word: name or directory of the run, also as ``run_id=…`` or ``run_dir=…``; None takes the run here that was
            built last.
        output: the page; None means ``<run>-report.html`` in the working directory.
        pictures: as the key ``report_pictures``; None takes its default.
        score: as ``report_score_threshold``.

    Raises:
        UsageError: YZ850 there is no such run, YZ854 it has nothing to tell yet, YZ727 the page cannot be written.
        InputError: a file of the run cannot be read.
    """
    require_writable({"--output": output})
    layout = known_run(_latest() if word is None else word.removeprefix("run_id=").removeprefix("run_dir="))
    path = Path(f"{layout.run_id}-report.html") if output is None else output
    require_writable({"--output": path})
    material = _material(layout, pictures=pictures, score=score)
    from yolozu.report.write import write_page

    write_page(material, path)
    return WrittenReport(layout.run_id, path, path.stat().st_size, tuple(material.notes))


def _latest() -> str:
    """Name of the run here that a stage was finished of last."""
    built = {}
    for name in runs_in(RUNS_DIR):
        times = [path.stat().st_mtime_ns for path in RunLayout.of(name).receipts_dir.glob("*.json")]
        if times:
            built[name] = max(times)
    if not built:
        fix = "name one: yolozu report RUN; or build one: yolozu run CONFIG"
        raise UsageError.one("YZ854", where=str(RUNS_DIR), problem="no run here has built anything", fix=fix)
    return max(built, key=lambda name: built[name])


def _material(layout: RunLayout, *, pictures: int | None, score: float | None) -> Material:
    """What there is to tell of a run.

    Raises:
        UsageError: YZ854 nothing.
    """
    from dataclasses import replace

    from yolozu.report.material import Material, RunFiles, Show

    files, notes = _files(layout)
    if not files:
        fix = f"build it: doit {layout.word}"
        raise UsageError.one("YZ854", where=layout.run_id, problem="no stage of this run is finished", fix=fix)
    records = {name: layout.root / path for name, path in RECORDS.items() if (layout.root / path).exists()}
    defaults = ReportSection()
    show = Show(
        defaults.report_pictures if pictures is None else pictures,
        defaults.report_score_threshold if score is None else score,
    )
    material = Material(layout.run_id, RunFiles(**files, **records), show, _moved(layout), notes)
    gone = [record.path for record, _ in material.pairs if not is_file(record.path)]
    if gone:
        said = f"{len(gone)} of {len(material.pairs)} images are not where the run read them: no picture is shown"
        material = replace(material, show=replace(show, pictures=0), notes=[*notes, f"{said} (the first is {gone[0]})"])
    return material


def _files(layout: RunLayout) -> tuple[dict[str, Path], list[str]]:
    """The run's files by what is in them, and what to know of those that are not as a finished stage has left them."""
    found: dict[str, Path] = {}
    notes: dict[str, None] = {}
    with DigestCache(None) as cache:
        for name, stage, target in _told_of():
            path, receipt = layout.root / target, Receipt.readable(layout.receipt_path(stage))
            if not path.is_file():
                continue
            if receipt is not None and cache.path(path) != receipt.outputs.get(target):
                notes[f"{target} is not what stage {stage} wrote, and is left out"] = None
                continue
            if receipt is None:
                notes[f"stage {stage} is not finished; what it has left is shown"] = None
            found[name] = path
    return found, list(notes)


def _told_of() -> Iterator[tuple[str, str, str]]:
    """Field, stage and path of every file that the stage ``report`` reads."""
    for name, link in links(ReportInputs).items():
        if link.kind == "needs":
            stage, _, output = link.target.partition(".")
            yield name, stage, links(STAGES.load(stage).outputs)[output].target


def _moved(layout: RunLayout) -> Moved | None:
    from yolozu.data.moved import Moved

    if not layout.operations_path.is_file():
        return None
    moved = read_operations(layout.operations_path)["moved"]
    return None if moved is None else Moved(**moved)
