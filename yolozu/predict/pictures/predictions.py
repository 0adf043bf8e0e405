"""What a model found in a picture, as a Python program uses it."""

# Shapes: N detections of the picture.

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from yolozu.errors import UsageError
from yolozu.geometry.pose_values import camera
from yolozu.predict.pictures.drawing import draw_detections
from yolozu.predict.pictures.picture import Picture
from yolozu.predict.pictures.rows import boxes_xyxy_px, picture_row
from yolozu.predict.pictures.run import PredictedPicture
from yolozu.structures.classes import ClassTable
from yolozu.structures.predictions import ImagePredictions

if TYPE_CHECKING:
    import supervision

Extents = Mapping[int, NDArray[np.float64]]
"""As `draw_detections` takes them."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """The detections in one picture, best first.

    It keeps the pixels of a picture that was no file, for `draw`.

    Attributes:
        image: name of the picture.
        width: of the picture, the right way up, px.
        height: likewise.
        boxes_xyxy_px: (N, 4) float64 left, top, right, bottom, px of the picture, its upper left corner at 0, 0.
        scores: (N,) float64 in [0, 1].
        class_ids: (N,) int64 category ids, as in the data set that the model was trained on.
        class_names: (N,) their names.
        R_m2c: (N, 3, 3) float64 rotation, model to camera; None of a model without pose heads.
        t_m2c: (N, 3) float64 translation, model to camera, metres; None of a model without pose heads, and where the
            camera is not known.
        intrinsics: (4,) float64 fx, fy, cx, cy of the camera, px of the picture, pixel borders counted from 0; None
            where it is not known.
        intrinsics_from: ``given``, ``exif`` (a focal length, the principal point taken to be the middle) or ``assumed``
            (a field of view); None where the camera is not known.
    """

    image: str
    width: int
    height: int
    boxes_xyxy_px: NDArray[np.float64]
    scores: NDArray[np.float64]
    class_ids: NDArray[np.int64]
    class_names: NDArray[np.str_]
    R_m2c: NDArray[np.float64] | None
    t_m2c: NDArray[np.float64] | None
    intrinsics: NDArray[np.float64] | None
    intrinsics_from: str | None
    _found: ImagePredictions = field(repr=False)
    _names: dict[int, str] = field(repr=False)
    _picture: Picture = field(repr=False)
    _extents: Callable[[], Extents] = field(repr=False)

    @classmethod
    def _of(cls, predicted: PredictedPicture, classes: ClassTable, extents: Callable[[], Extents]) -> Self:
        """What an adapter gave for a picture."""
        found = predicted.predictions
        assert found.width is not None, "the size of a picture that was read is known"
        assert found.height is not None, "likewise"
        names = dict(zip(classes.category_ids, classes.names, strict=True))
        return cls(
            image=found.image,
            width=found.width,
            height=found.height,
            boxes_xyxy_px=boxes_xyxy_px(found),
            scores=found.scores,
            class_ids=found.class_ids,
            class_names=np.array([names.get(key, str(key)) for key in found.class_ids.tolist()], dtype=np.str_),
            R_m2c=found.poses.get("R"),
            t_m2c=found.poses.get("t_xyz"),
            intrinsics=None if found.intrinsics is None else np.array(camera(found.intrinsics)),
            intrinsics_from=predicted.camera,
            _found=found,
            _names=names,
            _picture=predicted.picture,
            _extents=extents,
        )

    def __len__(self) -> int:
        return len(self.scores)

    def draw(self) -> Image:
        """The picture with boxes, classes, scores and, where the camera is known, poses drawn in.

        A pose is drawn as axes; and as a bounding box in space where the model lies in its run, which knows how far
        objects reach.

        Returns:
            RGB, of the picture's size.

        Raises:
            InputError: YZ207 the picture's file can no longer be read.
        """
        return draw_detections(self._picture.read(), self._found, self._names, extents=self._extents())

    def to_dict(self) -> dict[str, Any]:
        """The picture and its detections as JSON values: a row of ``yolozu predict --jsonl``."""
        return picture_row(self._found, self._names, self.intrinsics_from)

    def to_coco(self, image_id: int | str) -> list[dict[str, Any]]:
        """Rows of a COCO results file: ``image_id``, ``category_id``, ``bbox`` (x, y, width, height in px), ``score``.

        Args:
            image_id: of the picture in the annotations.
        """
        corners_N2, others_N2 = self.boxes_xyxy_px[:, :2], self.boxes_xyxy_px[:, 2:]
        boxes_N4 = np.concatenate([corners_N2, others_N2 - corners_N2], axis=1)
        rows = zip(self.class_ids.tolist(), boxes_N4.tolist(), self.scores.tolist(), strict=True)
        return [
            {"image_id": image_id, "category_id": category, "bbox": box, "score": score}
            for category, box, score in rows
        ]

    def to_supervision(self) -> supervision.Detections:
        """The detections as `supervision.Detections`, for its annotators, trackers and zones.

        ``class_id`` are the category ids, ``data["class_name"]`` their names.

        Raises:
            UsageError: YZ639 the package is not installed.
        """
        try:
            from supervision import Detections
        except ImportError as error:
            problem, fix = "the package supervision is not installed", "pip install supervision"
            raise UsageError.one("YZ639", where="to_supervision", problem=problem, fix=fix) from error
        return Detections(
            xyxy=self.boxes_xyxy_px.astype(np.float32),
            confidence=self.scores.astype(np.float32),
            class_id=self.class_ids,
            data={"class_name": self.class_names},
        )
