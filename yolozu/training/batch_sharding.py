"""What one process of a training has of every batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from yolozu.data.collate import Batch, joined_batch
from yolozu.training.distributed import Group, StoppedByRank0

if TYPE_CHECKING:
    from yolozu.training.teacher import Seen

Item = TypeVar("Item")


def own_part(items: Sequence[Item], group: Group) -> list[Item]:
    """This process's stretch of ``items``: lengths differ by at most one, the first processes have the longer ones."""
    length, longer = divmod(len(items), group.size)
    start = group.rank * length + min(group.rank, longer)
    return list(items[start : start + length + (group.rank < longer)])


@dataclass(frozen=True)
class Share:
    """This process's part of a batch.

    Attributes:
        batch: its images, maybe none; padded as the whole batch is, so that a network makes of an image what it would
            make of it there.
        first: images of the batch that come before them.
        of: images of the batch.
        of_window: images of all batches of the window.
        stored_of_window: of them, those with stored outputs.
        weight: factor on a loss that is divided by the part's own objects (at least 1): the sum of these products over
            all parts of a window is the loss of one batch of all its images.
        seen: what a teacher makes of the images; None where it has not looked.
    """

    batch: Batch
    first: int
    of: int
    of_window: int
    weight: float
    stored_of_window: int = 0
    seen: Seen | None = None


def shares_of(window: Sequence[Batch], group: Group) -> list[Share]:
    """The parts of a window's batches that are this process's, seen beside those of all others."""
    own = [
        (len(batch.indices), int(batch.targets.valid_BT.sum()), int(batch.targets.valid_BT.shape[1]), _stored(batch))
        for batch in window
    ]
    gathered = group.all_gather(own)
    weights = window_weights([objects for parts in gathered for _, objects, _, _ in parts])
    shares = []
    for place, batch in enumerate(window):
        parts = [parts[place] for parts in gathered]
        shares.append(
            Share(
                replace(batch, targets=batch.targets.with_room_for(max(room for _, _, room, _ in parts))),
                first=sum(images for images, *_ in parts[: group.rank]),
                of=sum(images for images, *_ in parts),
                of_window=sum(images for all_of_one in gathered for images, *_ in all_of_one),
                weight=weights[group.rank * len(window) + place],
                stored_of_window=sum(stored for all_of_one in gathered for *_, stored in all_of_one),
            )
        )
    return shares


def _stored(batch: Batch) -> int:
    """Images of the batch with stored outputs."""
    return sum(one is not None for one in batch.stored)


def whole_batches_at_first(window: Sequence[Batch], group: Group) -> Sequence[Batch]:
    """The batches of a window as they were before they were parted, for the first process, which is alone from here on.

    Raises:
        StoppedByRank0: in all other processes.
    """
    if group.size == 1:
        return window
    parts = group.to_first(list(window))
    group.leave()
    if parts is None:
        raise StoppedByRank0
    return [joined_batch([part[place] for part in parts]) for place in range(len(window))]


def window_weights(object_counts: Sequence[int]) -> list[float]:
    """Factors on losses, each divided by its own batch's objects, whose sum is the loss of one batch of them all.

    Args:
        object_counts: objects in each batch; a batch without any is normalized by 1.
    """
    whole = max(1, sum(object_counts))
    return [max(1, count) / whole for count in object_counts]
