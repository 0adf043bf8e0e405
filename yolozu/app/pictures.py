"""Predicting pictures that are in no data set: with which model, which pictures, and what is left of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from yolozu.app.outputs import require_makeable, require_writable
from yolozu.app.prediction import adapter_request, camera_in
from yolozu.app.prediction_request import OF_A_RUN, meant_by
from yolozu.contract.overrides import Override
from yolozu.contract.sections.run import Contract
from yolozu.engine.run_names import runs_in
from yolozu.errors import Finding, UsageError
from yolozu.paths import RUNS_DIR, RunLayout
from yolozu.progress import SilentProgress

if TYPE_CHECKING:
    from yolozu.predict.adapters.base import Adapter
    from yolozu.predict.pictures.run import PredictedPicture
    from yolozu.predict.pictures.saving import SavedPictures
    from yolozu.predict.pictures.sources import Picture
    from yolozu.structures.classes import ClassTable
    from yolozu.structures.predictions import ImagePredictions

SCORE_THRESHOLD = 0.25
"""Least score of what is shown to people; evaluations keep far less sure detections."""


@dataclass(frozen=True)
class PictureOutputs:
    """What to leave of the pictures; None for what is not asked for.

    Attributes:
        predictions: predictions file.
        images: folder of drawn pictures.
        crops: folder of cut-out detections.
        labels: folder of label files.
        rows: file of a JSON object a picture, a line each.
    """

    predictions: Path | None = None
    images: Path | None = None
    crops: Path | None = None
    labels: Path | None = None
    rows: Path | None = None

    def require_makeable(self) -> None:
        """Refuse what could not be written, before anything is predicted.

        Raises:
            UsageError: YZ727.
        """
        folders = {"--save-images": self.images, "--save-crops": self.crops, "--save-txt": self.labels}
        for option, folder in folders.items():
            if folder is not None:
                require_makeable(option, folder)
        require_writable({"--output": self.predictions, "--jsonl": self.rows})


@dataclass(frozen=True)
class PicturePrediction:
    """Pictures and a model that is ready to predict them.

    Attributes:
        name: of the adapter.
        model: its file.
        adapter: the model.
        classes: its classes.
        pictures: what is predicted.
        batch_size: pictures that are read and predicted together.
        meta: what predicted, and with which settings.
    """

    name: str
    model: Path | None
    adapter: Adapter
    classes: ClassTable
    pictures: Sequence[Picture]
    batch_size: int
    meta: Mapping[str, Any]

    def row(self, predictions: ImagePredictions) -> str:
        """A picture and its detections as a JSON object on one line; letters that UTF-8 does not have are escapes."""
        from yolozu.artifacts.predictions.write import json_text
        from yolozu.predict.pictures.rows import picture_row

        text = json_text(picture_row(predictions, self._names))
        return text.encode("utf-8", "backslashreplace").decode()

    def counts(self, predictions: ImagePredictions) -> dict[str, int]:
        """Class name -> detections, the most frequent class first."""
        from collections import Counter

        return dict(Counter(self._names[int(category)] for category in predictions.class_ids).most_common())

    def run(self, outputs: PictureOutputs, show: Callable[[PredictedPicture | Finding], None]) -> None:
        """Predict all pictures and leave what is asked for.

        Args:
            outputs: what to leave.
            show: is given each picture once it is done, in order, or why one could not be read.

        Raises:
            YolozuError: the model cannot be used, or a file cannot be written.
        """
        from yolozu.artifacts.predictions import write_predictions
        from yolozu.artifacts.predictions.write import open_aside
        from yolozu.predict.pictures.saving import SavedPictures

        saved = SavedPictures(self.classes, outputs.images, outputs.crops, outputs.labels)
        saved.require_safe(self.pictures)
        with ExitStack() as files:
            rows = None if outputs.rows is None else files.enter_context(open_aside(outputs.rows))
            done = self._done(saved, rows, show)
            if outputs.predictions is None:
                for _ in done:
                    pass
            else:
                write_predictions(outputs.predictions, done, self.meta)

    def _done(
        self, saved: SavedPictures, rows: TextIO | None, show: Callable[[PredictedPicture | Finding], None]
    ) -> Iterator[ImagePredictions]:
        """Leave and show each picture; those that were read go on to the predictions file."""
        from yolozu.predict.pictures.run import predict_pictures

        for found in predict_pictures(self.adapter, self.pictures, name=self.name, batch_size=self.batch_size):
            if isinstance(found, Finding):
                show(found)
                continue
            saved.save(found.picture, found.predictions)
            if rows is not None:
                rows.write(f"{self.row(found.predictions)}\n")
            show(found)
            yield found.predictions

    @property
    def _names(self) -> dict[int, str]:
        return dict(zip(self.classes.category_ids, self.classes.names, strict=True))


def require_sources(
    sources: Sequence[str] | None, *, of_pictures: Mapping[str, Any], of_datasets: Mapping[str, Any]
) -> None:
    """Refuse options of pictures where a data set is predicted, and the other way round.

    Args:
        sources: the pictures that are named; none where a data set is predicted.
        of_pictures: option -> what it was given; nothing where it was not.
        of_datasets: likewise.

    Raises:
        UsageError: YZ636, for each.
    """
    wrong, problem, fix = of_pictures, "is of pictures, and none is named", "name pictures: yolozu predict SOURCE…"
    if sources:
        wrong, problem = of_datasets, "is of data sets, and pictures are named"
        fix = "leave it out, or predict the data set: yolozu export-predictions"
    findings = [Finding("YZ636", option, problem, fix) for option, value in wrong.items() if value]
    if findings:
        raise UsageError(findings)


def pictures_asked_by(
    sources: Sequence[str],
    flags: Sequence[Override],
    *,
    run_id: str | None,
    checkpoint: Path | None,
    onnx: Path | None,
    batch_size: int | None,
    intrinsics: str | None,
) -> PicturePrediction:
    """The model that is meant, opened, and the pictures.

    Without a model file or a run, the latest run here that has a model is meant. What a run did to its own pictures
    (corruption, test-time augmentation) is not done to these: only flags decide.

    Raises:
        UsageError: everything that is wrong with sources, flags, run or model.
        InputError: the model file cannot be used.
    """
    from yolozu.predict.adapters.base import KEPT, classes_of
    from yolozu.predict.adapters.opening import open_adapter
    from yolozu.predict.pictures.sources import pictures_in

    pictures = pictures_in(sources)
    files = {name: path for name, path in (("checkpoint", checkpoint), ("onnx", onnx)) if path is not None}
    if run_id is None and not files:
        run_id = latest_run()
    meant = meant_by(flags, config=None, run_id=run_id, files=files, has_dataset=True)
    settings = meant.settings
    _require_for_pictures(settings)
    keys = {flag.key: flag.value for flag in flags}
    camera = None if intrinsics is None else camera_in(intrinsics)
    options = {"batch_size": batch_size, "device": keys.get("device"), "intrinsics": camera}
    given: dict[str, Any] = {option: value for option, value in options.items() if value is not None}
    name = settings.predict.adapter
    request = adapter_request(meant, files, given, SilentProgress(), has_dataset=True)
    if "score_threshold" not in keys:
        request = replace(request, score_threshold=SCORE_THRESHOLD)
    if "max_detections" not in keys:
        request = replace(request, max_detections=KEPT.max_detections)
    adapter = open_adapter(name, request)
    classes = classes_of(adapter)
    if classes is None:
        fix = "use a checkpoint or an ONNX file, or predict a data set: yolozu export-predictions"
        raise UsageError.one("YZ636", where=f"--adapter {name}", problem="does not say its classes", fix=fix)
    meta = {
        "adapter": name,
        **adapter.describe(),
        "score_threshold": request.score_threshold,
        "max_detections": request.max_detections,
        "classes": classes.to_json(),
    }
    model = request.onnx if name == "onnxruntime" else request.checkpoint
    most = settings.predict.max_images
    return PicturePrediction(name, model, adapter, classes, pictures[:most], request.batch_size, meta)


def latest_run() -> str:
    """Name of the run here whose model was made last; one that has not exported it yet does not count.

    Raises:
        UsageError: YZ627 none has a model.
    """
    runs = {name: RunLayout.of(name).root for name in runs_in(RUNS_DIR)}
    made = {
        name: (root / OF_A_RUN["checkpoint"]).stat().st_mtime_ns
        for name, root in runs.items()
        if all((root / path).is_file() for path in OF_A_RUN.values())
    }
    if not made:
        fix = "name a model: --checkpoint FILE or --onnx FILE; or train one: yolozu run CONFIG"
        raise UsageError.one("YZ627", where=str(RUNS_DIR), problem="no run here has a model", fix=fix)
    return max(made, key=lambda name: made[name])


def _require_for_pictures(settings: Contract) -> None:
    """Refuse what needs all images of a data set at once.

    Raises:
        UsageError: YZ636, for each.
    """
    asked = {"--ttt": settings.ttt.ttt, "--tta-mode prediction": settings.tta.mirrors}
    fix = "leave it out, or predict a data set: yolozu export-predictions"
    findings = [
        Finding("YZ636", option, "looks at a whole data set, not at pictures one by one", fix)
        for option, given in asked.items()
        if given
    ]
    if findings:
        raise UsageError(findings)
