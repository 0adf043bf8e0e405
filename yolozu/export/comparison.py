"""A detector and the file exported from it, run on the same batch."""

# Shapes: B images, Q queries, C classes, H and W of the network input.

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from yolozu.errors import InputError
from yolozu.export.matching import DetectionMatch, match_detections
from yolozu.export.poses import InputCamera, PoseDifferences, pair_differences, query_differences
from yolozu.export.selection import SelectionDifference, SelectionProbe, compare_choices, reference_outputs
from yolozu.model.decode import decode_detections, raw_poses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from yolozu.artifacts.parity_report import Thresholds
    from yolozu.model.detector import Detector
    from yolozu.model.onnx_network import OnnxNetwork
    from yolozu.structures.detections import RawDetections

    Outputs = dict[str, NDArray[np.float32]]
    """What a network gives for one image: (Q, K), or (K,) of the image as a whole."""


@dataclass(frozen=True)
class ComparedImage:
    """Both networks on one image, as a member of one batch.

    Attributes:
        image: path relative to the data set's root, with the size of the network input where that is not the own one.
        batch_size: images in the batch.
        outputs: output name -> absolute differences, (Q, K) or (K,) float64; NaN or infinite where an output is.
        selection: differences of query selection.
        detections: the decoded detections of both, paired; None where an output is not finite.
        poses: differences of their poses; None of a model without pose, or where an output is not finite.
        camera_known: whether the translations of poses follow from the image's own camera.
    """

    image: str
    batch_size: int
    outputs: dict[str, NDArray[np.float64]]
    selection: SelectionDifference
    detections: DetectionMatch | None
    poses: PoseDifferences | None = None
    camera_known: bool = True


@dataclass(frozen=True)
class Pair:
    """A detector in eval mode, the file exported from it, and what the file's query selection does."""

    detector: Detector
    network: OnnxNetwork
    probe: SelectionProbe
    thresholds: Thresholds

    def compare(
        self, images_B3HW: NDArray[np.float32], names: Sequence[str], cameras: Sequence[InputCamera]
    ) -> list[ComparedImage]:
        """Both networks on one batch of preprocessed images; ``names`` name them, ``cameras`` took them.

        Rows correspond because the detector decodes the queries that the exported file chose, in its order.

        Raises:
            InputError: YZ604 the file gives outputs of other shapes than the detector.
        """
        exported, choice = self.network(images_B3HW), self.probe(images_B3HW)
        reference = reference_outputs(self.detector, images_B3HW, choice.index_BQ)
        _require_same_outputs(reference.outputs, exported)
        _require_shape("proposal scores", reference.own.scores_BS, choice.scores_BS)
        return [
            self._compared(
                {name: values[place] for name, values in reference.outputs.items()},
                {name: exported[name][place] for name in reference.outputs},
                image=name,
                batch_size=len(names),
                selection=compare_choices(reference.own, choice, place, score_atol=self.thresholds.score_atol),
                camera=cameras[place],
            )
            for place, name in enumerate(names)
        ]

    def _compared(
        self,
        first: Outputs,
        second: Outputs,
        *,
        image: str,
        batch_size: int,
        selection: SelectionDifference,
        camera: InputCamera,
    ) -> ComparedImage:
        differences = {name: _differences(first[name], second[name]) for name in first}
        one, other = _decoded(first), _decoded(second)
        if one is None or other is None:
            return ComparedImage(image, batch_size, differences, selection, None, None, camera.known)
        thresholds = self.thresholds
        match = match_detections(one, other, bbox_atol=thresholds.bbox_atol, score_atol=thresholds.score_atol)
        poses = _pose_differences(first, second, (one, other), match, camera)
        return ComparedImage(image, batch_size, differences, selection, match, poses, camera.known)


def _differences(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):
        difference: NDArray[np.float64] = np.abs(first.astype(np.float64) - second.astype(np.float64))
    return difference


def _decoded(outputs: Outputs) -> RawDetections | None:
    """As many detections as there are queries, whatever their scores; None where an output is not finite."""
    if not all(np.isfinite(values).all() for values in outputs.values()):
        return None
    batch = {name: values[None] for name, values in outputs.items()}
    return decode_detections(batch, score_threshold=0.0, max_detections=len(outputs["pred_logits"]))[0]


def _pose_differences(
    first: Outputs,
    second: Outputs,
    decoded: tuple[RawDetections, RawDetections],
    match: DetectionMatch,
    camera: InputCamera,
) -> PoseDifferences | None:
    """Query by query and pair by pair; None of a model without pose."""
    poses, other_poses = (
        raw_poses({name: values[None] for name, values in outputs.items()}, 0) for outputs in (first, second)
    )
    if poses is None or other_poses is None:
        return None
    by_query = query_differences(first["pred_boxes"].astype(np.float64), poses, other_poses, camera)
    return PoseDifferences(*pair_differences(*decoded, match.pairs_P2, camera), *by_query)


def _require_same_outputs(reference: dict[str, NDArray[np.float32]], exported: dict[str, NDArray[np.float32]]) -> None:
    if reference.keys() != exported.keys():
        raise InputError.one(
            "YZ604",
            where="outputs",
            problem=f"the exported file gives {', '.join(sorted(exported))}, its checkpoint "
            f"{', '.join(sorted(reference))}",
            fix="export this checkpoint again",
        )
    for name, values in reference.items():
        _require_shape(name, values, exported[name])


def _require_shape(name: str, reference: NDArray[np.float32], exported: NDArray[np.float32]) -> None:
    if reference.shape != exported.shape:
        raise InputError.one(
            "YZ604",
            where=name,
            problem=f"the exported file gives shape {list(exported.shape)}, its checkpoint {list(reference.shape)}",
            fix="export this checkpoint again",
        )
