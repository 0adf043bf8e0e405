"""Rules about what holds weights: combinations in which there is nothing to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.contract.base import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.contract.sections.run import Contract


def held_weights_go_on(contract: Contract) -> Iterator[Conflict]:
    """Beside a frozen base no weight moves, and any base begins the next task with the adapters merged into it."""
    for key in ("ewc", "si"):
        if contract.lora.lora_r > 0 and getattr(contract.continual, key):
            yield Conflict(
                key,
                "lora_r",
                problem=f"{key} holds weights to where a task ended, and adapters are merged into them before the next",
                fix=f"drop {key} or lora_r",
            )
