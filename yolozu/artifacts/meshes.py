"""What the objects of each class look like in space: points of their surface, diameter, symmetries."""

# Shapes: V points, S symmetries.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.jsonio import MISFIT, canonical, explain_misfit, read_json, write_text
from yolozu.errors import InputError
from yolozu.geometry.symmetry import Symmetries

SCHEMA_VERSION = 1


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

    @property
    def symmetries(self) -> dict[int, Symmetries]:
        """Symmetries by network class index."""
        return {index: model.symmetries for index, model in self.by_class.items()}

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
        except MISFIT as error:
            problem = f"holds no object models: {explain_misfit(error)}"
            raise InputError.one("YZ240", where=str(path), problem=problem, fix=fix) from error


def _models(document: dict[str, Any]) -> dict[int, ObjectModel]:
    if document["schema_version"] != SCHEMA_VERSION:
        raise ValueError(f"schema_version {document['schema_version']}, expected {SCHEMA_VERSION}")
    return {int(index): _model(row) for index, row in document["models"].items()}


def _model(row: dict[str, Any]) -> ObjectModel:
    points = np.array(row["points"], np.float64).reshape(-1, 3)
    return ObjectModel(points, row["diameter"], Symmetries.from_json(row["symmetries"]))
