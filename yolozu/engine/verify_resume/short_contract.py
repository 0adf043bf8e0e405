"""A contract made short enough to be trained several times, so that its exactness can be proved in minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yolozu.contract.sections.run import Contract, section_of_key
from yolozu.errors import InputError

if TYPE_CHECKING:
    from yolozu.training.timetable import Timetable

SCALED = (
    "lr_warmup_steps",
    "scheduler_milestones",
    "stage_off_steps",
    "stage_k_steps",
    "cost_z_start_step",
    "cost_rot_start_step",
    "cost_t_start_step",
)
"""Keys that are positions in training, in optimizer steps: they keep their place relative to its length."""

SAVES = 8
"""How many saves a training is to have at least, so that kills fall between them."""


@dataclass(frozen=True)
class Changed:
    """A key that the proof sets differently from the contract; values as JSON."""

    key: str
    old: Any
    new: Any


@dataclass(frozen=True)
class ShortContract:
    """A contract for a proof.

    Attributes:
        contract: the contract.
        changed: how it differs from the one it was made of.
        steps: its optimizer steps.
        timetable: when what happens in it.
    """

    contract: Contract
    changed: tuple[Changed, ...]
    steps: int
    timetable: Timetable


def shorten(contract: Contract, *, steps: int, images: int) -> ShortContract:
    """``contract`` with at most ``steps`` optimizer steps, a row in the metrics for each, and frequent saves.

    What depends on the total (cosine, onecycle) runs over the shorter one; warm-up, milestones and phases shrink with
    it. A validation takes place in the middle even where the contract has none there.

    Args:
        contract: any.
        steps: most optimizer steps.
        images: training images.

    Raises:
        InputError: YZ322, the training has a single step: there is nothing to be killed between.
    """
    whole = timetable_of(contract, images).total_steps
    total = min(whole, steps)
    if total < 2:
        raise InputError.one(
            "YZ322",
            where="max_steps, epochs",
            problem="a training of one optimizer step cannot be killed between steps",
            fix="raise max_steps or epochs, or lower batch_size",
        )
    values: dict[str, Any] = {"log_every": 1, "save_last_every": _save_every(contract, total)}
    values |= {"tensorboard": False, "loggers": ()}  # proofs are no experiments of anybody's
    if contract.loop.ddp:
        values["max_restarts"] = 0  # the next command is to resume, not torchrun
    if total < whole:
        values["max_steps"] = total
        values |= {key: _scaled(_value(contract, key), total / whole) for key in SCALED}
    short = _with(contract, values)
    table = timetable_of(short, images)
    if all(table.validation(step) is None for step in range(1, total)):
        values["val_every_steps"] = max(1, total * 2 // 5)
        short = _with(contract, values)
    changed = [Changed(key, _json(_value(contract, key)), _json(new)) for key, new in values.items()]
    return ShortContract(
        short, tuple(entry for entry in changed if entry.old != entry.new), total, timetable_of(short, images)
    )


def timetable_of(contract: Contract, images: int) -> Timetable:
    """When what happens in a training of ``contract`` on so many images."""
    from yolozu.training.timetable import Timetable, replayed_per_batch

    return Timetable(
        num_images=images,
        batch_size=contract.loop.batch_size,
        accumulation=contract.optim.gradient_accumulation_steps,
        max_steps=contract.length.max_steps,
        epochs=contract.length.epochs,
        val_every=contract.loop.val_every,
        val_every_steps=contract.loop.val_every_steps,
        replayed_per_batch=replayed_per_batch(contract.continual.replay_share, contract.loop.batch_size),
    )


def _save_every(contract: Contract, total: int) -> int:
    return min(contract.operations.save_last_every, max(2, total // SAVES))


def _scaled(value: int | tuple[int, ...], factor: float) -> int | tuple[int, ...]:
    if isinstance(value, int):
        return max(1, round(value * factor)) if value else 0
    return tuple(sorted({max(1, round(step * factor)) for step in value}))


def _value(contract: Contract, key: str) -> Any:
    return getattr(getattr(contract, section_of_key()[key]), key)


def _json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _with(contract: Contract, values: dict[str, Any]) -> Contract:
    owner = section_of_key()
    sections = {owner[key]: getattr(contract, owner[key]) for key in values}
    for key, value in values.items():
        sections[owner[key]] = sections[owner[key]].model_copy(update={key: value})
    return contract.model_copy(update=sections)
