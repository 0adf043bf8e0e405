"""The replay buffer that a run leaves: images with labels and a detector's outputs, all in one directory.

::

    index.json      data index of the images; its root is this directory
    models.json     shapes of the classes
    buffer.json     how much was seen, and of each image where it came from and where its stored outputs are
    images/…        the pictures; masks/… their masks, where there are any
    outputs/….npz   stored outputs
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from yolozu.artifacts.record import Record, read_record, write_record

if TYPE_CHECKING:
    from pathlib import Path

INDEX, MODELS, BUFFER = "index.json", "models.json", "buffer.json"

FIX = "build the earlier run's stage replay again"


class BufferedImage(Record):
    """An image of the buffer."""

    image: str
    """Path relative to the buffer, as in its index. Its number is that of the image in the whole stream."""

    name: str
    """What its own data set called it."""

    sha256: str
    """Digest of the image file."""

    task: int
    """Number of the training that it came from, of the sequence; the first is 0."""

    derpp_teacher_npz: str
    """Path of its stored outputs relative to the buffer."""

    teacher_sha256: str
    """Digest of the checkpoint that they are of: the best of that training."""


class ReplayBuffer(Record):
    """What the buffer says of itself."""

    schema_version: Literal[1] = 1
    """Version of this file."""

    tasks: int
    """Trainings that it chose from."""

    seen: int
    """Images that it chose from: those of all trainings of the sequence."""

    capacity: int
    """Most images that it could hold."""

    images: list[BufferedImage]
    """Its images, in the order of its index."""

    @classmethod
    def read(cls, directory: Path) -> ReplayBuffer:
        """The buffer in ``directory``.

        Raises:
            InputError: YZ550, ``buffer.json`` is missing or damaged.
        """
        return read_record(directory / BUFFER, cls, code="YZ550", fix=FIX)

    def write(self, directory: Path) -> None:
        """Replace ``buffer.json``, whole or not at all."""
        write_record(directory / BUFFER, self)
