"""Rules about poses, cameras, masks and models: each says where labels contradict each other, and what would mend it.

`judged` looks for the mistake behind poses that do not fit their boxes; what it finds is the violations' ``fix``.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from yolozu.data.checking.mask_levels import MaskFile, look_at_mask
from yolozu.data.checking.pose_diagnosis import FITS, judged
from yolozu.data.checking.pose_fit import posed_objects
from yolozu.data.checking.pose_readings import words_of
from yolozu.data.checking.violations import Violation
from yolozu.system import available_cores, released

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from yolozu.data.checking.pose_diagnosis import Judgement
    from yolozu.data.checking.pose_fit import PosedObject, PosedObjects
    from yolozu.data.checking.pose_readings import PoseWords
    from yolozu.data.survey import Survey, SurveyedImage, SurveyedSplit
    from yolozu.geometry.pose_values import Numbers4

    Judged = tuple[list[PosedObject], PosedObjects, Judgement]

ONE_AXIS = "R is left-handed: negate one of its axes (columns are the model's, rows the camera's)"

SAME_LENGTH = 1e-2
"""Columns whose lengths differ by less, relative to it, are scaled alike."""

FOCAL_PER_SIDE = (0.1, 100.0)
"""Focal lengths of cameras, in sides of the image: 157 to 0.6 degrees across."""

MOST_STRETCHED = 3.0
"""Pixels are not further from square than this."""

OFFSET_TOLERANCE_PX = 2.0
OFFSET_TOLERANCE = 0.02
"""How far a stated offset may lie from the projected origin: px, and a fraction of the box's larger side."""

SIZES_M = (1e-3, 20.0)
"""Objects outside of this are not impossible, but more often in another unit."""


def improper_rotation(survey: Survey) -> Iterator[Violation]:
    """Matrices that are no rotations: not orthonormal, or reflections."""
    for places, objects, judgement in _judged(survey):
        for number in np.flatnonzero(~judgement.proper).tolist():
            problem, fix = _why_improper(objects.R_m2c_N33[number], mirrored=bool(judgement.mirrored[number]))
            found = judgement.diagnoses.get(number)
            yield _hit(places[number], problem, fix if found is None else found.fix())


def _why_improper(R_33: NDArray[np.float64], *, mirrored: bool) -> tuple[str, str | None]:
    """The problem, and what mends it where the matrix tells."""
    if mirrored:
        return "R is a reflection: determinant -1", ONE_AXIS
    product = R_33.T @ R_33
    scale = float(np.sqrt(np.trace(product) / 3.0))
    if scale > 0.0 and np.abs(product / scale**2 - np.eye(3)).max() < SAME_LENGTH:
        return f"R is {scale:.4g} times an orthonormal matrix", f"divide R by {scale:.4g}"
    return f"R is not orthonormal: RᵀR differs from the identity by {np.abs(product - np.eye(3)).max():.2g}", None


def behind_camera(survey: Survey) -> Iterator[Violation]:
    """Objects that the camera cannot see, as they are not in front of it."""
    for places, objects, judgement in _judged(survey):
        for number in np.flatnonzero(judgement.proper & ~judgement.before).tolist():
            found = judgement.diagnoses.get(number)
            problem = f"object is behind the camera: z is {objects.t_m2c_N3[number, 2]:.3g} m"
            yield _hit(places[number], problem, None if found is None else found.fix())


def improper_camera(survey: Survey) -> Iterator[Violation]:
    """Cameras whose optical axis misses the image, unless poses prove them, and impossible focal lengths."""
    suspects = [(split, image, problem) for split, image in survey.images() if (problem := _of_camera(image))]
    if not suspects:
        return
    proven, fixes = _by_image(survey)
    for split, image, problem in suspects:
        if id(image) not in proven and image.labeled.camera is not None:
            where = image.labeled.camera.where
            yield Violation(split.name, image, where, problem, whole_image=True, fix=fixes.get(id(image)))


def _by_image(survey: Survey) -> tuple[set[int], dict[int, str]]:
    """Identities of images whose poses fit their boxes; by identity, what would mend those of others."""
    overlaps: dict[int, list[float]] = defaultdict(list)
    fixes: dict[int, str] = {}
    for places, objects, judgement in _judged(survey):
        for number, place in enumerate(places):
            if objects.has_shape[number]:
                overlaps[id(place.image)].append(float(judgement.overlap[number]))
            if number in judgement.diagnoses:
                fixes.setdefault(id(place.image), judgement.diagnoses[number].fix())
    return {image for image, found in overlaps.items() if np.median(found) >= FITS}, fixes


def _of_camera(image: SurveyedImage) -> str | None:
    """What is wrong with the camera of an image, by itself."""
    camera, facts = image.labeled.camera, image.facts
    if camera is None or facts.problem is not None:
        return None
    problems = (_of_intrinsics(K, facts.width, facts.height) for K in (camera.K, camera.K_true) if K is not None)
    return next((problem for problem in problems if problem is not None), None)


def _of_intrinsics(K: Numbers4, width: int, height: int) -> str | None:
    fx, fy, cx, cy = K
    low, high = FOCAL_PER_SIDE
    size = f"{width}×{height} px image"
    if not (low * width <= fx <= high * width and low * height <= fy <= high * height):
        return f"focal lengths {fx:g} and {fy:g} px are those of no camera with a {size}"
    if not 1.0 / MOST_STRETCHED <= fx / fy <= MOST_STRETCHED:
        return f"focal lengths {fx:g} and {fy:g} px differ more than pixels are stretched"
    if not (0.0 <= cx <= width and 0.0 <= cy <= height):
        return f"principal point ({cx:g}, {cy:g}) is outside its {size}"
    return None


def pose_off_box(survey: Survey) -> Iterator[Violation]:
    """Poses whose model is projected elsewhere than the labeled box, or that another reading of the labels fits."""
    for places, objects, judgement in _judged(survey):
        usual = judgement.proper & judgement.before
        for number in np.flatnonzero(usual).tolist():
            found = judgement.diagnoses.get(number)
            if found is not None or judgement.off[number]:
                problem = _where_projected(objects, number, float(judgement.overlap[number]))
                yield _hit(places[number], problem, None if found is None else found.fix())


def _where_projected(objects: PosedObjects, number: int, overlap: float) -> str:
    labeled = f"its box is {_box_text(objects.boxes_xyxy_px_N4[number])}"
    projected_4 = objects.projected_xyxy_px[number]
    if not np.isfinite(projected_4).all():
        return f"model reaches behind the camera; {labeled}"
    if not objects.has_shape[number]:
        x, y = ((projected_4[:2] + projected_4[2:]) / 2).tolist()
        return f"model's origin appears at ({x:.0f}, {y:.0f}); {labeled}"
    return f"model appears {_box_text(projected_4)}; {labeled}: overlap {overlap:.2f}"


def _box_text(box_4: NDArray[np.float64]) -> str:
    x1, y1, x2, y2 = box_4.tolist()
    return f"{_px(x2 - x1)}×{_px(y2 - y1)} px large around ({(x1 + x2) / 2:.0f}, {(y1 + y2) / 2:.0f})"


def _px(length: float) -> str:
    return f"{length:.0f}" if length >= 10.0 else f"{length:.2g}"


def bad_mask(survey: Survey) -> Iterator[Violation]:
    """Masks that cannot be read, are of another size than their image, or do not show their object."""
    owners = [item for item in survey.instances() if item[2].mask is not None and item[1].facts.problem is None]
    paths = list(dict.fromkeys(instance.mask.path for _, _, instance in owners if instance.mask is not None))
    with released(ThreadPoolExecutor(max_workers=available_cores())) as threads:
        files = dict(zip(paths, threads.map(look_at_mask, paths), strict=True))
    for split, image, instance in owners:
        assert instance.mask is not None, "only such instances are listed"
        problem = _of_mask(files[instance.mask.path], instance.mask.value, image)
        if problem is not None:
            yield Violation(split.name, image, instance.where, f"mask {instance.mask.path} {problem}", instance)


def _of_mask(mask: MaskFile, value: int | None, image: SurveyedImage) -> str | None:
    if mask.problem is not None:
        return f"cannot be read: {mask.problem}"
    if mask.size != (image.facts.width, image.facts.height):
        size = f"{mask.size[0]}×{mask.size[1]} px"
        return f"is {size}, its image {image.facts.width}×{image.facts.height}"
    if value is None:
        return None if mask.levels - {0} else "shows nothing"
    return None if value in mask.levels else f"has no pixel of value {value}"


def offset_mismatch(survey: Survey) -> Iterator[Violation]:
    """Stated offsets that lead from the box's center elsewhere than to the projected origin of the model."""
    if all(instance.center_offset_px is None for _, _, instance in survey.instances()):
        return
    for places, objects, judgement in _judged(survey):
        usual = judgement.before & ~judgement.off
        z_N1 = np.where(judgement.before, objects.t_m2c_N3[:, 2], 1.0)[:, None]
        origins_N2 = objects.t_m2c_N3[:, :2] / z_N1 * objects.K_N4[:, :2] + objects.K_N4[:, 2:]
        boxes_N4 = np.array([place.instance.box_cxcywh for place in places], np.float64).reshape(-1, 4)
        boxes_N4 = boxes_N4 * np.tile(objects.sizes_px_N2, 2)
        for number in np.flatnonzero(usual).tolist():
            stated = places[number].instance.center_offset_px
            if stated is not None:
                expected_2 = origins_N2[number] - boxes_N4[number, :2]
                tolerance = OFFSET_TOLERANCE_PX + OFFSET_TOLERANCE * float(boxes_N4[number, 2:].max())
                if np.abs(expected_2 - stated).max() > tolerance:
                    negated = bool(np.abs(expected_2 + stated).max() <= tolerance)
                    yield _offset_hit(places[number], stated, expected_2.tolist(), negated=negated)


def _offset_hit(place: PosedObject, stated: tuple[float, float], expected: list[float], *, negated: bool) -> Violation:
    (dx, dy), (x, y) = stated, expected
    problem = f"offset ({dx:.1f}, {dy:.1f}) px, pose and box say ({x:.1f}, {y:.1f})"
    fix = "offsets lead from the box's center to the model's origin: negate them" if negated else None
    return _hit(place, problem, fix)


def posed_without_model(survey: Survey) -> Iterator[Violation]:
    """Classes that have poses and no shape: neither their poses nor predicted ones can be judged."""
    places, objects = posed_objects(survey, survey.splits)
    for shape, first, count in _classes_of(objects):
        if shape not in objects.points:
            name, poses = survey.classes.names[shape], "pose" if count == 1 else "poses"
            problem = f"no model of class {name!r}, which has {count} {poses}"
            yield _hit(places[first], problem, None, whole_class=True)


def implausible_size(survey: Survey) -> Iterator[Violation]:
    """Classes of objects so small or large that their unit is in doubt; by box and distance, size is box × z / f."""
    for places, objects, judgement in _judged(survey):
        extent_N = (objects.boxes_xyxy_px_N4[:, 2:] - objects.boxes_xyxy_px_N4[:, :2]).max(axis=1)
        sizes_N = extent_N * objects.t_m2c_N3[:, 2] / objects.K_N4[:, 0]
        usual = judgement.proper & judgement.before & ~judgement.off
        for shape, first, _ in _classes_of(objects):
            same = usual & (objects.shapes_N == shape)
            size = float(np.median(sizes_N[same])) if same.any() else 1.0
            if not SIZES_M[0] <= size <= SIZES_M[1]:
                unit = words_of(survey.layout, places[first].split.name).unit
                problem = f"by poses and boxes, objects of class {survey.classes.names[shape]!r} are {size:.2g} m large"
                fix = f"write t and models in {unit}: are both too {'large' if size > 1.0 else 'small'} by 1000?"
                yield _hit(places[first], problem, fix, whole_class=True)


def _classes_of(objects: PosedObjects) -> list[tuple[int, int, int]]:
    """Each class with the number of its first object and how many there are."""
    found = np.unique(objects.shapes_N, return_index=True, return_counts=True)
    return list(zip(*(values.tolist() for values in found), strict=True))


def _judged(survey: Survey) -> Iterator[Judged]:
    """The splits of each format, judged together: what is wrong in one is mostly wrong in the others."""
    by_words: dict[PoseWords, list[SurveyedSplit]] = {}
    for split in survey.splits:
        by_words.setdefault(words_of(survey.layout, split.name), []).append(split)
    for words, splits in by_words.items():
        places, objects = posed_objects(survey, splits)
        numbers = {id(split): number for number, split in enumerate(splits)}
        parts_N = np.array([numbers[id(place.split)] for place in places], np.int64)
        yield places, objects, judged(objects, parts_N, words, survey.classes.names)


def _hit(place: PosedObject, problem: str, fix: str | None, *, whole_class: bool = False) -> Violation:
    pose = place.instance.pose
    assert pose is not None, "only objects with a pose are judged"
    instance = None if whole_class else place.instance
    return Violation(place.split.name, place.image, pose.where, problem, instance, fix=fix)
