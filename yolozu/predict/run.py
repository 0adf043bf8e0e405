"""From images to a predictions file."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.predictions import write_predictions
from yolozu.artifacts.predictions.columns_file import columns_path, part_of, write_columns
from yolozu.contract.sections.predict import TtaSection, TttSection
from yolozu.contract.sections.ttt_presets import method_of
from yolozu.data.index import images_digest
from yolozu.predict.adapters.check import require_answers
from yolozu.predict.adapters.opening import open_adapter
from yolozu.predict.tta.views import describe_views

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from yolozu.predict.adapters.base import Adapter, AdapterRequest
    from yolozu.predict.ttt.report import Score, TttReport
    from yolozu.structures.image_record import ImageRecord
    from yolozu.structures.predictions import ImagePredictions

AS_IT_IS, UNADAPTED = TtaSection(), TttSection()


@dataclass(frozen=True)
class PredictionRun:
    """What came out, besides the file.

    Attributes:
        images: images predicted.
        detections: detections on all of them.
        seconds: from the first image read to the last detection; with test-time training, of all of it.
        ttt: how the network adapted; None where it did not.
    """

    images: int
    detections: int
    seconds: float
    ttt: TttReport | None = None

    @property
    def images_per_s(self) -> float:
        """Throughput."""
        return self.images / max(self.seconds, 1e-9)

    def to_json(self) -> dict[str, Any]:
        """The numbers, rounded to what a clock can tell."""
        numbers = {
            "images": self.images,
            "detections": self.detections,
            "seconds": round(self.seconds, 3),
            "images_per_s": round(self.images_per_s, 2),
        }
        return numbers if self.ttt is None else {**numbers, "ttt": self.ttt.summary()}


def predict_to_file(
    name: str,
    request: AdapterRequest,
    records: Sequence[ImageRecord],
    output_path: Path,
    *,
    tta: TtaSection = AS_IT_IS,
    ttt: TttSection = UNADAPTED,
    score: Score | None = None,
    wrap: bool = True,
    columns: bool = False,
) -> PredictionRun:
    """Predict ``records`` and write the predictions, whole or not at all.

    The same request gives the same bytes: the file says what predicted and with which settings, not when or how fast.

    Args:
        name: name of the adapter.
        request: what it is opened with; further views of each picture are part of it.
        records: the images.
        output_path: predictions file.
        tta: whether finished predictions are mirrored.
        ttt: whether the network adapts to the pictures.
        score: metrics of predictions, for the report of how it adapted.
        wrap: whether the file says all that, or is a bare list.
        columns: whether the same is written beside it as columns, too, where these can say it.

    Raises:
        UsageError: there is no such adapter, or it cannot do what is asked for.
        InputError: a file or an image cannot be read, or the network gives NaN or infinity.
    """
    started = time.perf_counter()
    if ttt.ttt:
        adapter, predictions, report = _adapting(name, request, records, ttt, score)
    else:
        adapter, report = open_adapter(name, request), None
        started = time.perf_counter()
        predictions = adapter.predict(records)
        require_answers(name, records, predictions)
    seconds = time.perf_counter() - started
    mirrored: list[str] | None = None
    if tta.mirrors:
        from yolozu.predict.tta.mirror import mirror_some

        predictions, mirrored = mirror_some(predictions, seed=tta.tta_seed, flip_prob=tta.tta_flip_prob)
    meta = _meta(name, adapter, request, records)
    if report is not None:
        meta["ttt"] = report.settings.model_dump(mode="json")
    if mirrored is not None:
        meta["tta"] = {"mode": "prediction", "seed": tta.tta_seed, "flip_prob": tta.tta_flip_prob, "mirrored": mirrored}
    write_predictions(output_path, predictions, meta, wrap=wrap)
    if columns and (part := part_of(predictions)) is not None:
        write_columns(columns_path(output_path), [part], meta, predictions_sha256=digest_file(output_path))
    return PredictionRun(len(records), sum(len(entry.scores) for entry in predictions), seconds, report)


def _adapting(
    name: str, request: AdapterRequest, records: Sequence[ImageRecord], ttt: TttSection, score: Score | None
) -> tuple[Adapter, list[ImagePredictions], TttReport]:
    # torch enters with the methods: who does not adapt needs none.
    from yolozu.predict.ttt.registry import TTT_METHODS
    from yolozu.predict.ttt.report import ttt_report
    from yolozu.predict.ttt.session import SwitchedProgress, predict_adapting
    from yolozu.predict.ttt.settings import TttSettings

    progress = SwitchedProgress(request.progress)
    adapter = open_adapter(name, replace(request, progress=progress))
    settings = TttSettings.from_section(ttt, TTT_METHODS.load(method_of(ttt)).defaults)
    run = predict_adapting(adapter, records, settings, progress, name=name)
    for predictions in (run.no_adapt, run.predictions):
        require_answers(name, records, predictions)
    return adapter, run.predictions, ttt_report(run, score)


def _meta(name: str, adapter: Adapter, request: AdapterRequest, records: Sequence[ImageRecord]) -> dict[str, Any]:
    meta = {
        "adapter": name,
        **adapter.describe(),
        "score_threshold": request.score_threshold,
        "max_detections": request.max_detections,
        "images": len(records),
        "images_sha256": images_digest(records),
    }
    if request.transform is not None:
        meta["transform"] = request.transform.describe()
    if request.views is not None:
        meta["tta"] = describe_views(request.views)
    return meta
