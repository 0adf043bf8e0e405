"""What happens in a build, as records: what its views show, and what ``--json`` prints, one a line."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, TypeAdapter

from yolozu.artifacts.record import SCHEMA_URL, Record
from yolozu.artifacts.run_meta import timestamp


class Event(Record):
    """Something that happened."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    schema_version: Literal[1] = 1
    """Version of this form."""

    time: str = Field(default_factory=timestamp)
    """When, UTC."""


class BuildBegins(Event):
    """The first event."""

    event: Literal["build_begins"] = "build_begins"
    """Tells events apart."""

    run_id: str
    """Name of the run."""

    headline: str
    """The run, its contract file and its overrides, in words."""

    stages: list[str]
    """All stages of the run, in order, whether or not they are asked for."""


class StageChanges(Event):
    """A stage begins or ends, or need not run."""

    event: Literal["stage"] = "stage"
    """Tells events apart."""

    stage: str
    """Its name."""

    state: Literal["up to date", "running", "done", "failed", "pruned"]
    """How it stands from now on; a pruned training is ended early, because others of its sweep do better."""

    reasons: list[str] = Field(default_factory=list)
    """Why it runs; empty where it only is checked again."""

    prospects: list[str] = Field(default_factory=list)
    """What becomes of earlier work of it."""

    seconds: float | None = None
    """How long it ran; null until it ends."""

    numbers: dict[str, JsonValue] = Field(default_factory=dict)
    """What it counted and measured, as in its receipt; of a pruned training `optim_step`, `validation` and
    the metric there; empty unless it is done or pruned."""

    from_store: str | None = None
    """The run that made the result, where it was taken from the store; null where the stage ran."""


class Advances(Event):
    """A piece of long work goes on; at most four a second."""

    event: Literal["progress"] = "progress"
    """Tells events apart."""

    stage: str
    """Whose work."""

    shard: int | None = None
    """Which part of the stage's work, from 1, where parts are done at once; null for the stage itself."""

    title: str
    """What work."""

    done: int
    """Items (optimizer steps, images) that are done."""

    total: int
    """Items that there are."""

    note: str = ""
    """How it goes, in words."""

    numbers: dict[str, float | None] = Field(default_factory=dict)
    """How it goes, in numbers. Of a training: epoch, epochs, loss, best_score (of what best.pt is chosen by), learning
    rates, images_per_s and memory_mb; null where a number is not defined."""


class Says(Event):
    """A line for people."""

    event: Literal["line"] = "line"
    """Tells events apart."""

    stage: str | None
    """Who says it; null for the build itself."""

    shard: int | None = None
    """Which part of the stage's work, from 1, where parts are done at once; null for the stage itself."""

    tells_of_job: bool = False
    """Whether it tells how the job of a cluster stands that runs the stage: where it waits or runs until the next such
    line."""

    kind: Literal["note", "warning", "error"]
    """An error is also all that a stage's process writes itself, such as warnings of libraries."""

    text: str
    """What."""


class BuildEnds(Event):
    """The last event."""

    event: Literal["build_ends"] = "build_ends"
    """Tells events apart."""

    run_id: str
    """Name of the run."""

    exit_code: int
    """0 done, 1 a gate said no, 2 a contract or input that cannot be used, 70 a mistake of ours, 75 interrupted."""

    stages: list[dict[str, JsonValue]]
    """How the stages that were asked for stand now, as `yolozu status --json` tells it."""


BuildEvent = Annotated[BuildBegins | StageChanges | Advances | Says | BuildEnds, Field(discriminator="event")]


def build_events_schema() -> dict[str, Any]:
    """JSON Schema of a line of ``yolozu run --json``."""
    return {"$schema": SCHEMA_URL, "title": "BuildEvent", **TypeAdapter(BuildEvent).json_schema(mode="serialization")}
