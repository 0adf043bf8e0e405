"""``runtime_parity.json``: each exported file in each runtime, and what it costs on the validation split."""

from __future__ import annotations

from typing import Any, Literal

from yolozu.artifacts.record import Record


class Loss(Record):
    """A metric beside that of the float file in ONNX Runtime."""

    value: float | None
    """What was measured; null where there was nothing to measure."""

    loss: float | None
    """How much less than the float file in ONNX Runtime; below 0 it is more."""

    allowed: float
    """The most that may be lost."""


class Layers(Record):
    """How far convolutions are from those of the float file in ONNX Runtime, on a few images."""

    first_diverging: str | None
    """The first module that is off by more than `tolerance`; null where there is none."""

    tolerance: float
    """Relative error (root mean square of the difference over that of the reference) of a layer that has diverged."""

    worst: str
    """The module that is furthest off."""

    largest: float
    """Its relative error."""


class Cell(Record):
    """A file in a runtime."""

    precision: Literal["fp32", "fp16", "int8"]
    """Of the file."""

    runtime: str
    """What runs it, as `parity_runtimes` names it."""

    passed: bool
    """Whether it loses no more than is allowed."""

    policy: Literal["fail", "warn"]
    """Whether losing more stops the run or is only reported."""

    reason: str
    """What it loses more than is allowed, or that it does not."""

    map50_95: Loss
    """Boxes."""

    add_s_01d: Loss | None
    """Poses; null where no object has one."""

    layers: Layers
    """Where it begins to differ."""

    described: dict[str, Any]
    """What ran it, as it says itself: version, providers, the precision that it really computed in."""

    bytes: int
    """Size of the file."""


class CellsReport(Record):
    """All cells, among them the float file in ONNX Runtime, which the others are held against."""

    schema_version: Literal[1] = 1
    """Version of this file's form."""

    timestamp: str
    """When they were measured: UTC, ISO 8601."""

    passed: bool
    """Whether no cell stops the run."""

    images: int
    """Of the validation split, all of them."""

    cells: dict[str, Cell]
    """Name, such as ``int8/openvino`` -> what was found."""
