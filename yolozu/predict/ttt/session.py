"""Pictures predicted by a network that adapts to them, and by the same network as it is."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yolozu.errors import UsageError
from yolozu.predict.ttt.adaptation import Adaptation
from yolozu.predict.ttt.settings import TttSettings
from yolozu.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yolozu.predict.adapters.base import Adapter
    from yolozu.predict.ttt.report import TttBatch
    from yolozu.progress import Bar, Progress
    from yolozu.structures.image_record import ImageRecord
    from yolozu.structures.predictions import ImagePredictions


@dataclass
class TttRun:
    """What came of predicting with adaptation.

    Attributes:
        settings: how the network adapted.
        parameters: name -> number of elements, of the parameters that adapted.
        adapted_layers: layers that were given fresh adapters for the time.
        norm_layers: BatchNorm layers whose statistics moved.
        predictions: of the network that adapts, one entry per picture.
        no_adapt: of the network as it is.
        batches: every adaptation batch in order.
        adapt_s: seconds of adaptation, reading the pictures for it included.
        predict_s: seconds of predicting with what was learned.
        no_adapt_s: seconds of predicting with the network as it is.
    """

    settings: TttSettings
    parameters: dict[str, int] = field(default_factory=dict)
    adapted_layers: list[str] = field(default_factory=list)
    norm_layers: int = 0
    predictions: list[ImagePredictions] = field(default_factory=list)
    no_adapt: list[ImagePredictions] = field(default_factory=list)
    batches: list[TttBatch] = field(default_factory=list)
    adapt_s: float = 0.0
    predict_s: float = 0.0
    no_adapt_s: float = 0.0


class SwitchedProgress:
    """Another progress that can be turned off for a while.

    An adapter shows a bar in every `predict`; while a network adapts, it is asked image by image.
    """

    def __init__(self, progress: Progress) -> None:
        """Show ``progress`` until `silent` is set."""
        self._shown, self._silent = progress, SilentProgress()
        self.silent = False

    def say(self, line: str) -> None:
        """The line, unless silent."""
        self._now().say(line)

    @contextmanager
    def bar(self, title: str, total: int, done: int = 0) -> Iterator[Bar]:
        """The bar, unless silent."""
        with self._now().bar(title, total, done) as bar:
            yield bar

    def _now(self) -> Progress:
        return self._silent if self.silent else self._shown


def predict_adapting(
    adapter: Adapter, records: Sequence[ImageRecord], settings: TttSettings, progress: SwitchedProgress, *, name: str
) -> TttRun:
    """Predict every picture twice: by the network as it is, and by the network adapting to the pictures in their order.

    With ``ttt_reset: sample`` the network is the original one before each picture; with ``stream`` it keeps what it has
    learned, and a batch is predicted after the network has adapted to it. Afterwards the network is what it was.

    Args:
        adapter: what predicts, with a network.
        records: the pictures.
        settings: how to adapt.
        progress: what the adapter was opened with.
        name: of the adapter.

    Raises:
        UsageError: YZ613 the adapter has no network, YZ640 nothing is left to adapt, YZ641 the method needs another
            network.
        InputError: an image cannot be read, or the network as it is gives NaN or infinity.
    """
    if not adapter.supports_ttt():
        raise UsageError.one(
            "YZ613",
            where=f"adapter {name!r}",
            problem="it has no torch model that could adapt",
            fix="use the adapter rtdetr_pose with a checkpoint, or predict without ttt",
        )
    run = TttRun(settings)
    with Adaptation(adapter.get_model(), settings) as adaptation:
        run.parameters = {name: own.numel() for name, own in adaptation.parameters.items()}
        run.adapted_layers, run.norm_layers = adaptation.adapted_layers, adaptation.norm_layers
        _warm_up(adapter, records, progress)
        started = time.perf_counter()
        run.no_adapt = adapter.predict(records)
        run.no_adapt_s = time.perf_counter() - started
        _adapt_and_predict(adapter, adaptation, records, run, progress)
    return run


def _warm_up(adapter: Adapter, records: Sequence[ImageRecord], progress: SwitchedProgress) -> None:
    """Predict one picture for nothing: what a network does at its first call alone is no part of either cost."""
    progress.silent = True
    try:
        adapter.predict(records[:1])
    finally:
        progress.silent = False


def _adapt_and_predict(
    adapter: Adapter, adaptation: Adaptation, records: Sequence[ImageRecord], run: TttRun, progress: SwitchedProgress
) -> None:
    with progress.bar("adapt and predict", total=len(records)) as bar:
        progress.silent = True
        try:
            for chunk, adapts in _chunks(records, run, adaptation):
                if adapts:
                    _adapt(adapter, adaptation, chunk, run)
                started = time.perf_counter()
                run.predictions += adapter.predict(chunk)
                run.predict_s += time.perf_counter() - started
                bar.advance(len(chunk), _note(run))
        finally:
            progress.silent = False


def _chunks(
    records: Sequence[ImageRecord], run: TttRun, adaptation: Adaptation
) -> Iterator[tuple[Sequence[ImageRecord], bool]]:
    """Pictures to be predicted next, and whether the network adapts to them before."""
    settings = run.settings
    for start in range(0, len(records), settings.batch_size):
        if settings.reset == "sample" and start > 0:
            adaptation.reset()
        yield (
            records[start : start + settings.batch_size],
            not adaptation.ended and (settings.max_batches is None or len(run.batches) < settings.max_batches),
        )


def _adapt(adapter: Adapter, adaptation: Adaptation, chunk: Sequence[ImageRecord], run: TttRun) -> None:
    started = time.perf_counter()
    for images_B3HW in adapter.build_loader(chunk, len(chunk)):
        run.batches.append(adaptation.adapt(images_B3HW, [record.image for record in chunk]))
    run.adapt_s += time.perf_counter() - started


def _note(run: TttRun) -> str:
    """The last loss."""
    steps = run.batches[-1].steps if run.batches else []
    return f"loss {steps[-1].loss:.4g}" if steps and steps[-1].loss is not None else ""
