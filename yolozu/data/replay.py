"""The images of a replay buffer: joined to those of a training, and written for a later one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from yolozu.artifacts.atomic_files import copy_file
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.meshes import ObjectModels
from yolozu.artifacts.replay_buffer import FIX, INDEX, MODELS, ReplayBuffer
from yolozu.data.images import require_as_prepared
from yolozu.data.index import DataIndex
from yolozu.errors import InputError
from yolozu.structures.classes import ClassTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from yolozu.structures.image_record import ImageRecord


@dataclass(frozen=True)
class Replayed:
    """A replay buffer that was read.

    Attributes:
        directory: of the buffer.
        index: its images.
        models: shapes of its classes.
        buffer: what it says of itself.
    """

    directory: Path
    index: DataIndex
    models: ObjectModels
    buffer: ReplayBuffer

    @classmethod
    def read(cls, directory: Path) -> Replayed:
        """The buffer in ``directory``.

        Raises:
            InputError: YZ550, a file of it is missing or damaged, or the files contradict each other.
        """
        buffer = ReplayBuffer.read(directory)
        try:
            index, models = DataIndex.read(directory / INDEX), ObjectModels.read(directory / MODELS)
        except InputError as error:
            first = error.findings[0]
            raise InputError.one("YZ550", where=first.where, problem=first.problem, fix=FIX) from error
        if [row.image for row in buffer.images] != [record.image for record in index.records]:
            raise InputError.one(
                "YZ550", where=str(directory), problem="its index and its buffer.json name other images", fix=FIX
            )
        return cls(directory, index, models, buffer)


def joined_classes(first: ClassTable, second: ClassTable) -> ClassTable:
    """The classes of ``first``, then those of ``second`` with new names; an id that is taken becomes a free one."""
    names, ids = list(first.names), list(first.category_ids)
    for name, category in zip(second.names, second.category_ids, strict=True):
        if name not in names:
            names.append(name)
            ids.append(category if category not in ids else max(ids) + 1)
    return ClassTable(tuple(names), tuple(ids))


def with_classes(index: DataIndex, classes: ClassTable, *, where: str) -> DataIndex:
    """The same images with the class table ``classes``; classes are the same where their names are.

    Of classes that are new to the images their labels tell nothing.

    Raises:
        InputError: YZ552, objects are of classes that ``classes`` has not, all together.
    """
    used = {int(number) for record in index.records for number in record.class_indices}
    lacking = [
        index.classes.names[number] for number in sorted(used) if index.classes.names[number] not in classes.names
    ]
    if lacking:
        raise InputError.one(
            "YZ552",
            where=where,
            problem=f"shows objects of classes that the training does not have: {', '.join(lacking)}",
            fix="name them in class_names, after those that the earlier training had; or set replay_share: 0",
        )
    of_old = np.array([_place(classes, name) for name in index.classes.names], np.int64)
    records = tuple(
        replace(
            record, class_indices=of_old[record.class_indices], labeled_classes=_labeled(record, of_old, len(classes))
        )
        for record in index.records
    )
    return replace(index, classes=classes, records=records)


def _labeled(record: ImageRecord, of_old: NDArray[np.int64], num_classes: int) -> tuple[int, ...] | None:
    """The classes that the labels of an image tell of: those that they told of when it was stored."""
    numbers = of_old if record.labeled_classes is None else of_old[list(record.labeled_classes)]
    known = tuple(sorted(int(number) for number in numbers if number >= 0))
    return None if len(known) == num_classes else known


def joined(train: DataIndex, models: ObjectModels, replayed: Replayed) -> tuple[DataIndex, ObjectModels]:
    """The images of a training, then those of a buffer; and the shapes of the classes of both.

    The table is that of the training, and so is the shape of a class that both know. Paths of replayed images are
    absolute.

    Raises:
        InputError: YZ552, the buffer shows objects of classes that the training does not have.
    """
    mapped = with_classes(replayed.index, train.classes, where=f"replay buffer {replayed.directory}")
    records = tuple(_absolute(record, replayed.directory) for record in mapped.records)
    return (
        replace(train, records=(*train.records, *records)),
        joined_models(models, replayed.models, replayed.index.classes, train.classes),
    )


def joined_models(
    first: ObjectModels, second: ObjectModels, second_classes: ClassTable, classes: ClassTable
) -> ObjectModels:
    """Shapes by the indices of ``classes``: those of ``first``, then those of ``second`` that it has not."""
    found = dict(first.by_class)
    for number, model in second.by_class.items():
        place = _place(classes, second_classes.names[number])
        if place >= 0:
            found.setdefault(place, model)
    return ObjectModels(found)


def copied_record(record: ImageRecord, root: Path, directory: Path, number: int) -> ImageRecord:
    """The record with its files below ``directory``, under names that are its number in the whole stream.

    Args:
        record: of an image with its masks.
        root: of its data set.
        directory: of the buffer; the files are copied there.
        number: of the image in the stream.

    Raises:
        InputError: YZ211, the image is not what it was when the data were prepared.
    """
    name = f"images/{number:08}{record.path.suffix.lower()}"
    _copy(record.path, directory / name)
    if record.sha256:
        require_as_prepared(record.path, record.sha256, digest_file(directory / name))
    names: dict[str, str] = {}
    for mask in record.masks:
        if mask is not None and mask[0] not in names:
            names[mask[0]] = f"masks/{number:08}-{len(names)}{Path(mask[0]).suffix.lower()}"
            _copy(root / mask[0], directory / names[mask[0]])
    masks = tuple(None if mask is None else (names[mask[0]], mask[1]) for mask in record.masks)
    return replace(record, image=name, path=directory / name, masks=masks, number=None)


def _absolute(record: ImageRecord, directory: Path) -> ImageRecord:
    """An image outside the data set that it is joined to."""
    path, root = record.path.resolve(), directory.resolve()
    masks = tuple(None if mask is None else (str(root / mask[0]), mask[1]) for mask in record.masks)
    return replace(record, image=str(path), path=path, masks=masks)


def _place(classes: ClassTable, name: str) -> int:
    return classes.names.index(name) if name in classes.names else -1


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    copy_file(source, target)
