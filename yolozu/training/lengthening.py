"""The words that make a training longer, by whichever limit ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yolozu.optim.registry import SCHEDULES_OF_TOTAL

if TYPE_CHECKING:
    from collections.abc import Mapping


def lengthened(spec: Mapping[str, Any], *, factor: float, stopped_early: bool = False) -> tuple[str, ...]:
    """``max_steps=1600``, ``epochs=40``: overrides with which a finished training goes on.

    Args:
        spec: of the train stage, as JSON values.
        factor: on every limit that the spec has.
        stopped_early: whether patience ended it, and no limit did.
    """
    if stopped_early:
        return (f"early_stop_patience={round(spec['loop']['early_stop_patience'] * factor)}",)
    limits = {key: spec["length"][key] for key in ("max_steps", "epochs")}
    words = [f"{key}={round(value * factor)}" for key, value in limits.items() if value is not None]
    of_total = spec["schedule"]["scheduler"] in SCHEDULES_OF_TOTAL and not spec["length"]["extend"]
    return (*words, "extend=true") if of_total else tuple(words)
