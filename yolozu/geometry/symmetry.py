"""Symmetries of models, as contracts, sidecars and BOP's files say them.

A text names turns about the model's axes that leave it looking the same, as generators of the whole group:

- ``z/4``: a quarter turn about z; ``z/2 x/2``: half turns about z and x, and so about y;
- ``z``: any turn about z; ``z x/2``: that, and upside down (a plain tin);
- ``x z``: any turn about two axes, and so any rotation at all: a ball;
- ``none``: no symmetry, whatever the files say.
"""

# Shapes: S symmetries.

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from yolozu.geometry.pose_values import matrix, vector

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Axis = tuple[NDArray[np.float64], NDArray[np.float64]]
    """Unit vector, and a point on it in metres."""

MOST_PARALLEL = 1e6
"""Condition of the equations for the point where axes meet, above which they are parallel."""


class AxesApartError(ValueError):
    """Axes of any turn that do not meet: no body looks the same about each of them."""


@dataclass(frozen=True, eq=False)
class Symmetries:
    """Motions of a model that leave it looking the same.

    Attributes:
        rotations_S33: (S, 3, 3) rotations of the model, the identity first.
        translations_S3: (S, 3) metres; the motion is ``X -> rotation @ X + translation``.
        axis_3: (3,) unit vector of an axis about which any turn is a symmetry; None without such.
        offset_3: (3,) a point on that axis, metres.
        more_axes_A23: (A, 2, 3) further such axes and points on them. Turns about two axes make every rotation: the
            model is a ball.
    """

    rotations_S33: NDArray[np.float64] = field(default_factory=lambda: np.eye(3)[None])
    translations_S3: NDArray[np.float64] = field(default_factory=lambda: np.zeros((1, 3)))
    axis_3: NDArray[np.float64] | None = None
    offset_3: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    more_axes_A23: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2, 3)))

    @property
    def trivial(self) -> bool:
        """Whether there is none besides the identity."""
        return len(self.rotations_S33) == 1 and self.axis_3 is None

    @property
    def axes(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Every axis about which any turn is a symmetry, and a point on it."""
        first = [] if self.axis_3 is None else [(self.axis_3, self.offset_3)]
        return [*first, *((axis_3, offset_3) for axis_3, offset_3 in self.more_axes_A23)]

    @property
    def ball_center_3(self) -> NDArray[np.float64] | None:
        """(3,) the point about which any rotation is a symmetry, metres: where the axes meet; None without several."""
        return None if not len(self.more_axes_A23) else meeting_point(self.axes)

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        more = {"more_axes": self.more_axes_A23.tolist()} if len(self.more_axes_A23) else {}
        return {
            **more,
            "rotations": self.rotations_S33.tolist(),
            "translations": self.translations_S3.tolist(),
            "axis": None if self.axis_3 is None else self.axis_3.tolist(),
            "offset": self.offset_3.tolist(),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(
            rotations_S33=np.array(value["rotations"], np.float64).reshape(-1, 3, 3),
            translations_S3=np.array(value["translations"], np.float64).reshape(-1, 3),
            axis_3=None if value["axis"] is None else np.array(value["axis"], np.float64).reshape(3),
            offset_3=np.array(value["offset"], np.float64).reshape(3),
            more_axes_A23=np.array(value.get("more_axes", []), np.float64).reshape(-1, 2, 3),
        )


def meeting_point(axes: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> NDArray[np.float64]:
    """(3,) the point nearest to all of several axes (least squares), each a unit vector and a point on it.

    Raises:
        AxesApartError: the axes are parallel.
    """
    across = [np.eye(3) - np.outer(axis_3, axis_3) for axis_3, _ in axes]
    normal_33 = np.sum(across, axis=0)
    if np.linalg.cond(normal_33) > MOST_PARALLEL:
        raise AxesApartError("has parallel axes of any turn; they meet nowhere")
    shifted = [across_33 @ offset_3 for across_33, (_, offset_3) in zip(across, axes, strict=True)]
    return np.asarray(np.linalg.solve(normal_33, np.sum(shifted, axis=0)))


NONE = "none"
MOST_ELEMENTS = 64
"""Largest group of turns; every one of them is compared with in the loss."""

SAME = 1e-6
"""Entries of two rotations that differ by less are the same rotation."""

MEETING_M = 1e-3
"""How far, in metres, the point where axes meet may lie from each."""

AXES = {"x": 0, "y": 1, "z": 2}


def symmetries_of_text(text: str) -> Symmetries:
    """The group that ``text`` generates; its form is checked where it is written.

    Raises:
        ValueError: the group has more than `MOST_ELEMENTS` elements, or a word is none.
    """
    if text == NONE:
        return Symmetries()
    generators: list[NDArray[np.float64]] = []
    axes: list[NDArray[np.float64]] = []
    for word in text.split():
        letter, slash, order = word.partition("/")
        if letter not in AXES or (slash and not order.isdigit()) or (slash and int(order) < 2):
            raise ValueError(f"{word!r} is no symmetry: write z for any turn, z/2 for a half turn, or none")
        if slash:
            generators.append(turn(AXES[letter], 2.0 * math.pi / int(order)))
        else:
            axes.append(np.eye(3)[AXES[letter]])
    if axes:
        return _about(axes, generators)
    rotations_S33 = _group(generators)
    return Symmetries(rotations_S33, np.zeros((len(rotations_S33), 3)))


def symmetries_of_value(value: object) -> Symmetries:
    """Symmetries of a sidecar: a text, or a list of rotations (3×3), motions (4×4, metres) and ``{axis, offset}``.

    The motions are all there are, except for the identity, which needs no saying.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, str):
        return symmetries_of_text(value)
    rows = [value] if isinstance(value, dict) else value
    if not isinstance(rows, list):
        raise ValueError("must be a text such as z/2, or a list of rotations")  # noqa: TRY004 - the file is wrong
    motions = [_motion(row, unit=1.0) for row in rows if not isinstance(row, dict)]
    return _symmetries(motions, [row for row in rows if isinstance(row, dict)], unit=1.0)


def symmetries_of_info(info: dict[str, Any], *, unit: float) -> Symmetries:
    """Symmetries of an entry of BOP's ``models_info.json``.

    Source: BOP format, https://github.com/thodan/bop_toolkit/blob/master/docs/bop_datasets_format.md.

    Args:
        info: ``symmetries_discrete`` (each the 16 entries of a motion, row after row) and ``symmetries_continuous``
            (``axis``, ``offset``), both optional.
        unit: metres of a unit of length.

    Raises:
        ValueError: an entry is malformed.
        AxesApartError: two axes do not meet.
    """
    discrete, continuous = info.get("symmetries_discrete", []), info.get("symmetries_continuous", [])
    if not isinstance(discrete, list) or not isinstance(continuous, list):
        raise ValueError("symmetries_discrete and symmetries_continuous must be lists")  # noqa: TRY004 - as above
    return _symmetries([_motion(row, unit=unit) for row in discrete], continuous, unit=unit)


def turn(axis: int, angle: float) -> NDArray[np.float64]:
    """Rotation by ``angle`` radians about axis 0 (x), 1 (y) or 2 (z), counterclockwise seen from its tip.

    Returns:
        (3, 3).
    """
    first, second = (axis + 1) % 3, (axis + 2) % 3
    R_33 = np.eye(3)
    R_33[first, first] = R_33[second, second] = math.cos(angle)
    R_33[first, second], R_33[second, first] = -math.sin(angle), math.sin(angle)
    return R_33


def _symmetries(
    motions: list[tuple[NDArray[np.float64], NDArray[np.float64]]], turns: list[Any], *, unit: float
) -> Symmetries:
    axes = _different([_axis(row, unit=unit) for row in turns])
    others = [(R, t) for R, t in motions if not (_same(R, np.eye(3)) and np.abs(t).max() < SAME)]
    rotations_S33 = np.stack([np.eye(3), *(R for R, _ in others)])
    translations_S3 = np.stack([np.zeros(3), *(t for _, t in others)])
    return _with_axes(rotations_S33, translations_S3, axes)


def _different(axes: list[Axis]) -> list[Axis]:
    """Axes that are the same line count once."""
    found: list[Axis] = []
    for axis_3, offset_3 in axes:
        lines = ((other_3, offset_3 - point_3) for other_3, point_3 in found)
        if not any(
            np.linalg.norm(np.cross(axis_3, other_3)) < SAME and np.linalg.norm(np.cross(axis_3, between_3)) < SAME
            for other_3, between_3 in lines
        ):
            found.append((axis_3, offset_3))
    return found


def _with_axes(
    rotations_S33: NDArray[np.float64], translations_S3: NDArray[np.float64], axes: list[Axis]
) -> Symmetries:
    """Symmetries with any number of axes.

    Raises:
        AxesApartError: two axes do not meet.
    """
    if not axes:
        return Symmetries(rotations_S33, translations_S3)
    (axis_3, offset_3), *others = axes
    found = Symmetries(rotations_S33, translations_S3, axis_3, offset_3, np.array(others).reshape(-1, 2, 3))
    center_3 = found.ball_center_3
    if center_3 is not None:
        apart = max(float(np.linalg.norm(np.cross(axis_3, center_3 - offset_3))) for axis_3, offset_3 in axes)
        if apart > MEETING_M:
            text = f"has axes of any turn that do not meet: they pass each other {2e3 * apart:.3g} mm apart"
            raise AxesApartError(text)
    return found


def _axis(row: object, *, unit: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not isinstance(row, dict) or not set(row) <= {"axis", "offset"} or "axis" not in row:
        raise ValueError("an axis of any turn is written {axis: [x, y, z], offset: [x, y, z]}")
    axis_3 = np.array(vector(row["axis"]))
    length = float(np.linalg.norm(axis_3))
    if length == 0.0:
        raise ValueError("an axis must have a direction")
    return axis_3 / length, np.array(vector(row.get("offset", [0.0, 0.0, 0.0]))) * unit


def _motion(row: Any, *, unit: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotation and translation of 3×3 or 4×4 entries, nested or flat, row after row."""
    nested = isinstance(row, list) and bool(row) and all(isinstance(line, list) for line in row)
    flat: Any = [entry for line in row for entry in line] if nested else row
    if not isinstance(flat, list) or len(flat) not in {9, 16}:
        raise ValueError("a symmetry is a 3×3 rotation or a 4×4 motion")
    if len(flat) == 9:
        R_33, t_3 = np.array(matrix(flat)), np.zeros(3)
    else:
        R_33, t_3 = np.array(matrix([*flat[0:3], *flat[4:7], *flat[8:11]])), np.array(vector(flat[3:12:4])) * unit
        if flat[12:] != [0, 0, 0, 1]:
            raise ValueError("the last row of a 4×4 motion is 0 0 0 1")
    if not np.allclose(R_33 @ R_33.T, np.eye(3), atol=1e-3) or np.linalg.det(R_33) < 0.0:
        raise ValueError("holds a matrix that is no rotation")
    return R_33, t_3


def _about(axes: list[NDArray[np.float64]], generators: Iterable[NDArray[np.float64]]) -> Symmetries:
    """Any turn about axes, and the generators: of those, all that matters is where they turn the axes.

    One that turns an axis around adds a half turn; one that turns it elsewhere makes that an axis too.
    """
    around, found = None, list(axes)
    for R_33 in generators:
        turned_3 = R_33 @ axes[0]
        if _same(turned_3, -axes[0]):
            around = R_33 if around is None else around
        elif not _same(turned_3, axes[0]):
            found.append(turned_3)
    lines = _different([(axis_3, np.zeros(3)) for axis_3 in found])
    rotations_S33 = np.eye(3)[None] if around is None or len(lines) > 1 else np.stack([np.eye(3), around])
    return _with_axes(rotations_S33, np.zeros((len(rotations_S33), 3)), lines)


def _group(generators: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """(S, 3, 3) all products of the generators, the identity first."""
    found = [np.eye(3)]
    for known in found:  # grows while it is walked, until no product is new
        for generator in generators:
            product = generator @ known
            if not any(_same(product, other) for other in found):
                found.append(product)
        if len(found) > MOST_ELEMENTS:
            raise ValueError(f"stands for more than {MOST_ELEMENTS} turns; name fewer, or any turn about one axis")
    return np.stack(found)


def _same(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    return bool(np.abs(first - second).max() < SAME)
