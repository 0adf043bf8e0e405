"""Predictions that somebody else has made, served as if they were ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.predictions import read_predictions
from yolozu.artifacts.predictions.image_names import ImageNames
from yolozu.errors import Finding, InputError, YolozuError
from yolozu.predict.adapters.base import AdapterRequest, WithoutModel
from yolozu.predict.adapters.dummy import without_detections
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import ImagePredictions


class PrecomputedAdapter(WithoutModel):
    """A predictions file.

    An image is found by its path relative to the data set's root, or else by its base name where that is unique. Images
    that the file does not have get no detections; how many those are is said and noted.
    """

    name: ClassVar[str] = "precomputed"
    uses: ClassVar[frozenset[str]] = frozenset({"predictions"})

    def __init__(self, path: Path, entries: Sequence[ImagePredictions], request: AdapterRequest) -> None:
        """Serve ``entries``, read from ``path``."""
        self._path = path
        self._entries = entries
        self._names = ImageNames([entry.image for entry in entries])
        self._request = request
        self._missing = 0

    @classmethod
    def open(cls, request: AdapterRequest) -> Self:
        """Read the file.

        Raises:
            InputError: it is no predictions file, or one with errors.
        """
        assert request.predictions is not None, "the registry checks the files an adapter uses"
        return cls(request.predictions, read_predictions(request.predictions), request)

    def predict(self, records: Sequence[ImageRecord]) -> list[ImagePredictions]:
        """The file's detections of each record, above the score threshold and at most so many.

        Raises:
            InputError: YZ614 which entry belongs to an image is ambiguous, all such images are named; YZ714 all entries
                are of other images.
        """
        places = self._places(records)
        if self._entries and records and not any(place is not None for place in places):
            raise self._of_other_images(records[0].image)
        served = [
            without_detections(record) if place is None else self._served(record, self._entries[place])
            for record, place in zip(records, places, strict=True)
        ]
        self._missing = places.count(None)
        if self._missing:
            self._request.progress.say(
                f"{self._path}: {self._missing} of {len(records)} images are missing and get no detections"
            )
        return served

    def describe(self) -> dict[str, Any]:
        """Digest of the file, and how many images of the last `predict` it did not have."""
        return {"predictions_sha256": digest_file(self._path), "missing_images": self._missing}

    def _places(self, records: Sequence[ImageRecord]) -> list[int | None]:
        """Which entry serves each record."""
        found = [self._names.find(record.image) for record in records]
        owners: dict[int, list[str]] = {}
        for record, candidates in zip(records, found, strict=True):
            for place in candidates:
                owners.setdefault(place, []).append(record.image)
        findings = [
            self._ambiguous(record.image, [self._entries[place].image for place in candidates], "entries")
            for record, candidates in zip(records, found, strict=True)
            if len(candidates) > 1
        ]
        findings += [
            self._ambiguous(self._entries[place].image, images, "images")
            for place, images in owners.items()
            if len(images) > 1
        ]
        if findings:
            raise InputError(findings)
        return [candidates[0] if candidates else None for candidates in found]

    def _of_other_images(self, wanted: str) -> YolozuError:
        return InputError.one(
            "YZ714",
            where=str(self._path),
            problem=f"has none of the images that are predicted: {self._entries[0].image!r}, not {wanted!r}",
            fix="give the predictions of this data set and split",
        )

    def _ambiguous(self, name: str, candidates: Sequence[str], kind: str) -> Finding:
        return Finding(
            "YZ614",
            f"{self._path}: {name}",
            f"{len(candidates)} {kind} may be meant: {', '.join(candidates)}",
            "name images by their path relative to the data set's root",
        )

    def _served(self, record: ImageRecord, entry: ImagePredictions) -> ImagePredictions:
        """The entry under the record's name and size, thresholded and cut, best first; ties keep their order."""
        order = np.argsort(-entry.scores, kind="stable")
        kept = order[entry.scores[order] >= self._request.score_threshold][: self._request.max_detections]
        return replace(entry.of(kept), image=record.image, width=record.width, height=record.height)
