"""Rules about learning one task after another: combinations that cannot work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.contract.base import Conflict
from yolozu.contract.sections.continual import BESIDE_REPLAYED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.contract.sections.run import Contract


def replayed_images_come_from_somewhere(contract: Contract) -> Iterator[Conflict]:
    """The buffer is an earlier run's."""
    section = contract.continual
    if section.replay_share > 0.0 and section.continual_from is None:
        yield Conflict(
            "replay_share",
            "continual_from",
            problem="there is no earlier training whose images could be replayed",
            fix="set continual_from to a run that has replay_images, or drop replay_share",
        )


def replayed_images_leave_room(contract: Contract) -> Iterator[Conflict]:
    """A batch has images of both kinds."""
    if contract.continual.replay_share > 0.0 and contract.loop.batch_size < 2:
        yield Conflict(
            "replay_share",
            "batch_size",
            problem="a batch of one image has no room for a new and a replayed one",
            fix="set batch_size to 2 or more",
        )


def stored_outputs_come_from_somewhere(contract: Contract) -> Iterator[Conflict]:
    """Replayed images have stored outputs, and those of a directory that is named."""
    section = contract.continual
    if section.derpp and section.derpp_teacher_key == BESIDE_REPLAYED and section.replay_share == 0.0:
        yield Conflict(
            "derpp",
            "replay_share",
            problem="no image has stored outputs: none is replayed, and derpp_teacher_key names no directory",
            fix="set replay_share above 0, or derpp_teacher_key to what yolozu continual teachers wrote",
        )


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
