"""``scenarios.json``: a scenario suite as a file."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from yolozu.artifacts.record import Record


class Numbers(Record):
    """What is measured in every scenario; null where nothing was there to measure."""

    map50_95: float | None = Field(ge=0.0, le=1.0)
    """Mean average precision over IoU .50 to .95, by the COCO protocol."""

    map50: float | None = Field(ge=0.0, le=1.0)
    """The same at IoU .50."""

    recall: float | None = Field(ge=0.0, le=1.0)
    """Recall at IoU .50 of detections that are not rejected, mean over the classes that have objects here."""

    depth_error_m: float | None = Field(ge=0.0)
    """Median error along the optical axis, metres, over objects that an estimated pose belongs to."""

    pose_error_deg: float | None = Field(ge=0.0)
    """Median angle to the nearest rotation that looks like the true one, degrees, over the same objects."""

    add_s_01d: float | None = Field(ge=0.0, le=1.0)
    """Recall of poses whose ADD(-S) is below a tenth of the diameter, over all objects with a pose and a model."""

    rejection_rate: float | None = Field(ge=0.0, le=1.0)
    """Share of the detections that are below the score threshold."""


class Deltas(Record):
    """The scenario's number minus that of the clean pictures; null where one of them is."""

    map50_95: float | None
    map50: float | None
    recall: float | None
    depth_error_m: float | None
    pose_error_deg: float | None
    add_s_01d: float | None
    rejection_rate: float | None


class ScenarioRow(Numbers):
    """One scenario."""

    name: str
    """As the setting calls it, `clean`, or `clean, same images`."""

    kind: Literal["clean", "slice", "perturbation"]
    """What it is."""

    definition: dict[str, Any]
    """The slice's conditions, or the perturbation's kind, severity and amounts; empty for clean pictures."""

    images: int = Field(ge=0)
    """Images looked at."""

    objects: int = Field(ge=0)
    """Objects measured; crowd regions are none."""

    detections: int | None = Field(ge=0)
    """Detections that are of this scenario by their own class and box; null where nothing was predicted."""

    fps: float | None = Field(gt=0.0)
    """Images read, perturbed and predicted a second; null where no prediction was made for this scenario alone."""

    delta: Deltas | None
    """Against all clean pictures for a slice, against the same ones for a perturbation; null for clean pictures."""

    reasons: dict[str, str]
    """Key that is null -> why."""


class SuiteAdapter(Record):
    """What predicted."""

    name: str
    """Its name."""

    description: dict[str, Any]
    """What it says of itself: digests of its files, versions."""


class SuiteData(Record):
    """What was predicted."""

    root: str
    """Directory of the data set."""

    split: str
    """Its split."""

    images: int = Field(ge=0)
    """Images tested."""

    sha256: str
    """Digest of classes, images and labels of the tested images."""


class ScenariosReport(Record):
    """A scenario suite."""

    schema_version: Literal[1] = 1
    """Version of this layout."""

    timestamp: str
    """When it was measured, UTC, ISO 8601."""

    setting: dict[str, Any]
    """The setting, every key resolved."""

    adapter: SuiteAdapter
    """What predicted."""

    dataset: SuiteData
    """What was predicted."""

    clean: ScenarioRow
    """All tested images as they are."""

    reference: ScenarioRow | None
    """Those that were also perturbed, as they are; null where that is all of them, or none."""

    scenarios: list[ScenarioRow]
    """In the order of the setting, a perturbation of several severities as several."""

    warnings: list[str]
    """What a reader of the numbers should know."""
