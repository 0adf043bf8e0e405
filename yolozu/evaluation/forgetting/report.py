"""``forgetting.json``: what became of earlier tasks, as a file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yolozu.artifacts.record import Record

MATRIX_METRIC = "map50_95"


class Numbers(Record):
    """How well some objects are found, recognized and located; null where nothing was there to measure."""

    map50_95: float | None
    """Average precision, mean over IoU .50 to .95; of a task, the mean over its classes."""

    map50: float | None
    """The same at IoU .50."""

    localization: float | None
    """Share of the objects that a sure detection of any class overlaps by IoU .50 or more."""

    recognition: float | None
    """Share of these whose largest overlap is with a detection of their own class."""

    add_s_01d: float | None
    """Share of the objects with a pose whose ADD, or ADD-S where they are symmetric, is below a tenth of the
    diameter."""

    rot_deg_median: float | None
    """Median error of the rotation, degrees, over the objects that an estimate was compared with."""


class ForgottenClass(Record):
    """One class of an earlier task."""

    name: str
    """Name."""

    ground_truth: int = Field(ge=0)
    """Annotated objects on the task's held-out images; crowd regions are none."""

    before: Numbers
    """As the earlier run predicted them."""

    after: Numbers
    """As this run does."""


class EarlierTask(Record):
    """One earlier task: its held-out images, predicted by the run that learned it and by this one."""

    task: str
    """Name of its run."""

    run: str
    """Directory of its run."""

    images: int = Field(ge=0)
    """Held-out images that its run predicted."""

    before: Numbers
    """All classes, as the earlier run predicted them."""

    after: Numbers
    """All classes, as this run does."""

    per_class: list[ForgottenClass]
    """Classes of the task, in the order of its class table."""


class ForgettingReport(Record):
    """What a run that goes on from earlier ones has kept of them."""

    schema_version: Literal[1] = 1
    """Version of this layout."""

    timestamp: str
    """When it was measured, UTC, ISO 8601."""

    tasks: list[str] = Field(min_length=2)
    """Names of the runs in the order in which they were learned; the last is this one."""

    metric: Literal["map50_95"] = "map50_95"
    """What the matrix holds."""

    matrix: list[list[float | None]]
    """Row i: after task i; column j: on the held-out images of task j. Null where a task was not learned yet, or nobody
    measured it."""

    average: float | None
    """Mean of the last row (Lopez-Paz & Ranzato 2017)."""

    forgetting: float | None
    """Mean fall of the earlier tasks from the best that was ever reached (Chaudhry et al. 2018); below 0 where they got
    better."""

    backward_transfer: float | None
    """Mean change of the earlier tasks since each was learned (Lopez-Paz & Ranzato 2017); below 0 where they got
    worse."""

    score_threshold: float
    """Least score of a detection that counts as sure."""

    earlier: list[EarlierTask]
    """The earlier tasks, the oldest first."""
