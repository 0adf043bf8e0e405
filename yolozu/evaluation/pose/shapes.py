"""A model made ready to be measured with many times."""

# Shapes: V points of a model, H of them corners of its convex hull, U probes, S symmetries.

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError, cKDTree

from yolozu.artifacts.meshes import ObjectModel
from yolozu.evaluation.pose.symmetries import discretized
from yolozu.geometry.symmetry import Symmetries

LEAF_SIZE = 64
"""Points in a leaf of the tree: with 35,000 points two to five times as fast as scipy's 10 to 16, the farther the
poses are apart."""
DIRECTIONS = 100
"""Directions in which the farthest points of a model are its probes."""


@dataclass(frozen=True, eq=False)
class Shape:
    """A model with points; what is derived from them is made at its first use.

    Attributes:
        points_V3: (V, 3) metres, model frame, V at least 1; neighbors in space lie close in memory.
        diameter: metres, above 0.
        symmetries: of the model.
    """

    points_V3: NDArray[np.float64]
    diameter: float
    symmetries: Symmetries

    @cached_property
    def tree(self) -> Any:
        """For nearest points."""
        return cKDTree(self.points_V3, leafsize=LEAF_SIZE)

    @cached_property
    def hull(self) -> NDArray[np.float64]:
        """(H, 3) corners of the convex hull; all points where they lie in a plane or on a line."""
        try:
            corners = ConvexHull(self.points_V3).vertices
        except QhullError:
            return self.points_V3
        hull_H3: NDArray[np.float64] = self.points_V3[corners]
        return hull_H3

    @cached_property
    def probes(self) -> NDArray[np.float64]:
        """(U, 3) the farthest point in each of many directions: few points that show how far a model moved."""
        farthest = np.unique((self.hull @ _directions(DIRECTIONS).T).argmax(axis=0))
        probes_U3: NDArray[np.float64] = self.hull[farthest]
        return probes_U3

    @cached_property
    def discretized(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(S, 3, 3) rotations and (S, 3) translations of BOP's finite set of symmetries."""
        return discretized(self.symmetries)

    @cached_property
    def center_3(self) -> NDArray[np.float64]:
        """(3,) mean of the points."""
        center_3: NDArray[np.float64] = self.points_V3.mean(axis=0)
        return center_3

    @cached_property
    def radius(self) -> float:
        """Largest distance of a point from the center, metres."""
        return float(np.sqrt(((self.points_V3 - self.center_3) ** 2).sum(-1).max()))


def shape_of(model: ObjectModel | None) -> Shape | None:
    """The shape of a model; None where no points or no diameter are known."""
    if model is None or not len(model.points_V3) or not model.diameter:
        return None
    order = cKDTree(model.points_V3).indices  # queries that follow each other in space are twice as fast
    return Shape(np.ascontiguousarray(model.points_V3[order]), model.diameter, model.symmetries)


def _directions(count: int) -> NDArray[np.float64]:
    """(count, 3) unit vectors spread evenly over the sphere (a Fibonacci lattice)."""
    height = 1.0 - (2.0 * np.arange(count) + 1.0) / count
    turn = np.pi * (3.0 - np.sqrt(5.0)) * np.arange(count)
    around = np.sqrt(1.0 - height**2)
    return np.stack([around * np.cos(turn), around * np.sin(turn), height], axis=1)
