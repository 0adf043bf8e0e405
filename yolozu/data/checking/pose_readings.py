"""Typical mistakes in poses, cameras and meshes, each as another reading of what the labels say."""

# Shapes: N objects, C points of a model.

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from yolozu.data.checking.pose_fit import with_points_scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from yolozu.data.checking.pose_fit import PosedObjects
    from yolozu.data.layouts.layout import Layout

METRES_PER_UNIT = {"mm": 1e-3, "cm": 1e-2, "inches": 0.0254, "m": 1.0}
AXES = ("x", "y", "z")
ORDINALS = ("first", "second", "third")

MANY = 8
"""Objects that numbers are estimated from."""

LOOSE = 1.25
"""Boxes may be drawn wider than the objects by this factor, or be of their visible part: no mistake of scale."""

CLOSE_RATIO = 0.01
"""Ratios that differ by less, relative to their size, are the same."""

MOST_PARTS = 4
"""Sizes of images in a ratio of numbers up to this are taken to be meant exactly."""

USUAL_RATIOS = (1 / 2, 2.0, 1 / 3, 3.0, 1 / 4, 4.0, 2 / 3, 3 / 2)
"""Sizes that images are brought to, tried where there are no models to measure by."""

SHIFT_IN_BOXES = 0.1
"""A principal point is called off when it is by this fraction of a typical box."""

HALF_TURN_X = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True)
class PoseWords:
    """What files call the parts of a pose, and the units they are in (of `METRES_PER_UNIT`).

    Attributes:
        rotation: model to camera.
        translation: in ``unit``.
        camera: intrinsics.
        points: of the models, in ``points_unit``.
        unit: of translations.
        points_unit: of models.
    """

    rotation: str
    translation: str
    camera: str
    points: str
    unit: str
    points_unit: str


SIDECAR = PoseWords("R_gt", "t_gt", "K_gt", "cad_points", "m", "m")
BOP = PoseWords("cam_R_m2c", "cam_t_m2c", "cam_K", "the models", "mm", "mm")


def words_of(layout: Layout, split: str) -> PoseWords:
    """What the files of a split call the parts of a pose."""
    words = BOP if layout.splits[split].label_format == "bop" else SIDECAR
    if layout.models is None:
        return words
    metres = layout.models.metres
    unit = next((unit for unit, size in METRES_PER_UNIT.items() if size == metres), words.unit)
    return replace(words, points="the models", points_unit=unit)


@dataclass(frozen=True)
class Reading:
    """What the labels would mean if a certain mistake had been made.

    Attributes:
        hint: the mistake and its remedy.
        apply: the objects as they were then.
        mirrors: whether rotations change their determinant's sign.
    """

    hint: str
    apply: Callable[[PosedObjects], PosedObjects]
    mirrors: bool = False


def readings_of(objects: PosedObjects, words: PoseWords, names: Sequence[str]) -> list[Reading]:
    """Every reading that may explain why poses and boxes disagree, likelier ones first.

    Args:
        objects: at least one.
        words: of their format.
        names: of the classes, by index.
    """
    found = [*_units(words), *_rotations(words), *_mirrored(words), *_frames(words)]
    found += [*_cameras(objects, words), *_scales(objects, words), *_shapes(objects, names)]
    return found


def _units(words: PoseWords) -> Iterator[Reading]:
    for what, unit, them, times in (
        (f"{words.translation} is", words.unit, "it", _translation_times),
        (f"{words.points} are", words.points_unit, "them", _models_times),
    ):
        for other, metres in METRES_PER_UNIT.items():
            if other != unit:
                factor = metres / METRES_PER_UNIT[unit]
                remedy, by = ("multiply", factor) if factor > 1.0 else ("divide", 1.0 / factor)
                yield times(f"{what} in {other}, not in {unit}: {remedy} {them} by {by:g}", factor)
        # A conversion to metres that was made twice, or not at all where files are in another unit.
        factor, wrong, remedy = (1e3, "small", "multiply") if unit == "m" else (1e-3, "large", "divide")
        yield times(f"{what} 1000 times too {wrong}: {remedy} {them} by 1000", factor)


def _translation_times(hint: str, factor: float) -> Reading:
    return Reading(hint, lambda objects: replace(objects, t_m2c_N3=objects.t_m2c_N3 * factor))


def _models_times(hint: str, factor: float) -> Reading:
    return Reading(hint, lambda objects: with_points_scaled(objects, factor))


def _rotations(words: PoseWords) -> Iterator[Reading]:
    R, t = words.rotation, words.translation
    yield Reading(
        f"{R} is transposed: write it row by row, model to camera (columns are the model's axes)",
        lambda objects: replace(objects, R_m2c_N33=_transposed(objects.R_m2c_N33)),
    )
    yield Reading(
        f"{R} and {t} lead from camera to model: invert them, R = Rᵀ and t = −Rᵀ t",
        lambda objects: replace(
            objects,
            R_m2c_N33=_transposed(objects.R_m2c_N33),
            t_m2c_N3=-_turned(_transposed(objects.R_m2c_N33), objects.t_m2c_N3),
        ),
    )
    yield Reading(
        f"{t} is the camera's position seen from the model: write t = −R t",
        lambda objects: replace(objects, t_m2c_N3=-_turned(objects.R_m2c_N33, objects.t_m2c_N3)),
    )
    yield Reading(
        f"the camera looks along −z (OpenGL, Blender): negate the second and third row of {R} and of {t}",
        lambda objects: replace(
            objects, R_m2c_N33=HALF_TURN_X @ objects.R_m2c_N33, t_m2c_N3=objects.t_m2c_N3 @ HALF_TURN_X
        ),
    )
    yield Reading(
        f"{R}, not {t}, is for a camera that looks along −z (OpenGL, Blender): negate the second and third row of {R}",
        lambda objects: replace(objects, R_m2c_N33=HALF_TURN_X @ objects.R_m2c_N33),
    )


def _transposed(R_N33: NDArray[np.float64]) -> NDArray[np.float64]:
    return R_N33.transpose(0, 2, 1)


def _turned(R_N33: NDArray[np.float64], t_N3: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((R_N33 @ t_N3[:, :, None])[:, :, 0])


def _mirrored(words: PoseWords) -> Iterator[Reading]:
    for number in range(3):
        yield from _mirrored_along(number, words)
    yield Reading(
        f"{words.rotation} is left-handed: negate all of it",
        lambda objects: replace(objects, R_m2c_N33=-objects.R_m2c_N33),
        mirrors=True,
    )


def _mirrored_along(number: int, words: PoseWords) -> Iterator[Reading]:
    """The axis of that number reversed: of the model, of the camera in R alone, of the camera in all of the pose."""
    R, axis, ordinal = words.rotation, AXES[number], ORDINALS[number]
    mirror = np.diag([-1.0 if other == number else 1.0 for other in range(3)])
    yield Reading(
        f"{R} is left-handed: negate its {ordinal} column (the model's {axis} axis)",
        lambda objects: replace(objects, R_m2c_N33=objects.R_m2c_N33 @ mirror),
        mirrors=True,
    )
    yield Reading(
        f"{R} is left-handed: negate its {ordinal} row (the camera's {axis} axis)",
        lambda objects: replace(objects, R_m2c_N33=mirror @ objects.R_m2c_N33),
        mirrors=True,
    )
    yield Reading(
        f"the camera frame is left-handed: negate the {ordinal} row of {R} and of {words.translation}",
        lambda objects: replace(objects, R_m2c_N33=mirror @ objects.R_m2c_N33, t_m2c_N3=objects.t_m2c_N3 @ mirror),
        mirrors=True,
    )


def _frames(words: PoseWords) -> Iterator[Reading]:
    """Meshes in another frame than the poses are for."""
    up = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    have = f"{words.points} have the"
    yield _models_moved(
        f"{have} y axis upward, the poses are for z: write (x, −z, y)", lambda points_C3: points_C3 @ up.T
    )
    yield _models_moved(
        f"{have} z axis upward, the poses are for y: write (x, z, −y)", lambda points_C3: points_C3 @ up
    )
    yield _models_moved(
        f"{words.points} have another origin than the poses, which are of the middle of the model: subtract the middle "
        "of their bounding box",
        lambda points_C3: points_C3 - (points_C3.min(axis=0) + points_C3.max(axis=0)) / 2,
    )


def _models_moved(hint: str, move: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Reading:
    return Reading(
        hint,
        lambda objects: replace(
            objects, points={shape: move(points_C3) for shape, points_C3 in objects.points.items()}
        ),
    )


def _cameras(objects: PosedObjects, words: PoseWords) -> Iterator[Reading]:
    """Cameras of another image: resized, cropped, or given in fractions."""
    yield Reading(
        f"{words.camera} is in fractions of the image: multiply fx and cx by its width, fy and cy by its height",
        lambda given: replace(given, K_N4=given.K_N4 * np.tile(given.sizes_px_N2, 2)),
    )
    shown = objects.has_shape & np.isfinite(objects.projected_xyxy_px).all(axis=1)
    scales = [_resized(objects.of(shown))] if objects.has_shape.any() else [np.full(2, ratio) for ratio in USUAL_RATIOS]
    for scale_2 in scales:
        if scale_2 is not None:
            yield _camera_times(_other_size(objects, scale_2, words), scale_2)
    if np.count_nonzero(shown) >= MANY:
        yield from _shifted(objects.of(shown), words)


def _camera_times(hint: str, scale_2: NDArray[np.float64]) -> Reading:
    return Reading(hint, lambda objects: replace(objects, K_N4=objects.K_N4 * np.tile(scale_2, 2)))


def _resized(objects: PosedObjects) -> NDArray[np.float64] | None:
    """(2,) factors along x and y that bring the borders of projected boxes to the labeled ones; None if they are 1."""
    projected, labeled = objects.projected_xyxy_px, objects.boxes_xyxy_px_N4
    size_N4 = np.tile(objects.sizes_px_N2, 2)
    inside = (labeled > 1.0) & (labeled < size_N4 - 1.0) & (projected > 1.0)
    factors = []
    for axis in range(2):
        kept = inside[:, axis::2]
        weights = projected[:, axis::2][kept]
        if not len(weights):
            return None
        exact = _weighted_median(labeled[:, axis::2][kept] / weights, weights)
        simple = 1.0 / float(Fraction(1.0 / exact).limit_denominator(MOST_PARTS) or 1)
        factors.append(simple if abs(simple / exact - 1.0) < CLOSE_RATIO else exact)
    snapped = np.array(factors)
    return snapped if np.abs(np.log(snapped)).max() > 3 * CLOSE_RATIO else None


def _other_size(objects: PosedObjects, scale_2: NDArray[np.float64], words: PoseWords) -> str:
    width, height = np.median(objects.sizes_px_N2, axis=0).tolist()
    fx, fy = scale_2.tolist()
    same = abs(fx - fy) < CLOSE_RATIO * fx
    remedy = f"fx, fy, cx and cy by {fx:.3g}" if same else f"fx and cx by {fx:.3g}, fy and cy by {fy:.3g}"
    other = f"{width / fx:.0f}×{height / fy:.0f}"
    return f"{words.camera} is for images of {other} px, these have {width:.0f}×{height:.0f}: multiply {remedy}"


def _shifted(objects: PosedObjects, words: PoseWords) -> Iterator[Reading]:
    """Cropped or padded images, and resized ones that were: their principal point moved by an unknown offset."""
    projected, labeled = objects.projected_xyxy_px, objects.boxes_xyxy_px_N4
    middle = (labeled[:, :2] + labeled[:, 2:]) / 2
    seen = (projected[:, :2] + projected[:, 2:]) / 2
    extent = labeled[:, 2:] - labeled[:, :2]
    typical = np.median(extent, axis=0)
    shift = np.median(middle - seen, axis=0)
    K = words.camera
    if (np.abs(shift) > SHIFT_IN_BOXES * typical).any():
        dx, dy = shift.tolist()
        yield Reading(
            f"{K} has its principal point elsewhere (images cropped or padded?): add {dx:.0f} to cx and {dy:.0f} to cy",
            lambda given: replace(given, K_N4=given.K_N4 + np.array([0.0, 0.0, *shift])),
        )
    factor = np.median(extent / np.maximum(projected[:, 2:] - projected[:, :2], 1e-9), axis=0)
    offset = np.median(middle - factor * seen, axis=0)
    if (np.abs(np.log(factor)) > np.log(LOOSE)).any():
        (fx, fy), (dx, dy) = factor.tolist(), offset.tolist()
        yield Reading(
            f"{K} is of other images (resized and cropped or padded?): multiply fx and cx by {fx:.3g}, fy and cy by "
            f"{fy:.3g}, then add {dx:.0f} to cx and {dy:.0f} to cy",
            lambda given: replace(given, K_N4=given.K_N4 * np.tile(factor, 2) + np.array([0.0, 0.0, *offset])),
        )


def _scales(objects: PosedObjects, words: PoseWords) -> Iterator[Reading]:
    """Models of a wrong size, whatever the reason."""
    shown = objects.has_shape & np.isfinite(objects.projected_xyxy_px).all(axis=1)
    if np.count_nonzero(shown) < MANY:
        return
    projected, labeled = objects.projected_xyxy_px[shown], objects.boxes_xyxy_px_N4[shown]
    factor = float(np.median((labeled[:, 2:] - labeled[:, :2]) / np.maximum(projected[:, 2:] - projected[:, :2], 1e-9)))
    if factor > 0.0 and abs(np.log(factor)) > np.log(LOOSE):
        wrong = f"{1 / factor:.3g} times too large" if factor < 1.0 else f"{factor:.3g} times too small"
        opposite = "small" if factor < 1.0 else "large"
        yield Reading(
            f"{words.points} are {wrong}, or {words.translation} as many times too {opposite}: correct one of the two",
            lambda given: with_points_scaled(given, factor),
        )


def _shapes(objects: PosedObjects, names: Sequence[str]) -> Iterator[Reading]:
    """Objects of one class that carry another one's name, or model."""
    shapes = np.unique(objects.shapes_N).tolist()
    if len(shapes) != 1 or shapes[0] not in objects.points:
        return
    for shape in sorted(objects.points):
        if shape != shapes[0]:
            yield _other_shape(
                f"objects of class {names[shapes[0]]!r} fit the model of class {names[shape]!r}: give each class its "
                "own model, or correct the classes",
                shape,
            )


def _other_shape(hint: str, shape: int) -> Reading:
    return Reading(hint, lambda objects: replace(objects, shapes_N=np.full_like(objects.shapes_N, shape)))


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
