"""From image files to detections on them, with whatever network."""

# Shapes: B images of a batch, Q queries, C classes, N detections of one image, H and W of the network input in px.

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from yolozu.data.detections import camera_of, on_original_image, with_camera
from yolozu.errors import Finding, InputError
from yolozu.model.decode import decode_detections
from yolozu.predict.batches import image_batches
from yolozu.predict.tta.fusion import fuse
from yolozu.predict.tta.matching import Seen
from yolozu.predict.tta.views import require_fitting, views_of
from yolozu.structures.predictions import ImagePredictions
from yolozu.system import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from yolozu.contract.sections.predict import TtaSection
    from yolozu.data.preprocess import Placement, Preprocess
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.predict.batches import ImageBatch
    from yolozu.structures.classes import ClassTable
    from yolozu.structures.detections import RawDetections
    from yolozu.structures.image_record import ImageRecord

    Network = Callable[[NDArray[np.uint8]], Mapping[str, NDArray[np.float32]]]
    """Letterboxed images (B, H, W, 3) uint8 -> outputs as in `yolozu.artifacts.onnx_metadata.OUTPUTS`."""

MOST_IN_A_VIEW = 300
"""Detections of a view that are fused, even where fewer are kept afterwards: those may be others."""

INTRINSICS_FLAG = "--camera fx,fy,cx,cy to export-predictions"


@dataclass(frozen=True)
class DetectorRun:
    """A network with all that turns its numbers into detections.

    Attributes:
        network: the network.
        preprocess: how images become its input.
        classes: which of its logits is which category.
        request: batch size, threshold, most detections, camera, views.
        any_size: whether the network takes canvases of any size whose sides its strides divide.
    """

    network: Network
    preprocess: Preprocess
    classes: ClassTable
    request: AdapterRequest
    any_size: bool = False

    def __post_init__(self) -> None:
        require_fitting(views_of(self.request.views), any_size=self.any_size)

    def predict(self, records: Sequence[ImageRecord]) -> list[ImagePredictions]:
        """Detections of each record, best first, boxes normalized to the original image and clipped to it.

        A detection that lies in the letterbox border has no area in the image and is left out. Poses of images without
        a known camera have no depth and no translation; how many those are is said. Where the request asks for several
        views of each picture, they are fused (`yolozu.predict.tta.fusion`).

        Raises:
            InputError: an image cannot be read, YZ403 the network gives NaN or infinity, YZ620 a pose that none can be.
        """
        if self.request.intrinsics is not None:
            K_4 = np.array(self.request.intrinsics)
            records = [with_camera(record, K_4) for record in records]
        predictions: list[ImagePredictions] = []
        without_camera = 0
        batches = image_batches(
            records,
            self.preprocess,
            batch_size=self.request.batch_size,
            threads=available_cores(),
            transform=self.request.transform,
            views=views_of(self.request.views),
            any_size=self.any_size,
        )
        with self.request.progress.bar("predict", total=len(records)) as bar:
            for batch in batches:
                found = self._fused(batch, self.request.views) if self.request.views else self._found(batch)
                predictions += map(self._on_image, batch.records, batch.own.placements, found)
                without_camera += sum(
                    raw.poses is not None and camera_of(record) is None
                    for record, raw in zip(batch.records, found, strict=True)
                )
                bar.advance(len(batch.records))
        if without_camera:
            self.request.progress.say(
                f"predict: warning: {without_camera} of {len(records)} images have no known camera: their detections "
                f"have R, but neither t_xyz nor log_z\n  fix: give K_gt in their sidecars, or {INTRINSICS_FLAG}"
            )
        return predictions

    def _found(self, batch: ImageBatch) -> list[RawDetections]:
        return decode_detections(
            self.network(batch.own.pixels_BHW3),
            score_threshold=self.request.score_threshold,
            max_detections=self.request.max_detections,
        )

    def _fused(self, batch: ImageBatch, section: TtaSection) -> list[RawDetections]:
        """Of each image, in the frame of the network's own view; threshold and cut come after the fusion."""
        by_view = self._in_each_view(batch)
        seen = [list(map(Seen, found, view.placements)) for found, view in zip(by_view, batch.views, strict=True)]
        fused = [
            fuse(views, iou=section.tta_iou, image=record.image)
            for record, *views in zip(batch.records, *seen, strict=True)
        ]
        best = self.request.max_detections
        return [raw.of(np.flatnonzero(raw.scores >= self.request.score_threshold)[:best]) for raw in fused]

    def _in_each_view(self, batch: ImageBatch) -> list[list[RawDetections]]:
        """Detections by view and image, in the views' frames; views of one size go through the network together."""
        by_size: dict[tuple[int, ...], list[int]] = {}
        for number, view in enumerate(batch.views):
            by_size.setdefault(view.pixels_BHW3.shape, []).append(number)
        found: dict[int, list[RawDetections]] = {}
        images = len(batch.records)
        for numbers in by_size.values():
            pixels = np.concatenate([batch.views[number].pixels_BHW3 for number in numbers])
            # What is below the threshold in one view may be above it in all of them together.
            raw = decode_detections(
                self.network(pixels),
                score_threshold=0.0,
                max_detections=max(self.request.max_detections, MOST_IN_A_VIEW),
            )
            found |= {number: raw[place * images :][:images] for place, number in enumerate(numbers)}
        return [found[number] for number in range(len(batch.views))]

    def _on_image(self, record: ImageRecord, placement: Placement, found: RawDetections) -> ImagePredictions:
        return on_original_image(record, placement, self.classes, found)


def require_classes(model: ClassTable, dataset: ClassTable | None, *, where: str) -> None:
    """Refuse a model that was not trained for the classes of the data set; their order does not matter.

    A data set without a class table (None) takes any model.

    Raises:
        InputError: YZ611, a finding for each kind of disagreement; ``where`` names the model's file.
    """
    if dataset is None:
        return
    ours, theirs = _names_by_id(model), _names_by_id(dataset)
    disagreements = {
        "the model has {} that the data set lacks": [key for key in ours if key not in theirs],
        "the data set has {} that the model lacks": [key for key in theirs if key not in ours],
        "model and data set name {} differently": [key for key in ours if ours[key] != theirs.get(key, ours[key])],
    }
    findings = [
        Finding(
            "YZ611", where, text.format(_listed(ids, ours, theirs)), "predict the data set this model was trained for"
        )
        for text, ids in disagreements.items()
        if ids
    ]
    if findings:
        raise InputError(findings)


def _names_by_id(classes: ClassTable) -> dict[int, str]:
    return dict(zip(classes.category_ids, classes.names, strict=True))


def _listed(ids: Sequence[int], ours: dict[int, str], theirs: dict[int, str]) -> str:
    """``classes 3 (car), 7 (bus / coach), …``, at most five of them."""
    named = []
    for key in ids[:5]:
        names = [table[key] for table in (ours, theirs) if key in table]
        named.append(f"{key} ({' / '.join(dict.fromkeys(names))})")
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    return f"class{'es' if len(ids) > 1 else ''} {', '.join(named)}{more}"
