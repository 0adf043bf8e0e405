"""Ending an interrupted training where it stands, and keeping what it has learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.contract.overrides import Override
from yolozu.errors import UsageError
from yolozu.optim.schedules import SCHEDULES_OF_TOTAL
from yolozu.plan.begun import Begun

if TYPE_CHECKING:
    from yolozu.engine.session import Session


def ending_now(session: Session) -> list[Override]:
    """Overrides under which the run's interrupted training is complete as it is: its limit is the step it has reached.

    Raises:
        UsageError: YZ332, nothing is interrupted, or an early release did not note the step.
    """
    layout = session.layout
    found = [(node, Begun.read(layout.scratch_dir(node.name))) for node in session.plan.nodes if node.stage.resumable]
    begun = next((work for node, work in found if work is not None and work.has_saved(node)), None)
    if begun is None or begun.done == 0:
        raise UsageError.one(
            "YZ332",
            where=layout.word,
            problem="no training of this run is interrupted"
            if begun is None
            else "its training has not made a step yet",
            fix=f"see how it stands: yolozu status {layout.word}",
        )
    if begun.done is None:
        raise UsageError.one(
            "YZ332",
            where=layout.word,
            problem="the interrupted training does not say at which step it is: an early release saved it",
            fix=f"let it go on until it has saved once: yolozu run {layout.word} train; stop it, and finish it then",
        )
    ending = [Override("max_steps", begun.done, f"max_steps={begun.done}")]
    if session.loaded.contract.schedule.scheduler in SCHEDULES_OF_TOTAL:
        ending.append(Override("extend", True, "extend=true"))
    return ending
