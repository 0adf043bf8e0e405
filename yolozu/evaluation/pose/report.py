"""``eval_pose.json``: a pose evaluation as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field

from yolozu.artifacts.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable


class PoseCounts(Record):
    """What was evaluated."""

    images: int = Field(ge=0)
    """Images evaluated."""

    covered_images: int = Field(ge=0)
    """Images with an entry in the predictions."""

    ground_truth: int = Field(ge=0)
    """Objects with a pose."""

    estimates: int = Field(ge=0)
    """Detections with a pose, whether or not they count."""

    matched: int = Field(ge=0)
    """Objects that an estimate is compared with, whatever its error; the medians are over these."""

    without_model: int = Field(ge=0)
    """Objects with a pose whose class has no model; the measures of points leave them out."""


class PoseClass(Record):
    """One class."""

    index: int = Field(ge=0)
    """Network index."""

    id: int
    """Category id."""

    name: str
    """Name."""

    ground_truth: int = Field(ge=0)
    """Objects with a pose."""

    estimates: int = Field(ge=0)
    """Detections with a pose, whether or not they count."""

    matched: int = Field(ge=0)
    """Objects that an estimate is compared with, whatever its error."""

    diameter_m: float | None
    """Diameter of the model, metres; null where there is no model, or no object to measure."""

    symmetric: bool | None
    """Whether the model has a symmetry; null like the diameter."""

    metrics: dict[str, float | None]
    """As for all classes together; null where nothing was there to measure."""


class PoseReport(Record):
    """Pose evaluation of a predictions file."""

    schema_version: Literal[1] = 1
    """Version of this layout."""

    timestamp: str
    """When it was measured, UTC, ISO 8601."""

    metrics: dict[str, float | None]
    """Name -> value; null where nothing was there to measure. Recalls and areas are in [0, 1] and over all objects."""

    per_class: list[PoseClass]
    """Classes in network order."""

    counts: PoseCounts
    """What was evaluated."""

    not_measured: list[str]
    """What BOP's average recall counts besides; `bop_ar` is the mean of the others."""

    warnings: list[str]
    """What a reader of the numbers should know."""

    def with_warnings(self, said: Iterable[str]) -> Self:
        """The report with warnings about the predictions file before its own."""
        return self.model_copy(update={"warnings": [*said, *self.warnings]})
