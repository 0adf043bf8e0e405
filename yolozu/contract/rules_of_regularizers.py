"""Rules about what holds weights: combinations in which there is nothing to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.contract.base import Conflict
from yolozu.contract.rules_of_adapters import freezes_base

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.contract.sections.run import Contract


def held_weights_move(contract: Contract) -> Iterator[Conflict]:
    """Weights of a frozen base stay where they are without being held, and adapters begin anew with every task."""
    if not freezes_base(contract):
        return
    for key in ("ewc", "si"):
        if getattr(contract.continual, key):
            yield Conflict(
                key,
                "lora_r",
                "lora_freeze_base",
                problem=f"{key} holds weights, and beside adapters all weights are frozen",
                fix=f"set lora_freeze_base: false, or drop {key} or lora_r",
            )
