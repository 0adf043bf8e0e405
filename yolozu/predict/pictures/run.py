"""Pictures through a model, a batch at a time: memory is bounded by the batch, however many pictures there are."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from yolozu.artifacts.digest import digest_file
from yolozu.data.detections import with_camera
from yolozu.data.images import image_facts
from yolozu.errors import Finding
from yolozu.predict.adapters.base import Adapter
from yolozu.predict.adapters.check import require_answers
from yolozu.predict.pictures.cameras import Origin, PictureCameras
from yolozu.predict.pictures.picture import Picture
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import ImagePredictions

NO_CAMERAS = PictureCameras(reads_exif=False)
"""Of models that give no poses, cameras say nothing."""


@dataclass(frozen=True)
class PredictedPicture:
    """What was found in a picture.

    Attributes:
        picture: the picture.
        predictions: the detections, best first.
        seconds: its share of its batch's time, reading included.
        camera: how its camera is known; None where it is not.
    """

    picture: Picture
    predictions: ImagePredictions
    seconds: float
    camera: Origin | None = None


def predict_pictures(
    adapter: Adapter,
    pictures: Iterable[Picture | Finding],
    *,
    name: str,
    batch_size: int,
    cameras: PictureCameras = NO_CAMERAS,
) -> Iterator[PredictedPicture | Finding]:
    """Each picture's detections, in order; in the place of one that cannot be read, why.

    Args:
        adapter: what predicts.
        pictures: taken a batch at a time; findings among them come out as they are.
        name: of the adapter, for errors.
        batch_size: pictures that are read and predicted together.
        cameras: how those of pictures are known; a picture that the given one did not take is a finding.

    Raises:
        InputError: the model gives what no model may, or an adapter does not answer image by image.
    """
    coming = iter(pictures)
    while batch := list(islice(coming, batch_size)):
        begun = time.perf_counter()
        records = [_record_of(picture, cameras) for picture in batch]
        readable = [record.record for record in records if isinstance(record, _Seen)]
        predictions = adapter.predict(readable) if readable else []
        require_answers(name, readable, predictions)
        seconds, answers = (time.perf_counter() - begun) / len(batch), iter(predictions)
        for picture, record in zip(batch, records, strict=True):
            if isinstance(record, Finding):
                yield record
            elif isinstance(picture, Picture):
                yield PredictedPicture(picture, next(answers), seconds, record.camera)


@dataclass(frozen=True)
class _Seen:
    """A picture as an image without objects, and how its camera is known."""

    record: ImageRecord
    camera: Origin | None


def _record_of(picture: Picture | Finding, cameras: PictureCameras) -> _Seen | Finding:
    """The picture as an adapter takes it; every byte of a file is looked at, so that it can be read later."""
    if isinstance(picture, Finding):
        return picture
    if picture.pixels_HW3 is not None:
        height, width = picture.pixels_HW3.shape[:2]
        return _seen(picture, width, height, "", cameras)
    facts = image_facts(picture.path)
    if facts.problem is not None:
        fix = "copy it again, or leave it out" if facts.fix is None else facts.fix
        return Finding("YZ207", str(picture.path), f"image cannot be read: {facts.problem}", fix)
    return _seen(picture, facts.width, facts.height, digest_file(picture.path), cameras)


def _seen(picture: Picture, width: int, height: int, sha256: str, cameras: PictureCameras) -> _Seen | Finding:
    camera = cameras.of(picture, width, height)
    if isinstance(camera, Finding):
        return camera
    record = ImageRecord(
        image=picture.name,
        path=picture.path,
        width=width,
        height=height,
        sha256=sha256,
        class_indices=np.zeros(0, np.int64),
        boxes_cxcywh=np.zeros((0, 4)),
        is_crowd=np.zeros(0, np.bool_),
        areas_px=np.zeros(0),
        pixels_HW3=picture.pixels_HW3,
    )
    if camera is None:
        return _Seen(record, None)
    return _Seen(with_camera(record, camera.K_4), camera.origin)
