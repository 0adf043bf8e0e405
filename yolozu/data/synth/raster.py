"""Convex polygons on a grid of samples, nearest first: an exact z-buffer for flat faces."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

NOTHING = -1
EDGE_TOLERANCE = 1e-9
"""Samples this near to an edge (in squared samples) belong to both faces, so that no gap opens between neighbors."""


@dataclass(frozen=True)
class Window:
    """A rectangle of whole pixels: columns ``left`` to ``right``, rows ``top`` to ``bottom``, the last not included."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def around(cls, points_N2: NDArray[np.float64], size: int) -> Self:
        """The pixels of a ``size`` × ``size`` image that a polygon with these corners (px) can touch."""
        low = np.clip(np.floor(points_N2.min(axis=0)), 0, size).astype(int).tolist()
        high = np.clip(np.ceil(points_N2.max(axis=0)), 0, size).astype(int).tolist()
        return cls(low[0], low[1], high[0], high[1])

    @classmethod
    def union(cls, windows: Iterable[Window]) -> Self:
        """The smallest window that holds all of ``windows``."""
        lefts, tops, rights, bottoms = zip(*((w.left, w.top, w.right, w.bottom) for w in windows), strict=True)
        return cls(min(lefts), min(tops), max(rights), max(bottoms))

    @property
    def pixels(self) -> tuple[slice, slice]:
        """Rows and columns of an image."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


class SampleGrid:
    """What each sample of a window sees: the number of the nearest face.

    Sample (i, j) is at pixel coordinates ``(left + (j + 0.5) / per_px, top + (i + 0.5) / per_px)``.

    Attributes:
        window: the pixels it covers.
        per_px: samples along each side of a pixel.
        face_HW: int16 number of the face seen, `NOTHING` where none is.
    """

    def __init__(self, window: Window, per_px: int) -> None:
        self.window, self.per_px = window, per_px
        shape = (window.bottom - window.top) * per_px, (window.right - window.left) * per_px
        self.face_HW = np.full(shape, NOTHING, dtype=np.int16)
        self._nearness_HW = np.zeros(shape, dtype=np.float32)

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Which samples see a face."""
        return np.asarray(self.face_HW != NOTHING)

    def draw(self, corners_px_C2: NDArray[np.float64], inverse_depth: NDArray[np.float64], face: int) -> None:
        """Draw a face where it is nearer than what was drawn before.

        Args:
            corners_px_C2: (C, 2) corners of a convex polygon in px, in either order of turning.
            inverse_depth: (3,) ``1 / z`` in the polygon's plane as a function of the pixel: ``a x + b y + c``.
            face: number to note down.
        """
        found = self._inside(corners_px_C2)
        if found is None:
            return
        place, inside, xs, ys = found
        a, b, c = inverse_depth.tolist()
        window = self.window
        at_x, at_y = a * (xs / self.per_px + window.left), b * (ys / self.per_px + window.top) + c
        nearness = (at_x[None, :] + at_y[:, None]).astype(np.float32)
        wins = inside & (nearness > self._nearness_HW[place])
        np.copyto(self._nearness_HW[place], nearness, where=wins)
        np.copyto(self.face_HW[place], np.int16(face), where=wins)

    def fill(self, corners_px_C2: NDArray[np.float64], face: int) -> None:
        """Note ``face`` down wherever the polygon covers a sample, at whatever depth."""
        found = self._inside(corners_px_C2)
        if found is not None:
            place, inside, _, _ = found
            np.copyto(self.face_HW[place], np.int16(face), where=inside)

    def merge(self, other: SampleGrid) -> None:
        """Draw all of ``other``, whose window lies inside this one, where it is nearer."""
        top = (other.window.top - self.window.top) * self.per_px
        left = (other.window.left - self.window.left) * self.per_px
        rows, columns = other.face_HW.shape
        place = slice(top, top + rows), slice(left, left + columns)
        wins = other._nearness_HW > self._nearness_HW[place]
        np.copyto(self._nearness_HW[place], other._nearness_HW, where=wins)
        np.copyto(self.face_HW[place], other.face_HW, where=wins)

    def _inside(
        self, corners_px_C2: NDArray[np.float64]
    ) -> tuple[tuple[slice, slice], NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]] | None:
        corners = ((corners_px_C2 - (self.window.left, self.window.top)) * self.per_px).tolist()
        rows, columns = self.face_HW.shape
        left, right = (
            max(0, math.floor(min(x for x, _ in corners))),
            min(columns, math.ceil(max(x for x, _ in corners))),
        )
        top, bottom = max(0, math.floor(min(y for _, y in corners))), min(rows, math.ceil(max(y for _, y in corners)))
        if left >= right or top >= bottom:
            return None
        xs, ys = np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5
        return (slice(top, bottom), slice(left, right)), _inside_convex(corners, xs, ys), xs, ys


def _inside_convex(corners: list[list[float]], xs: NDArray[np.float64], ys: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points of the grid ``xs`` × ``ys`` are on the inner side of every edge."""
    edges = list(zip(corners, corners[1:] + corners[:1], strict=True))
    turning = math.copysign(1.0, sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in edges))
    inside = np.ones((len(ys), len(xs)), dtype=np.bool_)
    for (x, y), (next_x, next_y) in edges:
        along_y = turning * (next_x - x) * (ys - y)
        along_x = turning * (next_y - y) * (xs - x) - EDGE_TOLERANCE
        inside &= along_y[:, None] >= along_x[None, :]
    return inside
