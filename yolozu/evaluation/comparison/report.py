"""``eval_compare.json``: a comparison as a file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from yolozu.artifacts.record import Record


class ComparedSide(Record):
    """One of the two predictions."""

    name: str
    """What the command line called it: a run, or a file."""

    sha256: str
    """Digest of the predictions file."""

    meta: dict[str, JsonValue]
    """What the file says of itself."""


class ComparedNumber(Record):
    """One number of both."""

    a: float | None
    """Of the first; null where nothing was there to measure."""

    b: float | None
    """Of the second."""

    delta: float | None
    """b - a."""

    low: float | None
    """Lower end of the interval of delta."""

    high: float | None
    """Upper end of the interval of delta."""

    resamples: int = Field(ge=0)
    """Drawn data sets in which both have a value; the interval is over these."""

    excludes_zero: bool
    """Whether 0 is outside the interval."""


class ComparedClass(Record):
    """One class."""

    index: int = Field(ge=0)
    """Network index."""

    id: int
    """Category id."""

    name: str
    """Name."""

    ground_truth: int = Field(ge=0)
    """Annotated objects, crowd regions included."""

    metrics: dict[str, ComparedNumber]
    """COCO's twelve numbers."""

    poses: dict[str, ComparedNumber] | None
    """Numbers of poses; null where they are not compared."""


class ComparedCounts(Record):
    """What was compared."""

    images: int = Field(ge=0)
    """Images."""

    ground_truth: int = Field(ge=0)
    """Annotated objects in them, crowd regions included."""

    both_found: int | None
    """Objects with a pose for which both have an estimate, over which the medians are; null without poses."""


class ComparedInterval(Record):
    """Where the intervals come from."""

    method: Literal["percentile"] = "percentile"
    """Of the paired bootstrap over images (Efron & Tibshirani 1993, chapter 13)."""

    resamples: int = Field(ge=1)
    """Data sets drawn."""

    seed: int = Field(ge=0)
    """Of the drawing."""

    confidence: float = Field(gt=0.0, lt=1.0)
    """Fraction of the drawn differences that lies inside."""


class CompareReport(Record):
    """Comparison of two predictions of the same images."""

    schema_version: Literal[1] = 1
    """Version of this layout."""

    timestamp: str
    """When it was measured, UTC, ISO 8601."""

    a: ComparedSide
    """The first."""

    b: ComparedSide
    """The second."""

    metrics: dict[str, ComparedNumber]
    """COCO's twelve numbers."""

    poses: dict[str, ComparedNumber] | None
    """Recalls over all objects with a pose, medians over those that both found; null without poses."""

    per_class: list[ComparedClass]
    """Classes in network order."""

    counts: ComparedCounts
    """What was compared."""

    interval: ComparedInterval
    """Where the intervals come from."""

    warnings: list[str]
    """What a reader of the numbers should know."""
