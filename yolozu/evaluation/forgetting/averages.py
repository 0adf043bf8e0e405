"""What a sequence of tasks comes to in single numbers."""

# Shapes: T tasks in the order in which they were learned; row i is after task i, column j is task j.

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

Row = Sequence[float | None]


def average(matrix: Sequence[Row]) -> float | None:
    """Mean of all tasks after the last one.

    Source: Lopez-Paz & Ranzato, Gradient Episodic Memory for Continual Learning, NeurIPS 2017, ACC.
    """
    return _mean(matrix[-1])


def backward_transfer(matrix: Sequence[Row]) -> float | None:
    """Mean change of the earlier tasks from when each was learned to the last one; below 0 where they got worse.

    Source: Lopez-Paz & Ranzato, 2017, BWT: 1 / (T - 1) sum over j < T of R[T][j] - R[j][j]. Tasks of which one of the
    two is not known are left out.
    """
    last = len(matrix) - 1
    return _mean(_difference(matrix[last][task], matrix[task][task]) for task in range(last))


def forgetting(matrix: Sequence[Row]) -> float | None:
    """Mean fall of the earlier tasks from the best that was ever reached before the last one.

    Source: Chaudhry et al., Riemannian Walk for Incremental Learning, ECCV 2018, eq. 3: the mean over j < T of
    max over l in j … T - 1 of R[l][j] - R[T][j]. Below 0 where the last task made earlier ones better than ever.
    """
    last = len(matrix) - 1

    def best(task: int) -> float | None:
        return max((value for row in matrix[:last] if (value := row[task]) is not None), default=None)

    return _mean(_difference(best(task), matrix[last][task]) for task in range(last))


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
