"""BOP scenewise: ``<split>/<scene>/{rgb,mask_visib,scene_camera.json,scene_gt.json,scene_gt_info.json}``.

Here mm become metres, and OpenCV's pixels, whose first one's middle is (0, 0), become those that count from the
image's border: cx and cy grow by half a pixel. Boxes already count from the border. An object of which nothing is
visible is no instance.

Source: https://github.com/thodan/bop_toolkit/blob/master/docs/bop_datasets_format.md.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.classes import ClassTable
from yolozu.artifacts.jsonio import read_json
from yolozu.data.images import size_of
from yolozu.data.labels import Defect, Instance, InstanceMask, InstancePose, LabeledCamera, LabeledImage, SplitLabels
from yolozu.data.layouts.bop_files import CAMERA_NAME, INFO_NAME, MM, POSES_NAME, Scene, scenes_of
from yolozu.data.layouts.model_files import INFO_NAME as MODELS_INFO_NAME
from yolozu.data.models import read_models
from yolozu.data.readers.bop_boxes import Box, box_of_mask, box_of_points
from yolozu.data.readers.pose_values import camera, matrix, numbers, vector
from yolozu.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yolozu.artifacts.object_models import ObjectModel
    from yolozu.data.labels import Numbers4
    from yolozu.data.layouts.layout import Layout, Split

HALF_PIXEL = 0.5
"""From BOP's principal point to ours."""

FIX = "give BOP scenewise files: a JSON object by image id"
MESH_NAME = re.compile(r"obj_(\d{6})", re.ASCII)


class BopReader:
    """Reads every scene of a split. Masks are only looked at where a box is missing."""

    def __init__(self, layout: Layout, split: Split) -> None:
        self._layout, self._split = layout, split

    def stated_classes(self) -> ClassTable | None:
        """``obj_000001``, … for every mesh or entry of ``models_info.json``; None where there are no models.

        Raises:
            InputError: YZ242 ``models_info.json`` is no object.
        """
        files = self._layout.models
        if files is None:
            return None
        found = {int(match[1]) for path in files.paths() if (match := MESH_NAME.fullmatch(Path(path).stem))}
        info = files.directory / MODELS_INFO_NAME
        if info.is_file():
            document = read_json(info, code="YZ242", fix=FIX)
            found |= {int(key) for key in document if key.isdecimal()} if isinstance(document, dict) else set()
        ids = sorted(found)
        return ClassTable(tuple(made_up_name(key) for key in ids), tuple(ids)) if ids else None

    def read(self, classes: ClassTable | None) -> SplitLabels:
        """Every image of every scene.

        Raises:
            InputError: YZ243 a scene's file is no JSON object, or nothing says which objects there are.
        """
        if classes is None:
            raise InputError.one(
                "YZ243",
                where=str(self._layout.root),
                problem="holds no models, so that nothing says which objects there are",
                fix="add models/, or classes and category_ids (the object ids) in a dataset.json",
            )
        table = _Objects(self._layout, classes)
        images: list[LabeledImage] = []
        stray: list[Defect] = []
        invisible = 0
        for scene in scenes_of(self._split.images_dir):
            reader = _SceneReader(self._layout, scene, table)
            images += reader.images()
            stray += reader.stray()
            invisible += reader.invisible
        notes = (f"nothing is visible of {invisible} labeled objects: they are left out",) if invisible else ()
        ordered = tuple(sorted(images, key=lambda entry: entry.image))
        return SplitLabels(self._split.name, ordered, tuple(stray), notes=notes)


def made_up_name(object_id: int) -> str:
    """What an object is called where nothing names it."""
    return f"obj_{object_id:06d}"


class _Objects:
    """Object ids as network indices, and their models once they are needed."""

    def __init__(self, layout: Layout, classes: ClassTable) -> None:
        self._layout, self._classes = layout, classes
        self.index_of: Mapping[int, int] = {key: index for index, key in enumerate(classes.category_ids)}

    @cached_property
    def models(self) -> dict[int, ObjectModel]:
        """Models by network index."""
        return {} if self._layout.models is None else read_models(self._layout.models, self._classes)


@dataclass(frozen=True)
class _Picture:
    """An image: its id, its size in px and its camera."""

    key: int
    size: tuple[int, int]
    camera: LabeledCamera | None


class _SceneReader:
    """Reads one scene.

    Attributes:
        invisible: objects met so far of which nothing is visible.
    """

    def __init__(self, layout: Layout, scene: Scene, objects: _Objects) -> None:
        self._layout, self._scene, self._objects = layout, scene, objects
        self._files = scene.images()
        self.invisible = 0
        # Texts, because every object's place is told with them and a path costs more than the rest of an object.
        self._cameras_path, self._poses_path = f"{scene.directory / CAMERA_NAME}", f"{scene.directory / POSES_NAME}"
        self._cameras = _rows(scene.directory / CAMERA_NAME)
        self._poses = _rows(scene.directory / POSES_NAME)
        self._info = _rows(scene.directory / INFO_NAME)
        self._masks = frozenset(os.listdir(scene.masks)) if scene.masks.is_dir() else frozenset()  # noqa: PTH208 - many

    def images(self) -> list[LabeledImage]:
        """The scene's images with their labels."""
        return [self._image(key, path) for key, path in self._files.items()]

    def stray(self) -> list[Defect]:
        """What is said of images that are not there."""
        return [
            Defect("label_without_image", f"{self._poses_path}: {key}", "no image has this id")
            for key in self._poses
            if not key.isdecimal() or int(key) not in self._files
        ]

    def _image(self, key: int, file: str) -> LabeledImage:
        path, rows = Path(file), self._poses.get(str(key))
        defects: list[Defect] = []
        try:
            seen_by = self._camera(str(key))
        except ValueError as error:
            seen_by = None
            defects.append(Defect("malformed_pose", f"{self._cameras_path}: {key}", str(error)))
        size = size_of(path)
        instances: list[Instance] = []
        if rows is not None and size is not None:  # a picture without a size cannot be read: that is what is found
            picture = _Picture(key, size, seen_by)
            for found in self._objects_in(picture, rows):
                if isinstance(found, Defect):
                    defects.append(found)
                else:
                    instances.append(found)
        return LabeledImage(
            image=self._layout.relative(path),
            path=path,
            instances=tuple(instances),
            defects=tuple(defects),
            has_labels=rows is not None,
            camera=seen_by,
        )

    def _camera(self, key: str) -> LabeledCamera:
        row = self._cameras.get(key)
        if not isinstance(row, dict) or "cam_K" not in row:
            raise ValueError("has no cam_K")
        fx, fy, cx, cy = camera(row["cam_K"])
        return LabeledCamera(f"{self._cameras_path}: {key}", (fx, fy, cx + HALF_PIXEL, cy + HALF_PIXEL))

    def _objects_in(self, picture: _Picture, rows: object) -> Iterator[Instance | Defect]:
        if not isinstance(rows, list):
            yield Defect("malformed_label", f"{self._poses_path}: {picture.key}", "is no list")
            return
        info = self._info.get(str(picture.key))
        for number, row in enumerate(rows):
            statistics = info[number] if isinstance(info, list) and number < len(info) else None
            found = self._instance(picture, number, row, statistics)
            if found is None:
                self.invisible += 1
            else:
                yield found

    def _instance(self, picture: _Picture, number: int, row: Any, statistics: Any) -> Instance | Defect | None:
        """The object of a row of ``scene_gt.json`` and ``scene_gt_info.json``; None where nothing of it is visible."""
        where = f"{self._poses_path}: {picture.key}[{number}]"
        try:
            object_id, R, (x, y, z) = row["obj_id"], matrix(row["cam_R_m2c"]), vector(row["cam_t_m2c"])
        except (KeyError, TypeError, ValueError) as error:
            said = f"has no {error}" if isinstance(error, KeyError) else str(error)
            return Defect("malformed_pose", where, said)
        index = self._objects.index_of.get(object_id) if type(object_id) is int else None
        if index is None:
            return Defect("class_out_of_range", where, f"obj_id {object_id!r} is no object of the data set")
        pose = InstancePose(where, R, (x * MM, y * MM, z * MM))
        name = f"{picture.key:06d}_{number:06d}.png"
        mask = self._scene.masks / name if name in self._masks else None
        try:
            box = self._box(picture, index, pose, mask, statistics)
        except ValueError as error:
            return Defect(
                "malformed_label", f"{self._scene.directory / INFO_NAME}: {picture.key}[{number}]", str(error)
            )
        if box is None:
            return None
        return Instance(
            where,
            index,
            _normalized(box, picture.size),
            pose=pose if picture.camera is not None else None,
            mask=None if mask is None else InstanceMask(mask),
        )

    def _box(self, picture: _Picture, index: int, pose: InstancePose, mask: Path | None, statistics: Any) -> Box | None:
        """What is visible of an object: as stated, else around the mask, else around the whole model."""
        if isinstance(statistics, dict) and "bbox_visib" in statistics:
            left, top, width, height = numbers(statistics["bbox_visib"], 4)
            if statistics.get("visib_fract") == 0 or width <= 0 or height <= 0:
                return None
            return _clipped((left, top, left + width, top + height), picture.size)
        if mask is not None:
            return box_of_mask(mask)
        model = self._objects.models.get(index)
        if model is None or len(model.points_V3) == 0 or picture.camera is None:
            raise ValueError("no bbox_visib, no mask and no model with a camera say where the object is")
        box = box_of_points(model.points_V3, pose, picture.camera.K)
        return None if box is None else _clipped(box, picture.size)


def _clipped(box: Box, size: tuple[int, int]) -> Box | None:
    """The part of a box inside its image; None where there is none."""
    left, top, right, bottom = max(box[0], 0.0), max(box[1], 0.0), min(box[2], size[0]), min(box[3], size[1])
    return (left, top, right, bottom) if left < right and top < bottom else None


def _normalized(box: Box, size: tuple[int, int]) -> Numbers4:
    """Center and size as fractions of the image."""
    (left, top, right, bottom), (width, height) = box, size
    return (left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width, (bottom - top) / height


def _rows(path: Path) -> dict[str, Any]:
    """A scene's file by image id; empty where there is none: test sets without labels, and sets without statistics."""
    if not path.is_file():
        return {}
    document = read_json(path, code="YZ243", fix=FIX)
    if not isinstance(document, dict):
        raise InputError.one("YZ243", where=str(path), problem="is no object", fix=FIX)
    return document
