"""The images of a training with those that it replays, and what is stored of both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.artifacts.earlier_runs import REPLAY_BUFFER, left_as_planned, stored_as_planned
from yolozu.artifacts.stored_outputs import file_of
from yolozu.contract.sections.continual import BESIDE_REPLAYED
from yolozu.data.replay import Replayed, joined
from yolozu.data.stored_store import StoredStore, require_stored
from yolozu.errors import InputError
from yolozu.training.timetable import replayed_per_batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.contract.sections.continual import ContinualSection
    from yolozu.data.index import DataIndex


@dataclass(frozen=True)
class JoinedData:
    """What is trained on.

    Attributes:
        index: the training's own images, then replayed ones.
        models: shapes of the classes of both.
        num_replayed: images of the index that are replayed.
        per_batch: replayed images of every batch.
        stored: what a detector once said of the images; None where nothing of it is learned.
        derpp_weight: factor on the loss of that; 0 without.
        lines: what to say of it.
    """

    index: DataIndex
    models: ObjectModels
    num_replayed: int = 0
    per_batch: int = 0
    stored: StoredStore | None = None
    derpp_weight: float = 0.0
    lines: tuple[str, ...] = ()


def joined_data(
    train: DataIndex,
    models: ObjectModels,
    section: ContinualSection,
    *,
    planned: Path | None,
    batch_size: int,
    keep: bool,
) -> JoinedData:
    """The images of a training with those that ``section`` replays.

    Args:
        train: the training's own images.
        models: shapes of their classes.
        section: keys of continual learning.
        planned: what the planner knew of earlier runs; None where the contract names none.
        batch_size: images of a batch.
        keep: whether stored outputs that were read are kept in memory.

    Raises:
        InputError: YZ550 the earlier run left no buffer, or it cannot be read; YZ551 something is not what the run was
            planned with; YZ552 a class that the training does not have; YZ553 images without stored outputs.
    """
    replayed = _buffer(section, planned)
    index, lines = train, []
    if replayed is not None:
        index, models = joined(train, models, replayed)
    num_replayed, per_batch = len(index) - len(train), replayed_per_batch(section.replay_share, batch_size)
    if replayed is not None:
        lines.append(
            f"replaying {per_batch} of every {batch_size} images, from {num_replayed} of {replayed.buffer.seen} that "
            f"{section.continual_from} has kept"
        )
    paths = _stored_paths(section, planned, train, replayed) if section.derpp else []
    if any(path is not None for path in paths):
        needing = [(record, path) for record, path in zip(index.records, paths, strict=True) if path is not None]
        require_stored([record for record, _ in needing], [path for _, path in needing], train.classes)
        lines.append(f"derpp: {len(needing)} of {len(index)} images have stored outputs, which are held to")
        stored = StoredStore(paths, train.classes, keep=keep)
        return JoinedData(
            index, models, num_replayed, per_batch, stored, derpp_weight=section.derpp_weight, lines=tuple(lines)
        )
    return JoinedData(index, models, num_replayed, per_batch, lines=tuple(lines))


def _buffer(section: ContinualSection, planned: Path | None) -> Replayed | None:
    """The replay buffer of the earlier run, where any of it is replayed."""
    if section.replay_share == 0.0:
        return None
    assert section.continual_from is not None, "a rule of the contract"
    assert planned is not None, "a contract with continual_from has this input"
    found = left_as_planned(section.continual_from, REPLAY_BUFFER, planned, where="continual_from")
    replayed = None if found is None else Replayed.read(found)
    if replayed is None or not len(replayed.index):
        raise InputError.one(
            "YZ550",
            where=f"continual_from: {section.continual_from}",
            problem=f"left no images to replay, and replay_share is {section.replay_share:g}",
            fix="set replay_images in the earlier task, and build it again; or set replay_share: 0",
        )
    return replayed


def _stored_paths(
    section: ContinualSection, planned: Path | None, train: DataIndex, replayed: Replayed | None
) -> Sequence[Path | None]:
    """Where the stored outputs of each image are: the training's own, then those of the buffer."""
    own: list[Path | None] = [None] * len(train)
    if section.derpp_teacher_key != BESIDE_REPLAYED:
        assert planned is not None, "a contract with derpp_teacher_key has this input"
        directory = stored_as_planned(Path(section.derpp_teacher_key), planned)
        own = [directory / file_of(record.sha256) for record in train.records]
    if replayed is None:
        return own
    return [*own, *(replayed.directory / row.derpp_teacher_npz for row in replayed.buffer.images)]
