"""Whether an exported file with processing inside finds what is otherwise found with the exported file."""

# Shapes: N detections of one image, P pairs of detections.

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.onnx_content import content_findings
from yolozu.artifacts.onnx_metadata import OnnxMetadata
from yolozu.artifacts.onnx_processing import CAMERA, PICTURE, output_names
from yolozu.artifacts.parity_report import ComparedProcessing
from yolozu.data.detections import camera_of, with_camera
from yolozu.data.images import pixels_of
from yolozu.export.matching import match_detections
from yolozu.export.poses import moved_mm
from yolozu.geometry.rotation_arrays import rotation_angles
from yolozu.model.onnx_runtime import run_session, session_of
from yolozu.structures.detections import RawDetections

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from yolozu.artifacts.parity_report import Thresholds
    from yolozu.progress import Progress
    from yolozu.structures.image_record import ImageRecord
    from yolozu.structures.predictions import ImagePredictions


@dataclass(frozen=True)
class Found:
    """What a file gives of one picture.

    Attributes:
        detections: boxes normalized to the picture; in place of network classes stand category ids.
        R_N33: (N, 3, 3) rotations; None without pose heads.
        t_N3: (N, 3) metres; likewise.
    """

    detections: RawDetections
    R_N33: NDArray[np.float64] | None = None
    t_N3: NDArray[np.float64] | None = None


class ProcessingNetwork:
    """A file with processing inside, run by ONNX Runtime on the CPU.

    Attributes:
        metadata: what the file says about itself.
    """

    def __init__(self, path: Path, *, threads: int) -> None:
        """Load the file, whatever its digest says.

        Args:
            path: of the file.
            threads: threads inside one operator.

        Raises:
            InputError: YZ602 it cannot be loaded, YZ603 it is not one of ours.
        """
        self._where = str(path)
        self._session = session_of(path, device="cpu", threads=threads, where=self._where)
        properties = dict(self._session.get_modelmeta().custom_metadata_map)
        self.metadata = OnnxMetadata.from_properties(properties, where=self._where)

    def __call__(self, image_HW3: NDArray[np.uint8], K_4: NDArray[np.float64] | None = None) -> Found:
        """What it finds.

        Args:
            image_HW3: (H, W, 3) uint8 RGB.
            K_4: (4,) fx, fy, cx, cy in px of the picture; None without pose heads.

        Raises:
            InputError: YZ632 ONNX Runtime fails while it computes.
        """
        given: dict[str, NDArray[Any]] = {PICTURE: image_HW3}
        if K_4 is not None:
            fx, fy, cx, cy = K_4
            given[CAMERA] = np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]], np.float32)
        names = output_names(pose=self.metadata.has_pose)
        values = dict(zip(names, run_session(self._session, names, given, where=self._where), strict=True))
        corners_N4, (height, width) = values["boxes"].astype(np.float64), image_HW3.shape[:2]
        corners_N4 /= (width, height, width, height)
        low_N2, high_N2 = corners_N4[:, :2], corners_N4[:, 2:]
        boxes_N4 = np.concatenate([(low_N2 + high_N2) / 2, high_N2 - low_N2], axis=1)
        detections = RawDetections(values["scores"].astype(np.float64), values["class_ids"], boxes_N4)
        poses = [values[name].astype(np.float64) for name in names[3:]]
        return Found(detections, *poses)


def stand_in_cameras(records: Iterable[ImageRecord]) -> list[ImageRecord]:
    """The images, each with a camera: its own, or one with a focal length of its width that looks at its middle."""
    return [
        with_camera(record, np.array([record.width, record.width, record.width / 2, record.height / 2], np.float64))
        for record in records
    ]


def compare_processing(
    path: Path,
    expected: OnnxMetadata,
    records: Sequence[ImageRecord],
    predictions: Sequence[ImagePredictions],
    *,
    thresholds: Thresholds,
    threads: int,
    progress: Progress,
) -> ComparedProcessing:
    """Hold what a file with processing inside finds against what yolozu predicts otherwise.

    A file that holds something else than was exported does not pass, nor one of another network.

    Args:
        path: the file.
        expected: what the exported file beside it says about itself.
        records: images, with their cameras where there are pose heads.
        predictions: of the exported file beside it, one for each record.
        thresholds: largest differences that pass; of boxes, normalized to the picture.
        threads: threads inside one operator.
        progress: where progress is shown.

    Raises:
        InputError: YZ602, YZ603, YZ632 the file cannot be used; YZ207 an image cannot be read.
    """
    network = ProcessingNetwork(path, threads=threads)
    failures = [finding.problem for finding in content_findings(path)]
    if network.metadata != replace(expected, processing=True):
        failures.append("it tells of another network than the exported file beside it")
    compared = []
    with progress.bar("parity of processing", total=len(records)) as bar:
        for record, prediction in zip(records, predictions, strict=True):
            camera = camera_of(record) if network.metadata.has_pose else None
            compared.append(_compared(record.image, _own(prediction), network(pixels_of(record), camera), thresholds))
            bar.advance()
    failures += _shortcomings(compared, thresholds)
    scope = f"{len(records)} image{'s' if len(records) > 1 else ''}"
    return ComparedProcessing(
        passed=not failures,
        reason=f"{'; '.join(failures)}; compared on {scope}" if failures else f"the same detections on {scope}",
        pairs=sum(one.pairs for one in compared),
        unmatched=sum(one.unmatched for one in compared),
        tied=sum(one.tied for one in compared),
        **{f"{name}_max": _largest(compared, name) for name in _Compared.LARGEST},
        onnx_sha256=digest_file(path),
    )


@dataclass(frozen=True)
class _Compared:
    """One image: counts, and largest differences over the pairs; None where there are none."""

    LARGEST = ("score", "box", "rot_deg", "t_mm")

    image: str
    pairs: int
    unmatched: int
    tied: int
    ordered: bool
    score: float | None
    box: float | None
    rot_deg: float | None = None
    t_mm: float | None = None


def _own(prediction: ImagePredictions) -> Found:
    raw = RawDetections(prediction.scores, prediction.class_ids, prediction.boxes_cxcywh)
    return Found(raw, prediction.poses.get("R"), prediction.poses.get("t_xyz"))


def _compared(image: str, own: Found, other: Found, thresholds: Thresholds) -> _Compared:
    match = match_detections(
        own.detections, other.detections, bbox_atol=thresholds.bbox_atol, score_atol=thresholds.score_atol
    )
    rows, columns = match.pairs_P2.T
    boxes = np.abs(own.detections.boxes_cxcywh[rows] - other.detections.boxes_cxcywh[columns])
    poses: dict[str, float | None] = {}
    if own.R_N33 is not None and own.t_N3 is not None:
        assert other.R_N33 is not None, "a network with pose heads"
        assert other.t_N3 is not None, "a network with pose heads"
        poses = {
            "rot_deg": _peak(np.degrees(rotation_angles(own.R_N33[rows], other.R_N33[columns]))),
            "t_mm": _peak(moved_mm(own.t_N3[rows], other.t_N3[columns])),
        }
    return _Compared(
        image=image,
        pairs=len(rows),
        unmatched=match.unmatched,
        tied=match.tied,
        ordered=bool(np.all(np.diff(other.detections.scores) <= 0.0)),
        score=_peak(match.score_differences),
        box=_peak(boxes),
        **poses,
    )


def _shortcomings(compared: Sequence[_Compared], thresholds: Thresholds) -> list[str]:
    """What is out of tolerance, each with where it is worst."""
    found = []
    limits = {
        "score": ("scores differ by", thresholds.score_atol, ""),
        "box": ("boxes differ by", thresholds.bbox_atol, " of the picture's side"),
        "rot_deg": ("rotations differ by", thresholds.rot_deg, " degrees"),
        "t_mm": ("translations differ by", thresholds.t_mm, " mm"),
    }
    for name, (words, limit, unit) in limits.items():
        worst = max(compared, key=lambda one: _number(getattr(one, name)))
        peak = _number(getattr(worst, name))
        if peak > limit:
            found.append(f"{words} {peak:.3g}{unit} (tolerance {limit:g}) on {worst.image}")
    worst = max(compared, key=lambda one: one.unmatched)
    if worst.unmatched:
        total = sum(one.unmatched for one in compared)
        found.append(f"{total} detections have no counterpart, most of them on {worst.image}")
    found += [f"detections are not best first on {one.image}" for one in compared if not one.ordered][:1]
    return found


def _largest(compared: Sequence[_Compared], name: str) -> float | None:
    numbers = [getattr(one, name) for one in compared if getattr(one, name) is not None]
    return max((number for number in numbers if np.isfinite(number)), default=None)


def _number(value: float | None) -> float:
    return 0.0 if value is None else value


def _peak(values: NDArray[np.float64]) -> float | None:
    """The largest; NaN counts as infinite."""
    return float(np.nan_to_num(values, nan=np.inf, posinf=np.inf).max()) if values.size else None
