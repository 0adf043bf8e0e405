"""The numbers of a pose evaluation: each a mean or a median of one value an object."""

# Shapes: G objects, P pairs.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolozu.evaluation.pose.matching import matched_pairs
from yolozu.evaluation.pose.pair_errors import AUC_LIMIT_M, LARGEST_FRACTION, PairErrors

PROJECTION_LIMIT_PX = 5.0
ROTATION_LIMIT_DEG, T_LIMIT_M = 5.0, 0.05
MSSD_LIMITS = np.arange(1, 11) * 0.05
"""Of a diameter."""
MSPD_LIMITS_R = np.arange(1, 11) * 5.0
"""px of an image 640 px wide."""


@dataclass(frozen=True)
class Metric:
    """One number.

    Attributes:
        values_G: one value an object; NaN for objects that do not count.
        median: whether the number is their median rather than their mean.
    """

    values_G: Callable[[PairErrors], NDArray[np.float64]]
    median: bool = False

    def of(self, errors: PairErrors) -> Column:
        """The values."""
        return Column(self.values_G(errors), self.median)


@dataclass(frozen=True, eq=False)
class Column:
    """The values of a metric; see `Metric`."""

    values_G: NDArray[np.float64]
    median: bool

    def number(self, counted_G: NDArray[np.bool_] | None = None) -> float | None:
        """The metric over all objects, or those ``counted_G`` names; None where there is nothing to measure."""
        values = self.values_G if counted_G is None else self.values_G[counted_G]
        values = values[~np.isnan(values)]
        if not len(values):
            return None
        return float(np.median(values) if self.median else np.mean(values))


def recalled(errors: PairErrors, errors_PM: NDArray[np.float64], *limits: float) -> NDArray[np.float64]:
    """(G,) 1 for an object whose estimate is good enough, 0 for one that was missed."""
    return (matched_pairs(errors.problem, errors_PM, np.array(limits)) >= 0).astype(np.float64)


def _among_modelled(errors: PairErrors, values_G: NDArray[np.float64]) -> NDArray[np.float64]:
    """``values_G``, NaN for objects of classes without a model."""
    known = [class_index for class_index, shape in errors.shapes.items() if shape is not None]
    return np.where(np.isin(errors.problem.class_G, known), values_G, np.nan)


def _model_recall(errors: PairErrors, relative_P: NDArray[np.float64], *limits: float) -> NDArray[np.float64]:
    """(G,) the fraction of ``limits`` that an object was found within."""
    found = [recalled(errors, relative_P[:, None], limit) for limit in limits]
    return _among_modelled(errors, np.mean(found, axis=0))


def _area(errors: PairErrors, errors_m_P: NDArray[np.float64]) -> NDArray[np.float64]:
    """(G,) fraction of the thresholds from 0 to 10 cm within which an object was found.

    Their mean is the exact area under the curve of recall over threshold (objects paired once, at 10 cm), divided by
    10 cm. YCB-Video's toolbox sums the same curve by its upper steps, which gives up to 1 / G more.

    Source: Xiang et al., PoseCNN, RSS 2018, section V-B.
    """
    matched_G = matched_pairs(errors.problem, errors_m_P[:, None], np.array([AUC_LIMIT_M]))
    return _among_modelled(errors, _of_pairs(matched_G, 1.0 - errors_m_P / AUC_LIMIT_M, missed=0.0))


def _nearest(errors: PairErrors, values_P: NDArray[np.float64]) -> NDArray[np.float64]:
    """(G,) values of the pairs that are matched by distance alone, however large; NaN for objects without estimate."""
    return _of_pairs(nearest_pairs(errors), values_P, missed=np.nan)


def nearest_pairs(errors: PairErrors) -> NDArray[np.int64]:
    """(G,) the pair of each object's estimate by distance of the origins, without a limit; -1 without an estimate."""
    return matched_pairs(errors.problem, errors.t_m[:, None], np.array([np.inf]))


def _of_pairs(matched_G: NDArray[np.int64], values_P: NDArray[np.float64], *, missed: float) -> NDArray[np.float64]:
    values_G = np.full(len(matched_G), missed)
    values_G[matched_G >= 0] = values_P[matched_G[matched_G >= 0]]
    return values_G


def _mssd(errors: PairErrors) -> NDArray[np.float64]:
    return _model_recall(errors, errors.mssd_m / errors.diameter_m, *MSSD_LIMITS)


def _mspd(errors: PairErrors) -> NDArray[np.float64]:
    return _model_recall(errors, errors.mspd_px / errors.r_px, *MSPD_LIMITS_R)


def _within(errors: PairErrors) -> NDArray[np.float64]:
    both_P2 = np.stack([errors.rotation_deg, errors.t_m], axis=1)
    return recalled(errors, both_P2, ROTATION_LIMIT_DEG, T_LIMIT_M)


ADD_01D = Metric(lambda e: _model_recall(e, e.add_m / e.diameter_m, LARGEST_FRACTION))
ADDS_01D = Metric(lambda e: _model_recall(e, e.adds_m / e.diameter_m, LARGEST_FRACTION))
ADD_S_01D = Metric(lambda e: _model_recall(e, e.add_or_adds_m / e.diameter_m, LARGEST_FRACTION))
ADD_AUC = Metric(lambda e: _area(e, e.add_m))
ADDS_AUC = Metric(lambda e: _area(e, e.adds_m))
WITHIN_5DEG_5CM = Metric(_within)
PROJ_5PX = Metric(lambda e: _model_recall(e, e.projection_px, PROJECTION_LIMIT_PX))
MSSD_AR = Metric(_mssd)
MSPD_AR = Metric(_mspd)
BOP_AR = Metric(lambda e: (_mssd(e) + _mspd(e)) / 2.0)
ROT_DEG_MEDIAN = Metric(lambda e: _nearest(e, e.rotation_deg), median=True)
T_MM_MEDIAN = Metric(lambda e: _nearest(e, 1000.0 * e.t_m), median=True)
T_PER_DIAMETER_MEDIAN = Metric(lambda e: _nearest(e, e.t_m / e.diameter_m), median=True)
Z_MM_MEDIAN = Metric(lambda e: _nearest(e, 1000.0 * e.z_m), median=True)
