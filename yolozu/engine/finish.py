"""Ending an interrupted training where it stands, and keeping what it has learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.contract.overrides import Override
from yolozu.errors import UsageError
from yolozu.optim.registry import SCHEDULES_OF_TOTAL

if TYPE_CHECKING:
    from yolozu.engine.session import Session


def finishing_overrides(session: Session) -> list[Override]:
    """Overrides under which the run's interrupted training is complete as it is: its limit is the step it has reached.

    Raises:
        UsageError: YZ332, nothing is interrupted that the contract would go on from, or at a step that is not known.
    """
    layout, stages = session.layout, [node for node in session.plan.nodes if node.stage.resumable]
    begun = next((work for node in stages if (work := session.unfinished(node)) is not None), None)
    if begun is None:
        aside = [(work, changes) for node in stages for work, changes in session.set_aside(node)]
        raise UsageError.one(
            "YZ332",
            where=layout.word,
            problem="; ".join(
                f"{work.directory} was begun for another spec: {', '.join(change.render() for change in changes)}"
                for work, changes in aside
            )
            if aside
            else "no training of this run is interrupted",
            fix=f"give its keys, too; see yolozu status {layout.word}" if aside else f"see yolozu status {layout.word}",
        )
    if begun.done == 0:
        raise UsageError.one(
            "YZ332",
            where=layout.word,
            problem="its training has not made a step yet",
            fix=f"go on: yolozu run {layout.word} train",
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
