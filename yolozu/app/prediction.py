"""A prediction outside a run: what the adapter is opened with, the images, and the files that come out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.app.prediction_request import Meant, meant_by, model_files, origin_of, require_built, require_device
from yolozu.contract.overrides import Override
from yolozu.errors import UsageError

if TYPE_CHECKING:
    from yolozu.app.images_to_predict import PredictedImages
    from yolozu.artifacts.camera_file import StatedCamera
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.predict.model_check import ToldModel
    from yolozu.predict.run import PredictionRun
    from yolozu.progress import Progress


@dataclass(frozen=True)
class Prediction:
    """A prediction that can begin.

    Attributes:
        meant: the command line, resolved.
        request: all that the adapter is opened with.
        images: what is predicted.
    """

    meant: Meant
    request: AdapterRequest
    images: PredictedImages

    @property
    def files(self) -> tuple[Path | None, ...]:
        """Files that are read; None where there is none."""
        return (self.meant.told, self.request.checkpoint, self.request.onnx, self.request.predictions)

    def summary(self) -> dict[str, str]:
        """What predicts what: adapter, its files, dataset and split."""
        from yolozu.predict.adapters.opening import FILES, adapter_uses

        name, index = self.meant.settings.predict.adapter, self.images.index
        files = {option: str(getattr(self.request, option)) for option in FILES if option in adapter_uses(name)}
        return {"adapter": name, **files, "dataset": str(index.root), "split": index.split}

    def write(self, output: Path, *, wrap: bool, ttt_log_out: Path | None) -> PredictionRun:
        """Predict into ``output``, and write the report of test-time training to ``ttt_log_out``.

        Raises:
            YolozuError: the model or an image cannot be used, or a file cannot be written.
        """
        from yolozu.artifacts.record import write_record
        from yolozu.predict.run import predict_to_file

        settings = self.meant.settings
        done = predict_to_file(
            settings.predict.adapter,
            self.request,
            self.images.index.records,
            output,
            tta=settings.tta,
            ttt=settings.ttt,
            score=self.images.score,
            wrap=wrap,
        )
        if ttt_log_out is not None and done.ttt is not None:
            write_record(ttt_log_out, done.ttt)
        return done


@dataclass(frozen=True)
class AskedPrediction:
    """What a command line of prediction asks for.

    Attributes:
        meant: settings, contract and run.
        files: model files and predictions that are given.
        given: options of the adapter that are given.
        dataset: directory of the data set, where one is given.
        split: the split, where one is given.
        camera: of images whose own is not known, where one is given.
    """

    meant: Meant
    files: Mapping[str, Path]
    given: Mapping[str, Any]
    dataset: Path | None
    split: str | None
    camera: StatedCamera | None = None

    def opened(self, progress: Progress) -> Prediction:
        """The prediction; what can be refused before images are read is refused.

        Raises:
            YolozuError: an option does not fit the adapter, or the run, the device or the data set cannot be used.
        """
        from yolozu.app.images_to_predict import images_to_predict

        meant = self.meant
        request = adapter_request(meant, self.files, self.given, progress, has_dataset=self.dataset is not None)
        most = meant.settings.predict.max_images
        images = images_to_predict(meant, self.dataset, self.split, progress).first(most)
        if self.camera is not None and self.camera.size is not None:
            _require_taken_by(self.camera, images)
        return Prediction(meant, replace(request, classes=images.classes, told=_told(meant)), images)


def adapter_request(
    meant: Meant, files: Mapping[str, Path], given: Mapping[str, Any], progress: Progress, *, has_dataset: bool
) -> AdapterRequest:
    """What the adapter is opened with, but for what the data set says; what does not fit it is refused.

    Args:
        meant: settings, and the run whose files stand in.
        files: model files and predictions that are given.
        given: options of the adapter that are given.
        progress: where progress is shown.
        has_dataset: whether the images are not taken from the run.

    Raises:
        UsageError: an option does not fit the adapter, or the run or the device cannot be used.
    """
    from yolozu.data.corruption.corruption import Corruption
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.predict.adapters.opening import adapter_uses, check_options

    settings = meant.settings
    used = model_files(meant, adapter_uses(settings.predict.adapter), files)
    check_options(settings.predict.adapter, {*given, *used})
    require_built(meant, used, files, has_dataset=has_dataset)
    require_device(settings.predict.adapter, settings.device.device)
    return AdapterRequest(
        classes=None,
        progress=progress,
        **{**origin_of(meant, used, files), **used, **given, "device": settings.device.device},
        score_threshold=settings.predict.score_threshold,
        max_detections=settings.predict.max_detections,
        transform=Corruption.from_section(settings.corruption),
        views=settings.tta if settings.tta.looks_again else None,
        inference_precision=settings.predict.inference_precision,
    )


def prediction_asked_by(
    flags: Sequence[Override],
    *,
    config: Path | None,
    run_id: str | None,
    checkpoint: Path | None,
    onnx: Path | None,
    dataset: Path | None,
    split: str | None,
    batch_size: int | None,
    intrinsics: str | None,
    ttt_log_out: Path | None,
) -> AskedPrediction:
    """What the options of `yolozu export-predictions` ask for.

    Raises:
        ContractError: everything that is wrong with the contract, or then with the flags.
        UsageError: YZ617 the camera is none, YZ627 there is no such run, YZ631 there would be no report.
    """
    keys = {flag.key: flag.value for flag in flags}
    served = keys.get("predictions")
    stated = {"checkpoint": checkpoint, "onnx": onnx, "predictions": None if served is None else Path(served)}
    files = {name: path for name, path in stated.items() if path is not None}
    camera = None if intrinsics is None else camera_in(intrinsics)
    options = {
        "batch_size": batch_size, "intrinsics": None if camera is None else camera.K, "device": keys.get("device"),
    }  # fmt: skip
    given = {name: value for name, value in options.items() if value is not None}
    meant = meant_by(flags, config=config, run_id=run_id, files=files, has_dataset=dataset is not None, split=split)
    if ttt_log_out is not None and not meant.settings.ttt.ttt:
        fix = "add --ttt, or leave it out"
        raise UsageError.one("YZ631", where="--ttt-log-out", problem="nothing adapts, so there is no report", fix=fix)
    return AskedPrediction(meant, files, given, dataset, split, camera)


def camera_in(text: str) -> StatedCamera:
    """The camera in a comma list fx,fy,cx,cy, or in a file.

    Raises:
        UsageError: YZ617.
    """
    from yolozu.artifacts.camera_file import StatedCamera, read_camera_file

    fix = "write fx,fy,cx,cy in px, such as 600,600,320,240, or name a file that holds a camera"
    if "," not in text or Path(text).is_file():
        try:
            return read_camera_file(Path(text))
        except ValueError as error:
            raise UsageError.one("YZ617", where=f"--camera {text}", problem=str(error), fix=fix) from error
    try:
        fx, fy, cx, cy = (float(word) for word in text.split(","))
    except ValueError:
        problem = f"{text!r} is no list of four numbers"
    else:
        if 0.0 < fx < math.inf and 0.0 < fy < math.inf and math.isfinite(cx) and math.isfinite(cy):
            return StatedCamera((fx, fy, cx, cy), None)
        problem = f"{text!r} is no camera: fx and fy must be above 0"
    raise UsageError.one("YZ617", where="--camera", problem=problem, fix=fix)


def _require_taken_by(camera: StatedCamera, images: PredictedImages) -> None:
    """Refuse a camera of images of another size than those it is given for.

    Raises:
        UsageError: YZ645.
    """
    from yolozu.data.detections import camera_of
    from yolozu.predict.pictures.cameras import PictureCameras

    cameras = PictureCameras(camera, "--camera")
    sizes = {(record.width, record.height) for record in images.index.records if camera_of(record) is None}
    findings = [wrong for size in sorted(sizes) if (wrong := cameras.misfit(*size)) is not None]
    if findings:
        raise UsageError(findings)


def _told(meant: Meant) -> ToldModel | None:
    """What ``--config`` says of the network."""
    if meant.told is None:
        return None
    from yolozu.data.preprocess import Preprocess
    from yolozu.predict.model_check import ToldModel

    if meant.model_only is not None:
        return ToldModel(str(meant.told), meant.model_only, None)
    assert meant.behind is not None, "the file is a contract"
    contract = meant.behind.contract
    return ToldModel(str(meant.told), contract.model.model, Preprocess.from_section(contract.preprocess))
