"""``golden.json``: pictures, and what the exported file beside them makes of each; for programs in other languages."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from yolozu.artifacts.record import Record, read_record, write_record

GOLDEN = "golden.json"
"""Name of the file, in a directory with its pictures."""


class Tolerances(Record):
    """How far another program may be off: other versions of ONNX Runtime, and other processors, add up differently."""

    score: float
    """Of a score."""

    box: float
    """Of a coordinate, relative to the longer side of the picture."""

    R: float
    """Of a number of a rotation."""

    t: float
    """Of a number of a translation, relative to its length."""


class GoldenInput(Record):
    """What the network is given of a picture; equal to the bit in every language."""

    pad_px: list[int]
    """Columns left free at the left, rows above."""

    size_px: list[int]
    """Columns and rows of the picture in the network input."""

    levels_sha256: str
    """SHA-256 of the letterboxed picture: bytes by row, column, channel."""

    images_sha256: str
    """SHA-256 of ``images``, float32, lowest byte first, by channel, row, column."""

    samples: list[list[int]]
    """Row, column, and the levels of red, green and blue there: to see where it goes wrong."""


class GoldenDetection(Record):
    """A detection."""

    class_id: int
    """Category id."""

    score: float
    """In [0, 1]."""

    box_xyxy_px: list[float]
    """Left, upper, right and lower edge in px of the picture."""

    R: list[list[float]] | None
    """Rows of the rotation from model to camera; null without pose heads."""

    t_m: list[float] | None
    """Translation from model to camera, metres; null without pose heads."""


class GoldenPicture(Record):
    """A picture and what is made of it."""

    file: str
    """PNG beside this file."""

    kind: str
    """What is odd about it."""

    width: int
    """px."""

    height: int
    """px."""

    camera: list[float] | None
    """fx, fy, cx, cy in px of the picture, by which translations follow; null without pose heads."""

    input: GoldenInput
    """What the network is given."""

    score_threshold: float
    """Detections with at least this score are listed; it lies in a wide gap between two scores."""

    detections: list[GoldenDetection]
    """Best first; where scores are nearer than their tolerance, the order is free."""


class GoldenVectors(Record):
    """Pictures, and what an exported file makes of each, run by ONNX Runtime on the CPU."""

    schema_version: Literal[1] = 1
    """Version of this file's form."""

    onnx_sha256: str
    """SHA-256 of the exported file."""

    onnxruntime: str
    """Version that computed the detections."""

    tolerances: Tolerances
    """How far another program may be off."""

    pictures: list[GoldenPicture]
    """Synthetic, of odd sizes."""


def write_golden(directory: Path, golden: GoldenVectors) -> None:
    """Replace ``golden.json`` in ``directory``, whole or not at all."""
    write_record(directory / GOLDEN, golden)


def read_golden(directory: Path) -> GoldenVectors:
    """What ``golden.json`` in ``directory`` says.

    Raises:
        InputError: YZ652, missing or not of this form; one finding per field.
    """
    return read_record(
        directory / GOLDEN, GoldenVectors, code="YZ652", fix="take an unedited copy, or export with onnx_golden: true"
    )
