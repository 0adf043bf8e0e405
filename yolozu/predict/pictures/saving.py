"""What is left of predicted pictures, each in a folder of its own: drawn pictures, crops, label files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolozu.artifacts.jsonio import atomic_replacement, write_text
from yolozu.errors import Finding, UsageError
from yolozu.predict.pictures.drawing import draw_detections
from yolozu.predict.pictures.film import Film
from yolozu.predict.pictures.picture import Picture
from yolozu.predict.pictures.rows import boxes_xyxy_px, label_lines
from yolozu.predict.pictures.sources import Source
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
        film: takes drawn pictures, too.
        extents: of objects in space, as `draw_detections` takes them.
    """

    classes: ClassTable
    images: Path | None = None
    crops: Path | None = None
    labels: Path | None = None
    film: Film | None = None
    extents: Mapping[int, NDArray[np.float64]] = field(default_factory=dict)

    def require_safe(self, sources: Iterable[Source]) -> None:
        """Refuse to put a drawn picture in the place of one that is read, or labels in the place of those beside it.

        Raises:
            UsageError: YZ905, for each option.
        """
        pictures = [one for one in sources if isinstance(one, Picture) and one.pixels_HW3 is None]
        read = {picture.path.resolve() for picture in pictures}
        findings, fix = [], "name another folder"
        if self.images is not None:
            over = next((path for picture in pictures if (path := self._drawn(picture)).resolve() in read), None)
            if over is not None:
                problem = f"{over} is a picture that is predicted"
                findings.append(Finding("YZ905", f"--save-images {self.images}", problem, fix))
        if self.labels is not None:
            beside = {path.with_suffix(".txt") for path in read}
            over = next(
                (path for one in pictures if (path := self._label(one)).resolve() in beside and path.is_file()), None
            )
            if over is not None:
                problem = f"{over} lies beside a picture that is predicted, and may be its label file"
                findings.append(Finding("YZ905", f"--save-txt {self.labels}", problem, fix))
        if findings:
            raise UsageError(findings)

    def save(self, picture: Picture, predictions: ImagePredictions) -> None:
        """Write all that is asked for of one picture."""
        if self.labels is not None:
            lines = [f"{line}\n" for line in label_lines(predictions, self.classes)]
            write_text(self._label(picture), "".join(lines))
        if self.images is None and self.crops is None and self.film is None:
            return
        image_HW3 = picture.read()
        names = dict(zip(self.classes.category_ids, self.classes.names, strict=True))
        if self.images is not None or self.film is not None:
            drawn = draw_detections(image_HW3, predictions, names, extents=self.extents)
            if self.images is not None:
                _write_image(drawn, self._drawn(picture))
            if self.film is not None:
                self.film.add(drawn)
        if self.crops is not None:
            for name, number, crop in _crops(image_HW3, predictions, names):
                path = self.crops / _as_file_name(name) / Path(picture.name).with_suffix("")
                _write_image(crop, path.with_name(f"{path.name}-{number}.jpg"))

    def _label(self, picture: Picture) -> Path:
        assert self.labels is not None
        return (self.labels / picture.name).with_suffix(".txt")

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
