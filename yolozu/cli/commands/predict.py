"""`yolozu export-predictions`: predict a data set with any adapter, outside a run."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.app.prediction_request import (
    SECTIONS,
    Meant,
    meant_by,
    model_files,
    origin_of,
    require_built,
    require_device,
)
from yolozu.artifacts.record import write_record
from yolozu.cli.flags import section_flags
from yolozu.cli.outputs import require_writable
from yolozu.cli.render import show_findings, wrapped
from yolozu.contract.overrides import Override
from yolozu.errors import UsageError
from yolozu.progress import progress_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yolozu.app.images_to_predict import PredictedImages
    from yolozu.data.index import DataIndex
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.predict.model_check import ToldModel
    from yolozu.predict.run import PredictionRun

DEFAULT_OUTPUT = Path("reports/predictions.json")


@section_flags(*SECTIONS)
def export_predictions(
    *,
    config: Annotated[
        Path | None,
        typer.Option(help="Contract that gives the defaults, or a file with a model's map.", metavar="FILE"),
    ] = None,
    run_id: Annotated[str | None, typer.Option(help="Run whose contract, model and data are the defaults.")] = None,
    dataset: Annotated[Path | None, typer.Option(help="Directory of the data set.", metavar="ROOT")] = None,
    split: Annotated[str | None, typer.Option(help="Split to predict.")] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Checkpoint; alone it means --adapter rtdetr_pose.", metavar="FILE")
    ] = None,
    onnx: Annotated[
        Path | None, typer.Option(help="Exported file; alone it means --adapter onnxruntime.", metavar="FILE")
    ] = None,
    intrinsics: Annotated[
        str | None,
        typer.Option(
            help="Camera of images whose sidecars give none, in px of the image, pixel borders counted from 0.",
            metavar="FX,FY,CX,CY",
        ),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images the network sees at once. Default: 8.")] = None,
    ttt_log_out: Annotated[
        Path | None, typer.Option(help="Report of test-time training to write.", metavar="FILE")
    ] = None,
    wrap: Annotated[
        bool, typer.Option("--wrap/--no-wrap", help="Say in the file what predicted, and with which settings.")
    ] = False,
    output: Annotated[Path, typer.Option(help="Predictions file to write.", metavar="FILE")] = DEFAULT_OUTPUT,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    overrides: list[Override],
) -> None:
    """Predict a split and write the predictions.

    What is not given comes from the contract and the run that `--config`, `--run-id` or the place of the model file
    name; where nothing names any, from the default contract and its run. What a run does to its own pictures
    (corruption, test-time augmentation and training, max_images) is not done to those of `--dataset` or of another
    split. An option that the adapter does not read is an error.
    """
    require_writable({"--output": output, "--ttt-log-out": ttt_log_out})
    files = {name: path for name, path in (("checkpoint", checkpoint), ("onnx", onnx)) if path is not None}
    flags = {flag.key: flag.value for flag in overrides}
    if flags.get("predictions") is not None:
        files["predictions"] = Path(flags["predictions"])
    given = {
        "batch_size": batch_size,
        "intrinsics": None if intrinsics is None else _camera(intrinsics),
        "device": flags.get("device"),
    }
    given = {name: value for name, value in given.items() if value is not None}
    meant = meant_by(overrides, config=config, run_id=run_id, files=files, has_dataset=dataset is not None, split=split)
    if ttt_log_out is not None and not meant.settings.ttt.ttt:
        fix = "add --ttt, or leave it out"
        raise UsageError.one("YZ631", where="--ttt-log-out", problem="nothing adapts, so there is no report", fix=fix)
    show_findings(meant.warnings)
    for note in meant.notes:
        print(note, file=sys.stderr)
    request, images = _request(meant, files, given, dataset=dataset, split=split)
    read = (config, request.checkpoint, request.onnx, request.predictions)
    require_writable({"--output": output, "--ttt-log-out": ttt_log_out}, read)
    from yolozu.predict.run import predict_to_file

    settings = meant.settings
    done = predict_to_file(
        settings.predict.adapter,
        request,
        images.index.records,
        output,
        tta=settings.tta,
        ttt=settings.ttt,
        score=images.score,
        wrap=wrap,
    )
    if ttt_log_out is not None and done.ttt is not None:
        write_record(ttt_log_out, done.ttt)
    if as_json:
        print(json.dumps({"output": str(output), **_what(meant, request, images.index), **done.to_json()}))
    else:
        print(f"{output}: {done.images} images, {done.detections} detections, {done.images_per_s:.1f} images/s")
        print(wrapped("; ".join(_words(meant, request, images.index, done)), indent="  ", hanging="  "))


def _request(
    meant: Meant, files: Mapping[str, Path], given: Mapping[str, Any], *, dataset: Path | None, split: str | None
) -> tuple[AdapterRequest, PredictedImages]:
    """All that the adapter is opened with, and the images; what can be refused before they are read is refused."""
    from yolozu.app.images_to_predict import images_to_predict
    from yolozu.data.corruption.corruption import Corruption
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.predict.adapters.registry import adapter_uses, check_options

    settings = meant.settings
    used = model_files(meant, adapter_uses(settings.predict.adapter), files)
    check_options(settings.predict.adapter, {*given, *used})
    require_built(meant, used, files, has_dataset=dataset is not None)
    require_device(settings.predict.adapter, settings.device.device)
    images = images_to_predict(meant, dataset, split, progress_for(sys.stderr)).first(settings.predict.max_images)
    options: dict[str, Any] = {**origin_of(meant, used, files), **used, **given, "device": settings.device.device}
    request = AdapterRequest(
        classes=images.classes,
        progress=progress_for(sys.stderr),
        **options,
        score_threshold=settings.predict.score_threshold,
        max_detections=settings.predict.max_detections,
        transform=Corruption.from_section(settings.corruption),
        views=settings.tta if settings.tta.looks_again else None,
        told=_told(meant),
    )
    return request, images


def _told(meant: Meant) -> ToldModel | None:
    """What ``--config`` says of the network."""
    if meant.told is None:
        return None
    from yolozu.predict.model_check import ToldModel

    if meant.model_only is not None:
        return ToldModel(str(meant.told), meant.model_only, None)
    assert meant.behind is not None, "the file is a contract"
    contract = meant.behind.contract
    return ToldModel(str(meant.told), contract.model.model, contract.preprocess)


def _what(meant: Meant, request: AdapterRequest, index: DataIndex) -> dict[str, Any]:
    """What predicted what."""
    from yolozu.predict.adapters.registry import FILES, adapter_uses

    name = meant.settings.predict.adapter
    uses = adapter_uses(name)
    files = {option: str(getattr(request, option)) for option in FILES if option in uses}
    return {"adapter": name, **files, "dataset": str(index.root), "split": index.split}


def _words(meant: Meant, request: AdapterRequest, index: DataIndex, done: PredictionRun) -> Iterator[str]:
    what = _what(meant, request, index)
    root, split = what.pop("dataset"), what.pop("split")
    yield f"{' '.join(what.values())} on {root} {split}"
    corruption, tta = meant.settings.corruption, meant.settings.tta
    if corruption.corruption is not None:
        yield f"{corruption.corruption} {corruption.corruption_severity}"
    if tta.tta:
        yield f"tta_mode {tta.tta_mode}"
    if done.ttt is not None:
        yield done.ttt.in_a_line()


def _camera(text: str) -> tuple[float, float, float, float]:
    """fx, fy, cx, cy out of a comma list.

    Raises:
        UsageError: YZ617.
    """
    try:
        fx, fy, cx, cy = (float(word) for word in text.split(","))
    except ValueError:
        problem = f"{text!r} is no list of four numbers"
    else:
        if 0.0 < fx < math.inf and 0.0 < fy < math.inf and math.isfinite(cx) and math.isfinite(cy):
            return fx, fy, cx, cy
        problem = f"{text!r} is no camera: fx and fy must be above 0"
    raise UsageError.one(
        "YZ617", where="--intrinsics", problem=problem, fix="write fx,fy,cx,cy in px, such as 600,600,320,240"
    )
