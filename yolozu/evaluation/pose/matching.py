"""Which estimate belongs to which object, as BOP decides it."""

# Shapes: G objects, P pairs, M components of an error.

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yolozu.evaluation.pose.problem import PoseProblem


def matched_pairs(
    problem: PoseProblem, errors_PM: NDArray[np.float64], limits_M: NDArray[np.float64]
) -> NDArray[np.int64]:
    """The pair of each object's estimate.

    By falling score, each estimate takes the object of its class and image that is still free and has the least error,
    if all components of that error are below their limits. Of an error of several components, an object is better when
    all of them are less.

    Source: Hodaň et al., On Evaluation of 6D Object Pose Estimation, ECCV Workshops 2016, section 2.3, and
    `bop_toolkit`'s ``match_poses``.

    Args:
        problem: objects, estimates and pairs.
        errors_PM: (P, M) error of each pair; NaN where it cannot be measured, which matches nothing.
        limits_M: (M,) what errors must be below.

    Returns:
        (G,) row of the pair; -1 for an object that was missed.
    """
    matched_G = np.full(len(problem.class_G), -1, np.int64)
    passes_P = np.all(errors_PM < limits_M, axis=1)
    for group in problem.groups:
        first, last = group.pairs.start, group.pairs.stop
        if not passes_P[first:last].any():
            continue
        if last - first == 1:
            matched_G[group.objects.start] = first
            continue
        count = group.objects.stop - group.objects.start
        errors = errors_PM[group.pairs].reshape(-1, count, errors_PM.shape[1])
        for estimate, best in _taken(errors.tolist(), limits_M.tolist()):
            matched_G[group.objects.start + best] = first + estimate * count + best
    return matched_G


def _taken(errors: list[list[list[float]]], limits: list[float]) -> list[tuple[int, int]]:
    """(estimate, object) of each match within a group; ``errors[estimate][object][component]``."""
    free = dict.fromkeys(range(len(errors[0])))
    taken = []
    for estimate, row in enumerate(errors):
        best, least = -1, limits
        for one in free:
            if all(error < bound for error, bound in zip(row[one], least, strict=True)):
                best, least = one, row[one]
        if best >= 0:
            del free[best]
            taken.append((estimate, best))
    return taken
