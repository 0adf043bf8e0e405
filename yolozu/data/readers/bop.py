"""BOP scenewise: ``<split>/<scene>/{rgb,mask_visib,scene_camera.json,scene_gt.json,scene_gt_info.json}``.

Here mm become metres, and OpenCV's pixels, whose first one's middle is (0, 0), become those that count from the
image's border: cx and cy grow by half a pixel. Boxes already count from the border. An object of which nothing is
visible is no instance.

Source: https://github.com/thodan/bop_toolkit/blob/master/docs/bop_datasets_format.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.jsonio import read_json
from yolozu.data.images import size_of
from yolozu.data.labels import Defect, Instance, InstanceMask, InstancePose, LabeledCamera, LabeledImage, SplitLabels
from yolozu.data.layouts.bop_files import MM, BopScene, image_id, left_out, scenes_of
from yolozu.data.layouts.mesh_files import object_id
from yolozu.data.readers.bop_boxes import Box, box_of_mask, box_of_points
from yolozu.data.readers.meshes import read_info, read_models
from yolozu.errors import InputError
from yolozu.geometry.pose_values import camera, matrix, numbers, vector
from yolozu.structures.classes import ClassTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yolozu.artifacts.meshes import ObjectModel
    from yolozu.data.layouts.layout import Layout, Split
    from yolozu.geometry.pose_values import Numbers4

HALF_PIXEL = 0.5
"""From BOP's principal point to ours."""

FIX = "give BOP scenewise files: a JSON object by image id"
NO_IMAGE = "no image has this id"


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
        stated = (object_id(key) for key in read_info(files))
        ids = sorted({*files.meshes_by_id(), *(key for key in stated if key is not None)})
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
        invisible, unnumbered = 0, 0
        for scene in scenes_of(self._split.images_dir):
            reader = _SceneReader(self._layout, scene, table)
            images += reader.images()
            stray += reader.stray()
            invisible += reader.invisible
            unnumbered += len(scene.unnumbered())
        notes = [f"{text}: it is left out" for text in left_out(self._split.images_dir)]
        if invisible:
            notes.append(f"nothing is visible of {invisible} labeled objects: they are left out")
        if unnumbered:
            notes.append(f"{unnumbered} pictures are not called by a number: they are left out")
        ordered = tuple(sorted(images, key=lambda entry: entry.image))
        return SplitLabels(self._split.name, ordered, tuple(stray), notes=tuple(notes))


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

    def __init__(self, layout: Layout, scene: BopScene, objects: _Objects) -> None:
        self._layout, self._scene, self._objects = layout, scene, objects
        self._files = scene.images()
        self.invisible = 0
        # Texts, because every object's place is told with them and a path costs more than the rest of an object.
        self._cameras_path, self._poses_path = f"{scene.cameras_path}", f"{scene.poses_path}"
        cameras, poses, info = (_Rows.of(path) for path in (scene.cameras_path, scene.poses_path, scene.info_path))
        self._cameras, self._poses, self._info = cameras.by_id, poses.by_id, info.by_id
        self._misnamed = [
            *(Defect("malformed_pose", *said) for said in cameras.misnamed),
            *(Defect("malformed_label", *said) for said in (*poses.misnamed, *info.misnamed)),
        ]
        self._masks = scene.mask_names()

    def images(self) -> list[LabeledImage]:
        """The scene's images with their labels."""
        return [self._image(key, path) for key, path in self._files.items()]

    def stray(self) -> list[Defect]:
        """What is said of images that are not there, and of two that are called by one number."""
        others = [
            Defect("malformed_label", path, f"is called by the number of {self._files[key]}: {key}")
            for key, path in self._scene.numbered()
            if path != self._files[key]
        ]
        if self._files and self._poses and not self._poses.keys() & self._files.keys():
            ids = f"{min(self._files)} to {max(self._files)}"
            problem = f"none of its {len(self._poses)} keys is the number of an image; those are {ids}"
            return [*self._misnamed, *others, Defect("malformed_label", self._poses_path, problem)]
        unknown = (key for key in self._poses if key not in self._files)
        missing = [Defect("label_without_image", f"{self._poses_path}: {key}", NO_IMAGE) for key in unknown]
        return [*self._misnamed, *others, *missing]

    def _image(self, key: int, file: str) -> LabeledImage:
        path, rows = Path(file), self._poses.get(key)
        defects: list[Defect] = []
        try:
            seen_by = self._camera(key)
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

    def _camera(self, key: int) -> LabeledCamera:
        row = self._cameras.get(key)
        if not isinstance(row, dict) or "cam_K" not in row:
            raise ValueError("has no cam_K")
        fx, fy, cx, cy = camera(row["cam_K"])
        return LabeledCamera(f"{self._cameras_path}: {key}", (fx, fy, cx + HALF_PIXEL, cy + HALF_PIXEL))

    def _objects_in(self, picture: _Picture, rows: object) -> Iterator[Instance | Defect]:
        if not isinstance(rows, list):
            yield Defect("malformed_label", f"{self._poses_path}: {picture.key}", "is no list")
            return
        info = self._info.get(picture.key)
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
        if not isinstance(row, dict):
            return Defect("malformed_pose", where, "is no object with obj_id, cam_R_m2c and cam_t_m2c")
        try:
            stated, R, (x, y, z) = row["obj_id"], matrix(row["cam_R_m2c"]), vector(row["cam_t_m2c"])
        except (KeyError, ValueError) as error:
            said = f"has no {error}" if isinstance(error, KeyError) else str(error)
            return Defect("malformed_pose", where, said)
        key = object_id(str(stated)) if type(stated) in {int, float, str} else None
        index = None if key is None else self._objects.index_of.get(key)
        if index is None:
            return Defect("class_out_of_range", where, f"obj_id {stated!r} is no object of the data set")
        pose = InstancePose(where, R, (x * MM, y * MM, z * MM))
        name = self._masks.get((picture.key, number))
        mask = None if name is None else self._scene.masks / name
        try:
            box = self._box(picture, index, pose, mask, statistics)
        except ValueError as error:
            return Defect("malformed_label", f"{self._scene.info_path}: {picture.key}[{number}]", str(error))
        if box is None:
            return None
        return Instance(
            where,
            index,
            _normalized(box, picture.size),
            pose=pose if picture.camera is not None else None,
            mask=None if mask is None else InstanceMask(mask),
            visible_fraction=_visible_fraction(statistics),
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


def _visible_fraction(statistics: Any) -> float | None:
    value = statistics.get("visib_fract") if isinstance(statistics, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
        return None
    return float(value)


def _clipped(box: Box, size: tuple[int, int]) -> Box | None:
    """The part of a box inside its image; None where there is none."""
    left, top, right, bottom = max(box[0], 0.0), max(box[1], 0.0), min(box[2], size[0]), min(box[3], size[1])
    return (left, top, right, bottom) if left < right and top < bottom else None


def _normalized(box: Box, size: tuple[int, int]) -> Numbers4:
    """Center and size as fractions of the image."""
    (left, top, right, bottom), (width, height) = box, size
    return (left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width, (bottom - top) / height


@dataclass(frozen=True)
class _Rows:
    """A scene's file.

    Attributes:
        by_id: row of every image.
        misnamed: place and problem of every key that means no image, or one that another key means.
    """

    by_id: dict[int, Any]
    misnamed: list[tuple[str, str]]

    @classmethod
    def of(cls, path: Path) -> _Rows:
        """The file at ``path``; empty where there is none: sets without labels, and sets without statistics.

        Raises:
            InputError: YZ243 it is no JSON object.
        """
        if not path.is_file():
            return cls({}, [])
        document = read_json(path, code="YZ243", fix=FIX)
        if not isinstance(document, dict):
            raise InputError.one("YZ243", where=str(path), problem="is no object", fix=FIX)
        rows: dict[int, Any] = {}
        misnamed = []
        for key, row in document.items():
            number = image_id(key)
            if number is None:
                misnamed.append((f"{path}: {key}", "is no number of an image"))
            elif number in rows:
                misnamed.append((f"{path}: {key}", f"means image {number}, as another key does"))
            else:
                rows[number] = row
        return cls(rows, misnamed)
