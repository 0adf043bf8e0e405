"""Errors of all poses, not only their medians: what curves are drawn of."""

# Shapes: G objects, T allowed errors.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.meshes import ObjectModels
from yolozu.data.index import DataIndex
from yolozu.evaluation.pose.metrics import nearest_pairs, recalled
from yolozu.evaluation.pose.pair_errors import AUC_LIMIT_M, PairErrors
from yolozu.evaluation.pose.problem import pose_problem_of
from yolozu.structures.predictions import ImagePredictions

LIMITS = 51
CM_PER_M, MM_PER_M = 100.0, 1000.0


@dataclass(frozen=True, eq=False)
class PoseDistribution:
    """Errors of the objects that have an estimate, as `evaluate_pose` pairs them.

    Attributes:
        objects: with a pose.
        rotation_deg: (M,) of the M objects with an estimate.
        t_mm: (M,) distances of the origins.
        z_mm: (M,) distances along the optical axis.
        limits_cm_T: (T,) allowed ADD(-S), 0 to 10 cm.
        add_recall_T: (T,) share of the objects with a model whose ADD(-S) is below; None where no class has a model.
        add_recall_by_class: network class index -> (T,) the same of a class.
    """

    objects: int
    rotation_deg: NDArray[np.float64]
    t_mm: NDArray[np.float64]
    z_mm: NDArray[np.float64]
    limits_cm_T: NDArray[np.float64]
    add_recall_T: NDArray[np.float64] | None
    add_recall_by_class: Mapping[int, NDArray[np.float64]]


def pose_distribution(
    index: DataIndex, models: ObjectModels, predictions: Sequence[ImagePredictions], *, max_images: int | None = None
) -> PoseDistribution:
    """The errors of the first ``max_images`` images, with the pairs and the measures of `evaluate_pose`.

    Raises:
        InputError: YZ802 for images the index does not have or that come twice, YZ803 for unknown classes.
    """
    problem = pose_problem_of(index, predictions, max_images=max_images)
    errors = PairErrors(problem, models)
    pairs_G = nearest_pairs(errors)
    pairs = pairs_G[pairs_G >= 0]
    limits_m_T = np.linspace(0.0, AUC_LIMIT_M, LIMITS)
    found_TG = np.stack([recalled(errors, errors.add_or_adds_m[:, None], limit) for limit in limits_m_T])
    modelled = [class_index for class_index, shape in errors.shapes.items() if shape is not None]
    known_G = np.isin(problem.class_G, modelled)
    return PoseDistribution(
        objects=len(problem.class_G),
        rotation_deg=errors.rotation_deg[pairs],
        t_mm=MM_PER_M * errors.t_m[pairs],
        z_mm=MM_PER_M * errors.z_m[pairs],
        limits_cm_T=CM_PER_M * limits_m_T,
        add_recall_T=found_TG[:, known_G].mean(axis=1) if known_G.any() else None,
        add_recall_by_class={place: found_TG[:, problem.class_G == place].mean(axis=1) for place in modelled},
    )
