"""A model that is ready to predict pictures which are in no data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.app.prediction import adapter_request
from yolozu.app.prediction_request import MODELS, meant_by
from yolozu.contract.overrides import Override
from yolozu.contract.sections.run import Contract
from yolozu.errors import Finding, UsageError
from yolozu.progress import SilentProgress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from yolozu.artifacts.camera_file import StatedCamera
    from yolozu.predict.adapters.base import Adapter
    from yolozu.predict.pictures.cameras import PictureCameras
    from yolozu.predict.pictures.picture import Picture
    from yolozu.predict.pictures.run import PredictedPicture
    from yolozu.structures.classes import ClassTable

SCORE_THRESHOLD = 0.25
"""Least score of what is shown to people; evaluations keep far less sure detections."""


@dataclass(frozen=True)
class OpenModel:
    """A model with its settings.

    Attributes:
        name: of the adapter.
        path: the model's file; None where the adapter has none.
        adapter: what predicts.
        classes: of the model.
        cameras: how those of pictures are known.
        batch_size: pictures that are read and predicted together.
        models: what its run knows of objects in space; None where there is no run, or it knows nothing.
        max_images: most pictures that are asked for; None for all.
        meta: what predicts, and with which settings.
    """

    name: str
    path: Path | None
    adapter: Adapter
    classes: ClassTable
    cameras: PictureCameras
    batch_size: int
    models: Path | None
    max_images: int | None
    meta: Mapping[str, Any]

    @cached_property
    def extents(self) -> Mapping[int, NDArray[np.float64]]:
        """How far objects reach in space, as `extents_in` gives it; nothing where that is not known.

        Raises:
            InputError: YZ240 what the run knows of them is damaged.
        """
        from yolozu.predict.pictures.extents import extents_in

        return {} if self.models is None else extents_in(self.models, self.classes)

    def predict(self, pictures: Iterable[Picture | Finding]) -> Iterator[PredictedPicture | Finding]:
        """Each picture's detections, a batch at a time; in the place of one that cannot be read, why."""
        from yolozu.predict.pictures.run import predict_pictures

        return predict_pictures(
            self.adapter, pictures, name=self.name, batch_size=self.batch_size, cameras=self.cameras
        )


def open_model(
    flags: Sequence[Override],
    *,
    run_id: str | None,
    files: Mapping[str, Path],
    batch_size: int | None,
    camera: StatedCamera | None,
    camera_from: str = "camera",
    assumed_fov_deg: float | None = None,
) -> OpenModel:
    """The model that is meant, ready to predict.

    What a run did to its own pictures (corruption, test-time augmentation) is not done to others: only flags decide.

    Args:
        flags: keys of prediction.
        run_id: name of a run, or its directory; None where a file says which.
        files: checkpoint or exported file that is given.
        batch_size: pictures that are read and predicted together; None takes 8.
        camera: of all pictures; None takes each picture's EXIF.
        camera_from: what gives it, for errors.
        assumed_fov_deg: field of view along the longer side of pictures whose camera is not known; None assumes none.

    Raises:
        UsageError: everything that is wrong with flags, run or model.
        InputError: the model file cannot be used.
    """
    from yolozu.predict.adapters.base import KEPT, classes_of, gives_poses
    from yolozu.predict.adapters.opening import adapter_uses, open_adapter
    from yolozu.predict.pictures.cameras import PictureCameras

    meant = meant_by(flags, config=None, run_id=run_id, files=files, has_dataset=True)
    settings = meant.settings
    _require_for_pictures(settings)
    keys = {flag.key: flag.value for flag in flags}
    K = None if camera is None else camera.K
    options = {"batch_size": batch_size, "device": keys.get("device"), "intrinsics": K}
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
    poses = gives_poses(adapter)
    cameras = PictureCameras(camera, camera_from, poses, assumed_fov_deg if poses else None)
    meta = {
        "adapter": name,
        **adapter.describe(),
        "score_threshold": request.score_threshold,
        "max_detections": request.max_detections,
        "classes": classes.to_json(),
        **({"camera": cameras.describe()} if poses else {}),
    }
    models = None if meant.run is None else meant.run.root / MODELS
    models = models if models is not None and models.is_file() else None
    path = request.onnx if "onnx" in adapter_uses(name) else request.checkpoint
    return OpenModel(
        name, path, adapter, classes, cameras, request.batch_size, models, settings.predict.max_images, meta
    )


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
