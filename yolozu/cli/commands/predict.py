"""`yolozu export-predictions`: predict a data set with any adapter, outside a run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.app.outputs import require_writable
from yolozu.app.prediction import prediction_asked_by
from yolozu.app.prediction_request import SECTIONS
from yolozu.cli.flags import section_flags
from yolozu.cli.options import Json
from yolozu.cli.render import say, say_json, show_findings, wrapped
from yolozu.contract.overrides import Override
from yolozu.progress import progress_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.app.prediction import Prediction
    from yolozu.predict.run import PredictionRun

DEFAULT_OUTPUT = Path("reports/predictions.json")


Config = Annotated[
    Path | None,
    typer.Option(help="Contract that gives the defaults, or a file with a model's map.", metavar="FILE"),
]
Run = Annotated[str | None, typer.Option(help="Run whose contract, model and data are the defaults.")]
DatasetRoot = Annotated[Path | None, typer.Option(help="Directory of the data set.", metavar="ROOT")]
SplitName = Annotated[str | None, typer.Option(help="Split to predict.")]
Checkpoint = Annotated[
    Path | None, typer.Option(help="Checkpoint; alone it means --adapter rtdetr_pose.", metavar="FILE")
]
Onnx = Annotated[Path | None, typer.Option(help="Exported file; alone it means --adapter onnxruntime.", metavar="FILE")]
Camera = Annotated[
    str | None,
    typer.Option(
        "--camera",
        "--intrinsics",
        help="Camera of images whose own is not known, in px of the image, pixel borders counted from 0; or its file "
        "(BOP's camera.json, OpenCV's YAML or JSON, a matrix).",
        metavar="FX,FY,CX,CY|FILE",
    ),
]
BatchSize = Annotated[int | None, typer.Option(min=1, help="Images the network sees at once. Default: 8.")]
TttLog = Annotated[Path | None, typer.Option(help="Report of test-time training to write.", metavar="FILE")]
Wrap = Annotated[
    bool, typer.Option("--wrap/--no-wrap", help="Say in the file what predicted, and with which settings.")
]


@section_flags(*SECTIONS)
def export_predictions(
    *,
    config: Config = None,
    run_id: Run = None,
    dataset: DatasetRoot = None,
    split: SplitName = None,
    checkpoint: Checkpoint = None,
    onnx: Onnx = None,
    intrinsics: Camera = None,
    batch_size: BatchSize = None,
    ttt_log_out: TttLog = None,
    wrap: Wrap = False,
    output: Annotated[Path, typer.Option(help="Predictions file to write.", metavar="FILE")] = DEFAULT_OUTPUT,
    as_json: Json = False,
    overrides: list[Override],
) -> None:
    """Predict a split and write the predictions.

    What is not given comes from the contract and the run that `--config`, `--run-id` or the place of the model file
    name; where nothing names any, from the default contract and its run. What a run does to its own pictures
    (corruption, test-time augmentation and training, max_images) is not done to those of `--dataset` or of another
    split. An option that the adapter does not read is an error.
    """
    options = {
        "config": config,
        "run_id": run_id,
        "dataset": dataset,
        "split": split,
        "checkpoint": checkpoint,
        "onnx": onnx,
        "intrinsics": intrinsics,
        "batch_size": batch_size,
        "ttt_log_out": ttt_log_out,
    }
    export(overrides, options, output, wrap=wrap, as_json=as_json)


def export(overrides: list[Override], options: dict[str, Any], output: Path, *, wrap: bool, as_json: bool) -> None:
    """Predict a split; ``options`` are those of `prediction_asked_by`."""
    ttt_log_out = options["ttt_log_out"]
    outputs = {"--output": output, "--ttt-log-out": ttt_log_out}
    require_writable(outputs)
    asked = prediction_asked_by(overrides, **options)
    show_findings(asked.meant.warnings)
    for note in asked.meant.notes:
        say(note, file=sys.stderr)
    prediction = asked.opened(progress_for(sys.stderr))
    require_writable(outputs, prediction.files)
    done = prediction.write(output, wrap=wrap, ttt_log_out=ttt_log_out)
    if as_json:
        say_json(json.dumps({"output": str(output), **prediction.summary(), **done.to_json()}))
    else:
        say(f"{output}: {done.images} images, {done.detections} detections, {done.images_per_s:.1f} images/s")
        say(wrapped("; ".join(_words(prediction, done)), indent="  ", hanging="  "))


def _words(prediction: Prediction, done: PredictionRun) -> Iterator[str]:
    what, settings = prediction.summary(), prediction.meant.settings
    root, split = what.pop("dataset"), what.pop("split")
    yield f"{' '.join(what.values())} on {root} {split}"
    if settings.corruption.corruption is not None:
        yield f"{settings.corruption.corruption} {settings.corruption.corruption_severity}"
    if settings.tta.tta:
        yield f"tta_mode {settings.tta.tta_mode}"
    if done.ttt is not None:
        yield done.ttt.in_a_line()
