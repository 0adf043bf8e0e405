"""``export_precisions.json``: what was made of the exported file, from which images, and what stayed in float."""

from __future__ import annotations

from typing import Literal

from yolozu.artifacts.record import Record


class SameNetwork(Record):
    """One of the files."""

    file: str
    """Relative to the run's directory."""

    sha256: str
    """Of the file."""

    bytes: int
    """Its size."""


class QuantizedBlock(Record):
    """A block of the network."""

    name: str
    """As its modules are called in the network."""

    convolutions: int
    """How many it has."""

    error: float
    """Disagreement with the float file where this block alone is quantized."""

    precision: Literal["int8", "fp32"]
    """What it computes in."""


class Quantization(Record):
    """How the int8 file came about."""

    calibration_images: int
    """Training images whose activations were observed."""

    calibration_sha256: str
    """Of these images' digests."""

    measured_images: int
    """Further training images on which the disagreement was measured."""

    error: float
    """Disagreement of the file with the float one."""

    max_error: float
    """The largest one that was allowed."""

    blocks: list[QuantizedBlock]
    """In the order of the network; linear layers, attention and heads compute in float in any case."""


class PrecisionsReport(Record):
    """The exported network in further precisions."""

    schema_version: Literal[1] = 1
    """Version of this file's form."""

    timestamp: str
    """When they were made: UTC, ISO 8601."""

    onnx_sha256: str
    """SHA-256 of the exported file that they were made of."""

    files: dict[str, SameNetwork]
    """Precision -> its file."""

    int8: Quantization | None
    """How the int8 file came about; null where there is none."""
