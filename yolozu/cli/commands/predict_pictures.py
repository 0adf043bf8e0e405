"""`yolozu predict SOURCE…`: pictures that are in no data set; without a source, a split of one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.app.pictures import PictureOutputs, pictures_asked_by, require_sources
from yolozu.app.prediction_request import SECTIONS
from yolozu.cli.commands.predict import (
    DEFAULT_OUTPUT,
    BatchSize,
    Camera,
    Checkpoint,
    Config,
    DatasetRoot,
    Onnx,
    Run,
    SplitName,
    TttLog,
    Wrap,
    export,
)
from yolozu.cli.flags import section_flags
from yolozu.cli.options import Json, in_range
from yolozu.cli.render import counted, say, say_json, show_findings
from yolozu.contract.overrides import Override
from yolozu.contract.text.node import printable
from yolozu.errors import EXIT_DONE, EXIT_REFUSED, Finding

if TYPE_CHECKING:
    from yolozu.app.pictures import PicturePrediction
    from yolozu.predict.pictures.run import PredictedPicture

PRINTED = Path("-")


@section_flags(*SECTIONS)
def predict(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            help="Pictures, videos, folders, patterns in quotes, .txt lists, -. None: as export-predictions.",
            metavar="[SOURCE]…",
            show_default=False,
        ),
    ] = None,
    *,
    save_images: Annotated[
        Path | None, typer.Option(help="Folder for the pictures with what was found drawn in.", metavar="DIR")
    ] = None,
    save_crops: Annotated[
        Path | None, typer.Option(help="Folder for a cut-out of each detection, by class.", metavar="DIR")
    ] = None,
    save_txt: Annotated[
        Path | None, typer.Option(help="Folder for a YOLO label file a picture, with scores.", metavar="DIR")
    ] = None,
    save_video: Annotated[
        Path | None, typer.Option(help="Video of a video's frames with what was found drawn in.", metavar="FILE")
    ] = None,
    jsonl: Annotated[
        Path | None, typer.Option(help="A JSON object a picture, a line each; - prints them.", metavar="FILE|-")
    ] = None,
    every: Annotated[int, in_range("every", "Of videos, only each so many-th frame.")] = 1,
    output: Annotated[
        Path | None, typer.Option(help="Predictions file to write.", metavar="FILE", show_default=False)
    ] = None,
    run_id: Run = None,
    checkpoint: Checkpoint = None,
    onnx: Onnx = None,
    intrinsics: Camera = None,
    batch_size: BatchSize = None,
    config: Config = None,
    dataset: DatasetRoot = None,
    split: SplitName = None,
    ttt_log_out: TttLog = None,
    wrap: Wrap = False,
    as_json: Json = False,
    overrides: list[Override],
) -> int:
    """Find objects in pictures; no data set and no labels are needed.

    The model is that of `--checkpoint`, `--onnx` or `--run-id`, else of the latest run here. Its file alone says the
    classes and how pictures are prepared; what the run did to its own pictures is not done to these. Detections below
    `--score-threshold` (.25, unless it is given) are left out. A picture that cannot be read is named, the rest goes
    on, and the exit code is 1.

    Without a source, a split of a data set is predicted, as by `yolozu export-predictions`.
    """
    of_pictures = {
        "--save-images": save_images, "--save-crops": save_crops, "--save-txt": save_txt, "--jsonl": jsonl,
        "--save-video": save_video, "--every": every > 1,
    }  # fmt: skip
    of_datasets = {
        "--config": config, "--dataset": dataset, "--split": split, "--ttt-log-out": ttt_log_out, "--wrap": wrap,
    }  # fmt: skip
    require_sources(sources, of_pictures=of_pictures, of_datasets=of_datasets)
    if not sources:
        options: dict[str, Any] = {
            "config": config,
            "run_id": run_id,
            "dataset": dataset,
            "split": split,
            "checkpoint": checkpoint,
        }
        options |= {"onnx": onnx, "intrinsics": intrinsics, "batch_size": batch_size, "ttt_log_out": ttt_log_out}
        export(overrides, options, DEFAULT_OUTPUT if output is None else output, wrap=wrap, as_json=as_json)
        return EXIT_DONE
    printed = jsonl == PRINTED
    outputs = PictureOutputs(output, save_images, save_crops, save_txt, save_video, None if printed else jsonl)
    outputs.require_makeable()
    asked = pictures_asked_by(
        sources,
        overrides,
        run_id=run_id,
        checkpoint=checkpoint,
        onnx=onnx,
        batch_size=batch_size,
        intrinsics=intrinsics,
        every=every,
    )
    shown = _Shown(asked, as_json=as_json, jsonl=printed)
    asked.run(outputs, shown)
    shown.end(outputs)
    return EXIT_REFUSED if shown.unreadable else EXIT_DONE


class _Shown:
    """A line a picture, and how many there were."""

    def __init__(self, asked: PicturePrediction, *, as_json: bool, jsonl: bool) -> None:
        self._asked, self._as_json, self._jsonl = asked, as_json, jsonl
        self._pictures = self._detections = self.unreadable = 0
        self._cameras: Counter[str | None] = Counter()
        self._told: set[Finding] = set()
        self._seconds = 0.0
        if not (as_json or jsonl):
            say(f"{asked.model.path}: {counted(len(asked.model.classes), 'class', 'classes')}")

    def __call__(self, found: PredictedPicture | Finding) -> None:
        """Print what was found in a picture, or why it could not be read."""
        if isinstance(found, Finding):
            self.unreadable += 1
            if found not in self._told:  # as of all frames of a video that another camera took
                show_findings([found])
            self._told.add(found)
            return
        predictions = found.predictions
        self._pictures += 1
        self._detections += len(predictions)
        self._seconds += found.seconds
        self._cameras[found.camera] += 1
        if self._jsonl:
            say_json(self._asked.row(found))
        elif not self._as_json:
            counts = ", ".join(f"{count} {name}" for name, count in self._asked.counts(predictions).items())
            size = f"{predictions.width}x{predictions.height}"
            line = f"{predictions.image}  {size}  {counts or 'nothing'}  {1000 * found.seconds:.0f} ms"
            say(f"  {printable(line)}")

    def end(self, outputs: PictureOutputs) -> None:
        """Print the sums, and where the files are."""
        numbers: dict[str, Any] = {
            "pictures": self._pictures, "unreadable": self.unreadable, "detections": self._detections,
        }  # fmt: skip
        if self._as_json:
            say_json(json.dumps({"model": str(self._asked.model.path), **numbers, "seconds": round(self._seconds, 3)}))
        elif not self._jsonl:
            left_out = f", {self.unreadable} left out" if self.unreadable else ""
            say(f"{counted(self._pictures, 'picture')}, {counted(self._detections, 'detection')}{left_out}")
            for path in outputs.written():
                say(f"  {path}")
        show_findings(self._asked.camera_findings(self._cameras))
