"""Stages run in a directory that nobody keeps, on specs and data of the doctor's choice."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.jsonio import write_text
from yolozu.contract.sections.operations import OperationsSection
from yolozu.progress import SilentProgress
from yolozu.stages.base import Stage, StageContext, StageSpec, links

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.engine.session import Session

OPERATIONS = OperationsSection(cache="ram", log_every=1, save_last_every=10**9)


class Stopwatch:
    """Says that the time is over, so many seconds after it was first asked."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._ends_at = seconds, math.nan

    def __call__(self) -> bool:
        """Whether it is."""
        if math.isnan(self._ends_at):
            self._ends_at = time.monotonic() + self._seconds
        return time.monotonic() > self._ends_at


@dataclass(frozen=True)
class Bench:
    """A directory laid out as that of a run, in which stages read what a session's planner would have written.

    Attributes:
        session: the run that is meant.
        root: the directory.
    """

    session: Session
    root: Path

    def lay_out(self) -> None:
        """Write the planner's files."""
        for path, text in self.session.texts.items():
            write_text(self.root / path, text)

    def spec(self, stage: Stage) -> Any:
        """The stage's slice of the contract."""
        return stage.spec.slice_of(self.session.loaded.contract)

    def run(
        self, stage: Stage, spec: StageSpec, *, into: str = "", seconds: float = math.inf, **inputs: Path
    ) -> dict[str, Any]:
        """Run a stage; returns its numbers.

        Args:
            stage: of the plan.
            spec: what to do.
            into: folder of the directory for its outputs.
            seconds: after which it is stopped, from its first safe point on: what is loaded before does not count.
            inputs: files in the place of those that the plan says.

        Raises:
            Interrupted: the time was over; what was written so far is there.
            YolozuError: whatever the stage refuses.
        """
        node, out = self.session.plan[stage.name], self.root / into
        read = {name: self.root / path for name, path in {**node.inputs, **node.gates}.items()} | inputs
        outputs = {name: out / path for name, path in node.outputs.items()}
        for path in outputs.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        scratch = out / "scratch"
        scratch.mkdir(exist_ok=True)
        context = StageContext(
            scratch=scratch,
            evidence=out / "evidence",
            operations=OPERATIONS,
            provenance={"contract_digest": "", "dataset_digest": "", "argv": [], "cwd": "."},
            state_digest="",
            progress=SilentProgress(),
            stopping=Stopwatch(seconds),
        )
        named = {name: outputs.get(name) for name in links(stage.outputs)}
        there = {name: read.get(name) for name in links(stage.inputs)}
        return stage.run(spec, stage.inputs(**there), stage.outputs(**named), context)

    def output(self, stage: Stage, name: str, *, into: str = "") -> Path:
        """Where a stage that ran ``into`` a folder has written an output."""
        return self.root / into / self.session.plan[stage.name].outputs[name]
