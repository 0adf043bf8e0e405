"""``onnx_parity.json``: how far an exported file is from the checkpoint it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from yolozu.artifacts.record import Record, read_record, write_record


class Thresholds(Record):
    """Largest differences that pass."""

    score_atol: float
    """Of class logits, proposal scores, detection scores and logarithms of expected errors."""

    bbox_atol: float
    """Of box coordinates normalized to the network input."""

    rot_deg: float
    """Of rotations, degrees."""

    t_mm: float
    """Of translations, mm; beyond 1 m of depth, per metre of it."""


class ComparedInputs(Record):
    """What both networks were given."""

    images: list[str]
    """Validation images, by path relative to the data set's root."""

    images_requested: int
    """Images asked for; the split may have fewer."""

    batch_sizes: list[int]
    """Every image was compared in a batch of each of these sizes."""

    height: int
    """Of the network input, in px."""

    width: int
    """Of the network input, in px."""

    other_sizes: list[list[int]] = Field(default_factory=list)
    """Further heights and widths, in px, that the file takes and every image was compared at, one by one."""

    images_without_camera: int | None
    """Images whose camera is not known: their translations are compared through a stand-in, which has a focal length of
    the input's width and looks at its middle. Null for a model without pose."""


class Differences(Record):
    """Absolute differences of one output over all its elements, images and batch sizes; null where none is finite."""

    max: float | None
    """Largest."""

    mean: float | None
    """Average."""

    p50: float | None
    """Median."""

    p90: float | None
    """90th percentile."""

    p99: float | None
    """99th percentile."""

    non_finite: int
    """Elements that are NaN or infinite in either network."""


class Selection(Record):
    """Which proposals became queries, over all images and batch sizes."""

    score_max: float | None
    """Largest difference of a proposal's score; null where none is finite."""

    reordered: int
    """Queries that both networks chose, in another order: their scores tie."""

    tied: int
    """Queries that only the exported file chose and whose score ties with the last one chosen."""

    other: int
    """Queries that only the exported file chose although they rank clearly behind."""


class Matched(Record):
    """Decoded detections, paired by label, overlap and score, over all images and batch sizes."""

    pairs: int
    """Detections found in both."""

    unmatched: int
    """Detections of one network without a counterpart in the other."""

    tied: int
    """Detections without a counterpart whose score ties with the last one kept: which of them is kept is arbitrary."""

    iou_min: float | None
    """Smallest overlap of a pair; null without pairs."""

    score_max: float | None
    """Largest score difference of a pair; null without pairs."""

    label_flips: int
    """Objects that got another class."""

    rot_deg_max: float | None
    """Largest rotation difference of a pair in degrees; null for a model without pose."""

    t_mm_max: float | None
    """Largest translation difference of a pair in mm, beyond 1 m of depth per metre of it; null for a model without
    pose."""


class ComparedProcessing(Record):
    """Whether the file with pre- and postprocessing inside finds what yolozu predicts with the exported file."""

    passed: bool
    """Whether every difference is within its threshold."""

    reason: str
    """Why it passed or did not, with the worst numbers."""

    pairs: int
    """Detections found by both."""

    unmatched: int
    """Detections of one without a counterpart in the other."""

    tied: int
    """Detections without a counterpart whose score ties with the last one kept."""

    score_max: float | None
    """Largest score difference of a pair; null without pairs."""

    box_max: float | None
    """Largest difference of a box coordinate of a pair, normalized to the picture; null without pairs."""

    rot_deg_max: float | None
    """Largest rotation difference of a pair in degrees; null without pairs or pose heads."""

    t_mm_max: float | None
    """Largest translation difference of a pair in mm, beyond 1 m of depth per metre of it; null likewise."""

    onnx_sha256: str
    """SHA-256 of the file."""


class OnnxRuntimeUsed(Record):
    """What ran the file."""

    version: str
    """Of ONNX Runtime."""

    providers: list[str]
    """Execution providers, the preferred one first."""


class ParityReport(Record):
    """Whether an exported file computes what its checkpoint computes."""

    schema_version: Literal[1] = 1
    """Version of this file's form."""

    timestamp: str
    """When the comparison was made: UTC, ISO 8601."""

    passed: bool
    """Whether every difference is within its threshold."""

    policy: Literal["fail", "warn"]
    """Whether a difference stops the run or is only reported."""

    reason: str
    """Why it passed or did not, with the worst numbers."""

    thresholds: Thresholds
    """Largest differences that pass."""

    inputs: ComparedInputs
    """What both networks were given."""

    outputs: dict[str, Differences]
    """Output name -> differences, query by query (``pred_k_delta``: image by image)."""

    selection: Selection
    """Which proposals became queries."""

    matched: Matched
    """Decoded detections."""

    processing: ComparedProcessing | None = None
    """Of `model.with_processing.onnx`; null where there is none, or the exported file itself did not pass."""

    onnxruntime: OnnxRuntimeUsed
    """What ran the file."""

    onnx_sha256: str
    """SHA-256 of the exported file."""

    checkpoint_sha256: str
    """SHA-256 of the checkpoint."""


def write_parity_report(path: Path, report: ParityReport) -> None:
    """Replace the file at ``path``, whole or not at all."""
    write_record(path, report)


def read_parity_report(path: Path) -> ParityReport:
    """The report at ``path``.

    Raises:
        InputError: YZ607, missing or not of this form; one finding per field.
    """
    return read_record(path, ParityReport, code="YZ607", fix="take an unedited copy, or run the parity stage again")
