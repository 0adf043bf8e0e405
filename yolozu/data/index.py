"""The index of a split: every image with its size, digest and objects. What all later stages read instead of labels."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Self

from yolozu.artifacts.digest import digest_of
from yolozu.artifacts.jsonio import MISFIT, atomic_replacement, canonical, explain_misfit, explain_read_error
from yolozu.artifacts.predictions.stream import BrokenJson, JsonText
from yolozu.data.moved import Moved
from yolozu.errors import InputError, YolozuError
from yolozu.structures.classes import ClassTable
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.record_columns import Columns, RecordColumns

SCHEMA_VERSION = 2
MAKE_AGAIN = "run the prepare_data stage again: doit run_id=… prepare_data"


@dataclass(frozen=True, eq=False)
class DataIndex:
    """A split of a data set.

    Attributes:
        root: the data set's directory, readable from the working directory.
        split: name of the split.
        classes: network index, category id and name of every class.
        records: images in order of path; those of a file are in columns.
        root_base: whether the index file spells ``root`` relative to the working directory, or to itself because the
            two are moved together.
        labeled: whether anything says what is on the images; without, no object on them is no answer but a question.
    """

    root: Path
    split: str
    classes: ClassTable
    records: Sequence[ImageRecord]
    root_base: Literal["cwd", "index"] = "cwd"
    labeled: bool = True

    def __len__(self) -> int:
        return len(self.records)

    @property
    def has_poses(self) -> bool:
        """Whether any object has a pose."""
        return any(record.poses is not None and record.poses.has_pose_N.any() for record in self.records)

    @property
    def num_poses(self) -> int:
        """Objects with a pose."""
        return sum(int(record.poses.has_pose_N.sum()) for record in self.records if record.poses is not None)

    @property
    def has_objects(self) -> bool:
        """Whether any image shows an object; crowd regions are none."""
        return any(not record.is_crowd.all() for record in self.records)

    @property
    def num_instances(self) -> int:
        """Labeled objects, crowd regions included."""
        return sum(len(record.class_indices) for record in self.records)

    def require_labels(self) -> None:
        """Refuse to hold predictions against a mere list of images.

        Raises:
            InputError: YZ291.
        """
        if not self.labeled:
            raise InputError.one(
                "YZ291",
                where=f"{self.root}: {self.split}",
                problem="has no annotations: its images can be predicted, and nothing can be said of how well",
                fix="evaluate on a split with annotations, or stop after predicting",
            )

    def write(self, path: Path) -> None:
        """Replace the index file at ``path``, whole or not at all."""
        beside = self.root_base == "index"
        root = Path(os.path.relpath(self.root, path.parent)).as_posix() if beside else str(self.root)
        document = {
            "schema_version": SCHEMA_VERSION,
            "root": root,
            "root_base": self.root_base,
            "split": self.split,
            "classes": self.classes.to_json(),
            "images": [],
            **({} if self.labeled else {"labeled": False}),
        }
        before, after = canonical(document).split('"images":[]')
        with atomic_replacement(path) as aside, aside.open("w", encoding="utf-8") as file:
            file.write(f'{before}"images":[')
            for place, record in enumerate(self.records):  # never all of them as one text
                file.write("," * (place > 0) + canonical(record.to_json()))
            file.write(f"]{after}\n")

    @classmethod
    def read(cls, path: Path, moved: Moved | None = None) -> Self:
        """The index at ``path``.

        Args:
            path: the file.
            moved: where the data set lies now, if not where the index says.

        Raises:
            InputError: YZ206 the file is missing, damaged or of another version.
        """
        return cls._from_document(*_with_columns(path, lambda rows: rows), path, moved)

    @classmethod
    def read_some(cls, path: Path, moved: Moved | None, *, of: Callable[[int], slice]) -> Self:
        """The index at ``path`` with some of its images alone; the others are never in memory together.

        Args:
            path: the file.
            moved: as in `read`.
            of: which images, of so many.

        Raises:
            InputError: as `read`.
        """
        (count,) = _streamed(path, lambda images: [sum(1 for _ in images)]).get("images", [0])
        rows = of(count)
        chosen = _with_columns(path, lambda images: islice(images, rows.start, rows.stop))
        return cls._from_document(*chosen, path, moved)

    @classmethod
    def _from_document(cls, document: dict[str, Any], columns: Columns, path: Path, moved: Moved | None) -> Self:
        try:
            return cls._from_json(document, columns, path, moved)
        except MISFIT as error:
            raise _no_index(path, error) from error

    @classmethod
    def _from_json(cls, document: dict[str, Any], columns: Columns, path: Path, moved: Moved | None) -> Self:
        if document["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema_version {document['schema_version']}, expected {SCHEMA_VERSION}")
        base = document["root_base"]
        root = path.parent / document["root"] if base == "index" else Path(document["root"])
        root = root if moved is None or base == "index" else moved.at_present(root)
        return cls(
            root,
            document["split"],
            ClassTable.from_json(document["classes"]),
            RecordColumns(columns, root),
            base,
            document.get("labeled", True),
        )


def image_digests(path: Path) -> list[str]:
    """Digests of the images of an index, in their order; nothing else of them is in memory together.

    Raises:
        InputError: YZ206 the file is missing, damaged or of another version.
    """
    try:
        return list(_streamed(path, lambda images: [str(image["sha256"]) for image in images])["images"])
    except MISFIT as error:
        raise _no_index(path, error) from error


def images_digest(records: Sequence[ImageRecord]) -> str:
    """SHA-256 (hex) over the content of the images, in order; neither names nor labels enter."""
    return content_digest([record.sha256 for record in records])


def content_digest(image_sha256s: Sequence[str]) -> str:
    """The same of images of which the digests are known."""
    return digest_of(list(image_sha256s))


def _with_columns(path: Path, chosen: Callable[[Iterator[Any]], Iterator[Any]]) -> tuple[dict[str, Any], Columns]:
    """An index without its images, and those of them that ``chosen`` leaves, read one by one."""
    try:
        document = _streamed(path, lambda images: [Columns.of_rows(chosen(images))])
        (columns,) = document["images"]
    except MISFIT as error:
        raise _no_index(path, error) from error
    return document, columns


def _no_index(path: Path, error: Exception) -> YolozuError:
    problem = f"is no index: {explain_misfit(error)}"
    return InputError.one("YZ206", where=str(path), problem=problem, fix=MAKE_AGAIN)


def _streamed(path: Path, of_images: Callable[[Iterator[Any]], list[Any]]) -> dict[str, Any]:
    """An index as JSON, with what ``of_images`` makes of its images in their place."""
    try:
        with path.open("rb") as file:
            text, document = JsonText(file, note_repeated=False), {}
            for key in text.members():
                if key != "images":
                    document[key] = text.value()
                    continue
                images = text.elements()
                document[key] = of_images(images)
                for _ in images:
                    pass
            text.end()
    except (OSError, BrokenJson) as error:
        said = f"{error.place}: {error.problem}" if isinstance(error, BrokenJson) else explain_read_error(error)
        raise InputError.one(
            "YZ206", where=str(path), problem=f"cannot be read as JSON: {said}", fix=MAKE_AGAIN
        ) from error
    return document
