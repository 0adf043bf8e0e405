"""Intervals of the metric that a sweep's runs are ranked by; what was drawn once is remembered."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from yolozu.artifacts.digest import digest_of
from yolozu.artifacts.disk_cache import DiskCache
from yolozu.engine.run_files import INDEX, MODELS, PREDICTIONS, predicted_run
from yolozu.paths import interval_cache_path
from yolozu.planning.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yolozu.evaluation.comparison.ranking import Ranking
    from yolozu.evaluation.comparison.report import ComparedInterval
    from yolozu.paths import RunLayout
    from yolozu.progress import Progress

RESAMPLES, SEED, CONFIDENCE = 1000, 0, 0.95
VERSION = 1
"""Of what an interval is; one more where the same predictions would give another one."""

Ends = tuple[float, float] | None


def with_intervals(ranked: Ranking, layouts: Mapping[str, RunLayout], progress: Progress) -> Ranking:
    """The ranking with an interval for each run that is up to date.

    Args:
        ranked: without.
        layouts: run -> where it lives.
        progress: where it is shown.

    Raises:
        YolozuError: predictions of a run are not what its receipts say.
    """
    from yolozu.evaluation.comparison.report import ComparedInterval

    interval = ComparedInterval(resamples=RESAMPLES, seed=SEED, confidence=CONFIDENCE)
    current = [run for run in ranked.runs if run.state == "up to date" and run.metric is not None]
    found: dict[str, Ends] = {}
    with (
        closing(DiskCache(interval_cache_path(), ("ends (key text primary key, low real, high real)",))) as cache,
        progress.bar("resampling", len(current)) as bar,
    ):
        for run in current:
            found[run.run_id] = _remembered(cache, layouts[run.run_id], ranked.metric, interval)
            bar.advance()
    ends = {run.run_id: found.get(run.run_id) or (None, None) for run in ranked.runs}
    runs = [run.model_copy(update=dict(zip(("low", "high"), ends[run.run_id], strict=True))) for run in ranked.runs]
    return ranked.model_copy(update={"interval": interval, "runs": runs})


def _remembered(cache: DiskCache, layout: RunLayout, metric: str, interval: ComparedInterval) -> Ends:
    key = _key(layout, metric, interval)
    rows = cache.rows("select low, high from ends where key = ?", [key])
    if rows:
        return None if rows[0][0] is None else (rows[0][0], rows[0][1])
    ends = _measured(layout, metric, interval)
    cache.write(("insert or replace into ends values (?, ?, ?)", [(key, *(ends or (None, None)))]))
    return ends


def _key(layout: RunLayout, metric: str, interval: ComparedInterval) -> str:
    """What decides an interval, by the receipts."""
    receipts = [Receipt.readable(layout.receipt_path(stage)) for stage in ("prepare_data", "predict")]
    outputs = {path: digest for one in receipts if one is not None for path, digest in one.outputs.items()}
    predicted = receipts[1].spec.get("predict", {}) if receipts[1] is not None else {}
    files = {path: outputs.get(path) for path in (PREDICTIONS, INDEX, MODELS)}
    drawing = interval.model_dump(mode="json")
    return digest_of([VERSION, metric, drawing, files, predicted.get("max_images")])


def _measured(layout: RunLayout, metric: str, interval: ComparedInterval) -> Ends:
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.artifacts.predictions import read_predictions
    from yolozu.data.index import DataIndex
    from yolozu.evaluation.comparison.interval import metric_interval
    from yolozu.evaluation.known_images import known_images

    run = predicted_run(layout)
    index, models = DataIndex.read(run.index_path), ObjectModels.read(run.models_path)
    known = known_images(index, max_images=run.max_images)
    predictions = read_predictions(run.predictions_path, known=known, passed=True)
    return metric_interval(index, models, predictions, metric, max_images=run.max_images, interval=interval)
