"""Which mistake explains that poses do not fit their boxes: the reading of the labels under which they do."""

# Shapes: N objects.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolozu.data.checking.pose_fit import PosedObjects
from yolozu.data.checking.pose_readings import MANY, PoseWords, Reading, readings_of

# Measured on rendered scenes and on photos of a plaster figure: correct poses overlap their boxes by 0.99 at the
# median, transposed rotations by 0.77 and 0.69, most other mistakes by less; there is much room between the two.
GOOD = 0.95
"""Median overlap from which on nothing better is looked for."""

FITS = 0.7
"""Median overlap of a reading that explains anything: boxes may be loose, objects hidden in part."""

GAIN = 0.5
"""A reading leaves at most this share of what the labels' own median overlap lacks to 1."""

BETTER = 0.01
"""Overlaps that differ by less are the same."""

AGREE = 0.8
"""Share of the objects that a reading must fit better."""

FEW_FIT, FEW_GIVEN = 0.8, 0.5
"""Of fewer than `MANY` objects the reading must fit at least so well, and the labels as they are at most so."""

BAD = 0.5
"""An object of which the projected model covers less of its box is not where its pose says."""

LOST = 0.3
"""Where the median overlap of a class is less, what is less is off: that much of all objects is not hidden."""

SPECK = 0.002
"""A visible part this small, relative to the projected model, is no label of it either."""

SAMPLE = 200
"""Objects of a group that readings are tried on."""

TYPICAL_DIAMETER_M, TYPICAL_DISTANCE_M = 0.3, 1.5
"""Where t and models of other units explain the boxes alike, the sizes nearest to these are believed."""

ROTATION_TOLERANCE = 2e-3
"""Largest deviation of an entry of RᵀR from the identity: entries rounded to three decimals pass."""


@dataclass(frozen=True)
class Diagnosis:
    """A reading that explains some objects.

    Attributes:
        hint: the mistake and its remedy.
        given: median overlap of boxes and poses as labeled.
        explained: the same under the reading.
        count: objects concerned.
        mirrored: whether a reflection was to be explained, of which boxes may show nothing.
    """

    hint: str
    given: float
    explained: float
    count: int
    mirrored: bool = False

    def fix(self) -> str:
        """What to do, and why that is believed."""
        poses = "1 pose" if self.count == 1 else f"{self.count} poses"
        if self.mirrored:
            return f"{self.hint} ({poses}: of all axes, this one makes them fit their boxes best)"
        return f"{self.hint} ({poses}: median overlap with the boxes {self.given:.2f}, then {self.explained:.2f})"


@dataclass(frozen=True)
class Judgement:
    """What is thought of N objects.

    Attributes:
        proper: (N,) whether the rotation is one.
        mirrored: (N,) whether it is orthonormal, but of determinant -1.
        before: (N,) whether the model's origin is in front of the camera.
        off: (N,) whether the pose does not project into the box.
        diagnoses: what explains an object's disagreement, by its number.
        overlap: (N,) of box and pose as labeled.
    """

    proper: NDArray[np.bool_]
    mirrored: NDArray[np.bool_]
    before: NDArray[np.bool_]
    off: NDArray[np.bool_]
    diagnoses: dict[int, Diagnosis]
    overlap: NDArray[np.float64]


def judged(objects: PosedObjects, parts_N: NDArray[np.int64], words: PoseWords, names: Sequence[str]) -> Judgement:
    """Look for the mistakes that explain a data set: of all poses, else of a split, a class, or of those that miss.

    Args:
        objects: of the data set.
        parts_N: (N,) number of each object's split.
        words: of their format.
        names: of the classes, by index.
    """
    deviation_N, determinant_N = _deviation(objects.R_m2c_N33)
    orthonormal_N = deviation_N <= ROTATION_TOLERANCE
    mirrored_N, proper_N = orthonormal_N & (determinant_N < 0), orthonormal_N & (determinant_N > 0)
    before_N = objects.t_m2c_N3[:, 2] > 0
    overlap_N = objects.overlap
    off_N = _misses(objects)
    found = _of_mirrored(objects, np.flatnonzero(mirrored_N), words, names)
    groups = [
        proper_N,
        *(proper_N & (kind_N == kind) for kind_N in (parts_N, objects.shapes_N) for kind in set(kind_N)),
    ]
    groups.append(proper_N & (off_N | ~before_N))
    for group_N in groups:
        rest_n = np.array([number for number in np.flatnonzero(group_N) if number not in found], np.int64)
        if len(rest_n):
            found |= _explained(objects, rest_n, overlap_N, words, names)
    for shape in np.unique(objects.shapes_N).tolist():
        group_N = proper_N & (objects.shapes_N == shape) & objects.has_shape
        if np.count_nonzero(group_N) >= MANY and np.median(overlap_N[group_N]) < LOST:
            off_N |= group_N & (overlap_N < LOST)
    return Judgement(proper_N, mirrored_N, before_N, off_N, found, overlap_N)


def _deviation(R_N33: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    product_N33 = R_N33.transpose(0, 2, 1) @ R_N33
    return np.abs(product_N33 - np.eye(3)).max(axis=(1, 2), initial=0.0), np.linalg.det(R_N33)


def _misses(objects: PosedObjects) -> NDArray[np.bool_]:
    """(N,) whether each pose projects off its box, in spite of all that may hide an object."""
    tiny_N = objects.overlap < SPECK * objects.covered
    return np.asarray(np.where(objects.has_shape, (objects.covered < BAD) | tiny_N, _origin_is_off(objects)))


def _origin_is_off(objects: PosedObjects) -> NDArray[np.bool_]:
    """(N,) whether the model's origin appears farther from the box than any part of such an object is seen to be.

    How large objects of the class are is taken from their boxes: of a box and a distance, size is box × z / f.
    """
    extent_N2 = objects.boxes_xyxy_px_N4[:, 2:] - objects.boxes_xyxy_px_N4[:, :2]
    per_metre_N = objects.K_N4[:, 0] / np.maximum(objects.t_m2c_N3[:, 2], 1e-9)
    size_m_N = extent_N2.max(axis=1) / per_metre_N
    reach_N = np.zeros(len(objects))
    for shape in np.unique(objects.shapes_N):
        same = objects.shapes_N == shape
        reach_N[same] = np.maximum(np.median(size_m_N[same]) * per_metre_N[same], extent_N2[same].max(axis=1))
    projected = np.nan_to_num(objects.projected_xyxy_px, nan=np.inf)
    with np.errstate(invalid="ignore"):
        away_N2 = np.abs(projected - objects.boxes_xyxy_px_N4)[:, :2] - extent_N2 / 2
    return np.asarray(~(away_N2.max(axis=1) <= reach_N))


def _of_mirrored(
    objects: PosedObjects, numbers: NDArray[np.int64], words: PoseWords, names: Sequence[str]
) -> dict[int, Diagnosis]:
    """Left-handed rotations: the axis whose reversal fits best, where one does clearly."""
    if not len(numbers):
        return {}
    sample = objects.of(_sample(numbers))
    readings = [reading for reading in readings_of(sample, words, names) if reading.mirrors]
    tried = [(reading, reading.apply(sample).overlap) for reading in readings]
    tried.sort(key=lambda pair: -float(pair[1].mean()))
    (best, overlap_N), (_, second_N) = tried[0], tried[1]
    if np.median(overlap_N) < FITS or overlap_N.mean() < second_N.mean() + BETTER / 2:
        return {}
    given, explained = float(np.median(sample.overlap)), float(np.median(overlap_N))
    diagnosis = Diagnosis(best.hint, given, explained, len(numbers), mirrored=True)
    return dict.fromkeys(numbers.tolist(), diagnosis)


def _explained(
    objects: PosedObjects,
    numbers: NDArray[np.int64],
    overlap_N: NDArray[np.float64],
    words: PoseWords,
    names: Sequence[str],
) -> dict[int, Diagnosis]:
    """Diagnosis by number of the objects among ``numbers`` that a single reading explains; empty where none does."""
    sample = objects.of(_sample(numbers))
    given_N = sample.overlap
    if np.median(given_N) >= GOOD:
        return {}
    tried = [(reading, reading.apply(sample)) for reading in readings_of(sample, words, names) if not reading.mirrors]
    fitting = [(reading, other) for reading, other in tried if _convinces(given_N, other.overlap)]
    if not fitting:
        return {}
    reading = _likeliest(fitting)
    concerned = objects.of(numbers)
    explained_N, before_N = reading.apply(concerned).overlap, overlap_N[numbers]
    gains = explained_N > before_N + BETTER
    diagnosis = Diagnosis(
        reading.hint, float(np.median(before_N)), float(np.median(explained_N)), int(np.count_nonzero(gains))
    )
    return dict.fromkeys(numbers[gains].tolist(), diagnosis)


def _convinces(given_N: NDArray[np.float64], other_N: NDArray[np.float64]) -> bool:
    given, other = float(np.median(given_N)), float(np.median(other_N))
    if len(given_N) < MANY and (other < FEW_FIT or given > FEW_GIVEN):
        return False
    return other >= FITS and 1.0 - other <= GAIN * (1.0 - given) and float(np.mean(other_N > given_N + BETTER)) >= AGREE


def _likeliest(fitting: list[tuple[Reading, PosedObjects]]) -> Reading:
    """The best of them; of those as good, the one with sizes and distances of this world, then the earlier one."""
    best = max(float(other.overlap.mean()) for _, other in fitting)
    as_good = [(reading, other) for reading, other in fitting if other.overlap.mean() >= best - BETTER]
    return min(as_good, key=lambda pair: _strangeness(pair[1]))[0]


def _strangeness(objects: PosedObjects) -> float:
    """How far models and distances are from usual ones, as a sum of logarithms."""
    distance = float(np.median(np.linalg.norm(objects.t_m2c_N3, axis=1)))
    shapes = np.unique(objects.shapes_N[objects.has_shape]).tolist()
    sizes = [float(np.ptp(objects.points[shape], axis=0).max()) for shape in shapes]
    size = float(np.median(sizes)) if sizes else TYPICAL_DIAMETER_M
    ratios = np.maximum([distance / TYPICAL_DISTANCE_M, size / TYPICAL_DIAMETER_M], 1e-12)
    return round(float(np.abs(np.log(ratios)).sum()), 2)


def _sample(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most `SAMPLE` of them, evenly spread."""
    if len(numbers) <= SAMPLE:
        return numbers
    return numbers[np.linspace(0, len(numbers) - 1, SAMPLE).astype(np.int64)]
