"""`yolozu.load`: a trained model for Python programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.app.arguments import overrides_of_values, require_in_range
from yolozu.app.open_model import SCORE_THRESHOLD, OpenModel, open_model
from yolozu.app.prediction import camera_in
from yolozu.engine.run_names import RESOLVED, runs_hint, runs_in
from yolozu.errors import Finding, InputError, UsageError
from yolozu.paths import RUNS_DIR

if TYPE_CHECKING:
    from yolozu.predict.pictures.image_inputs import ImageInput
    from yolozu.predict.pictures.predictions import Predictions
    from yolozu.structures.classes import ClassTable

FILE_OF = {".pt": "checkpoint", ".onnx": "onnx"}
"""How a model's file ends -> what it is."""


@dataclass(frozen=True, eq=False)
class Model:
    """A trained model, ready to predict.

    Attributes:
        path: its file.
        classes: their names and category ids.
    """

    path: Path
    classes: ClassTable
    _opened: OpenModel = field(repr=False)

    def predict(
        self,
        images: ImageInput | Iterable[ImageInput],
        *,
        every: int = 1,
        unreadable: Callable[[Finding], None] | None = None,
    ) -> list[Predictions]:
        """What is in pictures, in their order, one `Predictions` each; also of a single one.

        The same as ``yolozu predict`` finds in the same pictures.

        Args:
            images: a path, an array (H, W, 3) of uint8 in RGB, an image of Pillow's, or an iterable of these. A path
                may be a folder, a pattern, a ``.txt`` list or a video, and stands for its pictures. Pictures are turned
                as their EXIF orientation asks; arrays are taken to be upright.
            every: of videos, only each so many-th frame.
            unreadable: called for each picture that cannot be read, which is then left out; None raises.

        Raises:
            UsageError: YZ635 a path gives no picture, YZ638 something is no picture, YZ643 videos cannot be read here.
            InputError: YZ207 a picture cannot be read, YZ644 a video is damaged.
        """
        return list(self.predict_each(images, every=every, unreadable=unreadable))

    def predict_each(
        self,
        images: ImageInput | Iterable[ImageInput],
        *,
        every: int = 1,
        unreadable: Callable[[Finding], None] | None = None,
    ) -> Iterator[Predictions]:
        """As `predict`, but a batch at a time: memory stays bounded, however many pictures an iterable gives."""
        require_in_range(every=every)
        from yolozu.predict.pictures.image_inputs import pictures_of_inputs
        from yolozu.predict.pictures.predictions import Predictions

        for found in self._opened.predict(pictures_of_inputs(images, every=every)):
            if not isinstance(found, Finding):
                yield Predictions._of(found, self.classes, lambda: self._opened.extents)  # noqa: SLF001 - made here alone
            elif unreadable is None:
                raise InputError([found])
            else:
                unreadable(found)


def load(
    model: str | PathLike[str],
    *,
    device: str | None = None,
    adapter: str | None = None,
    score_threshold: float = SCORE_THRESHOLD,
    max_detections: int | None = None,
    batch_size: int = 8,
    camera: str | PathLike[str] | Sequence[float] | None = None,
    assumed_fov_deg: float | None = None,
) -> Model:
    """A trained model, ready to predict pictures.

    The file alone says its classes and how pictures are prepared. What a run did to its own pictures (corruption,
    test-time augmentation, ``max_images``) is not done to these.

    Args:
        model: a checkpoint (``.pt``), an exported file (``.onnx``), the directory of a run, or its name below
            ``runs/``; of a run the exported file predicts, unless ``adapter`` says otherwise.
        device: ``cpu``, ``cuda`` or ``cuda:N``; None takes the run's, else ``cpu``.
        adapter: ``onnxruntime``, or ``rtdetr_pose`` for torch; None takes what the file is for.
        score_threshold: detections below it are left out.
        max_detections: most detections in a picture; None takes 300.
        batch_size: pictures that are read and predicted together.
        camera: of all pictures, which translations of poses follow from: fx, fy, cx, cy in px, or a file that holds a
            camera (BOP's ``camera.json``, OpenCV's YAML or JSON, a camera matrix). None takes the focal length that the
            EXIF of a picture tells.
        assumed_fov_deg: field of view along the longer side of pictures whose camera is not known; None assumes none,
            and their poses have no translation.

    Raises:
        UsageError: YZ642 there is no such model; the device or the adapter cannot be had; YZ617 the camera is none.
        InputError: the file cannot be used.
        ContractError: YZ103, YZ104 an option is out of range.
    """
    require_in_range(batch_size=batch_size, assumed_fov_deg=assumed_fov_deg)
    files, run_id = _meant(model)
    keys: dict[str, Any] = {"device": device, "adapter": adapter, "max_detections": max_detections}
    given = {key: value for key, value in keys.items() if value is not None}
    flags = overrides_of_values({**given, "score_threshold": score_threshold})
    stated = None if camera is None else camera_in(_camera_text(camera))
    opened = open_model(
        flags, run_id=run_id, files=files, batch_size=batch_size, camera=stated, assumed_fov_deg=assumed_fov_deg
    )
    assert opened.path is not None, "an adapter that names its classes reads a model's file"
    return Model(opened.path, opened.classes, opened)


def _camera_text(camera: str | PathLike[str] | Sequence[float]) -> str:
    return fspath(camera) if isinstance(camera, str | PathLike) else ",".join(str(float(value)) for value in camera)


def _meant(model: str | PathLike[str]) -> tuple[dict[str, Path], str | None]:
    """The file that is given, or else the run.

    Raises:
        UsageError: YZ642.
    """
    path, word = Path(model), str(model)
    kind = FILE_OF.get(path.suffix.lower())
    if path.is_file() and kind is not None:
        return {kind: path}, None
    if (path / RESOLVED).is_file() or (RUNS_DIR / word / RESOLVED).is_file():
        return {}, word
    problem, fix = "is not there", "name a .pt or .onnx file, or a run"
    if path.is_dir():
        problem = "is no run"
    elif path.is_file():
        problem = "is neither a checkpoint (.pt) nor an exported file (.onnx)"
    elif kind is None:
        fix = "; ".join(filter(None, [runs_hint(word, runs_in(RUNS_DIR)), fix]))
    raise UsageError.one("YZ642", where=word, problem=problem, fix=fix)
