"""How far numbers of a data set may be off: the same numbers of data sets drawn from it, image by image.

Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 6 and 13; percentile intervals.
"""

# Shapes: I images, G objects, R data sets, N numbers.

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

AT_ONCE = 128
"""Data sets whose medians are taken together; bounds memory."""


def drawn(images: int, resamples: int, seed: int) -> NDArray[np.int32]:
    """(I, R) how often each image comes in each of R data sets of I images, drawn with replacement."""
    rng = np.random.default_rng(seed)
    if not images:
        return np.zeros((0, resamples), np.int32)
    rows = [np.bincount(rng.integers(0, images, images), minlength=images) for _ in range(resamples)]
    return np.stack(rows, axis=1).astype(np.int32)


def percentile_interval(values_NR: NDArray[np.float64], confidence: float) -> NDArray[np.float64]:
    """(N, 2) lower and upper end: a fraction ``confidence`` of the values lies between, as many below as above.

    Args:
        values_NR: (N, R) each number in each data set; NaN where it has none, which does not count.
        confidence: in (0, 1).

    Returns:
        NaN for a number that has a value in no data set.
    """
    ends = [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0]
    interval_N2 = np.full((len(values_NR), 2), np.nan)
    for row, values_R in enumerate(values_NR):
        known = values_R[~np.isnan(values_R)]
        if len(known):
            interval_N2[row] = np.quantile(known, ends)
    return interval_N2


def weighted_means(
    values_G: NDArray[np.float64], image_G: NDArray[np.int64], multiplicity_IR: NDArray[np.int32]
) -> NDArray[np.float64]:
    """(R,) mean over the objects in each data set; NaN where there is none.

    Args:
        values_G: (G,) value of each object; NaN for those that do not count.
        image_G: (G,) place of the object's image.
        multiplicity_IR: (I, R) how often each image comes.
    """
    counted = ~np.isnan(values_G)
    images = len(multiplicity_IR)
    sums_I = np.bincount(image_G[counted], values_G[counted], minlength=images)
    counts_I = np.bincount(image_G[counted], minlength=images).astype(np.float64)
    sums_R, counts_R = sums_I @ multiplicity_IR, counts_I @ multiplicity_IR
    means_R = np.full(len(sums_R), np.nan)
    np.divide(sums_R, counts_R, out=means_R, where=counts_R > 0)
    return means_R


def weighted_medians(
    values_G: NDArray[np.float64], image_G: NDArray[np.int64], multiplicity_IR: NDArray[np.int32]
) -> NDArray[np.float64]:
    """(R,) median over the objects in each data set; of an even number, the mean of the middle two.

    See `weighted_means`.
    """
    counted = np.flatnonzero(~np.isnan(values_G))
    order = counted[np.argsort(values_G[counted], kind="stable")]
    sorted_G, images = values_G[order], image_G[order]
    medians = np.full(multiplicity_IR.shape[1], np.nan)
    for first in range(0, len(medians) if len(order) else 0, AT_ONCE):
        up_to_GR = np.cumsum(multiplicity_IR[images, first : first + AT_ONCE], axis=0)
        total_R = up_to_GR[-1]
        middle_2R = [(up_to_GR > place).argmax(axis=0) for place in ((total_R - 1) // 2, total_R // 2)]
        median_R = (sorted_G[middle_2R[0]] + sorted_G[middle_2R[1]]) / 2.0
        medians[first : first + AT_ONCE] = np.where(total_R > 0, median_R, np.nan)
    return medians
