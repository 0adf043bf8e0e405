"""``eval_coco.json``: an evaluation as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field

from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.record import Record
from yolozu.contract.sections.evaluate import COCO_METRICS, EvalEngine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yolozu.artifacts.predictions.check import PredictionsCheck


class CocoCounts(Record):
    """What was evaluated."""

    images: int = Field(ge=0)
    """Images evaluated."""

    ground_truth: int = Field(ge=0)
    """Annotated objects in them, crowd regions included."""

    detections: int = Field(ge=0)
    """Predicted objects in them."""

    covered_images: int = Field(ge=0)
    """Images with an entry in the predictions."""


class CocoClass(Record):
    """One class."""

    index: int = Field(ge=0)
    """Network index."""

    id: int
    """Category id."""

    name: str
    """Name."""

    ground_truth: int = Field(ge=0)
    """Annotated objects, crowd regions included."""

    detections: int = Field(ge=0)
    """Predicted objects."""

    metrics: dict[str, float | None]
    """As for all classes together; null where nothing was there to measure."""


class CocoReport(Record):
    """COCO evaluation of a predictions file."""

    schema_version: Literal[1] = 1
    """Version of this layout."""

    timestamp: str
    """When it was measured, UTC, ISO 8601."""

    metrics: dict[str, float | None]
    """Name -> value in [0, 1]; null where nothing was there to measure."""

    stats: list[float | None] = Field(min_length=len(COCO_METRICS), max_length=len(COCO_METRICS))
    """The twelve numbers in pycocotools' order."""

    per_class: list[CocoClass]
    """Classes in network order."""

    counts: CocoCounts
    """What was evaluated."""

    bbox_format: BoxFormat
    """How the boxes of the predictions file were read."""

    engine: EvalEngine
    """What computed the numbers."""

    warnings: list[str]
    """What a reader of the numbers should know."""

    dry_run: bool
    """Only the counts were made."""

    def of_file(self, check: PredictionsCheck, *, said: Iterable[str] = ()) -> Self:
        """The report of a file: how it was read, and warnings about it before those about the numbers.

        Args:
            check: how the predictions file was read; its warnings come first.
            said: warnings about the labels; they come next.
        """
        warnings = [*said_by(check), *said, *self.warnings]
        return self.model_copy(update={"bbox_format": check.bbox_format, "warnings": warnings})


def said_by(check: PredictionsCheck) -> list[str]:
    """One line for each kind of warning about the file; coverage is left to the evaluation, which says it better."""
    first: dict[str, str] = {}
    for finding in check.findings:
        if finding.severity == "warning" and finding.code != "YZ716":
            first.setdefault(finding.code, f"{finding.where}: {finding.problem}")
    counts = check.findings_by_code
    return [f"{line} (the first of {counts[code]})" if counts[code] > 1 else line for code, line in first.items()]
