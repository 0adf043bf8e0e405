"""How far the objects of each class reach in space, as the run of a model knows it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.meshes import ObjectModels
from yolozu.structures.classes import ClassTable


def extents_in(path: Path, classes: ClassTable) -> dict[int, NDArray[np.float64]]:
    """Category id -> (2, 3) least and largest coordinates of its model, metres; classes without a shape are absent.

    Args:
        path: models of a run, by network index.
        classes: of the network.

    Raises:
        InputError: YZ240 the file is damaged.
    """
    return extents_of(ObjectModels.read(path), classes)


def extents_of(models: ObjectModels, classes: ClassTable) -> dict[int, NDArray[np.float64]]:
    """The same of models that are there, by network index."""
    return {
        classes.category_ids[index]: np.stack([model.points_V3.min(axis=0), model.points_V3.max(axis=0)])
        for index, model in models.by_class.items()
        if index < len(classes) and len(model.points_V3)
    }
