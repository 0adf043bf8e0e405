"""Pose sidecars: ``labels/<split>/<stem>.json`` beside ``<stem>.txt``.

``{"instances": [...]}`` or the list alone, one entry per label line that is not blank, in its order; null or ``{}`` for
an object without a pose. ``K_gt`` and ``K_gt_prime`` may also stand once, beside ``instances``. What an entry may hold
is listed in ``docs/how-to/use-pose-data.md``; keys that are not known there are left to other tools.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.jsonio import explain_read_error, is_text
from yolozu.artifacts.meshes import ObjectModel
from yolozu.artifacts.packed_files import is_file, read_bytes
from yolozu.data.labels import Defect, Instance, InstanceMask, InstancePose, LabeledCamera
from yolozu.geometry.extent import diameter_of
from yolozu.geometry.pose_values import LARGEST, Numbers4, camera, matrix, numbers, vector
from yolozu.geometry.symmetry import Symmetries, symmetries_of_value

RULE = "malformed_pose"
"""Rule that everything a sidecar says wrongly breaks."""

CAMERA_KEYS = ("K_gt", "K_gt_prime")
SHAPE_KEYS = ("cad_points", "symmetry")
KEYS = frozenset({"R_gt", "t_gt", "offsets_gt", "mask_path", "mask_value", "depth_path", "class_index"}).union(
    CAMERA_KEYS, SHAPE_KEYS
)
SAME_CAMERA_PX = 1e-6
GREY_LEVELS = 65536


@dataclass(frozen=True)
class Sidecar:
    """What a sidecar adds to its image.

    Attributes:
        lines: an entry per label line, as before or with pose, offset and mask.
        camera: the one camera of the image.
        defects: what could not be understood; nothing of it is used.
        is_foreign: the file is another tool's, and says nothing here.
    """

    lines: tuple[Instance | Defect, ...]
    camera: LabeledCamera | None
    defects: tuple[Defect, ...]
    is_foreign: bool = False


class Shapes:
    """Shapes of classes as sidecars state them, over many files: the first entry of a class gives its model."""

    def __init__(self) -> None:
        self._first: dict[int, tuple[str, dict[str, Any]]] = {}
        self.models: dict[int, ObjectModel] = {}

    def first(self, class_index: int, stated: dict[str, Any], where: str) -> tuple[str, dict[str, Any]] | None:
        """The place and the words of the earlier entry that gave the class its shape; None where this is the first."""
        known = self._first.setdefault(class_index, (where, stated))
        return None if known[1] is stated else known

    def add(self, class_index: int, points_V3: NDArray[np.float64], symmetries: Symmetries) -> None:
        """Give a class its model: (V, 3) metres, which may be no points at all."""
        diameter = diameter_of(points_V3) if len(points_V3) > 0 else None
        self.models[class_index] = ObjectModel(points_V3, diameter, symmetries)


def read_sidecar(path: Path, root: Path, lines: Sequence[Instance | Defect] | None, shapes: Shapes) -> Sidecar:
    """What the sidecar at ``path`` says of the objects of its image.

    Args:
        path: the file.
        root: directory of the data set, which masks and depth images are relative to.
        lines: what the label file's lines hold; None where there is no label file.
        shapes: takes over the shapes of classes.
    """
    try:
        return _read_sidecar(path, root, lines, shapes)
    except RecursionError:
        return Sidecar(tuple(lines or ()), None, (Defect(RULE, str(path), "nests too deeply"),))


def _read_sidecar(path: Path, root: Path, lines: Sequence[Instance | Defect] | None, shapes: Shapes) -> Sidecar:
    try:
        common, entries = _document(path)
    except (OSError, ValueError) as error:
        return Sidecar(tuple(lines or ()), None, (Defect(RULE, str(path), explain_read_error(error)),))
    if entries is None and not any(key in common for key in CAMERA_KEYS):
        return Sidecar(tuple(lines or ()), None, (), is_foreign=True)
    reading = _Reading(path, root, shapes)
    reading.take_cameras(common, str(path))
    if entries is not None and len(entries) != len(lines or ()):
        held = "there is no label file" if lines is None else f"its label file has {_counted(len(lines), 'line')}"
        problem = f"holds {_counted(len(entries), 'instance')}, but {held}"
        return Sidecar(tuple(lines or ()), reading.camera, (*reading.defects, Defect(RULE, str(path), problem)))
    if entries is None:
        return Sidecar(tuple(lines or ()), reading.camera, tuple(reading.defects))
    posed = [
        reading.instance(line, row, f"{path}: instances[{number}]")
        for number, (line, row) in enumerate(zip(lines or (), entries, strict=True))
    ]
    return Sidecar(tuple(reading.seen_by_a_camera(line) for line in posed), reading.camera, tuple(reading.defects))


class _Reading:
    """One sidecar while it is read."""

    def __init__(self, path: Path, root: Path, shapes: Shapes) -> None:
        self._path, self._root, self._shapes = path, root, shapes
        self._stated: list[Any] = [None for _ in CAMERA_KEYS]
        self._states_camera = False
        self._K: tuple[str, Numbers4] | None = None
        self._K_true: tuple[str, Numbers4] | None = None
        self.defects: list[Defect] = []

    @property
    def camera(self) -> LabeledCamera | None:
        """The image's camera, as far as it was read."""
        if self._K is None:
            return None
        return LabeledCamera(self._K[0], self._K[1], None if self._K_true is None else self._K_true[1])

    def instance(self, line: Instance | Defect, row: object, where: str) -> Instance | Defect:
        """``line`` with what ``row`` adds to it."""
        if row is None:
            return line
        if not isinstance(row, dict):
            self._note(where, "is no object")
            return line
        self._look_for_typos(row, where)
        self.take_cameras(row, where)
        if isinstance(line, Defect):
            return line
        if row.get("class_index") is not None and row["class_index"] != line.class_index:
            self._note(f"{where}.class_index", f"is {row['class_index']!r}, its label line says {line.class_index}")
            return line
        self._take_shape(line.class_index, row, where)
        return replace(
            line,
            pose=self._pose(row, where),
            center_offset_px=self._read(row, "offsets_gt", _offset, where),
            mask=self._mask(row, where),
        )

    def seen_by_a_camera(self, line: Instance | Defect) -> Instance | Defect:
        """``line``, whose pose means nothing without a camera."""
        if self._K is not None or isinstance(line, Defect) or line.pose is None:
            return line
        if not self._states_camera:  # else it is malformed, and that is told already
            self._note(line.pose.where, "has a pose, but no K_gt says which camera sees it")
        return replace(line, pose=None)

    def take_cameras(self, row: dict[str, Any], where: str) -> None:
        """Read the cameras of ``row``: every entry of an image must state the same ones."""
        stated = [row.get(key) for key in CAMERA_KEYS]
        if stated == self._stated:
            return
        self._stated = stated
        self._states_camera |= stated[0] is not None
        K, K_true = (self._read(row, key, camera, where) for key in CAMERA_KEYS)
        if K is not None:
            self._K = self._one(self._K, K, self._place(where, "K_gt"))
        if K_true is not None:
            self._K_true = self._one(self._K_true, K_true, self._place(where, "K_gt_prime"))

    def _one(self, known: tuple[str, Numbers4] | None, found: Numbers4, where: str) -> tuple[str, Numbers4]:
        if known is None:
            return where, found
        if max(abs(a - b) for a, b in zip(known[1], found, strict=True)) > SAME_CAMERA_PX:
            self._note(where, f"is another camera than {known[0]}; an image has one")
        return known

    def _pose(self, row: dict[str, Any], where: str) -> InstancePose | None:
        R, t = self._read(row, "R_gt", matrix, where), self._read(row, "t_gt", vector, where)
        if R is not None and t is not None:
            return InstancePose(where, R, t)
        for key, other in (("R_gt", "t_gt"), ("t_gt", "R_gt")):
            if row.get(key) is not None and row.get(other) is None:
                self._note(self._place(where, key), f"stands without {other}")
        return None

    def _mask(self, row: dict[str, Any], where: str) -> InstanceMask | None:
        value = row.get("mask_value")
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 < value < GREY_LEVELS):
            self._note(f"{where}.mask_value", f"{value!r} is no grey level from 1 to {GREY_LEVELS - 1}")
            return None
        path = self._read(row, "mask_path", self._existing, where)
        self._read(row, "depth_path", self._existing, where)
        return None if path is None else InstanceMask(path, value)

    def _existing(self, value: object) -> Path:
        if not isinstance(value, str) or not value or "\0" in value or not is_text(value):
            raise ValueError(f"{value!r} is no path")
        path = self._root / value
        if not is_file(path):
            raise ValueError(f"{path} does not exist")
        return path

    def _take_shape(self, class_index: int, row: dict[str, Any], where: str) -> None:
        stated = {key: row[key] for key in SHAPE_KEYS if row.get(key) is not None}
        if not stated:
            return
        earlier = self._shapes.first(class_index, stated, where)
        if earlier is None:
            points_V3 = self._read(stated, "cad_points", _points, where)
            symmetries = self._read(stated, "symmetry", symmetries_of_value, where)
            empty_V3 = np.zeros((0, 3))
            self._shapes.add(class_index, empty_V3 if points_V3 is None else points_V3, symmetries or Symmetries())
        elif earlier[1] != stated:
            self._note(where, f"states another shape or symmetry of class {class_index} than {earlier[0]}")

    def _read(self, row: dict[str, Any], key: str, parse: Callable[[object], Any], where: str) -> Any:
        """What ``parse`` makes of ``row[key]``; None where the key is missing, null or malformed."""
        if row.get(key) is None:
            return None
        try:
            return parse(row[key])
        except ValueError as error:
            self._note(self._place(where, key), str(error))
            return None

    def _look_for_typos(self, row: dict[str, Any], where: str) -> None:
        for key in sorted(row.keys() - KEYS):
            guess = _meant(key)
            if guess is not None and guess not in row:
                self._note(self._place(where, key), f"is no known key; {guess} is meant, it seems")

    def _place(self, where: str, key: str) -> str:
        """Place of a key: of the file itself, or of an entry."""
        return f"{where}: {key}" if where == str(self._path) else f"{where}.{key}"

    def _note(self, where: str, problem: str) -> None:
        self.defects.append(Defect(RULE, where, problem))


def _document(path: Path) -> tuple[dict[str, Any], list[Any] | None]:
    """What stands once for all objects, and the entry of each; None where it has no entries, only a camera.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON, or no such document.
    """
    try:
        document = json.loads(read_bytes(path), parse_constant=_refuse_constant)
    except ValueError as error:
        raise ValueError(f"cannot be read as JSON: {explain_read_error(error)}") from error
    if isinstance(document, list):
        return {}, document
    if not isinstance(document, dict) or not isinstance(document.get("instances", []), list):
        raise ValueError('is no list of instances and no object {"instances": [...]}')  # noqa: TRY004 - the file is wrong
    return document, document.get("instances")


def _counted(number: int, one: str) -> str:
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


@cache
def _meant(key: str) -> str | None:
    """The key that ``key`` is a slip of; None where it is far from all, and so another tool's."""
    known = {name.lower(): name for name in KEYS}
    close = get_close_matches(key.lower(), sorted(known), n=1, cutoff=0.8)
    return known[close[0]] if close else None


def _offset(value: object) -> tuple[float, float]:
    x, y = numbers(value, 2)
    return x, y


def _points(value: object) -> NDArray[np.float64]:
    """(V, 3) from a list of triples; a list of thousands is converted at once."""
    try:
        points_V3 = np.array(value, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("must be a list of [x, y, z]") from error
    if points_V3.ndim != 2 or points_V3.shape[1:] != (3,) or not np.isfinite(points_V3).all():
        raise ValueError("must be a list of [x, y, z]")
    if np.abs(points_V3).max(initial=0.0) > LARGEST:
        raise ValueError(f"holds {np.abs(points_V3).max():g}, which is too large")
    return points_V3


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
