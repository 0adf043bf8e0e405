"""How a detector is trained on data of one's own: numbers that follow from the data and the device.

The numbers for CPUs were measured on 2 cores; `docs/how-to/own-photos.md` has the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from yolozu.app.own_data.facts import DataFacts
    from yolozu.artifacts.published_weights import PublishedWeights

Device = Literal["cpu", "cuda"]

STRIDE = 32
SMALLEST_BOX_PX = 20.0
"""Side that half of the objects have at least in the network input, as far as sizes go."""

CPU_SIDES = (256, 320, 416)
CUDA_SIDE = 640

CORE_SECONDS_PER_MEGAPIXEL = 2.3
"""Time of one core to train the compact detector on 1e6 px of input, reading included: 1.7 with one core, and two
cores are 1.5 times as fast."""

FEW_PICTURES = 50
MINUTES = (6.0, 60.0)
"""Time of training on a CPU: for `FEW_PICTURES` and less, and at most."""

FEWEST_STEPS = 300
CUDA_STEPS = (3000, 60_000)
CUDA_EPOCHS = 72
"""Passes over the pictures with which RT-DETR was published, from weights of a backbone."""

VALIDATIONS = 10
FEWEST_TO_CHOOSE_BY = 10
"""Held-out pictures with which a validation says more than chance; with fewer, the last weights are taken."""

MOST_QUERIES = 300


@dataclass(frozen=True)
class Settings:
    """The keys of a contract that depend on data and device.

    Attributes:
        device: where it is trained.
        image_size: side of the network input, px.
        batch_size: pictures in a step.
        max_steps: optimizer steps.
        lr_warmup_steps: of them.
        val_every: epochs between two validations.
        ema_decay: of the average of weights.
        num_queries: most objects that the network can find on a picture.
        minutes: how long training takes, where that is known.
        weights: published ones that it starts from; None where it does not.
    """

    device: Device
    image_size: int
    batch_size: int
    max_steps: int
    lr_warmup_steps: int
    val_every: int
    ema_decay: float
    num_queries: int
    minutes: float | None
    weights: PublishedWeights | None = None

    @property
    def is_compact(self) -> bool:
        """Whether the network is a small one, for a CPU."""
        return self.device == "cpu" and self.weights is None


def settings_for(facts: DataFacts, *, device: Device, cores: int, weights: PublishedWeights | None = None) -> Settings:
    """Settings for pictures like these on a device; ``cores`` are those of the CPU.

    With first weights a CPU takes the fewest steps: how long one lasts with their network is not known beforehand.
    """
    side = _image_size(facts, device)
    batch = min(8 if device == "cpu" else 16, max(1, facts.num_pictures))
    minutes = _minutes(facts) if device == "cpu" and weights is None else None
    per_epoch = max(1, facts.num_pictures // batch)
    if minutes is not None:
        steps = _steps_in(minutes, batch * side**2, cores)
    else:
        steps = _cuda_steps(per_epoch) if device == "cuda" else FEWEST_STEPS
    return Settings(
        device=device,
        image_size=side,
        batch_size=batch,
        max_steps=steps,
        lr_warmup_steps=steps // 20,
        val_every=max(1, steps // per_epoch // (VALIDATIONS if facts.num_held_out >= FEWEST_TO_CHOOSE_BY else 1)),
        ema_decay=0.99 if steps < 2000 else 0.998 if steps < 10_000 else 0.9998,
        num_queries=_num_queries(facts, device),
        minutes=minutes,
        weights=weights,
    )


def _image_size(facts: DataFacts, device: Device) -> int:
    """As small as the objects allow, and no larger than the pictures."""
    largest = -(-max(facts.longest_side_px, 1) // STRIDE) * STRIDE
    sides = CPU_SIDES if device == "cpu" else (CUDA_SIDE,)
    wanted = next((side for side in sides if side * facts.box_side >= SMALLEST_BOX_PX), sides[-1])
    return max(128, min(wanted, largest))


def _minutes(facts: DataFacts) -> float:
    """Time that grows with the pictures, from the first limit to the second."""
    least, most = MINUTES
    return min(most, least * max(1.0, facts.num_pictures / FEW_PICTURES))


def _steps_in(minutes: float, pixels_per_step: int, cores: int) -> int:
    """Steps that fit into the time, as a round number. More than four cores help little with batches so small."""
    seconds = CORE_SECONDS_PER_MEGAPIXEL * pixels_per_step / 1e6 / min(cores, 4)
    steps = int(minutes * 60.0 / seconds)
    return max(FEWEST_STEPS, steps // 50 * 50)


def _cuda_steps(per_epoch: int) -> int:
    least, most = CUDA_STEPS
    return min(most, max(least, CUDA_EPOCHS * per_epoch))


def _num_queries(facts: DataFacts, device: Device) -> int:
    """Twice as many as a picture ever showed objects."""
    wanted = -(-2 * facts.most_objects // 10) * 10
    return MOST_QUERIES if device == "cuda" else min(MOST_QUERIES, max(30, wanted))
