"""Predicting pictures that are in no data set: with which model, which pictures, and what is left of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from yolozu.app.open_model import OpenModel, open_model
from yolozu.app.outputs import require_makeable, require_writable
from yolozu.app.prediction import camera_in
from yolozu.app.prediction_request import OF_A_RUN
from yolozu.contract.overrides import Override
from yolozu.engine.run_names import runs_in
from yolozu.errors import Finding, UsageError
from yolozu.paths import RUNS_DIR, RunLayout

if TYPE_CHECKING:
    from yolozu.predict.pictures.run import PredictedPicture
    from yolozu.predict.pictures.saving import SavedPictures
    from yolozu.predict.pictures.sources import Source
    from yolozu.predict.pictures.video import Video
    from yolozu.structures.predictions import ImagePredictions


@dataclass(frozen=True)
class PictureOutputs:
    """What to leave of the pictures; None for what is not asked for.

    Attributes:
        predictions: predictions file.
        images: folder of drawn pictures.
        crops: folder of cut-out detections.
        labels: folder of label files.
        film: video of the drawn frames of a video.
        rows: file of a JSON object a picture, a line each.
    """

    predictions: Path | None = None
    images: Path | None = None
    crops: Path | None = None
    labels: Path | None = None
    film: Path | None = None
    rows: Path | None = None

    def written(self) -> list[Path]:
        """Those of them that are there: where no picture could be read, nothing is drawn."""
        return [path for path in vars(self).values() if path is not None and path.exists()]

    def require_makeable(self) -> None:
        """Refuse what could not be written, before anything is predicted.

        Raises:
            UsageError: YZ727.
        """
        folders = {"--save-images": self.images, "--save-crops": self.crops, "--save-txt": self.labels}
        for option, folder in folders.items():
            if folder is not None:
                require_makeable(option, folder)
        require_writable({"--output": self.predictions, "--save-video": self.film, "--jsonl": self.rows})


@dataclass(frozen=True)
class PicturePrediction:
    """Pictures and a model that is ready to predict them.

    Attributes:
        model: the model.
        sources: pictures and videos that are predicted.
        every: of videos, only each so many-th frame.
    """

    model: OpenModel
    sources: Sequence[Source]
    every: int

    def row(self, found: PredictedPicture) -> str:
        """A picture and its detections as a JSON object on one line; letters that UTF-8 does not have are escapes."""
        from yolozu.artifacts.predictions.write import json_text
        from yolozu.predict.pictures.rows import picture_row

        text = json_text(picture_row(found.predictions, self._names, found.camera))
        return text.encode("utf-8", "backslashreplace").decode()

    def counts(self, predictions: ImagePredictions) -> dict[str, int]:
        """Class name -> detections, the most frequent class first."""
        from collections import Counter

        return dict(Counter(self._names[int(category)] for category in predictions.class_ids).most_common())

    def camera_findings(self, counts: Mapping[str | None, int]) -> list[Finding]:
        """What there is to say of cameras that nobody gave, once for all pictures.

        Args:
            counts: how the camera of a picture is known -> pictures.
        """
        from yolozu.predict.pictures.cameras import ASSUMED_FOV_DEG

        total, fix = sum(counts.values()), "give the camera: --camera FX,FY,CX,CY in px, or a file"
        found = []
        if counts.get("exif"):
            problem = "focal length from EXIF, its principal point taken to be the middle: translations are that exact"
            found.append(Finding("YZ646", f"{counts['exif']} of {total} pictures", problem, fix, severity="warning"))
        if counts.get("assumed"):
            problem = (
                f"no known camera: translations rest on an assumed field of view of {ASSUMED_FOV_DEG:.0f}° (a focal "
                "length as long as the longer side), and are as wrong as that is"
            )
            found.append(Finding("YZ637", f"{counts['assumed']} of {total} pictures", problem, fix, severity="warning"))
        return found

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
        from yolozu.predict.pictures.film import film_at
        from yolozu.predict.pictures.saving import SavedPictures

        drawing = outputs.images is not None or outputs.film is not None
        saved = SavedPictures(
            self.model.classes,
            outputs.images,
            outputs.crops,
            outputs.labels,
            extents=self.model.extents if drawing else {},
        )
        saved.require_safe(self.sources)
        with ExitStack() as files:
            if outputs.film is not None:
                rate = self._filmed(outputs.film).frames_per_s() / self.every
                saved = replace(saved, film=files.enter_context(film_at(outputs.film, rate)))
            rows = None if outputs.rows is None else files.enter_context(open_aside(outputs.rows))
            done = self._done(saved, rows, show)
            if outputs.predictions is None:
                for _ in done:
                    pass
            else:
                write_predictions(outputs.predictions, done, self.model.meta)

    def _filmed(self, path: Path) -> Video:
        """The video that is drawn as a video.

        Raises:
            UsageError: YZ636 there are other sources, or the file is to be no video; YZ905 it is the one that is read.
        """
        from yolozu.predict.pictures.film import CONTAINER_OF
        from yolozu.predict.pictures.video import Video

        where, one = f"--save-video {path}", self.sources[0]
        if len(self.sources) > 1 or not isinstance(one, Video):
            problem, fix = "holds the frames of one video", "name one video, and nothing else; --save-images takes all"
            raise UsageError.one("YZ636", where=where, problem=problem, fix=fix)
        if path.suffix.lower() not in CONTAINER_OF:
            problem, fix = "is written as H.264", f"let its name end in {', '.join(CONTAINER_OF)}"
            raise UsageError.one("YZ636", where=where, problem=problem, fix=fix)
        if path.resolve() == one.path.resolve():
            raise UsageError.one(
                "YZ905", where=where, problem="is the video that is predicted", fix="name another file"
            )
        return one

    def _done(
        self, saved: SavedPictures, rows: TextIO | None, show: Callable[[PredictedPicture | Finding], None]
    ) -> Iterator[ImagePredictions]:
        """Leave and show each picture; those that were read go on to the predictions file."""
        from yolozu.predict.pictures.sources import each_picture

        pictures = islice(each_picture(self.sources, every=self.every), self.model.max_images)
        for found in self.model.predict(pictures):
            if isinstance(found, Finding):
                show(found)
                continue
            saved.save(found.picture, found.predictions)
            if rows is not None:
                rows.write(f"{self.row(found)}\n")
            show(found)
            yield found.predictions

    @property
    def _names(self) -> dict[int, str]:
        classes = self.model.classes
        return dict(zip(classes.category_ids, classes.names, strict=True))


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
    every: int = 1,
) -> PicturePrediction:
    """The model that is meant, opened, and the pictures.

    Without a model file or a run, the latest run here that has a model is meant.

    Raises:
        UsageError: everything that is wrong with sources, flags, run or model.
        InputError: the model file cannot be used.
    """
    from yolozu.predict.pictures.cameras import ASSUMED_FOV_DEG
    from yolozu.predict.pictures.sources import sources_in

    found = sources_in(sources)
    files = {name: path for name, path in (("checkpoint", checkpoint), ("onnx", onnx)) if path is not None}
    if run_id is None and not files:
        run_id = latest_run()
    camera = None if intrinsics is None else camera_in(intrinsics)
    model = open_model(
        flags,
        run_id=run_id,
        files=files,
        batch_size=batch_size,
        camera=camera,
        camera_from="--camera",
        assumed_fov_deg=ASSUMED_FOV_DEG,
    )
    return PicturePrediction(model, found, every)


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
