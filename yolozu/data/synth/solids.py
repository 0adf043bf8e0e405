"""The solids of rendered scenes: about 11 cm, standing upright, every face in a color of its own.

Model frame: metres, z upward, origin in the middle of the bounding box.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RED, ORANGE, YELLOW = (0.86, 0.16, 0.16), (0.96, 0.55, 0.11), (0.96, 0.86, 0.20)
GREEN, CYAN, BLUE = (0.16, 0.66, 0.27), (0.15, 0.74, 0.80), (0.16, 0.33, 0.85)
VIOLET, PINK, WHITE = (0.50, 0.22, 0.72), (0.95, 0.47, 0.71), (0.93, 0.93, 0.91)

Color = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Solid:
    """A polyhedron.

    Attributes:
        name: class name.
        vertices_V3: (V, 3) metres, model frame.
        faces: convex polygons of vertex numbers, counterclockwise seen from outside; parts of a face that is not convex
            are listed one by one.
        colors_F3: (F, 3) red, green, blue in [0, 1] of each face.
        normals_F3: (F, 3) outward unit normal of each face.
    """

    name: str
    vertices_V3: NDArray[np.float64]
    faces: tuple[tuple[int, ...], ...]
    colors_F3: NDArray[np.float64]
    normals_F3: NDArray[np.float64]

    @property
    def height(self) -> float:
        """Metres from the table to the top."""
        return float(np.ptp(self.vertices_V3[:, 2]))

    @property
    def radius(self) -> float:
        """Metres from the axis to the farthest vertex, seen from above."""
        return float(np.linalg.norm(self.vertices_V3[:, :2], axis=1).max())


@lru_cache(maxsize=1)
def all_solids() -> tuple[Solid, ...]:
    """The classes, in network order."""
    return (_box(), _pyramid(), _column(), _roof(), _steps())


def _box() -> Solid:
    outline = [(0.0, 0.0), (0.11, 0.0), (0.11, 0.07), (0.0, 0.07)]
    return _extruded("box", outline, 0.055, sides=[RED, YELLOW, BLUE, WHITE], bottom=GREEN, top=CYAN)


def _column() -> Solid:
    angles = np.arange(8) * np.pi / 4
    outline = [(0.038 * float(np.cos(angle)), 0.038 * float(np.sin(angle))) for angle in angles]
    sides = [BLUE, WHITE, RED, CYAN, ORANGE, VIOLET, YELLOW, GREEN]
    return _extruded("column", outline, 0.10, sides=sides, bottom=WHITE, top=PINK)


def _pyramid() -> Solid:
    half, height = 0.05, 0.10
    base = [(-half, -half, 0.0), (half, -half, 0.0), (half, half, 0.0), (-half, half, 0.0)]
    faces = [(0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4), (3, 2, 1, 0)]
    return _solid("pyramid", [*base, (0.0, 0.0, height)], faces, [GREEN, ORANGE, VIOLET, YELLOW, WHITE])


def _roof() -> Solid:
    half_length, half_width, height = 0.055, 0.04, 0.07
    ends = [(x, y, z) for x in (-half_length, half_length) for y, z in ((-half_width, 0), (half_width, 0), (0, height))]
    faces = [(0, 2, 1), (3, 4, 5), (0, 3, 5, 2), (1, 2, 5, 4), (0, 1, 4, 3)]
    return _solid("roof", ends, faces, [WHITE, CYAN, PINK, BLUE, RED])


def _steps() -> Solid:
    length, width, low, high, tread = 0.10, 0.07, 0.04, 0.09, 0.055
    profile = [(0.0, 0.0), (length, 0.0), (length, low), (tread, low), (tread, high), (0.0, high), (0.0, low)]
    vertices = [(x, y, z) for y in (0.0, width) for x, z in profile]
    faces = [
        (0, 1, 2, 3, 6), (6, 3, 4, 5),  # front: an L in two parts
        (7, 13, 10, 9, 8), (12, 11, 10, 13),  # back
        (1, 8, 9, 2), (2, 9, 10, 3), (3, 10, 11, 4), (4, 11, 12, 5), (5, 12, 13, 6), (6, 13, 7, 0), (0, 7, 8, 1),
    ]  # fmt: skip
    colors = [ORANGE, ORANGE, VIOLET, VIOLET, GREEN, RED, YELLOW, BLUE, CYAN, CYAN, WHITE]
    return _solid("steps", vertices, faces, colors)


def _extruded(
    name: str, outline: list[tuple[float, float]], height: float, *, sides: list[Color], bottom: Color, top: Color
) -> Solid:
    count = len(outline)
    vertices = [(x, y, z) for z in (0.0, height) for x, y in outline]
    walls = [(i, (i + 1) % count, count + (i + 1) % count, count + i) for i in range(count)]
    faces = [*walls, tuple(reversed(range(count))), tuple(range(count, 2 * count))]
    return _solid(name, vertices, faces, [*sides, bottom, top])


def _solid(
    name: str, vertices: list[tuple[float, float, float]], faces: list[tuple[int, ...]], colors: list[Color]
) -> Solid:
    points = np.array(vertices, dtype=np.float64)
    points -= (points.min(axis=0) + points.max(axis=0)) / 2
    normals = np.stack([np.cross(points[b] - points[a], points[c] - points[a]) for a, b, c, *_ in faces])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return Solid(name, points, tuple(faces), np.array(colors, dtype=np.float64), normals)
