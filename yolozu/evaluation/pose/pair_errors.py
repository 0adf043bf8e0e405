"""Every measure of every pair of an object and an estimate, each made at its first use."""

# Shapes: P pairs; digits fixed.

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.meshes import ObjectModels
from yolozu.evaluation.pose.errors import (
    Pose,
    add_m,
    adds_m,
    mspd_px,
    mssd_m,
    projection_error_px,
    rotation_errors_deg,
    translation_errors_m,
)
from yolozu.evaluation.pose.problem import PoseProblem
from yolozu.evaluation.pose.shapes import Shape, shape_of
from yolozu.evaluation.pose.symmetries import looks_of, nearest_looks
from yolozu.geometry.symmetry import Symmetries
from yolozu.system import available_cores

AUC_LIMIT_M = 0.1
LARGEST_FRACTION = 0.1
"""Beyond both of these (the second of a diameter) no metric asks how large an ADD-S is."""


class PairErrors:
    """Errors of the pairs of a problem, (P,) each; NaN where a measure needs a model and the class has none.

    Args:
        problem: the pairs.
        models: by network class index.
    """

    def __init__(self, problem: PoseProblem, models: ObjectModels) -> None:
        self.problem = problem
        self._models = models
        self._class_P = problem.class_G[problem.object_P]
        self._pairs_of = {
            class_index: np.flatnonzero(self._class_P == class_index)
            for class_index in np.unique(self._class_P).tolist()
        }
        self.shapes: dict[int, Shape | None] = {
            class_index: shape_of(models.by_class.get(class_index))
            for class_index in np.unique(problem.class_G).tolist()
        }
        """Of every class that has an object; None where it has no model."""

    @cached_property
    def rotation_deg(self) -> NDArray[np.float64]:
        """Angle to the nearest pose that looks like the true one, degrees."""
        return rotation_errors_deg(self._estimates.R, self._nearest.R)

    @cached_property
    def t_m(self) -> NDArray[np.float64]:
        """Distance from the origin of that pose, metres; where symmetries leave the origin in place, BOP's ``te``."""
        return translation_errors_m(self._estimates.t, self._nearest.t)

    @cached_property
    def z_m(self) -> NDArray[np.float64]:
        """Distance along the optical axis, metres."""
        return np.abs(self._estimates.t[:, 2] - self._nearest.t[:, 2])

    @cached_property
    def add_m(self) -> NDArray[np.float64]:
        """ADD, metres."""
        return self._measured(lambda pair, shape: add_m(*self._poses(pair), shape.points_V3))

    @cached_property
    def adds_m(self) -> NDArray[np.float64]:
        """ADD-S, metres; infinite where it surely is beyond what any metric asks for."""
        threads = available_cores()

        def measure(pair: int, shape: Shape) -> float:
            estimate, truth = self._poses(pair)
            # The mean distance from the estimate's convex hull is at least the center's (Jensen's inequality), and all
            # of that hull is within the radius of the estimate's center.
            apart = float(np.linalg.norm((estimate.R - truth.R) @ shape.center_3 + estimate.t - truth.t))
            if apart - shape.radius > max(AUC_LIMIT_M, LARGEST_FRACTION * shape.diameter):
                return np.inf
            return adds_m(estimate, truth, shape.points_V3, shape.tree, threads=threads)

        return self._measured(measure)

    @cached_property
    def mssd_m(self) -> NDArray[np.float64]:
        """MSSD, metres."""

        def measure(pair: int, shape: Shape) -> float:
            estimate, truth = self._poses(pair)
            return mssd_m(estimate, looks_of(truth, shape.discretized), shape.hull, shape.probes)

        return self._measured(measure)

    @cached_property
    def mspd_px(self) -> NDArray[np.float64]:
        """MSPD, px of the image."""

        def measure(pair: int, shape: Shape) -> float:
            estimate, truth = self._poses(pair)
            looks_S = looks_of(truth, shape.discretized)
            return mspd_px(estimate, looks_S, self._camera(pair), shape.points_V3, shape.probes)

        return self._measured(measure)

    @cached_property
    def projection_px(self) -> NDArray[np.float64]:
        """Mean distance of projections, px of the image."""
        return self._measured(
            lambda pair, shape: projection_error_px(*self._poses(pair), self._camera(pair), shape.points_V3)
        )

    @cached_property
    def add_or_adds_m(self) -> NDArray[np.float64]:
        """ADD(-S): ADD, or ADD-S where the class has a symmetry, metres."""
        errors_P = np.full(len(self._class_P), np.nan)
        for class_index, pairs in self._pairs_of.items():
            shape = self.shapes[class_index]
            if shape is not None:
                errors_P[pairs] = (self.add_m if shape.symmetries.trivial else self.adds_m)[pairs]
        return errors_P

    @cached_property
    def diameter_m(self) -> NDArray[np.float64]:
        """Diameter of the object, metres."""
        return self._measured(lambda _, shape: shape.diameter)

    @cached_property
    def r_px(self) -> NDArray[np.float64]:
        """How many px of the image are one px of an image 640 px wide."""
        return self.problem.width_G[self.problem.object_P] / 640.0

    @cached_property
    def _nearest(self) -> Pose:
        """(P) of the poses that look like the true one, that with the least rotation to the estimate."""
        problem = self.problem
        R_P33, t_P3 = problem.R_G33[problem.object_P], problem.t_G3[problem.object_P]
        for class_index, pairs in self._pairs_of.items():
            model = self._models.by_class.get(class_index)
            symmetries = Symmetries() if model is None else model.symmetries
            truth = Pose(R_P33[pairs], t_P3[pairs])
            R_P33[pairs], t_P3[pairs] = nearest_looks(self._estimates.R[pairs], truth, symmetries)
        return Pose(R_P33, t_P3)

    @cached_property
    def _estimates(self) -> Pose:
        problem = self.problem
        return Pose(problem.R_E33[problem.estimate_P], problem.t_E3[problem.estimate_P])

    def _measured(self, measure: Callable[[int, Shape], float]) -> NDArray[np.float64]:
        errors_P = np.full(len(self._class_P), np.nan)
        for pair, shape in self._with_shape():
            errors_P[pair] = measure(pair, shape)
        return errors_P

    def _with_shape(self) -> Iterator[tuple[int, Shape]]:
        for class_index, pairs in self._pairs_of.items():
            shape = self.shapes[class_index]
            if shape is not None:
                yield from ((pair, shape) for pair in pairs.tolist())

    def _poses(self, pair: int) -> tuple[Pose, Pose]:
        """The estimate and the truth."""
        one = self.problem.object_P[pair]
        estimate = Pose(self._estimates.R[pair], self._estimates.t[pair])
        return estimate, Pose(self.problem.R_G33[one], self.problem.t_G3[one])

    def _camera(self, pair: int) -> NDArray[np.float64]:
        K_4: NDArray[np.float64] = self.problem.K_G4[self.problem.object_P[pair]]
        return K_4
