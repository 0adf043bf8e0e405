"""What the objects of each class look like in space: points of their surface, diameter, symmetries."""

# Shapes: V points, S symmetries.

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from yolozu.artifacts.jsonio import canonical, lack_of, read_json, write_text
from yolozu.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SCHEMA_VERSION = 1

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


@dataclass(frozen=True, eq=False)
class ObjectModel:
    """One class's shape.

    Attributes:
        points_V3: (V, 3) points of the surface, metres, model frame; V may be 0 where no shape is known.
        diameter: largest distance of two points, metres; None where no shape is known.
        symmetries: of the shape.
    """

    points_V3: NDArray[np.float64]
    diameter: float | None
    symmetries: Symmetries = field(default_factory=Symmetries)


@dataclass(frozen=True)
class ObjectModels:
    """Models by network class index; classes without one are absent."""

    by_class: Mapping[int, ObjectModel] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Replace the file at ``path``, whole or not at all."""
        models = {
            str(index): {
                "points": model.points_V3.tolist(),
                "diameter": model.diameter,
                "symmetries": model.symmetries.to_json(),
            }
            for index, model in sorted(self.by_class.items())
        }
        write_text(path, canonical({"schema_version": SCHEMA_VERSION, "models": models}) + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """The models at ``path``.

        Raises:
            InputError: YZ240 the file is missing, damaged or of another version.
        """
        fix = "run the prepare_data stage again: doit run_id=… prepare_data"
        document = read_json(path, code="YZ240", fix=fix)
        try:
            return cls(_models(document))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problem = f"holds no object models: {lack_of(error)}"
            raise InputError.one("YZ240", where=str(path), problem=problem, fix=fix) from error


def _models(document: dict[str, Any]) -> dict[int, ObjectModel]:
    if document["schema_version"] != SCHEMA_VERSION:
        raise ValueError(f"schema_version {document['schema_version']}, expected {SCHEMA_VERSION}")
    return {int(index): _model(row) for index, row in document["models"].items()}


def _model(row: dict[str, Any]) -> ObjectModel:
    points = np.array(row["points"], np.float64).reshape(-1, 3)
    return ObjectModel(points, row["diameter"], Symmetries.from_json(row["symmetries"]))
