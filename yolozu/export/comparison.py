"""A detector and the file exported from it, run on the same batch."""

# Shapes: B images, Q queries, C classes, H and W of the network input.

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from yolozu.errors import InputError
from yolozu.export.matching import DetectionMatch, match_detections
from yolozu.export.selection import SelectionDifference, SelectionProbe, compare_choices, reference_outputs
from yolozu.model.decode import RawDetections, decode_detections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from yolozu.artifacts.parity_report import Thresholds
    from yolozu.model.detector import Detector
    from yolozu.model.onnx_network import OnnxNetwork


@dataclass(frozen=True)
class Compared:
    """Both networks on one image, as a member of one batch.

    Attributes:
        image: path relative to the data set's root.
        batch_size: images in the batch.
        outputs: output name -> absolute differences, (Q, K) float64; NaN or infinite where an output is.
        selection: differences of query selection.
        detections: the decoded detections of both, paired; None where an output is not finite.
    """

    image: str
    batch_size: int
    outputs: dict[str, NDArray[np.float64]]
    selection: SelectionDifference
    detections: DetectionMatch | None


@dataclass(frozen=True)
class Pair:
    """A detector in eval mode, the file exported from it, and what the file's query selection does."""

    detector: Detector
    network: OnnxNetwork
    probe: SelectionProbe
    thresholds: Thresholds

    def compare(self, images_B3HW: NDArray[np.float32], names: Sequence[str]) -> list[Compared]:
        """Both networks on one batch of preprocessed images; ``names`` name them.

        Rows correspond because the detector decodes the queries that the exported file chose, in its order.

        Raises:
            InputError: YZ604 the file gives outputs of other shapes than the detector.
        """
        logits_BQC, boxes_BQ4 = self.network(images_B3HW)
        choice = self.probe(images_B3HW)
        reference = reference_outputs(self.detector, images_B3HW, choice.index_BQ)
        _require_shape("pred_logits", reference.logits_BQC, logits_BQC)
        _require_shape("pred_boxes", reference.boxes_BQ4, boxes_BQ4)
        _require_shape("proposal scores", reference.own.scores_BS, choice.scores_BS)
        return [
            Compared(
                image=name,
                batch_size=len(names),
                outputs={
                    "pred_logits": _differences(reference.logits_BQC[place], logits_BQC[place]),
                    "pred_boxes": _differences(reference.boxes_BQ4[place], boxes_BQ4[place]),
                },
                selection=compare_choices(reference.own, choice, place, score_atol=self.thresholds.score_atol),
                detections=self._match(
                    _decoded(reference.logits_BQC[place], reference.boxes_BQ4[place]),
                    _decoded(logits_BQC[place], boxes_BQ4[place]),
                ),
            )
            for place, name in enumerate(names)
        ]

    def _match(self, first: RawDetections | None, second: RawDetections | None) -> DetectionMatch | None:
        if first is None or second is None:
            return None
        thresholds = self.thresholds
        return match_detections(first, second, bbox_atol=thresholds.bbox_atol, score_atol=thresholds.score_atol)


def _differences(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):
        difference: NDArray[np.float64] = np.abs(first.astype(np.float64) - second.astype(np.float64))
    return difference


def _decoded(logits_QC: NDArray[np.float32], boxes_Q4: NDArray[np.float32]) -> RawDetections | None:
    """As many detections as there are queries, whatever their scores; None where an output is not finite."""
    if not (np.isfinite(logits_QC).all() and np.isfinite(boxes_Q4).all()):
        return None
    return decode_detections(logits_QC[None], boxes_Q4[None], score_threshold=0.0, max_detections=len(logits_QC))[0]


def _require_shape(name: str, reference: NDArray[np.float32], exported: NDArray[np.float32]) -> None:
    if reference.shape != exported.shape:
        raise InputError.one(
            "YZ604",
            where=name,
            problem=f"the exported file gives shape {list(exported.shape)}, its checkpoint {list(reference.shape)}",
            fix="export this checkpoint again",
        )
