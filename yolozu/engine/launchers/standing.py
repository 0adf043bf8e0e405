"""Jobs that run a stage somewhere else, as whoever looks at a run sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from yolozu.engine.launchers.registry import LAUNCHERS

if TYPE_CHECKING:
    from yolozu.engine.launchers.base import Launcher
    from yolozu.paths import RunLayout


@dataclass(frozen=True)
class JobStanding:
    """A job that is not over, as far as anybody knows.

    Attributes:
        stage: what it runs: a stage, or a part of one.
        executor: what it was given to.
        job: its number there; empty where the cluster gives none, or has not told it.
        state: whether it waits or runs; unknown where the cluster does not answer.
        node: where it runs, or ran last; empty while it waits.
        reason: why it waits, in the cluster's word; empty where it does not say.
        submitted_at: UTC, ISO 8601; empty where nobody noted it.
        name: what the cluster's queue calls it; empty where it has no queue to look into.
        outlives_builder: whether it goes on without the command that started it.
    """

    stage: str
    executor: str
    job: str
    state: Literal["waits", "runs", "unknown"]
    node: str = ""
    reason: str = ""
    submitted_at: str = ""
    name: str = ""
    outlives_builder: bool = False

    def render(self) -> str:
        """``slurm job 17 runs on n1``, ``ray waits for a machine``."""
        who = " ".join(word for word in (self.executor, f"job {self.job}" if self.job else "") if word)
        match self.state:
            case "runs":
                return f"{who} runs on {self.node}"
            case "waits":
                return f"{who} waits{f': {self.reason}' if self.reason else ' for a machine'}"
            case _:
                return f"{who} of {self.submitted_at} may wait or run: {self.executor} does not answer here"


def standings(layout: RunLayout, stage: str) -> list[JobStanding]:
    """Jobs that run a stage, or parts of it; each kind of cluster is asked that was given one.

    Raises:
        InputError: YZ351, a record of a job cannot be read.
    """
    scratch = layout.root / "scratch"
    parts = {path.name.partition(".job")[0] for path in scratch.glob(f"{stage}.shard-*.job*")}
    launchers: list[Launcher] = [LAUNCHERS.load(name) for name in LAUNCHERS]
    found = (launcher.standing(layout, name) for name in (stage, *sorted(parts)) for launcher in launchers)
    return [standing for standing in found if standing is not None]
