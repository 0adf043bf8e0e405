"""`yolozu export-predictions`: predict a data set with any adapter, outside a run."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from yolozu.contract.predict import PredictSection
from yolozu.contract.train import DeviceSection
from yolozu.errors import Finding, InputError, UsageError

if TYPE_CHECKING:
    from yolozu.artifacts.classes import ClassTable
    from yolozu.contract.base import Section
    from yolozu.data.index import DataIndex

DEFAULTS = PredictSection()
DEFAULT_OUTPUT = Path("reports/predictions.json")


def export_predictions(
    *,
    dataset: Annotated[Path, typer.Option(help="Directory of the data set.", metavar="ROOT")],
    adapter: Annotated[
        str, typer.Option(help="rtdetr_pose, onnxruntime, precomputed, dummy, or one of an installed package.")
    ] = "rtdetr_pose",
    checkpoint: Annotated[Path | None, typer.Option(help="Checkpoint, for rtdetr_pose.", metavar="FILE")] = None,
    onnx: Annotated[Path | None, typer.Option(help="Exported file, for onnxruntime.", metavar="FILE")] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Predictions made elsewhere, for precomputed.", metavar="FILE")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Split to predict [default: the only one, or val].")] = None,
    max_images: Annotated[
        int | None, typer.Option(min=1, help="Only the first so many images, in order of path.")
    ] = None,
    score_threshold: Annotated[
        float, typer.Option(help="Detections below this score are left out.")
    ] = DEFAULTS.score_threshold,
    max_detections: Annotated[int, typer.Option(help="Most detections per image.")] = DEFAULTS.max_detections,
    intrinsics: Annotated[
        str | None,
        typer.Option(
            help="Camera of images whose sidecars give none, in px of the image, pixel borders counted from 0.",
            metavar="FX,FY,CX,CY",
        ),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images the network sees at once [default: 8].")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or cuda:N [default: cpu].")] = None,
    wrap: Annotated[
        bool, typer.Option("--wrap/--no-wrap", help="Say in the file what predicted, and with which settings.")
    ] = False,
    output: Annotated[Path, typer.Option(help="Predictions file to write.", metavar="FILE")] = DEFAULT_OUTPUT,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Predict a split and write the predictions.

    An option that the chosen adapter does not read is an error.
    """
    _require_valid(PredictSection, score_threshold=score_threshold, max_detections=max_detections)
    given: dict[str, Any] = {
        name: value
        for name, value in {
            "checkpoint": checkpoint,
            "onnx": onnx,
            "predictions": predictions,
            "batch_size": batch_size,
            "device": device,
            "intrinsics": None if intrinsics is None else _camera(intrinsics),
        }.items()
        if value is not None
    }
    if device is not None:
        _require_valid(DeviceSection, device=device)

    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.predict.adapters.registry import check_options, open_adapter
    from yolozu.predict.run import predict_to_file
    from yolozu.progress import progress_for

    check_options(adapter, given)
    index, classes = _split_to_predict(dataset, split)
    request = AdapterRequest(
        classes=classes,
        progress=progress_for(sys.stderr),
        score_threshold=score_threshold,
        max_detections=max_detections,
        **given,
    )
    records = index.records[:max_images]
    done = predict_to_file(adapter, open_adapter(adapter, request), request, records, output, wrap=wrap)
    if as_json:
        print(json.dumps({"output": str(output), **done.to_json()}))
    else:
        print(f"{output}: {done.images} images, {done.detections} detections, {done.images_per_s:.1f} images/s")


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


def _split_to_predict(root: Path, split: str | None) -> tuple[DataIndex, ClassTable | None]:
    """All images of a split, and its class table where the data set has one. What its labels say does not matter here.

    Raises:
        InputError: there is no such split, or an image cannot be read; all such images are named.
    """
    from yolozu.cli.datasets import checked_data
    from yolozu.data.survey import index_of

    checked = checked_data(root, split)
    found = checked.survey.splits[0]
    hits = zip(checked.hits, checked.findings(), strict=True)
    unreadable = [finding for (rule, _), finding in hits if rule == "unreadable_image"]
    if unreadable:
        raise InputError(unreadable)
    index = index_of(checked.survey, found, checked.usable(found, "warn"), root_base="cwd")
    return index, checked.survey.classes if checked.survey.classes_are_stated else None


def _require_valid(section: type[Section], **values: Any) -> None:
    """Hold options against the contract keys of the same name.

    Raises:
        UsageError: YZ617, a finding for each value that the contract would refuse.
    """
    try:
        section.model_validate(values)
    except ValidationError as error:
        raise UsageError(
            Finding(
                "YZ617",
                f"--{str(found['loc'][0]).replace('_', '-')}",
                f"{found['input']}: {found['msg']}",
                "see yolozu export-predictions --help",
            )
            for found in error.errors()
        ) from error
