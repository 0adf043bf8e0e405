"""What `yolozu plot-metrics` draws: numbers of metrics files over optimizer steps, of one training or of several."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.app.outputs import require_writable
from yolozu.artifacts.metrics_table import WRITTEN, named_values, read_rows
from yolozu.engine.run_names import known_run
from yolozu.errors import Finding, InputError, UsageError
from yolozu.registry import nearest
from yolozu.report.charts import Line
from yolozu.report.picture_of_curves import Chart, write_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

SUFFIXES = (".png", ".svg")
METRICS = ("reports/train_metrics.jsonl", "reports/val_metrics.jsonl")
KINDS = {"train_step": "train", "train_epoch": "train", "val_epoch": "val", "val_step": "val"}
Points = dict[tuple[str, str, str], list[tuple[float, float]]]
"""(whose, part, key) -> (optimizer step, value), in the order of the rows."""


@dataclass(frozen=True)
class PlotRequest:
    """What to draw.

    Attributes:
        files: metrics files.
        runs: names or directories of runs, each with its metrics files.
        keys: ``loss``, ``loss_box``, ``lr``, ``map50_95``, …; a chart each.
        out: picture to write, ``.png`` or ``.svg``.
        smooth: training values are means of so many neighbors, the last of which they stand at.
    """

    files: Sequence[Path]
    runs: Sequence[str]
    keys: Sequence[str]
    out: Path
    smooth: int = 1


def plot_metrics(request: PlotRequest) -> list[Chart]:
    """Draw, write, and return what was drawn.

    Raises:
        UsageError: YZ528 nothing is named, YZ529 another suffix, YZ727 and YZ905 for the file, YZ850 for a run.
        InputError: YZ527 a file that cannot be read, or has no number; YZ530 a number that none of them has.
    """
    if not request.files and not request.runs:
        raise UsageError.one(
            "YZ528", where="plot-metrics", problem="nothing is named", fix="give --jsonl FILE, or --run-id NAME"
        )
    if request.out.suffix.lower() not in SUFFIXES:
        raise UsageError.one(
            "YZ529",
            where=f"--out {request.out}",
            problem="is neither .png nor .svg",
            fix="name a file with one of these",
        )
    sources = _sources(request)
    require_writable({"--out": request.out}, [path for paths in sources.values() for path in paths])
    charts = [
        _chart(key, request.smooth, points) for points in [_points(sources)] for key in _known(request.keys, points)
    ]
    write_picture(request.out, charts)
    return charts


def _sources(request: PlotRequest) -> dict[str, list[Path]]:
    """Whose curves -> its files; runs by their name, files by theirs, or by more of their path where names meet."""
    sources = {}
    for word in request.runs:
        layout = known_run(word)
        sources[layout.run_id] = [path for path in (layout.root / name for name in METRICS) if path.is_file()]
        if not sources[layout.run_id]:
            raise InputError.one(
                "YZ527", where=word, problem="has no metrics yet", fix=f"train it: yolozu run {layout.word} train"
            )
    names = [path.stem for path in request.files]
    for path in request.files:
        sources[path.stem if names.count(path.stem) == 1 else str(path)] = [path]
    return sources


def _points(sources: dict[str, list[Path]]) -> Points:
    points: Points = {}
    findings: list[Finding] = []
    for whose, paths in sources.items():
        before, wrong = len(points), len(findings)
        for path in paths:
            try:
                for row in read_rows(path):
                    _take(row, whose, points)
            except InputError as error:
                findings += error.findings
        if len(findings) == wrong and len(points) == before:
            where = ", ".join(map(str, paths))
            fix = f"name the metrics of a training that has made a step: {WRITTEN}"
            findings.append(Finding("YZ527", where, "has no row with a number", fix))
    if findings:
        raise InputError(findings)
    return points


def _take(row: dict[str, Any], whose: str, points: Points) -> None:
    meta = row["meta"]
    part, step = KINDS.get(meta["kind"]), float(meta["optim_step"])
    if part is None:
        return
    for key, value in named_values(row["losses"], row["metrics"]).items():
        if value is None or not math.isfinite(value):
            continue
        series = points.setdefault((whose, part, key), [])
        if meta["kind"] != "train_epoch" or not series or series[-1][0] < step:  # a step has its own row already
            series.append((step, float(value)))


def _known(keys: Sequence[str], points: Points) -> list[str]:
    """``keys``, if all are there.

    Raises:
        InputError: YZ530.
    """
    known = sorted({key for _, _, key in points})
    findings = []
    for key in dict.fromkeys(keys):
        if key not in known:
            guess = nearest(key, known)
            hint = f"did you mean {guess!r}? " if guess else ""
            findings.append(Finding("YZ530", f"--key {key}", "no row has it", f"{hint}There are: {', '.join(known)}"))
    if findings:
        raise InputError(findings)
    return list(dict.fromkeys(keys))


def _chart(key: str, smooth: int, points: Points) -> Chart:
    lines = []
    for (whose, part, name), series in points.items():
        if name == key:
            drawn = _means(series, smooth) if part == "train" else series
            lines.append(Line(f"{whose} {part}" if not whose.startswith(part) else whose, drawn, dashed=part == "val"))
    return Chart(key, lines)


def _means(series: Sequence[tuple[float, float]], window: int) -> list[tuple[float, float]]:
    """Each value with the up to ``window - 1`` before it, averaged."""
    values = [value for _, value in series]
    starts = (max(0, end - window) for end in range(1, len(values) + 1))
    return [
        (step, sum(values[start : end + 1]) / (end + 1 - start))
        for end, ((step, _), start) in enumerate(zip(series, starts, strict=True))
    ]
