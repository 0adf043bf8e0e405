"""What is left of predicted pictures, each in a folder of its own: drawn pictures, crops, label files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolozu.artifacts.jsonio import atomic_replacement, write_text
from yolozu.errors import Finding, UsageError
from yolozu.predict.pictures.drawing import draw_detections
from yolozu.predict.pictures.picture import Picture
from yolozu.predict.pictures.rows import boxes_xyxy_px, label_lines
from yolozu.structures.classes import ClassTable
from yolozu.structures.predictions import ImagePredictions

WRITTEN_AS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
JPEG_QUALITY = 95


@dataclass(frozen=True)
class SavedPictures:
    """Where to leave what; nothing where no folder is named.

    Attributes:
        classes: of the model.
        images: folder of pictures with their detections drawn.
        crops: folder with a folder for each class, with a picture for each of its detections.
        labels: folder of YOLO label files with scores.
    """

    classes: ClassTable
    images: Path | None = None
    crops: Path | None = None
    labels: Path | None = None

    def require_safe(self, pictures: Sequence[Picture]) -> None:
        """Refuse to put a drawn picture in the place of a picture that is read.

        Raises:
            UsageError: YZ905.
        """
        if self.images is None:
            return
        read = {picture.path.resolve() for picture in pictures}
        over = next((path for picture in pictures if (path := self._drawn(picture)).resolve() in read), None)
        if over is not None:
            where, problem = f"--save-images {self.images}", f"{over} is a picture that is predicted"
            raise UsageError([Finding("YZ905", where, problem, "name another folder")])

    def save(self, picture: Picture, predictions: ImagePredictions) -> None:
        """Write all that is asked for of one picture."""
        if self.labels is not None:
            lines = [f"{line}\n" for line in label_lines(predictions, self.classes)]
            write_text((self.labels / picture.name).with_suffix(".txt"), "".join(lines))
        if self.images is None and self.crops is None:
            return
        image_HW3 = picture.read()
        names = dict(zip(self.classes.category_ids, self.classes.names, strict=True))
        if self.images is not None:
            _write_image(draw_detections(image_HW3, predictions, names), self._drawn(picture))
        if self.crops is not None:
            for name, number, crop in _crops(image_HW3, predictions, names):
                path = self.crops / _as_file_name(name) / Path(picture.name).with_suffix("")
                _write_image(crop, path.with_name(f"{path.name}-{number}.jpg"))

    def _drawn(self, picture: Picture) -> Path:
        assert self.images is not None
        path = self.images / picture.name
        return path if path.suffix.lower() in WRITTEN_AS else path.with_name(f"{path.name}.png")


def _crops(
    image_HW3: NDArray[np.uint8], predictions: ImagePredictions, names: dict[int, str]
) -> Iterator[tuple[str, int, Image.Image]]:
    """Class name, number within the picture and pixels of each detection: all pixels that its box touches."""
    height, width = image_HW3.shape[:2]
    for number, box in enumerate(boxes_xyxy_px(predictions), start=1):
        left, top = (max(0, int(np.floor(value))) for value in box[:2])
        right, bottom = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
        if right > left and bottom > top:
            category = int(predictions.class_ids[number - 1])
            yield names.get(category, str(category)), number, Image.fromarray(image_HW3[top:bottom, left:right])


def _as_file_name(name: str) -> str:
    """A class name without what leads to another folder, or what no file system takes."""
    return re.sub(r'[\x00-\x1f\x7f<>:"/\\\\|?*]', "_", name).strip(". ") or "_"


def _write_image(image: Image.Image, path: Path) -> None:
    with atomic_replacement(path) as aside:
        image.save(aside, WRITTEN_AS.get(path.suffix.lower(), "PNG"), quality=JPEG_QUALITY)
