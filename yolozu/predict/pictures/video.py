"""Videos as pictures: decoded a frame at a time, so that memory does not grow with their length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from yolozu.data.images import in_a_line
from yolozu.data.layouts.files import stem_of
from yolozu.errors import Finding, InputError
from yolozu.predict.pictures.picture import Picture

if TYPE_CHECKING:
    from av import VideoFrame
    from av.video.stream import VideoStream

VIDEO_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv"})
LOST_S = 1.0
"""A video that ends so much earlier than it says is damaged; a last picture may stand a while."""


@dataclass(frozen=True)
class Video:
    """A video to predict.

    Attributes:
        path: the file.
        name: what it is called in outputs, its suffix included.
    """

    path: Path
    name: str

    def frames(self, every: int) -> Iterator[Picture | Finding]:
        """Each ``every``-th frame, the right way up, from the first on; at the end what could not be decoded, if any.

        Frame 123 of ``clip.mp4`` is called ``clip-000123.jpg``; frames count from 0.
        """
        import av

        number, damage, reason = 0, 0, ""
        try:
            with self.path.open("rb") as file, av.open(file) as container:
                if not container.streams.video:
                    yield self._finding("holds no pictures")
                    return
                stream = container.streams.video[0]
                stream.thread_type, end_s = "AUTO", 0.0
                for packet in container.demux(stream):
                    try:
                        decoded = packet.decode()
                    except av.FFmpegError as error:
                        damage, reason = damage + 1, in_a_line(error)
                        continue
                    for frame in decoded:
                        damage += frame.is_corrupt
                        end_s = max(end_s, frame.time or 0.0)
                        if number % every == 0:
                            yield self._picture(number, _pixels_of(frame))
                        number += 1
                damage += _ends_early(stream, end_s, self.path.stat().st_size)
        except (OSError, av.FFmpegError) as error:
            damage, reason = damage + 1, in_a_line(error)
        if damage or number == 0:
            read = "no frame can be read" if number == 0 else f"is damaged: {number} frames can be read"
            yield self._finding(f"{read}: {reason}" if reason else read)

    def frames_per_s(self) -> Fraction:
        """How many frames are shown in a second, on average.

        Raises:
            InputError: YZ644 the file cannot be read, or does not say.
        """
        import av

        rate: Fraction | None = None
        reason = "does not say how fast its frames follow one another"
        try:
            with self.path.open("rb") as file, av.open(file) as container:
                rate = container.streams.video[0].guessed_rate if container.streams.video else None
        except (OSError, av.FFmpegError) as error:
            reason = f"no frame can be read: {in_a_line(error)}"
        if rate is None:
            raise InputError([self._finding(reason)])
        return rate

    def _picture(self, number: int, pixels_HW3: NDArray[np.uint8]) -> Picture:
        name = f"{stem_of(self.name)}-{number:06d}.jpg"
        return Picture(Path(name), name, pixels_HW3)

    def _finding(self, problem: str) -> Finding:
        return Finding("YZ644", str(self.path), problem, "copy it again, or leave it out")


def lacks_reader() -> bool:
    """Whether PyAV, which decodes videos, is not installed."""
    return find_spec("av") is None


def _pixels_of(frame: VideoFrame) -> NDArray[np.uint8]:
    """(H, W, 3) RGB, turned as the camera was held."""
    pixels: Any = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90)))


def _ends_early(stream: VideoStream, end_s: float, file_bytes: int) -> bool:
    """Whether a part of the file is missing, of which neither container nor decoder says anything.

    Args:
        stream: as its container describes it.
        end_s: when the last frame that was decoded is shown.
        file_bytes: what is there.
    """
    if any(entry.pos + entry.size > file_bytes for entry in stream.index_entries):  # the whole table of an MP4
        return True
    found = re.fullmatch(r"(\d+):(\d+):(\d+\.?\d*)", stream.metadata.get("DURATION", ""))  # of Matroska
    parts = () if found is None else found.groups()
    stated_s = sum(float(text) * unit for text, unit in zip(parts, (3600, 60, 1), strict=False))
    if "avi" in stream.container.format.name and stream.average_rate:
        stated_s = float(stream.frames / stream.average_rate)
    return stated_s > end_s + LOST_S
